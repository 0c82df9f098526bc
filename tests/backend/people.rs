//! A team as the window asks about it: one's computers, who is in a course, and leaving, against a real server over HTTP.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use lectern_engine::remote::{Line, Patience};
use lectern_engine::workspace::{Kept, KeyRing, LocalWorkspace, Opening, Settings, StoreSettings, Workspaces};
use lectern_server::access::Team;
use lectern_server::object_store::keyless::Keyless;
use lectern_server::{Server, Store};
use lectern_shared::access::{Invite, Me, Member, OneTimeCode, Role, Who};
use lectern_shared::command::{JoinAnswer, JoinArguments, JoinProblem, WorkspaceState};
use lectern_shared::error::{AppError, ErrorCode};
use lectern_shared::ids::{CourseId, DeviceId, UserId};
use lectern_shared::mutation::Mutation;
use lectern_shared::people::{Losses, MemberAnswer, MemberArguments, RemoveAnswer, RemoveArguments, SignInArguments};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

const SOON: Duration = Duration::from_secs(20);
/// Of somebody who waits for the server, in these tests.
const PERSON: Duration = Duration::from_secs(2);

const ANSWERS: u8 = 0;
/// A proxy says that nobody is there.
const AWAY: u8 = 1;
/// Takes the call and says nothing.
const DEAF: u8 = 2;

/// A team's server on a port of this computer.
struct Office {
    _folder: tempfile::TempDir,
    team: Team,
    address: String,
    manner: Arc<AtomicU8>,
    serving: tokio::task::JoinHandle<()>,
}

impl Drop for Office {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn answer(State(manner): State<Arc<AtomicU8>>, request: Request, next: Next) -> Response {
    match manner.load(Ordering::SeqCst) {
        AWAY => StatusCode::BAD_GATEWAY.into_response(),
        DEAF => std::future::pending().await,
        _ => next.run(request).await,
    }
}

impl Office {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("server.sqlite")).await.unwrap();
        let team = Team::open(Server::new(store, Arc::new(Keyless))).await.unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let manner = Arc::new(AtomicU8::new(ANSWERS));
        let router = team.router().layer(from_fn_with_state(manner.clone(), answer));
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { _folder: folder, team, address, manner, serving }
    }

    fn turns(&self, manner: u8) {
        self.manner.store(manner, Ordering::SeqCst);
    }

    async fn code(&self, email: &str) -> String {
        self.team.invite(email, None, false).await.unwrap().code
    }

    async fn devices_of(&self, email: &str) -> usize {
        let people = self.team.people().await.unwrap();
        people.into_iter().find(|one| one.email.as_deref() == Some(email)).unwrap().devices
    }
}

/// Somebody's computer with its workspaces, and its keychain.
struct Computer {
    folder: PathBuf,
    keys: KeyRing,
    workspaces: Workspaces,
    _kept: Arc<tempfile::TempDir>,
}

impl Computer {
    async fn new() -> Self {
        let kept = Arc::new(tempfile::tempdir().unwrap());
        Self::started(kept.clone(), KeyRing::of_this_run()).await
    }

    async fn started(kept: Arc<tempfile::TempDir>, keys: KeyRing) -> Self {
        let folder = kept.path().to_owned();
        let workspaces = Workspaces::open(&folder, opening(&keys), Arc::new(|| Arc::new(|_| {})), None).await.unwrap();
        Self { folder, keys, workspaces, _kept: kept }
    }

    /// Ended and started again, as after a crash when nothing was told to end.
    async fn again(self) -> Self {
        self.workspaces.close().await;
        Self::started(self._kept, self.keys).await
    }

    /// A new one of this person, in the team.
    async fn of(office: &Office, email: &str) -> Self {
        let computer = Self::new().await;
        computer.join(office, &office.code(email).await).await;
        computer
    }

    async fn join(&self, office: &Office, code: &str) {
        let (address, code, name) = (office.address.clone(), code.to_owned(), "Faculty".to_owned());
        let args = JoinArguments { address, code, computer: "Laptop".to_owned(), name };
        let joined = self.workspaces.join(args).await.unwrap();
        assert!(matches!(joined, JoinAnswer::Joined { .. }), "{joined:?}");
    }

    async fn state(&self) -> WorkspaceState {
        let shown = self.workspaces.shown().await.unwrap();
        shown.with(async |workspace| workspace.state().await).await.unwrap()
    }

    async fn wait_for(&self, what: &str, is: impl Fn(&WorkspaceState) -> bool) {
        let end = Instant::now() + SOON;
        while !is(&self.state().await) {
            assert!(Instant::now() < end, "never: {what}; {:?}", self.state().await);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn courses(&self) -> Vec<String> {
        let shown = self.workspaces.shown().await.unwrap();
        let list = shown.with(async |workspace| workspace.list_courses().await).await.unwrap();
        list.courses.into_iter().map(|course| course.title).collect()
    }

    async fn wait_for_courses(&self, titles: &[&str]) {
        let end = Instant::now() + SOON;
        while self.courses().await != titles {
            assert!(Instant::now() < end, "never {titles:?}: {:?}", self.courses().await);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn make_course(&self, title: &str) -> CourseId {
        let course = CourseId::new();
        let mutation = Mutation::CourseCreate { course, title: title.to_owned() };
        let shown = self.workspaces.shown().await.unwrap();
        shown.with(async |workspace| workspace.edit(mutation).await).await.unwrap();
        course
    }

    async fn account(&self) -> Result<Me, AppError> {
        self.workspaces.shown().await.unwrap().account().await
    }

    async fn device_code(&self) -> OneTimeCode {
        self.workspaces.shown().await.unwrap().make_device_code().await.unwrap()
    }

    async fn set(&self, course: CourseId, email: &str, role: Role) -> Result<MemberAnswer, AppError> {
        let args = MemberArguments { course, who: Who::Email(email.to_owned()), role };
        self.workspaces.shown().await.unwrap().set_member(args).await
    }

    async fn leave(&self, course: CourseId, user: UserId) -> Result<(), AppError> {
        self.workspaces.shown().await.unwrap().remove_member(course, user).await
    }

    async fn members(&self, course: CourseId) -> Result<Vec<Member>, AppError> {
        let shown = self.workspaces.shown().await.unwrap();
        shown.course_members(course).await.map(|answer| answer.members)
    }

    async fn roles(&self, course: CourseId) -> Vec<(String, Role)> {
        self.members(course).await.unwrap().into_iter().map(|one| (one.name, one.role)).collect()
    }

    async fn sign_in(&self, code: &str) -> JoinAnswer {
        let args = SignInArguments { code: code.to_owned(), computer: "Laptop, again".to_owned() };
        self.workspaces.shown().await.unwrap().sign_in(args).await.unwrap()
    }

    fn shown(&self) -> String {
        self.workspaces.list().unwrap().workspaces.into_iter().find(|entry| entry.shown).unwrap().id
    }

    fn ids(&self) -> Vec<String> {
        self.workspaces.list().unwrap().workspaces.into_iter().map(|entry| entry.id).collect()
    }

    /// What the keychain calls the shown team's token.
    fn token_name(&self) -> UserId {
        Settings::read(&self.folder.join(self.shown())).unwrap().unwrap().key_name()
    }

    async fn remove(&self, id: &str, agreed: Losses) -> Result<RemoveAnswer, AppError> {
        self.workspaces.remove(RemoveArguments { id: id.to_owned(), agreed }).await
    }

    fn left_aside(&self) -> usize {
        std::fs::read_dir(self.folder.join(".removed")).into_iter().flatten().count()
    }
}

fn opening(keys: &KeyRing) -> Opening {
    let patience = Patience { person: PERSON, ..Patience::default() };
    let line = Line { patience, ..Line::default() };
    let prober = std::env::current_exe().unwrap();
    Opening { prober, line, events: Arc::new(|_| {}), keys: keys.clone(), idle: false }
}

fn code_of<T: std::fmt::Debug>(answer: Result<T, AppError>) -> ErrorCode {
    answer.unwrap_err().code
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_computer_is_let_in_by_the_first_and_signed_out_by_it_and_what_it_had_not_sent_is_sent_when_it_is_back()
 {
    let office = Office::open().await;
    let desk = Computer::of(&office, "ada@example.edu").await;
    let me = desk.account().await.unwrap();
    assert_eq!((me.name.as_str(), me.admin, me.devices.len()), ("ada", true, 1));
    let laptop = Computer::new().await;
    laptop.join(&office, &desk.device_code().await.code).await;
    let devices = laptop.account().await.unwrap().devices;
    let standing: Vec<bool> = devices.iter().map(|device| device.is_this).collect();
    assert_eq!(standing, [false, true], "the one that asks is the second");
    laptop.wait_for("the first answer", |state| state.server_reachable && !state.signed_out).await;

    let lost = devices[1].id;
    let desk_team = desk.workspaces.shown().await.unwrap();
    desk_team.revoke_device(lost).await.unwrap();
    assert_eq!(code_of(desk_team.revoke_device(DeviceId::new()).await), ErrorCode::NotFound);
    laptop.wait_for("it is told by its feed, not by the next regular pull", |state| state.signed_out).await;
    assert_eq!(code_of(laptop.account().await), ErrorCode::SignedOut);
    laptop.make_course("Botany").await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let state = laptop.state().await;
    assert_eq!((state.edits_waiting, state.rejected.len()), (1, 0), "it waits, and is refused by nobody");

    let laptop = laptop.again().await;
    laptop.wait_for("it is signed out after a restart too", |state| state.signed_out).await;
    assert_eq!(laptop.courses().await, ["Botany"]);
    assert_eq!(laptop.sign_in("00000-00000").await, JoinAnswer::Refused { problem: JoinProblem::Code });
    assert_eq!(laptop.sign_in(&desk.device_code().await.code).await, JoinAnswer::Joined { in_keychain: false });
    laptop.wait_for("all is sent", |state| !state.signed_out && state.edits_waiting == 0).await;
    desk.wait_for_courses(&["Botany"]).await;
    assert!(!desk.state().await.signed_out, "nobody else was");
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_else_s_code_signs_nobody_in_where_another_person_s_edits_wait() {
    let office = Office::open().await;
    let ada = Computer::of(&office, "ada@example.edu").await;
    let name = ada.token_name();
    ada.wait_for("the first answer", |state| state.server_reachable).await;
    office.team.revoke("ada@example.edu").await.unwrap();
    ada.make_course("Botany").await;
    ada.wait_for("it is signed out", |state| state.signed_out).await;
    let refused = ada.sign_in(&office.code("bob@example.edu").await).await;
    assert_eq!(refused, JoinAnswer::Refused { problem: JoinProblem::OtherPerson { name: "bob".into() } });
    assert_eq!(office.devices_of("bob@example.edu").await, 0, "the token was given back");
    assert!(ada.state().await.signed_out && ada.keys.place(name).is_some());
    ada.sign_in(&office.code("ada@example.edu").await).await;
    ada.wait_for("all is sent", |state| !state.signed_out && state.edits_waiting == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn owners_say_who_is_in_a_course_and_an_address_that_nobody_has_is_invited_first() {
    let office = Office::open().await;
    let (ada, bob) = (Computer::of(&office, "ada@example.edu").await, Computer::of(&office, "bob@example.edu").await);
    let course = ada.make_course("Botany").await;
    ada.wait_for("the course is at the server", |state| state.edits_waiting == 0).await;
    assert_eq!(code_of(bob.members(course).await), ErrorCode::NotFound, "a stranger's course");
    assert_eq!(ada.set(course, "bob@example.edu", Role::Viewer).await, Ok(MemberAnswer::Done));
    bob.wait_for_courses(&["Botany"]).await;
    assert_eq!(ada.set(course, "bob@example.edu", Role::Editor).await, Ok(MemberAnswer::Done));
    let both = [("ada".to_owned(), Role::Owner), ("bob".to_owned(), Role::Editor)];
    assert_eq!(bob.roles(course).await, both);
    assert_eq!(code_of(bob.set(course, "bob@example.edu", Role::Owner).await), ErrorCode::Rejected);

    assert_eq!(ada.set(course, "eve@example.edu", Role::Viewer).await, Ok(MemberAnswer::Nobody));
    let missing = CourseId::new();
    assert_eq!(code_of(ada.set(missing, "eve@example.edu", Role::Viewer).await), ErrorCode::NotFound);
    let invite = || Invite { email: "eve@example.edu".into(), name: Some("Eve".into()) };
    let by_bob = bob.workspaces.shown().await.unwrap().invite_person(invite()).await;
    assert_eq!(code_of(by_bob.map(drop)), ErrorCode::Rejected, "he does not run the server");
    let code = ada.workspaces.shown().await.unwrap().invite_person(invite()).await.unwrap();
    assert_eq!(ada.set(course, "eve@example.edu", Role::Viewer).await, Ok(MemberAnswer::Done));
    let eve = Computer::new().await;
    eve.join(&office, &code.code).await;
    eve.wait_for_courses(&["Botany"]).await;

    let (me, bobs) = (ada.account().await.unwrap().user, bob.account().await.unwrap().user);
    assert_eq!(code_of(ada.leave(course, me).await), ErrorCode::Rejected, "the only owner stays");
    bob.leave(course, bobs).await.unwrap();
    bob.wait_for_courses(&[]).await;
    assert_eq!(ada.roles(course).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_team_and_without_an_answer_it_is_said_which_and_nothing_hangs() {
    let office = Office::open().await;
    let ada = Computer::of(&office, "ada@example.edu").await;
    for (manner, at_most) in [(AWAY, PERSON), (DEAF, PERSON + Duration::from_secs(3))] {
        office.turns(manner);
        let begun = Instant::now();
        assert_eq!(code_of(ada.account().await), ErrorCode::Offline);
        assert!(begun.elapsed() < at_most, "{:?}", begun.elapsed());
        assert_eq!(ada.courses().await, [] as [String; 0], "the rest goes on");
    }
    ada.workspaces.show("local").await.unwrap();
    let alone = ada.workspaces.shown().await.unwrap();
    let (course, user) = (CourseId::new(), UserId::new());
    assert_eq!(code_of(ada.account().await), ErrorCode::NoTeam);
    assert_eq!(code_of(alone.make_device_code().await.map(drop)), ErrorCode::NoTeam);
    assert_eq!(code_of(alone.revoke_device(DeviceId::new()).await), ErrorCode::NoTeam);
    assert_eq!(code_of(ada.members(course).await), ErrorCode::NoTeam);
    assert_eq!(code_of(ada.set(course, "bob@example.edu", Role::Viewer).await), ErrorCode::NoTeam);
    assert_eq!(code_of(ada.leave(course, user).await), ErrorCode::NoTeam);
    let args = SignInArguments { code: "00000-00000".into(), computer: String::new() };
    assert_eq!(code_of(alone.sign_in(args).await), ErrorCode::NoTeam);
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_says_first_what_was_not_sent_and_then_takes_folder_key_and_token_away() {
    let office = Office::open().await;
    let ada = Computer::of(&office, "ada@example.edu").await;
    let (id, name) = (ada.shown(), ada.token_name());
    ada.wait_for("the first answer", |state| state.server_reachable).await;
    office.turns(AWAY);
    ada.make_course("Botany").await;
    ada.make_course("Physics").await;
    let said = ada.workspaces.losses(&id).await.unwrap();
    assert_eq!(said, Losses { edits: 2, ..Losses::default() });
    let less = Losses { edits: 1, ..said };
    assert_eq!(ada.remove(&id, less).await, Ok(RemoveAnswer::Grown { losses: said }), "more than somebody agreed to");
    assert_eq!((ada.shown(), ada.courses().await.len()), (id.clone(), 2), "nothing was done");

    office.turns(ANSWERS);
    ada.wait_for("all is sent", |state| state.edits_waiting == 0).await;
    assert_eq!(ada.remove(&id, Losses::default()).await, Ok(RemoveAnswer::Removed { server_told: true }));
    assert_eq!((ada.shown(), ada.ids()), ("local".to_owned(), vec!["local".to_owned()]));
    assert_eq!(office.devices_of("ada@example.edu").await, 0, "the token is nobody's");
    assert_eq!((ada.keys.place(name), ada.left_aside()), (None::<Kept>, 0));
    assert!(!ada.folder.join(&id).exists());
    assert_eq!(code_of(ada.workspaces.show(&id).await), ErrorCode::NotFound);
    let ada = ada.again().await;
    assert_eq!((ada.shown(), ada.ids()), ("local".to_owned(), vec!["local".to_owned()]));
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_without_the_server_says_that_it_was_not_told() {
    let office = Office::open().await;
    let ada = Computer::of(&office, "ada@example.edu").await;
    let id = ada.shown();
    office.turns(DEAF);
    let begun = Instant::now();
    let said = ada.workspaces.losses(&id).await.unwrap();
    assert_eq!(ada.remove(&id, said).await, Ok(RemoveAnswer::Removed { server_told: false }));
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    assert_eq!((ada.ids(), ada.left_aside()), (vec!["local".to_owned()], 0));
    office.turns(ANSWERS);
    assert_eq!(office.devices_of("ada@example.edu").await, 1, "to be locked out from another computer");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_local_workspace_gives_way_to_an_empty_one_and_another_one_is_shown_when_there_is_one() {
    let computer = Computer::new().await;
    let owner = computer.token_name();
    computer.make_course("Botany").await;
    let said = computer.workspaces.losses("local").await.unwrap();
    assert_eq!(said, Losses { courses: 1, ..Losses::default() });
    assert_eq!(computer.remove("local", said).await, Ok(RemoveAnswer::Removed { server_told: true }));
    assert_eq!((computer.shown(), computer.courses().await), ("local".to_owned(), Vec::new()));
    assert_ne!(computer.token_name(), owner, "another workspace");

    let office = Office::open().await;
    computer.join(&office, &office.code("ada@example.edu").await).await;
    let faculty = computer.shown();
    computer.workspaces.show("local").await.unwrap();
    computer.make_course("Physics").await;
    let said = computer.workspaces.losses("local").await.unwrap();
    computer.remove("local", said).await.unwrap();
    assert_eq!((computer.shown(), computer.ids()), (faculty.clone(), vec!["local".to_owned(), faculty]));
    computer.workspaces.show("local").await.unwrap();
    assert_eq!(computer.courses().await, [] as [String; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removal_that_a_crash_has_cut_off_is_no_workspace_and_is_ended_at_the_next_start() {
    let office = Office::open().await;
    let ada = Computer::of(&office, "ada@example.edu").await;
    let (id, name) = (ada.shown(), ada.token_name());
    ada.workspaces.close().await;
    // Set aside, and nothing after that.
    let aside = ada.folder.join(".removed");
    std::fs::create_dir(&aside).unwrap();
    std::fs::rename(ada.folder.join(&id), aside.join("one")).unwrap();
    let ada = ada.again().await;
    assert_eq!((ada.shown(), ada.ids()), ("local".to_owned(), vec!["local".to_owned()]));
    ada.workspaces.open_all().await;
    assert_eq!((ada.left_aside(), ada.keys.place(name)), (0, None));
    assert_eq!(office.devices_of("ada@example.edu").await, 0);
    assert_eq!(ada.ids(), ["local"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_program_has_open_is_not_removed_and_what_does_not_open_is() {
    let computer = Computer::new().await;
    let make = |name: &str| {
        let folder: PathBuf = computer.folder.join(name);
        std::fs::create_dir(&folder).unwrap();
        Settings::new(name, StoreSettings::ThisComputer).write(&folder).unwrap();
        folder
    };
    let (busy, broken) = (make("busy"), make("broken"));
    let other = LocalWorkspace::open_as(&busy, opening(&KeyRing::of_this_run())).await.unwrap();
    assert_eq!(code_of(computer.remove("busy", Losses::default()).await), ErrorCode::Storage);
    assert!(Settings::is_in(&busy), "it is as it was");
    other.shutdown().await;
    assert_eq!(computer.remove("busy", Losses::default()).await, Ok(RemoveAnswer::Removed { server_told: true }));

    std::fs::write(broken.join("mirror.sqlite"), "no database").unwrap();
    assert_eq!(code_of(computer.workspaces.show("broken").await), ErrorCode::Storage);
    assert_eq!(computer.remove("broken", Losses::default()).await, Ok(RemoveAnswer::Removed { server_told: true }));
    assert_eq!((computer.ids(), is_empty(&computer.folder.join(".removed"))), (vec!["local".to_owned()], true));
    assert_eq!(code_of(computer.remove("../elsewhere", Losses::default()).await), ErrorCode::NotFound);
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).unwrap().count() == 0
}
