//! The program as administrators use it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

use lectern_shared::access::{AccessToken, Me, PairRequest, Paired};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

struct Running {
    child: Child,
    address: String,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn program(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lectern-server"));
    command.arg("--database").arg(format!("sqlite:{}", folder.join("server.sqlite").display())).args(arguments);
    for name in ["LECTERN_DATABASE", "LECTERN_STORE", "LECTERN_STORE_KEY_ID", "LECTERN_STORE_KEY", "LECTERN_LISTEN"] {
        command.env_remove(name);
    }
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    program(folder, arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_owned()
}

fn serve(folder: &Path) -> Running {
    let store = folder.join("store");
    let mut command = program(folder, &["serve", "--listen", "127.0.0.1:0", "--store-folder"]);
    let mut child = command.arg(store).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("listening on ").unwrap();
    Running { child, address: format!("http://{address}") }
}

#[tokio::test]
async fn somebody_is_invited_on_the_command_line_let_in_listed_and_locked_out() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path());
    let code = text(&run(folder.path(), &["invite", "Ada@Example.edu", "--name", "Ada"]).stdout);
    let http = reqwest::Client::new();
    let request = PairRequest { code, device_name: "Laptop".to_owned() };
    let at = |path: &str| format!("{}{path}", server.address);
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
