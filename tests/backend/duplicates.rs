//! Files whose bytes are in the library already: asked about once, sent never, and in their place all the same.

use crate::desk::{Desk, MIB, at_end, until, write_file};
use lectern_shared::command::{AnswerDuplicatesArguments, DuplicateAnswer};
use lectern_shared::error::ErrorCode;
use lectern_shared::media::{AssetQuery, AssetState};
use lectern_shared::upload::{Destination, DuplicateChoice, DuplicateQuestion, IntakeReport};
use std::path::PathBuf;

/// `write_file` makes a file's bytes of its name: the same name in another folder is the same lecture.
fn copy(desk: &Desk, name: &str, new_name: &str, bytes: usize) -> PathBuf {
    let folder = desk.folder.path().join("copies");
    std::fs::create_dir_all(&folder).unwrap();
    write_file(&folder.join(name), bytes);
    let renamed = folder.join(new_name);
    std::fs::rename(folder.join(name), &renamed).unwrap();
    renamed
}

async fn answer(desk: &Desk, question: &DuplicateQuestion, choices: &[DuplicateChoice]) -> IntakeReport {
    let answers = choices.iter().zip(0..).map(|(choice, index)| DuplicateAnswer { index, choice: *choice }).collect();
    desk.workspace().answer_duplicates(AnswerDuplicatesArguments { question: question.id, answers }).await.unwrap()
}

async fn library_of_three(desk: &Desk) {
    for name in ["a.mp4", "b.mp4", "c.mp4"] {
        let report = desk.drop_on(&[&desk.file(name, MIB)], Destination::Library).await;
        assert_eq!(report.question, None);
        desk.until_ready(report.operations[0]).await;
    }
    // What is compared with is what a pull has brought.
    until("the library knows their hashes", async || {
        let all = AssetQuery {
            search: String::new(),
            kind: None,
            usage: None,
            sort: Default::default(),
            offset: 0,
            limit: 9,
        };
        let assets = desk.workspace().list_assets(all).await.unwrap().items;
        assets.iter().all(|asset| asset.state == AssetState::Ready)
    })
    .await;
}

#[tokio::test]
async fn three_of_six_files_are_there_under_other_names_and_the_places_are_those_of_the_drop() {
    let desk = Desk::open().await;
    library_of_three(&desk).await;
    let course = desk.course().await;
    let dropped = [
        copy(&desk, "a.mp4", "Lecture 1.mp4", MIB),
        desk.file("Lecture 2.mp4", MIB),
        copy(&desk, "b.mp4", "Lecture 3.mp4", MIB),
        desk.file("Lecture 4.mp4", 2 * MIB),
        desk.file("Lecture 5.mp4", MIB),
        copy(&desk, "c.mp4", "Lecture 6.mp4", MIB),
    ];
    let dropped: Vec<&PathBuf> = dropped.iter().collect();
    let report = desk.drop_on(&dropped, at_end(course)).await;
    let question = report.question.unwrap();
    let asked: Vec<(&str, &str)> =
        question.duplicates.iter().map(|one| (one.name.as_str(), one.asset_name.as_str())).collect();
    assert_eq!(asked, [("Lecture 1.mp4", "a.mp4"), ("Lecture 3.mp4", "b.mp4"), ("Lecture 6.mp4", "c.mp4")]);
    assert_eq!(report.operations.len(), 3, "the others do not wait for the answer");
    assert_eq!(desk.titles(course.0).await, ["Lecture 2", "Lecture 4", "Lecture 5"]);

    let use_all = [DuplicateChoice::UseExisting; 3];
    let answered = answer(&desk, &question, &use_all).await;
    assert!(answered.operations.is_empty(), "nothing is sent for what is there");
    let expected: Vec<String> = (1..=6).map(|number| format!("Lecture {number}")).collect();
    assert_eq!(desk.titles(course.0).await, expected);
    for operation in report.operations {
        desk.until_ready(operation).await;
    }
    desk.until_synced().await;
    assert_eq!(desk.titles(course.0).await, expected, "the server thinks so too");
}

#[tokio::test]
async fn skipped_ones_leave_no_place_and_kept_ones_are_sent_to_theirs() {
    let desk = Desk::open().await;
    library_of_three(&desk).await;
    let course = desk.course().await;
    let dropped = [
        copy(&desk, "a.mp4", "1.mp4", MIB),
        copy(&desk, "b.mp4", "2.mp4", MIB),
        copy(&desk, "c.mp4", "3.mp4", MIB),
        desk.file("4.mp4", MIB),
    ];
    let report = desk.drop_on(&dropped.iter().collect::<Vec<_>>(), at_end(course)).await;
    let question = report.question.unwrap();
    let choices = [DuplicateChoice::Skip, DuplicateChoice::KeepBoth, DuplicateChoice::UseExisting];
    let answered = answer(&desk, &question, &choices).await;
    assert_eq!(answered.operations.len(), 1);
    desk.until_ready(answered.operations[0]).await;
    assert_eq!(desk.titles(course.0).await, ["2", "3", "4"]);

    let again = AnswerDuplicatesArguments { question: question.id, answers: Vec::new() };
    let error = desk.workspace().answer_duplicates(again).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::NotFound, "a question is answered once");
}

#[tokio::test]
async fn a_file_that_is_on_its_way_is_not_sent_a_second_time_and_one_of_the_same_size_is() {
    let desk = Desk::open().await;
    desk.pace.limit(Some(1));
    let path = desk.file("a.mp4", MIB);
    let first = desk.drop_on(&[&path], Destination::Library).await;
    let again = desk.drop_on(&[&path, &desk.file("b.mp4", MIB)], Destination::Library).await;
    assert_eq!(again.question.map(|question| question.duplicates.len()), Some(1));
    assert_eq!(again.operations.len(), 1);
    desk.pace.limit(None);
    for operation in [first.operations[0], again.operations[0]] {
        desk.until_ready(operation).await;
    }
    until("nothing else waits", async || desk.workspace().state().await.unwrap().uploads_waiting == 0).await;
}
