//! The program as scripts use it: arguments in, exit code and JSON out.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

use lectern_engine::remote::sender::Pace;
use lectern_engine::workspace::LocalWorkspace;
use lectern_server::access::Team;
use lectern_server::object_store::ObjectStore as _;
use lectern_server::object_store::local::LocalStore;
use lectern_server::{Server, Store};
use lectern_shared::command::TeachArguments;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

struct Shell {
    folder: tempfile::TempDir,
}

impl Shell {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn file(&self, name: &str, bytes: usize) -> PathBuf {
        let path = self.folder.path().join(name);
        // Other bytes for each name, and nothing that looks like text: then its name says what it is.
        let seed: u32 = name.bytes().map(u32::from).sum();
        let content: Vec<u8> = (seed..).step_by(7).map(|number| (number % 251) as u8).take(bytes).collect();
        std::fs::write(&path, content).unwrap();
        // What was written to a moment ago would be waited for.
        let earlier = SystemTime::now() - Duration::from_secs(3600);
        std::fs::File::options().write(true).open(&path).unwrap().set_modified(earlier).unwrap();
        path
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lectern-cli"));
        command.arg("--data-dir").arg(self.data()).args(arguments);
        for name in ["LECTERN_STORE_KEY_ID", "LECTERN_STORE_KEY", "LECTERN_STORE_CREDENTIALS", "LECTERN_LOG"] {
            command.env_remove(name);
        }
        // No keychain of whoever runs the tests.
        command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/there/is/no/bus");
        command
    }

    fn run(&self, arguments: &[&str]) -> (i32, Value) {
        outcome(&self.command(arguments).arg("--json").output().unwrap())
    }
}

fn outcome(output: &Output) -> (i32, Value) {
    let text = String::from_utf8_lossy(&output.stdout);
    let said = serde_json::from_str(text.trim())
        .unwrap_or_else(|_| panic!("no JSON: {text} {}", String::from_utf8_lossy(&output.stderr)));
    (output.status.code().unwrap(), said)
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn files_go_into_a_chapter_that_is_made_when_it_is_missing() {
    let shell = Shell::new();
    let files = [shell.file("Lecture 10.mp4", 70_000), shell.file("Lecture 9.mp4", 9_000)];
    let place = ["--course", "Chemistry", "--chapter", "Kinetics"];
    let (code, said) = shell.run(&[&["upload", text(&files[0]), text(&files[1])], &place[..]].concat());
    assert_eq!((code, &said["ready"], &said["refused"]), (0, &2.into(), &0.into()), "{said}");
    assert_eq!(said["uploads"][0]["destination"], "Chemistry › Kinetics");
    let again = shell.file("Lecture 11.mp4", 5_000);
    let (code, _) = shell.run(&[&["upload", text(&again)], &place[..]].concat());
    assert_eq!(code, 0);
    let (_, status) = shell.run(&["status"]);
    let courses: Vec<_> = status["uploads"].as_array().unwrap().iter().map(|upload| &upload["context"]).collect();
    assert!(courses.len() == 3 && courses.iter().all(|course| *course == courses[0]), "one course, not two: {status}");
}

#[test]
fn what_is_only_queued_stays_queued_until_somebody_sends_it() {
    let shell = Shell::new();
    let file = shell.file("Lecture 1.mp4", 300_000);
    let (code, said) = shell.run(&["library", "add", text(&file), "--no-wait"]);
    assert_eq!((code, said["queued"].as_array().unwrap().len()), (0, 1));
    let (code, status) = shell.run(&["status"]);
    assert_eq!((code, &status["totals"]["uploads"]), (0, &1.into()));
    let (code, said) = shell.run(&["queue"]);
    assert_eq!((code, &said["ready"]), (0, &1.into()), "{said}");
    let (_, status) = shell.run(&["status"]);
    assert_eq!(status["uploads"][0]["state"], "ready");
}

#[test]
fn what_cannot_go_is_named_in_the_exit_code_and_the_others_go() {
    let shell = Shell::new();
    let (good, empty) = (shell.file("good.mp4", 1_000), shell.file("empty.mp4", 0));
    let (code, said) = shell.run(&["library", "add", text(&good), text(&empty)]);
    assert_eq!((code, &said["ready"], &said["refused"]), (1, &1.into(), &1.into()));
}

#[test]
fn a_workspace_that_is_not_there_or_badly_named_is_said_and_nothing_is_made() {
    let shell = Shell::new();
    for name in ["nobody", "../local", ""] {
        let (code, said) = shell.run(&["status", "--workspace", name]);
        assert_eq!(code, 2, "{name}");
        assert!(said["error"].as_str().unwrap().contains(name), "{said}");
    }
    assert!(!shell.data().join("nobody").exists());
}

#[test]
fn a_bucket_is_added_only_with_a_key_and_only_when_it_passes_the_check() {
    let shell = Shell::new();
    let add = ["workspace", "add", "b2", "--endpoint", "http://127.0.0.1:9", "--bucket", "lectures"];
    let (code, said) = shell.run(&add);
    assert_eq!(code, 4);
    assert!(said["error"].as_str().unwrap().contains("LECTERN_STORE_KEY"), "{said}");
    let mut with_key = shell.command(&add);
    with_key.arg("--json").env("LECTERN_STORE_KEY_ID", "id").env("LECTERN_STORE_KEY", "swordfish");
    let (code, said) = outcome(&with_key.output().unwrap());
    assert_eq!(code, 4);
    assert!(said["error"].as_str().unwrap().starts_with("the store does not pass"), "{said}");
    assert!(!said.to_string().contains("swordfish"));
    let (_, list) = shell.run(&["workspace", "list"]);
    assert_eq!(list["workspaces"], Value::Array(Vec::new()));
}

#[test]
fn a_credentials_file_without_both_halves_is_named() {
    let shell = Shell::new();
    let file = shell.folder.path().join("key");
    std::fs::write(&file, "only-an-id\n").unwrap();
    let add = ["workspace", "add", "b2", "--endpoint", "http://127.0.0.1:9", "--bucket", "lectures", "--json"];
    let (code, said) = outcome(&shell.command(&add).env("LECTERN_STORE_CREDENTIALS", &file).output().unwrap());
    assert_eq!(code, 4);
    assert!(said["error"].as_str().unwrap().contains(text(&file)), "{said}");
}

/// A workspace that is open as in the app.
async fn open_elsewhere(shell: &Shell) -> LocalWorkspace {
    let prober = PathBuf::from("/there/is/no/prober");
    LocalWorkspace::open(&shell.data().join("local"), prober, Pace::default(), Arc::new(drop)).await.unwrap()
}

/// Off the threads that the workspace runs on.
async fn told<T: Send + 'static>(shell: &Arc<Shell>, work: impl FnOnce(&Shell) -> T + Send + 'static) -> T {
    let shell = shell.clone();
    tokio::task::spawn_blocking(move || work(&shell)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn work_for_a_workspace_that_is_open_elsewhere_is_done_there_and_waited_for() {
    let shell = Arc::new(Shell::new());
    let holder = open_elsewhere(&shell).await;
    let (code, said) = told(&shell, |shell| {
        let (lecture, sheet) = (shell.file("Lecture 1.mp4", 20 << 20), shell.file("Lecture 2.mp4", 3 << 20));
        let files = ["upload", text(&lecture), text(&sheet), "--course", "Optics", "--chapter", "Lenses"];
        shell.run(&files)
    })
    .await;
    assert_eq!((code, &said["ready"]), (0, &2.into()), "{said}");
    // By the other's own eyes.
    let course = holder.workspace.list_courses().await.unwrap().courses[0].id;
    let course = holder.workspace.get_course(course).await.unwrap();
    let videos: Vec<&str> = course.chapters[0].videos.iter().map(|video| video.title.as_str()).collect();
    assert_eq!((course.title.as_str(), course.chapters[0].title.as_str()), ("Optics", "Lenses"));
    assert_eq!(videos, ["Lecture 1", "Lecture 2"]);
    assert_eq!(holder.workspace.list_uploads().totals.ready, 2);

    let (code, said) = told(&shell, |shell| shell.run(&["status"])).await;
    assert_eq!((code, &said["totals"]["ready"]), (0, &2.into()), "{said}");
    // What is there already is asked about across programs too.
    let again = told(&shell, |shell| {
        let copy = shell.file("Lecture 1.mp4", 20 << 20);
        shell.run(&["library", "add", text(&copy), "--no-wait"])
    });
    let (code, said) = again.await;
    assert_eq!((code, &said["in_library"]), (0, &1.into()), "{said}");
    holder.shutdown().await;
    let (code, said) = told(&shell, |shell| shell.run(&["status"])).await;
    assert_eq!((code, &said["totals"]["ready"]), (0, &2.into()), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_a_name_that_is_there_stands_beside_the_other_or_replaces_it_when_that_is_said() {
    let shell = Arc::new(Shell::new());
    let runs: [(usize, &[&str], usize); 4] = [
        (10_000, &[], 1),
        (20_000, &["--same-name", "replace"], 1),
        (30_000, &["--same-name", "skip"], 0),
        (40_000, &[], 1),
    ];
    for (bytes, option, sent) in runs {
        let (code, said) = told(&shell, move |shell| {
            let lecture = shell.file("Lecture.mp4", bytes);
            let place = ["upload", text(&lecture), "--course", "Optics", "--chapter", "Lenses"];
            shell.run(&[&place[..], option].concat())
        })
        .await;
        assert_eq!((code, &said["ready"]), (0, &sent.into()), "{said}");
    }
    let local = open_elsewhere(&shell).await;
    let course = local.workspace.list_courses().await.unwrap().courses[0].id;
    let chapters = local.workspace.get_course(course).await.unwrap().chapters;
    let shown: Vec<u64> = chapters[0].videos.iter().map(|video| video.bytes).collect();
    assert_eq!(shown, [20_000, 40_000]);
    local.shutdown().await;
}

/// A team's server on this computer, and the address of it.
async fn team_s_server(folder: &Path) -> (Team, String, LocalStore) {
    let database = Store::open(&folder.join("server.sqlite")).await.unwrap();
    let objects = LocalStore::start(&folder.join("store")).await.unwrap();
    let team = Team::open(Server::new(database, Arc::new(objects.store()))).await.unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let router = team.router();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (team, address, objects)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_computer_that_joined_a_team_sends_to_its_server_and_a_second_one_knows_the_course() {
    let office = tempfile::tempdir().unwrap();
    let (team, address, objects) = team_s_server(office.path()).await;
    let mut sent = Vec::new();
    for name in ["Lecture 1.mp4", "Lecture 2.mp4"] {
        let (shell, address) = (Arc::new(Shell::new()), address.clone());
        let code = team.invite("ada@example.edu", None, false).await.unwrap().code;
        let uploaded = told(&shell, move |shell| {
            let token = shell.folder.path().join("token");
            let join = ["workspace", "join", "team", &address, "--token-file", text(&token), "--json"];
            let (code, said) = outcome(&shell.command(&join).env("LECTERN_CODE", code).output().unwrap());
            assert_eq!((code, &said["key_in_keychain"]), (0, &false.into()), "{said}");
            let lecture = shell.file(name, 300_000);
            let place = ["--course", "Optics", "--chapter", "Lenses", "--workspace", "team", "--json"];
            let mut upload = shell.command(&[&["upload", text(&lecture)], &place[..]].concat());
            outcome(&upload.env("LECTERN_DEVICE_TOKEN_FILE", &token).output().unwrap())
        });
        let (code, said) = uploaded.await;
        assert_eq!((code, &said["ready"]), (0, &1.into()), "{said}");
        sent.push(said["uploads"][0]["context"].clone());
    }
    assert_eq!(sent[0], sent[1], "the second computer found the course of the first");
    let keys = objects.store().list_keys("").await.unwrap();
    assert_eq!(keys.iter().filter(|key| key.ends_with("original")).count(), 2, "{keys:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_is_not_good_makes_no_workspace() {
    let office = tempfile::tempdir().unwrap();
    let (_team, address, _objects) = team_s_server(office.path()).await;
    let shell = Arc::new(Shell::new());
    let joined = told(&shell, move |shell| {
        let mut join = shell.command(&["workspace", "join", "team", &address, "--json"]);
        outcome(&join.env("LECTERN_CODE", "00000-00000").output().unwrap())
    });
    let (code, said) = joined.await;
    assert_eq!(code, 4, "{said}");
    assert!(said["error"].as_str().unwrap().contains("this code is not good"), "{said}");
    let (_, listed) = told(&shell, |shell| shell.run(&["workspace", "list"])).await;
    assert_eq!(listed["workspaces"], serde_json::json!([]));
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_can_ask_and_what_is_not_understood_harms_nobody() {
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::os::unix::fs::PermissionsExt as _;
    let shell = Arc::new(Shell::new());
    let holder = open_elsewhere(&shell).await;
    let folder = shell.data().join("local");
    assert_eq!(std::fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    let answer = told(&shell, move |_| {
        let mut socket = std::os::unix::net::UnixStream::connect(folder.join("control.socket")).unwrap();
        socket.write_all(b"{\"Dance\": {}}\n\"State\"\n").unwrap();
        let mut lines = BufReader::new(socket).lines();
        [lines.next().unwrap().unwrap(), lines.next().unwrap().unwrap()]
    });
    let [strange, state] = answer.await;
    assert!(strange.contains("another version"), "{strange}");
    assert!(state.contains("My courses"), "{state}");
    holder.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_other_ends_the_queue_is_kept_and_who_waits_is_told() {
    let shell = Arc::new(Shell::new());
    let holder = open_elsewhere(&shell).await;
    holder.workspace.teach(TeachArguments::UntilISay).await.unwrap();
    let waiting = told(&shell, |shell| {
        let file = shell.file("Lecture 1.mp4", 20 << 20);
        let waiting = shell.command(&["library", "add", text(&file), "--json"]).stdout(Stdio::piped()).spawn();
        waiting.unwrap()
    })
    .await;
    while holder.workspace.list_uploads().uploads.is_empty() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    holder.shutdown().await;
    let (code, said) = told(&shell, |_| outcome(&waiting.wait_with_output().unwrap())).await;
    assert_eq!(code, 3, "{said}");
    assert!(said["error"].as_str().unwrap().contains("its queue is kept"), "{said}");
    let (code, said) = told(&shell, |shell| shell.run(&["status"])).await;
    assert_eq!((code, &said["totals"]["uploads"]), (0, &1.into()), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backblaze_key_says_itself_where_the_files_go() {
    use lectern_server::object_store::local::b2::Account;
    use lectern_server::object_store::local::{LocalOptions, LocalStore};
    let (shell, account) = (Shell::new(), Account::new());
    let store =
        LocalStore::start_as_b2(&shell.folder.path().join("b2"), LocalOptions::default(), &account).await.unwrap();
    let key = account.new_key().of_one_bucket();
    account.put_key(key.clone());
    let address = store.config().endpoint.to_string();
    tokio::task::spawn_blocking(move || {
        let with_key = |arguments: &[&str]| {
            let mut command = shell.command(arguments);
            command.arg("--json").env("LECTERN_TEST_B2_ADDRESS", &address);
            command.env("LECTERN_STORE_KEY_ID", &key.id).env("LECTERN_STORE_KEY", key.secret.reveal());
            outcome(&command.output().unwrap())
        };
        let (code, said) = with_key(&["workspace", "add", "Vorlesung", "--b2"]);
        assert_eq!((code, &said["key_in_keychain"]), (0, &false.into()), "{said}");
        let (code, said) = with_key(&["-w", "Vorlesung", "workspace", "check"]);
        assert_eq!((code, &said["passed"]), (0, &true.into()), "{said}");
        let file = shell.file("Lecture 1.mp4", 20 << 20);
        let (code, said) = with_key(&["-w", "Vorlesung", "library", "add", text(&file)]);
        assert_eq!((code, &said["ready"], &said["uploads"][0]["parts"]), (0, &1.into(), &3.into()), "{said}");
        // Without the key nothing is sent, and nothing is lost.
        let (code, said) = shell.run(&["-w", "Vorlesung", "queue"]);
        assert_eq!(code, 4, "{said}");
        let written = std::fs::read_to_string(shell.data().join("Vorlesung/workspace.json")).unwrap();
        assert!(!written.contains(key.secret.reveal()) && !written.contains(&key.id), "{written}");
    })
    .await
    .unwrap();
    assert!(store.store().list_uploads("").await.unwrap().is_empty(), "nothing unfinished is left");
}

/// The first computer is gone, with everything on it.
#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_that_lies_in_a_bucket_is_opened_on_another_computer_and_goes_on_there() {
    use lectern_server::object_store::local::b2::Account;
    use lectern_server::object_store::local::{LocalOptions, LocalStore};
    let (place, account) = (tempfile::tempdir().unwrap(), Account::new());
    let store = LocalStore::start_as_b2(&place.path().join("b2"), LocalOptions::default(), &account).await.unwrap();
    let key = account.new_key().of_one_bucket();
    account.put_key(key.clone());
    let address = store.config().endpoint.to_string();
    let lectures = tokio::task::spawn_blocking(move || {
        let run = |shell: &Shell, arguments: &[&str]| {
            let mut command = shell.command(arguments);
            command.arg("--json").env("LECTERN_TEST_B2_ADDRESS", &address);
            command.env("LECTERN_STORE_KEY_ID", &key.id).env("LECTERN_STORE_KEY", key.secret.reveal());
            outcome(&command.output().unwrap())
        };
        let upload = |shell: &Shell, name: &str| {
            let lecture = shell.file(name, 300_000);
            let place = ["--course", "Optics", "--chapter", "Lenses", "--workspace", "physics"];
            let (code, said) = run(shell, &[&["upload", text(&lecture)], &place[..]].concat());
            assert_eq!((code, &said["ready"]), (0, &1.into()), "{said}");
            said["uploads"][0]["context"].clone()
        };
        let first = Shell::new();
        let (code, said) = run(&first, &["workspace", "open", "physics", "--b2"]);
        assert_eq!(code, 2, "{said}");
        assert!(said["error"].as_str().unwrap().contains("no workspace lies in this bucket"), "{said}");
        assert_eq!(run(&first, &["workspace", "add", "physics", "--b2"]).0, 0);
        let before = upload(&first, "Lecture 1.mp4");
        drop(first);
        let second = Shell::new();
        let (code, said) = run(&second, &["workspace", "open", "physics", "--b2"]);
        assert_eq!((code, &said["workspace"]), (0, &"physics".into()), "{said}");
        (before, upload(&second, "Lecture 2.mp4"))
    });
    let (before, after) = lectures.await.unwrap();
    assert_eq!(before, after, "the second computer found the course of the first");
    let keys = store.store().list_keys("").await.unwrap();
    let counted = |ending: &str| keys.iter().filter(|key| key.ends_with(ending)).count();
    assert_eq!((counted("original"), counted("sqlite.gz")), (2, 2), "{keys:?}");
}
