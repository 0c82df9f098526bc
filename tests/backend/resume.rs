//! The app is killed in the middle, again and again: what the store has confirmed is not sent again, and nothing is lost.

use crate::desk::{MIB, listed, object_bytes, object_files, open, until_ready, write_file};
use lectern_engine::workspace::LocalWorkspace;
use lectern_shared::upload::UploadSnapshot;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const BYTES: usize = 64 * MIB + 7;

/// Runs the app in a process of its own and kills it as soon as it has sent so many bytes and confirmed so many parts.
fn run_and_kill_at(place: &Path, source: &Path, moment: (u64, u32)) {
    run_and_kill_into(None, place, source, moment);
}

/// The same with a bucket of rclone at this endpoint.
pub fn run_and_kill_into(endpoint: Option<&str>, place: &Path, source: &Path, (sent, confirmed): (u64, u32)) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_crash_child"))
        .arg("send")
        .args([place, source])
        .arg((24 * MIB).to_string())
        .args(endpoint)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let reached = lines.map_while(Result::ok).any(|line| {
        let (now_sent, now_confirmed) = line.split_once(' ').unwrap();
        now_sent.parse::<u64>().unwrap() >= sent && now_confirmed.parse::<u32>().unwrap() >= confirmed
    });
    // SIGKILL: no destructor, no flush.
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(reached, "it ended before {sent} bytes and {confirmed} parts");
}

/// Part files of the store: what they are called, and which file that is since when.
fn stored_parts(folders: &[PathBuf]) -> BTreeMap<String, (u64, std::time::SystemTime)> {
    let files = folders.iter().flat_map(|folder| listed(folder)).filter(|path| path.is_file());
    let parts = files.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("part-"));
    parts.map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), identity(&path))).collect()
}

fn identity(path: &Path) -> (u64, std::time::SystemTime) {
    (file_number(path), std::fs::metadata(path).unwrap().modified().unwrap())
}

#[cfg(unix)]
fn file_number(path: &Path) -> u64 {
    std::os::unix::fs::MetadataExt::ino(&std::fs::metadata(path).unwrap())
}

#[cfg(not(unix))]
fn file_number(path: &Path) -> u64 {
    std::fs::metadata(path).unwrap().len()
}

/// The parts the journal has as confirmed.
fn journaled(place: &Path) -> Vec<u32> {
    let journal = rusqlite::Connection::open(place.join("journal.sqlite")).unwrap();
    let mut statement = journal.prepare("SELECT number FROM part ORDER BY number").unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
}

/// Kills the app at these moments of one upload, then lets it end.
async fn killed_at(moments: &[(u64, u32)]) {
    let folder = tempfile::tempdir().unwrap();
    let (place, source) = (folder.path().join("workspace"), folder.path().join("Lecture 1.mp4"));
    write_file(&source, BYTES);
    let mut kept = BTreeMap::new();
    for moment in moments {
        let (at, from, moment) = (place.clone(), source.clone(), *moment);
        tokio::task::spawn_blocking(move || run_and_kill_at(&at, &from, moment)).await.unwrap();
        let confirmed = journaled(&place);
        assert!(confirmed.len() >= moment.1 as usize, "what was shown as confirmed is in the journal: {confirmed:?}");
        for (name, file) in stored_parts(&listed(&place.join("store/uploads"))) {
            if confirmed.iter().any(|part| name.starts_with(&format!("part-{part:05}-"))) {
                let known: &mut (u64, std::time::SystemTime) = kept.entry(name).or_insert(file);
                assert_eq!(*known, file, "a confirmed part was written again");
            }
        }
        assert!(kept.len() >= confirmed.len(), "the store has what the journal says");
    }
    let local = open(&place, &Default::default()).await;
    let uploads = local.workspace.list_uploads().uploads;
    assert_eq!(uploads.len(), 1, "the upload is neither lost nor doubled");
    assert!(uploads[0].parts_confirmed as usize >= kept.len(), "it goes on from what is confirmed: {:?}", uploads[0]);
    let ready = until_ready(&local.workspace, uploads[0].operation).await;
    assert_right_in_the_end(&local, &place, &source, &ready).await;
    let files = object_files(&place, ready.asset);
    let now = stored_parts(&[files[0].parent().unwrap().to_owned()]);
    for (name, file) in kept {
        assert_eq!(now.get(&name), Some(&file), "{name} was sent again");
    }
    local.shutdown().await;
}

/// One place in the course, one object with the file's bytes, nothing unfinished.
async fn assert_right_in_the_end(local: &LocalWorkspace, place: &Path, source: &Path, ready: &UploadSnapshot) {
    let place_of_it = ready.video.expect("a place in the chapter");
    let course = local.workspace.list_courses().await.unwrap().courses.remove(0);
    let course = local.workspace.get_course(course.id).await.unwrap();
    assert_eq!(course.chapters[0].videos.iter().map(|video| video.id).collect::<Vec<_>>(), [place_of_it]);
    assert!(object_bytes(place, ready.asset) == std::fs::read(source).unwrap(), "the object is the file");
    assert_eq!(listed(&place.join("store/objects")).len(), 1, "one object");
    assert!(listed(&place.join("store/uploads")).is_empty(), "nothing unfinished is left");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_before_a_part_was_confirmed_the_upload_begins_again() {
    killed_at(&[(2 * MIB as u64, 0)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_the_middle_the_upload_goes_on_from_the_confirmed_parts() {
    killed_at(&[(10 * MIB as u64, 2)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_three_times_in_one_upload_no_confirmed_part_is_sent_again() {
    killed_at(&[(10 * MIB as u64, 1), (36 * MIB as u64, 4), (44 * MIB as u64, 4)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_the_store_has_forgotten_is_begun_anew_and_ends_right() {
    let folder = tempfile::tempdir().unwrap();
    let (place, source) = (folder.path().join("workspace"), folder.path().join("Lecture 1.mp4"));
    write_file(&source, BYTES);
    let (at, from) = (place.clone(), source.clone());
    tokio::task::spawn_blocking(move || run_and_kill_at(&at, &from, (10 * MIB as u64, 2))).await.unwrap();
    for upload in listed(&place.join("store/uploads")) {
        std::fs::remove_dir_all(upload).unwrap();
    }
    let local = open(&place, &Default::default()).await;
    let operation = local.workspace.list_uploads().uploads[0].operation;
    let ready = until_ready(&local.workspace, operation).await;
    assert_right_in_the_end(&local, &place, &source, &ready).await;
    local.shutdown().await;
}
