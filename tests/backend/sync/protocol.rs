//! What the server promises about order and versions (invariants 2 and 6).

use super::{Lecture, World, full_pull, is_rejected, problem, push_by_hand, pushed};
use lectern_engine::remote::CourseServer;
use lectern_shared::change::Row;
use lectern_shared::ids::{ChapterId, ClientId, CourseId};
use lectern_shared::mutation::{Between, Mutation};
use lectern_shared::protocol::{MutationStatus, ProblemCode, PushRequest};
use lectern_shared::{SCHEMA, SCHEMA_OLDEST};
use std::collections::BTreeSet;

fn created(course: CourseId, title: &str) -> Mutation {
    Mutation::CourseCreate { course, title: title.into() }
}

#[tokio::test]
async fn a_mutation_pushed_again_gets_its_first_answer_and_is_not_executed_again() {
    let world = World::new().await;
    let (user, client, course) = (world.person().await, ClientId::new(), CourseId::new());
    let remote = world.remote(user);
    let mutations = vec![
        pushed(1, created(course, "Chemistry")),
        pushed(2, Mutation::CourseRename { course, title: "Physics".into() }),
        pushed(3, Mutation::CourseRename { course: CourseId::new(), title: "Nowhere".into() }),
        pushed(4, Mutation::CourseRename { course, title: "Biology".into() }),
    ];
    let first = push_by_hand(&remote, client, mutations.clone()).await.unwrap();
    assert_eq!(first.last_mutation_id, 4, "a rejection advances too");
    let status: Vec<_> = first.results.iter().map(|result| result.status).collect();
    assert_eq!(status, [MutationStatus::Ok, MutationStatus::Ok, MutationStatus::Rejected, MutationStatus::Ok]);
    let everything = world.everything().await;
    let again = push_by_hand(&remote, client, mutations[1..3].to_vec()).await.unwrap();
    assert_eq!(again.last_mutation_id, 4);
    assert_eq!(again.results, first.results[1..3]);
    assert_eq!(world.everything().await, everything, "nothing was executed again");
    assert_eq!(world.row("course", course.0).await.unwrap().1["title"], "Biology");
}

#[tokio::test]
async fn a_gap_is_refused_with_the_number_expected_and_nothing_of_that_push_is_kept() {
    let world = World::new().await;
    let (user, client) = (world.person().await, ClientId::new());
    let remote = world.remote(user);
    push_by_hand(&remote, client, vec![pushed(1, created(CourseId::new(), "one"))]).await.unwrap();
    let everything = world.everything().await;
    let early = push_by_hand(&remote, client, vec![pushed(3, created(CourseId::new(), "three"))]).await;
    assert_eq!(problem(early), ProblemCode::MutationGap { expected: 2 });
    let torn = vec![pushed(2, created(CourseId::new(), "two")), pushed(4, created(CourseId::new(), "four"))];
    assert_eq!(problem(push_by_hand(&remote, client, torn).await), ProblemCode::MutationGap { expected: 3 });
    assert_eq!(world.everything().await, everything, "the first half of the torn push is not there");
    let next = push_by_hand(&remote, client, vec![pushed(2, created(CourseId::new(), "two"))]).await.unwrap();
    assert_eq!(next.last_mutation_id, 2);
}

#[tokio::test]
async fn a_known_number_with_another_hash_is_a_forked_client() {
    let world = World::new().await;
    let (user, client) = (world.person().await, ClientId::new());
    let remote = world.remote(user);
    push_by_hand(&remote, client, vec![pushed(1, created(CourseId::new(), "one"))]).await.unwrap();
    let everything = world.everything().await;
    let forked = vec![pushed(1, created(CourseId::new(), "another one")), pushed(2, created(CourseId::new(), "two"))];
    let answer = push_by_hand(&remote, client, forked).await;
    assert_eq!(problem(answer), ProblemCode::ClientForked { mutation: 1 });
    assert_eq!(world.everything().await, everything);
}

#[tokio::test]
async fn an_app_that_is_too_old_or_newer_than_the_server_is_refused_and_sends_the_same_edits_when_that_is_mended() {
    let world = World::new().await;
    let (user, client) = (world.person().await, ClientId::new());
    let remote = world.remote(user);
    let everything = world.everything().await;
    let mutations = vec![pushed(1, created(CourseId::new(), "one")), pushed(2, created(CourseId::new(), "two"))];
    let push = async |schema| {
        let mutations = mutations.clone();
        remote.push(&PushRequest { client, schema, incarnation: None, mutations }).await
    };
    assert_eq!(problem(push(SCHEMA_OLDEST - 1).await), ProblemCode::UpgradeNeeded);
    assert_eq!(problem(push(SCHEMA + 1).await), ProblemCode::Invalid);
    assert_eq!(world.everything().await, everything);
    assert_eq!(push(SCHEMA).await.unwrap().last_mutation_id, 2);
}

#[tokio::test]
async fn two_numbers_run_apart_for_two_clients_of_one_person() {
    let world = World::new().await;
    let remote = world.remote(world.person().await);
    for title in ["one", "two"] {
        let answer = push_by_hand(&remote, ClientId::new(), vec![pushed(1, created(CourseId::new(), title))]).await;
        assert_eq!(answer.unwrap().last_mutation_id, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_at_the_same_time_get_distinct_versions_that_grow() {
    const WRITERS: usize = 4;
    const EACH: u64 = 10;
    let world = World::new().await;
    let user = world.person().await;
    let device = world.device(user);
    let lecture = Lecture::on(&device, 0).await;
    let course = lecture.course;
    let (begin, _) = world.row("chapter", lecture.chapters[1].0).await.unwrap();
    let writers: Vec<_> = (0..WRITERS)
        .map(|_| {
            let (remote, client) = (world.remote(user), ClientId::new());
            tokio::spawn(async move {
                for id in 1..=EACH {
                    let (chapter, place) = (ChapterId::new(), Between { after: None, before: None });
                    let one = Mutation::ChapterCreate { chapter, course, title: "One".into(), place };
                    let answer = push_by_hand(&remote, client, vec![pushed(id, one)]).await.unwrap();
                    assert!(!is_rejected(&answer.results[0]), "{answer:?}");
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let everything = world.remote(user).pull(&full_pull(ClientId::new())).await.unwrap();
    let space = &everything.spaces[&course.into()];
    let written = WRITERS as u64 * EACH;
    let mut versions: Vec<u64> = space.rows.iter().map(|row| row.version).filter(|v| *v > begin as u64).collect();
    assert!(versions.is_sorted(), "a pull answers them in order");
    versions.dedup();
    let expected: Vec<u64> = (begin as u64 + 1..=begin as u64 + written).collect();
    assert_eq!(versions, expected, "one version for each mutation, none left out");
    assert_eq!(space.cookie.version, begin as u64 + written);
    let chapters = space.rows.iter().filter_map(|row| if let Row::Chapter(row) = &row.row { Some(row) } else { None });
    let positions: Vec<i64> = chapters.map(|chapter| chapter.position).collect();
    let places: BTreeSet<i64> = positions.iter().copied().collect();
    assert_eq!(places.len(), positions.len(), "no two at one place: {positions:?}");
}
