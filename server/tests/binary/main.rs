//! The program as administrators use it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

mod nodes;
mod program;

use lectern_shared::access::{AccessToken, Me, PairRequest, Paired};
use program::{run, serve, text};
use std::process::Command;

#[tokio::test]
async fn somebody_is_invited_on_the_command_line_let_in_listed_and_locked_out() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path());
    let code = text(&run(folder.path(), &["invite", "Ada@Example.edu", "--name", "Ada"]).stdout);
    let http = reqwest::Client::new();
    let request = PairRequest { code, device_name: "Laptop".to_owned() };
    let at = |path: &str| server.at(path);
    let paired: Paired = http.post(at("/v1/pair")).json(&request).send().await.unwrap().json().await.unwrap();
    let asked = http.post(at("/v1/token")).bearer_auth(&paired.device_token).send().await.unwrap();
    let token: AccessToken = asked.json().await.unwrap();
    let me = || http.get(at("/v1/me")).bearer_auth(&token.access_token).send();
    let shown: Me = me().await.unwrap().json().await.unwrap();
    assert_eq!((shown.name.as_str(), shown.email.as_deref(), shown.admin), ("Ada", Some("ada@example.edu"), true));
    assert_eq!(text(&run(folder.path(), &["users"]).stdout), "ada@example.edu\tAda\t1 devices\tadmin");
    assert_eq!(text(&run(folder.path(), &["revoke", "ada@example.edu"]).stdout), "1");
    assert_eq!(me().await.unwrap().status(), 401);
}

#[test]
fn what_is_wrong_with_the_arguments_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let said = |arguments: &[&str]| {
        let output = run(folder.path(), arguments);
        assert!(!output.status.success(), "{arguments:?}");
        text(&output.stderr)
    };
    assert!(said(&["serve"]).contains("--store"), "a store is needed");
    assert!(said(&["serve", "--store", "bucket"]).contains("s3://BUCKET"));
    assert!(said(&["serve", "--store", "s3://lectures?endpoint=127.0.0.1:1"]).contains("LECTERN_STORE_KEY_ID"));
    let with_password = "postgres://lectern:swordfish@127.0.0.1/lectern";
    let refused = said(&["users", "--database", with_password]);
    assert!(refused.contains("PGPASSWORD") && !refused.contains("swordfish"), "{refused}");
    assert!(said(&["users", &format!("--database={with_password}")]).contains("PGPASSWORD"));
    assert!(said(&["invite", "ada"]).contains("no e-mail address"));
    assert!(said(&["revoke", "nobody@example.edu"]).contains("nobody has this address"));
}

#[cfg(unix)]
#[test]
fn it_ends_in_order_when_it_is_asked_to() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = serve(folder.path());
    let asked = Command::new("kill").args(["-TERM", &server.child.id().to_string()]).status().unwrap();
    assert!(asked.success());
    assert!(server.child.wait().unwrap().success());
}

/// Also while it serves.
#[tokio::test]
async fn a_backup_is_a_database_that_can_be_served_and_only_the_newest_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path());
    run(folder.path(), &["invite", "ada@example.edu"]);
    let copies = folder.path().join("copies");
    let back_up = || {
        let output = run(folder.path(), &["backup", copies.to_str().unwrap(), "--keep", "2"]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        std::path::PathBuf::from(text(&output.stdout))
    };
    std::fs::create_dir(&copies).unwrap();
    std::fs::write(copies.join("notes.sqlite"), "not ours").unwrap();
    let made = [back_up(), back_up(), back_up()];
    assert_eq!(made.map(|copy| copy.exists()), [false, true, true]);
    assert!(copies.join("notes.sqlite").exists(), "what we did not name is not ours to delete");
    drop(server);

    let newest = std::fs::read_dir(&copies).unwrap().filter_map(|entry| entry.unwrap().file_name().into_string().ok());
    let newest = newest.filter(|name| name.starts_with("lectern-")).max().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    std::fs::rename(copies.join(newest), elsewhere.path().join("server.sqlite")).unwrap();
    assert!(run(elsewhere.path(), &["restored"]).status.success());
    assert!(text(&run(elsewhere.path(), &["users"]).stdout).starts_with("ada@example.edu"));
    let missing = tempfile::tempdir().unwrap();
    let refused = run(missing.path(), &["backup", copies.to_str().unwrap()]);
    assert!(text(&refused.stderr).contains("there is no database"), "and none is made");
}

#[test]
fn what_was_deleted_long_ago_is_removed_on_request_but_not_soon_after_a_restore() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let gc = || run(folder.path(), &["gc", "--files-days", "0", "--store-folder", store.to_str().unwrap()]);
    assert_eq!(text(&gc().stdout), "0 files of 0 bytes, 0 courses, 0 other rows");
    assert!(run(folder.path(), &["restored"]).status.success());
    let refused = gc();
    assert!(!refused.status.success() && text(&refused.stderr).contains("30 days after a restore"));
}
