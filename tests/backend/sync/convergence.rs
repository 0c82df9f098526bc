//! Devices that edit apart and meet again (invariants 1 and 8).

use super::{Device, Lecture, View, World, after, announced, before, end, shown};
use lectern_engine::sync::Rounds;
use lectern_shared::ids::{AssetId, ChapterId, UserId, VideoId};
use lectern_shared::mutation::{Between, Mutation};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use std::sync::Arc;

const SEEDS: u64 = 6;
const STEPS: usize = 40;

/// What the rule says the view must be: all the server has, and the outbox executed on it in order.
async fn base_and_replayed_outbox(world: &World, user: UserId, device: &Device) -> View {
    let oracle = world.device(user);
    oracle.pull().await;
    for waiting in device.catalogue.outbox(0, 1_000).await.unwrap() {
        // One that the new base refuses shows nothing.
        let _ = oracle.catalogue.edit(vec![waiting.mutation]).await;
    }
    oracle.view()
}

struct Known {
    chapters: Vec<ChapterId>,
    videos: Vec<VideoId>,
}

fn any_place<Id: Copy>(random: &mut StdRng, ids: &[Id]) -> Between<Id> {
    let mut one = || random.random_bool(0.6).then(|| *ids.choose(random).unwrap());
    Between { after: one(), before: one() }
}

fn any_edit(random: &mut StdRng, lecture: &Lecture, known: &mut Known) -> Vec<Mutation> {
    let course = lecture.course;
    let chapter = *known.chapters.choose(random).unwrap();
    let video = *known.videos.choose(random).unwrap();
    let title = format!("title {}", random.random_range(0..1_000));
    match random.random_range(0..12) {
        0 => vec![Mutation::CourseRename { course, title }],
        1 => {
            let (new, place) = (ChapterId::new(), any_place(random, &known.chapters));
            known.chapters.push(new);
            vec![Mutation::ChapterCreate { chapter: new, course, title, place }]
        }
        2 => vec![Mutation::ChapterRename { chapter, title }],
        3 => vec![Mutation::ChapterMove { ids: vec![chapter], course, place: any_place(random, &known.chapters) }],
        4 => vec![Mutation::ChapterDelete { ids: vec![chapter] }],
        5 => vec![Mutation::ChapterRestore { ids: vec![chapter] }],
        6 => {
            let (new, asset) = (VideoId::new(), AssetId::new());
            known.videos.push(new);
            vec![announced(asset), shown(new, course, chapter, asset, &title)]
        }
        7 => vec![Mutation::VideoRename { video, title }],
        8 => vec![Mutation::VideoDelete { ids: vec![video] }],
        9 => vec![Mutation::VideoRestore { ids: vec![video] }],
        _ => {
            let ids = known.videos.choose_multiple(random, 2).copied().collect();
            vec![Mutation::VideoMove { ids, chapter, place: any_place(random, &known.videos) }]
        }
    }
}

async fn edit_apart_and_meet(seed: u64) {
    let mut random = StdRng::seed_from_u64(seed);
    let world = World::new().await;
    let user = world.person().await;
    let devices = [world.device(user), world.device(user)];
    let lecture = Lecture::on(&devices[0], 4).await;
    devices[1].pull().await;
    let mut known = Known { chapters: lecture.chapters.to_vec(), videos: lecture.videos.clone() };
    for step in 0..STEPS {
        let device = devices.choose(&mut random).unwrap();
        // What the other one made is not known here before a pull: refused, like an edit of a row that is gone.
        let _ = device.catalogue.edit(any_edit(&mut random, &lecture, &mut known)).await;
        if random.random_bool(0.3) {
            device.push().await;
        }
        if random.random_bool(0.25) {
            device.pull().await;
            let must = base_and_replayed_outbox(&world, user, device).await;
            assert_eq!(device.view(), must, "seed {seed}, step {step}: view = base + replayed outbox");
        }
    }
    for device in [&devices[0], &devices[1], &devices[0]] {
        device.sync().await;
        assert_eq!(device.waiting().await, 0);
    }
    let fresh = world.device(user);
    fresh.pull().await;
    for device in &devices {
        assert_eq!(device.view(), fresh.view(), "seed {seed}: what came bit by bit is what a first pull brings");
        assert_eq!(device.titles(lecture.course).await, fresh.titles(lecture.course).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_view_is_the_base_with_the_outbox_replayed_after_any_pull() {
    for seed in 0..SEEDS {
        edit_apart_and_meet(seed).await;
    }
}

#[tokio::test]
async fn two_devices_that_reorder_one_chapter_lose_and_double_nothing_and_see_one_order() {
    let world = World::new().await;
    let user = world.person().await;
    let (first, second) = (world.device(user), world.device(user));
    let lecture = Lecture::on(&first, 5).await;
    second.pull().await;
    let (course, chapter, videos) = (lecture.course, lecture.chapters[0], &lecture.videos);
    let moved = |ids: Vec<VideoId>, place| Mutation::VideoMove { ids, chapter, place };
    // a b c d e: one moves e to the front, the other one a behind d, neither knowing of the other.
    first.edit([moved(vec![videos[4]], before(videos[0]))]).await;
    second.edit([moved(vec![videos[0]], after(videos[3]))]).await;
    second.edit([moved(vec![videos[2], videos[1]], end())]).await;
    assert_eq!(first.titles(course).await[0], ["e", "a", "b", "c", "d"]);
    assert_eq!(second.titles(course).await[0], ["d", "a", "e", "c", "b"]);
    first.sync().await;
    second.sync().await;
    first.sync().await;
    for device in [&first, &second] {
        assert_eq!(device.titles(course).await, [vec!["e", "d", "a", "c", "b"], vec![]], "the second applies on top");
        assert!(device.catalogue.pending().await.unwrap().rejected.is_empty());
    }
}

#[tokio::test]
async fn a_move_to_a_neighbour_that_another_device_took_away_goes_to_the_other_neighbour_else_to_the_end() {
    let world = World::new().await;
    let user = world.person().await;
    let (first, second) = (world.device(user), world.device(user));
    let lecture = Lecture::on(&first, 4).await;
    second.pull().await;
    let (course, [here, there], videos) = (lecture.course, lecture.chapters, &lecture.videos);
    let moved = |video, chapter, place| Mutation::VideoMove { ids: vec![video], chapter, place };
    first.edit([moved(videos[2], there, end())]).await;
    first.sync().await;
    // Here it is still a b c d: a goes between c, which has left, and d; then b behind c alone.
    second.edit([moved(videos[0], here, Between { after: Some(videos[2]), before: Some(videos[3]) })]).await;
    assert_eq!(second.titles(course).await, [vec!["b", "c", "a", "d"], vec![]]);
    second.sync().await;
    assert_eq!(second.titles(course).await, [vec!["b", "a", "d"], vec!["c"]]);
    first.edit([moved(videos[1], here, after(videos[2]))]).await;
    first.sync().await;
    second.pull().await;
    for device in [&first, &second] {
        assert_eq!(device.titles(course).await, [vec!["a", "d", "b"], vec!["c"]]);
    }
}

#[tokio::test]
async fn an_edit_waiting_here_stays_in_sight_when_a_pull_brings_another_s() {
    let world = World::new().await;
    let user = world.person().await;
    let (first, second) = (world.device(user), world.device(user));
    let lecture = Lecture::on(&first, 3).await;
    second.pull().await;
    first.edit([Mutation::VideoRename { video: lecture.videos[0], title: "from here".into() }]).await;
    second.edit([Mutation::VideoRename { video: lecture.videos[0], title: "from there".into() }]).await;
    second.edit([Mutation::VideoRename { video: lecture.videos[1], title: "there too".into() }]).await;
    second.sync().await;
    first.pull().await;
    assert_eq!(first.titles(lecture.course).await[0], ["from here", "there too", "c"]);
    assert_eq!(first.waiting().await, 1);
    first.sync().await;
    second.pull().await;
    for device in [&first, &second] {
        assert_eq!(device.titles(lecture.course).await[0], ["from here", "there too", "c"], "the last arrival wins");
    }
}

/// Six weeks without a network.
#[tokio::test]
async fn two_thousand_edits_made_offline_arrive_once_each_and_meet_what_the_others_did() {
    const EDITS: usize = 2_000;
    let world = World::new().await;
    let user = world.person().await;
    let (away, here) = (world.device(user), world.device(user));
    let lecture = Lecture::on(&away, 4).await;
    here.pull().await;
    here.edit([Mutation::VideoDelete { ids: vec![lecture.videos[3]] }]).await;
    here.sync().await;
    let begin = world.everything().await.into_iter().map(|(.., version, _)| version).max().unwrap_or_default();
    for number in 0..EDITS {
        let title = format!("title {number}");
        let (video, chapter) = (lecture.videos[number / 5 % 4], lecture.chapters[number / 20 % 2]);
        let edit = match number % 5 {
            0 => Mutation::CourseRename { course: lecture.course, title },
            1 => Mutation::ChapterRename { chapter, title },
            2 => Mutation::VideoMove { ids: vec![video], chapter, place: before(lecture.videos[0]) },
            _ => Mutation::VideoRename { video, title },
        };
        away.edit([edit]).await;
    }
    // A move to where it stands already is none.
    let made = away.waiting().await as usize;
    assert!(made > EDITS * 9 / 10, "{made}");
    Rounds::new(away.catalogue.clone(), Arc::new(away.remote.clone()), Arc::new(drop)).round().await.unwrap();
    here.pull().await;
    let pending = away.catalogue.pending().await.unwrap();
    assert_eq!(pending.edits, 0);
    let (refused, of_the_deleted) = (pending.rejected.len(), EDITS / 4 * 3 / 5);
    assert!(pending.rejected.iter().all(|edit| edit.code == "deleted"), "{:?}", pending.rejected);
    assert!((of_the_deleted - EDITS / 20..=of_the_deleted).contains(&refused), "{refused} of {of_the_deleted}");
    assert_eq!(away.view(), here.view());
    let (version, course) = world.row("course", lecture.course.0).await.unwrap();
    assert_eq!(course["title"], format!("title {}", EDITS - 5));
    assert!((version - begin) as usize <= made - refused, "nothing was executed twice");
}
