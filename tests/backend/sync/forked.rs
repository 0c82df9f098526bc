//! What is known twice, or no more: cloned and restored databases, here and on the server. No edit is lost, none is
//! executed twice.

use super::{Device, Lecture, World};
use lectern_backend_tests::support::copy_database;
use lectern_engine::catalogue::Catalogue;
use lectern_engine::sync::Rounds;
use lectern_shared::ids::CourseId;
use lectern_shared::mutation::Mutation;
use std::path::PathBuf;
use std::sync::Arc;

impl Device {
    /// As the app syncs, from its start on.
    fn rounds(&self) -> Rounds {
        Rounds::new(self.catalogue.clone(), Arc::new(self.remote.clone()), Arc::new(drop))
    }

    async fn round(&self) {
        self.rounds().round().await.unwrap();
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
