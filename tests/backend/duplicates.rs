//! Files whose bytes are in the library already: asked about once, sent never, and in their place all the same.

use crate::desk::{Desk, MIB, at_end, until, write_file};
use lectern_shared::command::{AnswerDuplicatesArguments, DuplicateAnswer};
use lectern_shared::error::ErrorCode;
use lectern_shared::ids::{CourseId, OperationId};
use lectern_shared::media::{AssetQuery, AssetSort, AssetState, Usage};
use lectern_shared::mutation::Mutation;
use lectern_shared::upload::{Clash, Destination, DuplicateChoice, DuplicateQuestion, IntakeReport, UploadAction};
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

fn everything() -> AssetQuery {
    AssetQuery { search: String::new(), kind: None, usage: None, sort: AssetSort::Newest, offset: 0, limit: 9 }
}

async fn library_of_three(desk: &Desk) {
    for name in ["a.mp4", "b.mp4", "c.mp4"] {
        let report = desk.drop_on(&[&desk.file(name, MIB)], Destination::Library).await;
        assert_eq!(report.question, None);
        desk.until_ready(report.operations[0]).await;
    }
    // What is compared with is what a pull has brought.
    until("the library knows their hashes", async || {
        let assets = desk.workspace().list_assets(everything()).await.unwrap().items;
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

/// A file of this name whose bytes are those of a file of another.
fn version(desk: &Desk, name: &str, of: &str, bytes: usize) -> PathBuf {
    copy(desk, of, name, bytes)
}

async fn shown(desk: &Desk, course: CourseId) -> Vec<(String, u64, Option<OperationId>)> {
    let videos = desk.videos(course).await;
    videos.into_iter().map(|video| (video.title, video.bytes, video.replacement)).collect()
}

async fn library(desk: &Desk, usage: Option<Usage>) -> Vec<(String, u64, bool)> {
    let page =
        desk.workspace().list_assets(AssetQuery { usage, sort: AssetSort::Oldest, ..everything() }).await.unwrap();
    page.items.into_iter().map(|asset| (asset.name, asset.bytes, asset.replaced)).collect()
}

const MIBS: fn(usize) -> u64 = |count| (count * MIB) as u64;

#[tokio::test]
async fn a_new_version_takes_the_place_of_the_old_one_when_it_is_ready_and_not_before() {
    let desk = Desk::open().await;
    let course = desk.course().await;
    let first = desk
        .drop_on(&[&desk.file("1.mp4", MIB), &desk.file("2.mp4", MIB), &desk.file("3.mp4", MIB)], at_end(course))
        .await;
    for operation in first.operations {
        desk.until_ready(operation).await;
    }
    let second = desk.videos(course.0).await[1].id;
    desk.workspace().edit(Mutation::VideoRename { video: second, title: "Kinetics".into() }).await.unwrap();
    desk.pace.limit(Some(1));
    let dropped = [version(&desk, "2.mp4", "2 again", 2 * MIB), desk.file("4.mp4", MIB)];
    let report = desk.drop_on(&dropped.iter().collect::<Vec<_>>(), at_end(course)).await;
    let question = report.question.unwrap();
    let [asked] = &question.duplicates[..] else { panic!("{question:?}") };
    assert_eq!((asked.clash, asked.asset_bytes, asked.bytes), (Clash::SameName, MIBS(1), MIBS(2)));
    assert_eq!(desk.titles(course.0).await, ["1", "Kinetics", "3", "4"], "the file without a namesake does not wait");

    let answered = answer(&desk, &question, &[DuplicateChoice::Replace]).await;
    let [operation] = answered.operations[..] else { panic!("{answered:?}") };
    let before = shown(&desk, course.0).await;
    assert_eq!(before[1], ("Kinetics".to_owned(), MIBS(1), Some(operation)), "the old one is shown until then");
    desk.pace.limit(None);
    desk.until_ready(operation).await;
    desk.until_synced().await;
    let after = shown(&desk, course.0).await;
    assert_eq!(after[1], ("Kinetics".to_owned(), MIBS(2), None));
    assert_eq!(after.len(), 4, "no place was made or lost");
    let names = ["1.mp4", "3.mp4", "4.mp4", "2.mp4"].map(str::to_owned);
    assert_eq!(library(&desk, None).await.into_iter().map(|(name, ..)| name).collect::<Vec<_>>(), names);
    let earlier = ("2.mp4".to_owned(), MIBS(1), true);
    assert_eq!(library(&desk, Some(Usage::Unused)).await, [earlier], "the earlier version is kept");

    desk.workspace().undo(answered.undo).await.unwrap();
    desk.until_synced().await;
    assert_eq!(shown(&desk, course.0).await[1], ("Kinetics".to_owned(), MIBS(1), None), "undo shows the old one");
    assert_eq!(library(&desk, Some(Usage::Unused)).await, []);
}

#[tokio::test]
async fn a_replacement_that_is_cancelled_leaves_the_old_file_where_it_was() {
    let desk = Desk::open().await;
    let course = desk.course().await;
    let first = desk.drop_on(&[&desk.file("1.mp4", MIB)], at_end(course)).await;
    desk.until_ready(first.operations[0]).await;
    desk.pace.limit(Some(1));
    let report = desk.drop_on(&[&version(&desk, "1.MP4", "1 again", 2 * MIB)], at_end(course)).await;
    let answered = answer(&desk, &report.question.unwrap(), &[DuplicateChoice::Replace]).await;
    desk.workspace().undo(answered.undo).await.unwrap();
    assert_eq!(shown(&desk, course.0).await, [("1".to_owned(), MIBS(1), None)]);
    assert_eq!(library(&desk, None).await, [("1.mp4".to_owned(), MIBS(1), false)]);
}

#[tokio::test]
async fn of_two_new_versions_the_last_one_dropped_is_shown_whichever_arrives_first_and_after_a_restart() {
    let desk = Desk::open().await;
    let course = desk.course().await;
    let first = desk.drop_on(&[&desk.file("1.mp4", MIB)], at_end(course)).await;
    desk.until_ready(first.operations[0]).await;
    desk.pace.limit(Some(1));
    let mut operations = Vec::new();
    for (of, bytes) in [("second", 2 * MIB), ("third", 3 * MIB)] {
        let report = desk.drop_on(&[&version(&desk, "1.mp4", of, bytes)], at_end(course)).await;
        let answered = answer(&desk, &report.question.unwrap(), &[DuplicateChoice::Replace]).await;
        operations.extend(answered.operations);
    }
    desk.workspace().control_uploads(UploadAction::Pause, Some(vec![operations[0]])).await.unwrap();
    let desk = desk.restart().await;
    desk.until_ready(operations[1]).await;
    desk.workspace().control_uploads(UploadAction::Resume, Some(vec![operations[0]])).await.unwrap();
    desk.until_ready(operations[0]).await;
    desk.until_synced().await;
    assert_eq!(shown(&desk, course.0).await, [("1".to_owned(), MIBS(3), None)]);
}

#[tokio::test]
async fn in_the_library_a_new_version_is_shown_wherever_the_old_one_was() {
    let desk = Desk::open().await;
    let course = desk.course().await;
    let path = desk.file("intro.mp4", MIB);
    let first = desk.drop_on(&[&path], at_end(course)).await;
    desk.until_ready(first.operations[0]).await;
    desk.until_synced().await;
    let again = desk.drop_on(&[&path], at_end(course)).await;
    answer(&desk, &again.question.unwrap(), &[DuplicateChoice::UseExisting]).await;
    let dropped = [version(&desk, "Intro.mp4", "new", 2 * MIB), version(&desk, "intro.pdf", "other", MIB / 2)];
    let report = desk.drop_on(&dropped.iter().collect::<Vec<_>>(), Destination::Library).await;
    assert_eq!(report.operations.len(), 1, "another kind of file is another file");
    let question = report.question.unwrap();
    assert_eq!(question.duplicates[0].places, 2);
    let answered = answer(&desk, &question, &[DuplicateChoice::Replace]).await;
    desk.until_ready(answered.operations[0]).await;
    desk.until_synced().await;
    let intro = ("intro".to_owned(), MIBS(2), None);
    assert_eq!(shown(&desk, course.0).await, [intro.clone(), intro]);
}
