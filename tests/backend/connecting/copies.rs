//! The catalogue in the bucket: a workspace outlives its computer, and two computers that both wrote come together.

use super::office::{Backblaze, Office};
use crate::desk::{MIB, at_end, listed, until};
use lectern_engine::workspace::{
    BackupFailure, FoundWorkspace, KeyRing, Settled, StoreSettings, find_workspaces, open_from_bucket,
};
use lectern_server::object_store::ObjectStore as _;
use lectern_shared::ids::{ChapterId, CourseId, VideoId};
use lectern_shared::mutation::{Between, Mutation};

type Place = (CourseId, ChapterId);

impl Office {
    async fn edit(&self, mutation: Mutation) {
        self.with(async |workspace| workspace.edit(mutation).await.unwrap()).await;
        until("it is confirmed", async || self.state().await.edits_waiting == 0).await;
    }

    async fn settled(&self) -> Settled {
        self.connection.settle().await.unwrap()
    }

    async fn courses(&self) -> Vec<String> {
        let courses = self.with(async |workspace| workspace.list_courses().await.unwrap().courses).await;
        courses.into_iter().map(|course| course.title).collect()
    }

    async fn videos(&self, course: CourseId) -> Vec<VideoId> {
        let course = self.with(async |workspace| workspace.get_course(course).await.unwrap()).await;
        course.chapters.into_iter().flat_map(|chapter| chapter.videos).map(|video| video.id).collect()
    }

    /// Another computer, which has the bucket's key and nothing else.
    async fn elsewhere(&self) -> Self {
        let (settings, folder) = (self.settings(), tempfile::tempdir().unwrap());
        let StoreSettings::Bucket(bucket) = settings.store else { panic!("no bucket") };
        let key = self.keys.key(settings.user).await.unwrap().unwrap();
        let found = find_workspaces(&bucket, &key).await.unwrap();
        assert!(matches!(found[..], [FoundWorkspace { owner, .. }] if owner == settings.user), "{found:?}");
        let keys = KeyRing::of_this_run();
        let opened =
            open_from_bucket(&folder.path().join("workspace"), &bucket, key, settings.user, &[], &keys).await.unwrap();
        assert_eq!(opened.name, settings.name);
        let office = Self::open_in(folder, keys, self.b2()).await;
        until("it has read everything", async || !office.courses().await.is_empty()).await;
        office
    }
}

async fn connected(backblaze: &Backblaze) -> (Office, Place) {
    let office = Office::open_at(backblaze.address()).await;
    let place = office.course().await;
    office.connected(backblaze.bound()).await;
    office.until_carried().await;
    (office, place)
}

/// Until nobody has anything to say to the bucket any more.
async fn come_together(offices: &[&Office]) {
    for _ in 0..12 {
        let mut is_quiet = true;
        for office in offices {
            is_quiet &= office.settled().await == Settled::Nothing;
            until("what was edited here is applied", async || office.state().await.edits_waiting == 0).await;
        }
        if is_quiet {
            return;
        }
    }
    panic!("they go on for ever");
}

fn rename(video: VideoId, title: &str) -> Mutation {
    Mutation::VideoRename { video, title: title.to_owned() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_is_opened_from_its_bucket_alone_on_a_computer_that_has_never_seen_it() {
    let backblaze = Backblaze::open().await;
    let office = Office::open_at(backblaze.address()).await;
    let place = office.course().await;
    let files = [("Lecture 2.mp4", 70_000), ("Lecture 10.mp4", 20 * MIB + 5), ("Lecture 1.mp4", 9)];
    let stored = office.stored(&files, at_end(place)).await;
    office.draw(stored[0].0).await;
    office.connected(backblaze.bound()).await;
    office.until_carried().await;
    assert!(matches!(office.settled().await, Settled::Published(_)));
    assert_eq!(office.settled().await, Settled::Nothing);
    // The laptop is stolen.
    let other = office.elsewhere().await;
    drop(office);
    until("courses are back", async || other.titles(place.0).await == ["Lecture 1", "Lecture 2", "Lecture 10"]).await;
    for (asset, bytes) in &stored {
        assert!(other.played(*asset).await.as_ref() == Some(bytes), "the library is back");
    }
    assert!(other.picture_in_store(stored[0].0).await.is_some());
    let again = other.stored(&[("Lecture 3.mp4", 80_000)], at_end(place)).await;
    assert!(backblaze.bytes(again[0].0) == again[0].1, "and it goes on from there");
    assert!(matches!(other.settled().await, Settled::Published(copy) if copy.generation == 2 && copy.number == 1));
    other.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn quitting_leaves_a_copy_of_what_was_done_last() {
    let backblaze = Backblaze::open().await;
    let (office, place) = connected(&backblaze).await;
    office.stored(&[("Lecture 1.mp4", 9)], at_end(place)).await;
    let keys = office.keys.clone();
    let office = office.reopened(keys).await;
    let other = office.elsewhere().await;
    assert_eq!(other.titles(place.0).await, ["Lecture 1"]);
    other.close().await;
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_computers_that_both_wrote_come_together_with_no_edit_and_no_file_lost() {
    let backblaze = Backblaze::open().await;
    let (here, place) = connected(&backblaze).await;
    here.stored(&[("a.mp4", 1_000), ("b.mp4", 1_001), ("c.mp4", 1_002)], at_end(place)).await;
    here.settled().await;
    let there = here.elsewhere().await;
    let videos = here.videos(place.0).await;
    // Neither hears of the other for a while.
    here.edit(rename(videos[0], "renamed here")).await;
    let mine = here.stored(&[("here.mp4", 70_000), ("large here.mp4", 20 * MIB)], at_end(place)).await;
    assert!(matches!(here.settled().await, Settled::Published(_)));
    here.edit(Mutation::CourseCreate { course: CourseId::new(), title: "After the copy".to_owned() }).await;
    let last = Between { after: Some(videos[2]), before: None };
    there.edit(Mutation::VideoMove { ids: vec![videos[0]], chapter: place.1, place: last }).await;
    there.edit(rename(videos[1], "renamed there")).await;
    let theirs = there.stored(&[("there.mp4", 80_000)], at_end(place)).await;

    come_together(&[&there, &here]).await;
    let expected = ["renamed there", "c", "renamed here", "here", "large here", "there"];
    for office in [&here, &there] {
        until("all of it is here", async || office.titles(place.0).await.len() == expected.len()).await;
        let mut titles = office.titles(place.0).await;
        assert_eq!(&titles[..2], &expected[..2]);
        titles.sort();
        let mut sorted = expected;
        sorted.sort_unstable();
        assert_eq!(titles, sorted);
        assert!(office.courses().await.contains(&"After the copy".to_owned()));
        assert_eq!(office.state().await.rejected, []);
        for (asset, bytes) in mine.iter().chain(&theirs) {
            assert!(office.played(*asset).await.as_ref() == Some(bytes), "every file plays on both");
        }
    }
    assert_eq!(here.titles(place.0).await, there.titles(place.0).await);
    here.close().await;
    there.close().await;
}

/// Both are one computer, by all they know of themselves.
#[tokio::test(flavor = "multi_thread")]
async fn a_computer_that_was_cloned_and_its_clone_come_together_too() {
    let backblaze = Backblaze::open().await;
    let (office, place) = connected(&backblaze).await;
    office.stored(&[("a.mp4", 1_000), ("b.mp4", 1_001)], at_end(place)).await;
    office.settled().await;
    let videos = office.videos(place.0).await;
    let (b2, keys) = (office.b2(), office.keys.clone());
    let folder = tempfile::tempdir().unwrap();
    let original = office.closed().await;
    copy_folder(&original.path().join("workspace"), &folder.path().join("workspace"));
    let office = Office::open_in(original, keys.clone(), b2.clone()).await;
    let clone = Office::open_in(folder, keys, b2).await;
    office.edit(rename(videos[0], "by the original")).await;
    clone.edit(rename(videos[1], "by the clone")).await;
    come_together(&[&office, &clone]).await;
    for office in [&office, &clone] {
        assert_eq!(office.titles(place.0).await, ["by the original", "by the clone"]);
    }
    office.close().await;
    clone.close().await;
}

fn copy_folder(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in listed(from) {
        let copy = to.join(entry.file_name().unwrap());
        if entry.is_dir() {
            copy_folder(&entry, &copy);
        } else {
            std::fs::copy(&entry, &copy).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_is_damaged_is_not_gone_on_with_and_the_one_before_it_is() {
    let backblaze = Backblaze::open().await;
    let (office, place) = connected(&backblaze).await;
    office.stored(&[("a.mp4", 1_000)], at_end(place)).await;
    let Settled::Published(good) = office.settled().await else { panic!("nothing was published") };
    office.stored(&[("b.mp4", 1_001)], at_end(place)).await;
    let Settled::Published(newest) = office.settled().await else { panic!("nothing was published") };
    backblaze.damage(&format!("{:08}-{}", newest.number, newest.owner));
    let other = office.elsewhere().await;
    assert_eq!(other.titles(place.0).await, ["a"], "the newest that is whole, {good:?}");
    // The one that has a computer of its own goes on with what it has.
    assert_eq!(office.settled().await, Settled::Nothing);
    other.close().await;
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_thirty_copies_are_kept_and_older_ones_are_deleted_with_their_versions() {
    let backblaze = Backblaze::open().await;
    let (office, place) = connected(&backblaze).await;
    let video = {
        office.stored(&[("a.mp4", 1_000)], at_end(place)).await;
        office.videos(place.0).await[0]
    };
    for number in 0..33 {
        office.edit(rename(video, &format!("take {number}"))).await;
        assert!(matches!(office.settled().await, Settled::Published(_)));
    }
    let keys = backblaze.store.store().list_keys("lectern/backup/").await.unwrap();
    assert_eq!(keys.len(), 30);
    assert_eq!(backblaze.versions_of("sqlite%2egz"), 30, "hiding them would free nothing");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_without_a_workspace_opens_none() {
    let backblaze = Backblaze::open().await;
    let (office, _) = connected(&backblaze).await;
    let (settings, folder) = (office.settings(), tempfile::tempdir().unwrap());
    let StoreSettings::Bucket(bucket) = settings.store else { panic!("no bucket") };
    let key = office.keys.key(settings.user).await.unwrap().unwrap();
    assert_eq!(find_workspaces(&bucket, &key).await.unwrap(), []);
    let place = folder.path().join("workspace");
    let opened = open_from_bucket(&place, &bucket, key, settings.user, &[], &KeyRing::of_this_run()).await;
    assert!(matches!(opened, Err(BackupFailure::Foreign)), "{opened:?}");
    assert!(!place.join("workspace.json").exists(), "no half of one is left");
    office.close().await;
}
