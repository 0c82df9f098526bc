//! Several workspaces on one computer, as the window goes from one to another.

use lectern_engine::EventSink;
use lectern_engine::workspace::{KeyRing, Listeners, Opening, Workspaces};
use lectern_server::access::Team;
use lectern_server::object_store::keyless::Keyless;
use lectern_server::{Server, Store};
use lectern_shared::command::{JoinAnswer, JoinArguments, JoinProblem, StoreKind};
use lectern_shared::error::ErrorCode;
use lectern_shared::event::AppEvent;
use lectern_shared::ids::CourseId;
use lectern_shared::mutation::Mutation;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

#[derive(Default)]
struct Heard {
    window: Mutex<Vec<AppEvent>>,
    anywhere: AtomicU32,
}

async fn open(folder: &Path, heard: &Arc<Heard>) -> Workspaces {
    let (window, anywhere) = (heard.clone(), heard.clone());
    let events: EventSink = Arc::new(move |event| window.window.lock().unwrap().push(event));
    let listeners: Listeners = Arc::new(move || {
        let anywhere = anywhere.clone();
        Arc::new(move |_| {
            anywhere.anywhere.fetch_add(1, Ordering::SeqCst);
        })
    });
    let (prober, line) = (std::env::current_exe().unwrap(), lectern_engine::remote::Line::default());
    let opening = Opening { prober, line, events, keys: KeyRing::default(), idle: false };
    Workspaces::open(folder, opening, listeners, None).await.unwrap()
}

/// A team's server on a port of this computer, and its address.
async fn team(folder: &Path) -> (Team, String) {
    let store = Store::open(&folder.join("server.sqlite")).await.unwrap();
    let team = Team::open(Server::new(store, Arc::new(Keyless))).await.unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let router = team.router();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (team, address)
}

fn joining(address: &str, code: &str) -> JoinArguments {
    JoinArguments { address: address.into(), code: code.into(), computer: String::new(), name: "Faculty".into() }
}

async fn make_course(workspaces: &Workspaces, title: &str) {
    let mutation = Mutation::CourseCreate { course: CourseId::new(), title: title.to_owned() };
    let shown = workspaces.shown().await.unwrap();
    shown.with(async |workspace| workspace.edit(mutation).await).await.unwrap();
}

async fn courses(workspaces: &Workspaces) -> Vec<String> {
    let shown = workspaces.shown().await.unwrap();
    let list = shown.with(async |workspace| workspace.list_courses().await).await.unwrap();
    list.courses.into_iter().map(|course| course.title).collect()
}

fn names(workspaces: &Workspaces) -> Vec<(String, StoreKind, bool)> {
    let list = workspaces.list().unwrap().workspaces;
    list.into_iter().map(|entry| (entry.name, entry.store, entry.shown)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_team_is_joined_beside_the_local_workspace_and_the_last_shown_one_is_shown_after_a_restart() {
    let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (team, address) = team(elsewhere.path()).await;
    let heard = Arc::new(Heard::default());
    let workspaces = open(folder.path(), &heard).await;
    let local = workspaces.list().unwrap().workspaces[0].name.clone();
    make_course(&workspaces, "Botany").await;

    let refused = |problem| JoinAnswer::Refused { problem };
    let join = async |address: &str, code: &str| workspaces.join(joining(address, code)).await.unwrap();
    assert!(matches!(join("nowhere", "x").await, JoinAnswer::Refused { problem: JoinProblem::Address { .. } }));
    assert_eq!(join(&address, "00000-00000").await, refused(JoinProblem::Code));
    let gone = join("http://127.0.0.1:1", "00000-00000").await;
    assert!(matches!(gone, JoinAnswer::Refused { problem: JoinProblem::Server { .. } }), "{gone:?}");
    assert_eq!(names(&workspaces), [(local.clone(), StoreKind::ThisComputer, true)], "nothing is left of these");

    let code = team.invite("ada@example.edu", None, false).await.unwrap().code;
    assert!(matches!(join(&address, &code).await, JoinAnswer::Joined { .. }));
    let both = |team_is_shown: bool| {
        [
            (local.clone(), StoreKind::ThisComputer, !team_is_shown),
            ("Faculty".to_owned(), StoreKind::Team, team_is_shown),
        ]
    };
    assert_eq!(names(&workspaces), both(true));
    assert_eq!(courses(&workspaces).await, [] as [String; 0]);
    make_course(&workspaces, "Chemistry").await;
    assert_eq!(courses(&workspaces).await, ["Chemistry"]);

    let faculty = workspaces.list().unwrap().workspaces[1].id.clone();
    workspaces.show("local").await.unwrap();
    assert_eq!(courses(&workspaces).await, ["Botany"]);
    let nobody = workspaces.show("../elsewhere").await.unwrap_err();
    assert_eq!(nobody.code, ErrorCode::NotFound);
    workspaces.show(&faculty).await.unwrap();
    workspaces.close().await;

    let workspaces = open(folder.path(), &heard).await;
    assert_eq!(names(&workspaces), both(true));
    assert_eq!(courses(&workspaces).await, ["Chemistry"]);
    workspaces.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_in_a_workspace_that_is_not_shown_is_heard_by_its_own_listener_only() {
    let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (team, address) = team(elsewhere.path()).await;
    let heard = Arc::new(Heard::default());
    let workspaces = open(folder.path(), &heard).await;
    let code = team.invite("ada@example.edu", None, false).await.unwrap().code;
    workspaces.join(joining(&address, &code)).await.unwrap();
    let faculty = workspaces.shown().await.unwrap();
    workspaces.show("local").await.unwrap();
    let window = || heard.window.lock().unwrap().len();
    // What the showing itself has said may still be on its way.
    let mut before = (window(), heard.anywhere.load(Ordering::SeqCst));
    loop {
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        let now = (window(), heard.anywhere.load(Ordering::SeqCst));
        if now == before {
            break;
        }
        before = now;
    }
    let mutation = Mutation::CourseCreate { course: CourseId::new(), title: "Chemistry".to_owned() };
    faculty.with(async |workspace| workspace.edit(mutation).await).await.unwrap();
    assert!(heard.anywhere.load(Ordering::SeqCst) > before.1);
    assert_eq!(window(), before.0);
    workspaces.close().await;
}
