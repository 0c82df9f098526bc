//! What is known twice, or no more: cloned and restored databases, here and on the server. No edit is lost, none is
//! executed twice.

use super::{Device, Lecture, World};
use lectern_backend_tests::support::copy_database;
use lectern_engine::catalogue::Catalogue;
use lectern_engine::sync::Rounds;
use lectern_shared::ids::{ChapterId, CourseId};
use lectern_shared::mutation::Mutation;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

impl Device {
    /// As the app syncs, from its start on.
    fn rounds(&self) -> Rounds {
        Rounds::new(self.catalogue.clone(), Arc::new(self.remote.clone()), Arc::new(drop))
    }

    async fn round(&self) {
        self.rounds().round().await.unwrap();
    }

    /// The first rounds find out what is missing.
    async fn on_restored(self, world: &World) -> Self {
        let device = Self { remote: world.remote(self.catalogue.user()), ..self };
        for _ in 0..3 {
            let _ = device.rounds().round().await;
        }
        device
    }

    async fn courses(&self) -> Vec<String> {
        self.catalogue.courses().await.unwrap().courses.into_iter().map(|course| course.title).collect()
    }
}

fn course(title: &str) -> Mutation {
    Mutation::CourseCreate { course: CourseId::new(), title: title.to_owned() }
}

fn sorted(mut titles: Vec<String>) -> Vec<String> {
    titles.sort();
    titles
}

#[tokio::test]
async fn two_computers_with_one_database_become_two_clients_and_neither_loses_an_edit() {
    let world = World::new().await;
    let user = world.person().await;
    let first = world.device(user);
    Lecture::on(&first, 1).await;
    first.edit([course("not sent when the disk was copied")]).await;
    let copy = world.new_file();
    copy_database(&first.file, &copy).unwrap();
    first.catalogue.close();
    let open = |file: &PathBuf| Device {
        catalogue: Catalogue::open(file, user).unwrap(),
        remote: world.remote(user),
        file: file.clone(),
    };
    let (one, two) = (open(&first.file), open(&copy));
    assert_eq!(one.catalogue.client(), two.catalogue.client());
    one.edit([course("one")]).await;
    two.edit([course("two"), course("three")]).await;
    one.round().await;
    two.rounds().round().await.unwrap();
    assert_ne!(one.catalogue.client(), two.catalogue.client());
    // Before the next pull nothing was out of sight either.
    assert_eq!(two.courses().await.len(), 5, "{:?}", two.courses().await);
    one.round().await;
    let everything = ["Chemistry", "not sent when the disk was copied", "one", "three", "two"];
    for device in [&one, &two] {
        device.round().await;
        assert_eq!(sorted(device.courses().await), everything);
        let pending = device.catalogue.pending().await.unwrap();
        assert_eq!((pending.edits, pending.rejected), (0, vec![]));
    }
    // And both go on.
    two.edit([course("four")]).await;
    two.round().await;
    one.edit([course("five")]).await;
    one.round().await;
    two.round().await;
    assert_eq!(two.courses().await.len(), 7);
    assert_eq!(one.view(), two.view());
}

#[tokio::test]
async fn a_workspace_restored_from_yesterday_s_backup_is_brought_up_to_date_and_goes_on() {
    let world = World::new().await;
    let user = world.person().await;
    let device = world.device(user);
    Lecture::on(&device, 1).await;
    let backup = world.new_file();
    copy_database(&device.file, &backup).unwrap();
    device.catalogue.close();
    let open = |file: &PathBuf| Device {
        catalogue: Catalogue::open(file, user).unwrap(),
        remote: world.remote(user),
        file: file.clone(),
    };
    let today = open(&device.file);
    today.edit([course("today")]).await;
    today.round().await;
    let yesterday = open(&backup);
    yesterday.edit([course("after the restore")]).await;
    yesterday.round().await;
    yesterday.round().await;
    assert_eq!(sorted(yesterday.courses().await), ["Chemistry", "after the restore", "today"]);
    assert_eq!(yesterday.catalogue.pending().await.unwrap().rejected, []);
}

#[tokio::test]
async fn what_a_restored_server_has_lost_is_pushed_to_it_again_and_nothing_twice() {
    let world = World::new().await;
    let user = world.person().await;
    let (laptop, desktop) = (world.device(user), world.device(user));
    let lecture = Lecture::on(&laptop, 2).await;
    desktop.round().await;
    let backup = world.back_up().await;
    let rename = |title: &str| Mutation::VideoRename { video: lecture.videos[0], title: title.to_owned() };
    for mutation in [rename("first"), course("of today"), rename("second")] {
        laptop.edit([mutation]).await;
        laptop.round().await;
    }
    desktop.round().await;
    desktop.edit([rename("third")]).await;
    desktop.round().await;
    laptop.round().await;

    let world = world.restored_from(backup).await;
    let on_it = |device: Device| Device { remote: world.remote(user), ..device };
    let (laptop, desktop) = (on_it(laptop), on_it(desktop));
    laptop.edit([course("made meanwhile")]).await;
    for _ in 0..3 {
        for device in [&laptop, &desktop] {
            // The first ones find out what is missing.
            let _ = device.rounds().round().await;
        }
    }
    for device in [&laptop, &desktop] {
        assert_eq!(sorted(device.courses().await), ["Chemistry", "made meanwhile", "of today"]);
        let pending = device.catalogue.pending().await.unwrap();
        assert_eq!((pending.edits, pending.rejected), (0, vec![]));
    }
    assert_eq!(laptop.view(), desktop.view());
    assert_eq!(laptop.titles(lecture.course).await[0], desktop.titles(lecture.course).await[0]);
}

/// Before, what was confirmed was kept for thirty days by this computer's clock: setting that forgot it.
#[tokio::test]
async fn a_clock_that_is_set_months_forth_and_back_forgets_nothing_that_a_restored_server_has_lost() {
    const DAY: i64 = 24 * 3_600 * 1_000;
    let world = World::new().await;
    let user = world.person().await;
    let (file, now) = (world.new_file(), Arc::new(AtomicI64::new(1_750_000_000_000)));
    let shown = now.clone();
    let clock = Arc::new(move || shown.load(Ordering::Relaxed));
    let catalogue = Catalogue::open_with_clock(&file, user, clock).unwrap();
    let device = Device { catalogue, remote: world.remote(user), file };
    Lecture::on(&device, 1).await;
    let backup = world.back_up().await;
    for (days, title) in [(0, "one"), (90, "two"), (-180, "three"), (90, "four")] {
        now.fetch_add(days * DAY, Ordering::Relaxed);
        device.edit([course(title)]).await;
        device.round().await;
    }
    let world = world.restored_from(backup).await;
    let device = device.on_restored(&world).await;
    assert_eq!(sorted(device.courses().await), ["Chemistry", "four", "one", "three", "two"]);
    let pending = device.catalogue.pending().await.unwrap();
    assert_eq!((pending.edits, pending.rejected), (0, vec![]));
}

/// Before, the pull that told of the restore first forgot what was confirmed thirty days ago.
#[tokio::test]
async fn who_was_away_for_six_weeks_pushes_again_what_a_server_that_was_restored_meanwhile_has_lost() {
    const SIX_WEEKS: i64 = 42 * 24 * 3_600 * 1_000;
    let mut world = World::new().await;
    let user = world.person().await;
    let device = world.device(user);
    Lecture::on(&device, 1).await;
    let backup = world.back_up().await;
    device.edit([course("lost")]).await;
    device.round().await;
    world = world.restored_from(backup).await;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    let then = i64::try_from(now).unwrap() + SIX_WEEKS;
    world.server = world.server.with_clock(Arc::new(move || then));
    let device = device.on_restored(&world).await;
    assert_eq!(sorted(device.courses().await), ["Chemistry", "lost"]);
}

/// The course of another device's comes back later; what was made in it under a name that is none any more does not.
#[tokio::test]
async fn what_a_restored_server_refuses_of_edits_under_a_former_name_its_author_is_told() {
    let world = World::new().await;
    let user = world.person().await;
    let (laptop, desktop) = (world.device(user), world.device(user));
    Lecture::on(&laptop, 1).await;
    let backup = world.back_up().await;
    let late = CourseId::new();
    desktop.edit([Mutation::CourseCreate { course: late, title: "late".into() }]).await;
    desktop.round().await;
    laptop.round().await;
    let (chapter, place) = (ChapterId::new(), super::end());
    laptop.edit([Mutation::ChapterCreate { chapter, course: late, title: "in it".into(), place }]).await;
    laptop.round().await;
    laptop.catalogue.fork(u64::MAX).await.unwrap();
    let world = world.restored_from(backup).await;
    let laptop = laptop.on_restored(&world).await;
    let desktop = desktop.on_restored(&world).await;
    laptop.round().await;
    assert_eq!(laptop.view(), desktop.view());
    assert_eq!(sorted(laptop.courses().await), ["Chemistry", "late"]);
    let rejected = laptop.catalogue.pending().await.unwrap().rejected;
    let told: Vec<_> = rejected.iter().map(|edit| (edit.name.as_str(), edit.code.as_str())).collect();
    assert_eq!(told, [("chapter.create", "not_found")]);
}
