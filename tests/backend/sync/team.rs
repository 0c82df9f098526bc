//! A team over HTTP: who is let in, for how long, and how little anybody notices.

use super::{Device, Lecture, World, full_pull, problem};
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use futures::StreamExt as _;
use lectern_engine::catalogue::Catalogue;
use lectern_engine::remote::team::{DeviceToken, TeamError, TeamServer, pair};
use lectern_engine::remote::{CourseServer, RemoteError};
use lectern_server::access::Team;
use lectern_shared::access::{Me, OneTimeCode, PairRequest, Paired};
use lectern_shared::ids::{ClientId, DeviceId};
use lectern_shared::mutation::Mutation;
use lectern_shared::protocol::{LiveMessage, ProblemCode};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A team's server on a port of this computer, and what it was asked.
pub(super) struct Office {
    pub(super) team: Team,
    pub(super) address: String,
    asked: Arc<Mutex<Vec<String>>>,
    serving: tokio::task::JoinHandle<()>,
}

impl Drop for Office {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

type Asked = Arc<Mutex<Vec<String>>>;

async fn take_down(State(asked): State<Asked>, request: Request, next: Next) -> Response {
    asked.lock().unwrap().push(request.uri().path().to_owned());
    next.run(request).await
}

impl Office {
    pub(super) async fn of(world: &World) -> Self {
        Self::on(world, tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap()).await
    }

    async fn on(world: &World, listener: tokio::net::TcpListener) -> Self {
        let (team, asked) = (Team::open(world.server.clone()).await.unwrap(), Asked::default());
        let address = format!("http://{}", listener.local_addr().unwrap());
        let router = team.router().layer(from_fn_with_state(asked.clone(), take_down));
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { team, address, asked, serving }
    }

    pub(super) async fn invite(&self, email: &str) -> OneTimeCode {
        self.team.invite(email, None, false).await.unwrap()
    }

    pub(super) async fn pair(&self, code: &str) -> Result<Paired, TeamError> {
        let request = PairRequest { code: code.to_owned(), device_name: "Laptop".to_owned() };
        pair(&self.address, &request, &[]).await
    }

    /// Somebody new, with one computer.
    pub(super) async fn person(&self, email: &str) -> Paired {
        self.pair(&self.invite(email).await.code).await.unwrap()
    }

    pub(super) fn remote(&self, paired: &Paired) -> TeamServer {
        TeamServer::new(&self.address, DeviceToken(paired.device_token.clone()), &[]).unwrap()
    }

    pub(super) fn device(&self, world: &World, paired: &Paired) -> Device<TeamServer> {
        let file = world.new_file();
        Device { catalogue: Catalogue::open(&file, paired.user).unwrap(), remote: self.remote(paired), file }
    }

    fn times_asked(&self, path: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|asked| *asked == path).count()
    }
}

fn code_of(error: TeamError) -> ProblemCode {
    match error {
        TeamError::Remote(RemoteError::Problem(problem)) => problem.code,
        other => panic!("{other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_lets_one_device_in_and_an_edit_on_it_is_seen_on_another_at_once() {
    let world = World::new().await;
    let office = Office::of(&world).await;
    let first = office.person("ada@example.edu").await;
    assert_eq!(first.name, "ada");
    let laptop = office.device(&world, &first);
    let lecture = Lecture::on(&laptop, 2).await;

    // The second computer is let in by the first.
    let http = reqwest::Client::new();
    let token = access_token(&office, &first).await;
    let asked = http.post(format!("{}/v1/devices/code", office.address)).bearer_auth(&token).send().await.unwrap();
    let code: OneTimeCode = asked.json().await.unwrap();
    let second = office.pair(&code.code).await.unwrap();
    assert_eq!(second.user, first.user);
    let desktop = office.device(&world, &second);
    desktop.pull().await;
    assert_eq!(desktop.view(), laptop.view());

    let mut pokes = desktop.remote.live().await.unwrap();
    // The feed begins when the server has taken the socket over, which nobody is told: an edit before that pokes nobody.
    let mut poked = None;
    for number in 0..50 {
        let title = format!("Physics {number}");
        laptop.edit([Mutation::CourseRename { course: lecture.course, title }]).await;
        laptop.push().await;
        laptop.pull().await;
        poked = tokio::time::timeout(Duration::from_millis(200), pokes.next()).await.ok().flatten();
        if poked.is_some() {
            break;
        }
    }
    let space = |said| if let LiveMessage::Poke(poke) = said { Some(poke.space) } else { None };
    assert_eq!(poked.and_then(space), Some(lecture.course.into()));
    desktop.pull().await;
    assert_eq!(desktop.view(), laptop.view());
}

pub(super) async fn access_token(office: &Office, paired: &Paired) -> String {
    let asked = reqwest::Client::new().post(format!("{}/v1/token", office.address)).bearer_auth(&paired.device_token);
    let answer: lectern_shared::access::AccessToken = asked.send().await.unwrap().json().await.unwrap();
    answer.access_token
}

async fn status(request: reqwest::RequestBuilder) -> u16 {
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn a_code_is_good_once_however_it_is_typed_and_whoever_guesses_is_slowed_down() {
    let world = World::new().await;
    let office = Office::of(&world).await;
    let code = office.invite("ada@example.edu").await.code;
    let typed = format!(" {} ", code.to_lowercase().replace('-', " - "));
    office.pair(&typed).await.unwrap();
    assert_eq!(code_of(office.pair(&code).await.err().unwrap()), ProblemCode::NotFound, "it was used");
    let mut wrong = 1;
    let refused = loop {
        match code_of(office.pair("00000-00000").await.err().unwrap()) {
            ProblemCode::NotFound => wrong += 1,
            other => break other,
        }
    };
    assert_eq!((refused, wrong), (ProblemCode::TooMany, 30));
    let good = office.invite("bob@example.edu").await.code;
    assert_eq!(code_of(office.pair(&good).await.err().unwrap()), ProblemCode::TooMany, "for everybody");
}

#[tokio::test]
async fn a_device_without_a_name_and_what_is_no_address_are_refused() {
    let world = World::new().await;
    let office = Office::of(&world).await;
    for address in ["", "ada", "@example.edu", "ada@", "ada@localhost", "a da@example.edu"] {
        assert!(office.team.invite(address, None, false).await.is_err(), "{address}");
    }
    let request = PairRequest { code: office.invite("ada@example.edu").await.code, device_name: " \u{202e} ".into() };
    let refused = pair(&office.address, &request, &[]).await.err().unwrap();
    assert_eq!(code_of(refused), ProblemCode::Invalid);
    assert!(office.pair(&request.code).await.is_ok(), "the code is still good");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_access_token_that_is_refused_is_made_anew_once_and_no_call_fails_for_it() {
    let world = World::new().await;
    let office = Office::of(&world).await;
    let paired = office.person("ada@example.edu").await;
    let remote = Arc::new(office.remote(&paired));
    let pull = async |remote: &TeamServer| remote.pull(&full_pull(ClientId::new())).await.map(drop);
    pull(&remote).await.unwrap();
    assert_eq!(office.times_asked("/v1/token"), 1);
    pull(&remote).await.unwrap();
    assert_eq!(office.times_asked("/v1/token"), 1, "it is good for a while");

    // Another key: every token made so far is nobody's.
    world.forget_secrets().await;
    let address = office.address.clone();
    drop(office);
    let listener = loop {
        match tokio::net::TcpListener::bind(address.trim_start_matches("http://")).await {
            Ok(listener) => break listener,
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    };
    let office = Office::on(&world, listener).await;
    let calls = (0..20).map(|_| {
        let remote = remote.clone();
        tokio::spawn(async move { remote.pull(&full_pull(ClientId::new())).await.map(drop) })
    });
    for call in futures::future::join_all(calls).await {
        call.unwrap().unwrap();
    }
    assert_eq!(office.times_asked("/v1/token"), 1, "one for all of them");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_device_is_out_at_once_its_feed_ends_and_another_one_stays() {
    let world = World::new().await;
    let office = Office::of(&world).await;
    let lost = office.person("ada@example.edu").await;
    let kept = office.pair(&office.invite("ada@example.edu").await.code).await.unwrap();
    let (lost_remote, kept_remote) = (office.remote(&lost), office.remote(&kept));
    let mut feed = lost_remote.live().await.unwrap();
    let _kept_feed = kept_remote.live().await.unwrap();

    let http = reqwest::Client::new();
    let token = access_token(&office, &kept).await;
    let device = |id: DeviceId| http.delete(format!("{}/v1/devices/{id}", office.address)).bearer_auth(&token);
    assert_eq!(status(device(DeviceId::new())).await, 404);
    assert_eq!(status(device(lost.device)).await, 204);
    assert_eq!(status(device(lost.device)).await, 404, "once");
    let end = tokio::time::timeout(Duration::from_secs(10), feed.next()).await.expect("the feed ends");
    assert!(end.is_none(), "{end:?}");
    let refused = lost_remote.pull(&full_pull(ClientId::new())).await;
    assert_eq!(problem(refused), ProblemCode::Unauthenticated);
    kept_remote.pull(&full_pull(ClientId::new())).await.unwrap();
    let me: Me =
        http.get(format!("{}/v1/me", office.address)).bearer_auth(&token).send().await.unwrap().json().await.unwrap();
    assert_eq!(me.devices.iter().map(|device| (device.id, device.is_this)).collect::<Vec<_>>(), [(kept.device, true)]);
}

#[tokio::test]
async fn a_code_that_a_lost_computer_made_is_good_no_more_when_that_is_locked_out() {
    let world = World::new().await;
    let office = Office::of(&world).await;
    let lost = office.person("ada@example.edu").await;
    let code = office.invite("ada@example.edu").await.code;
    assert_eq!(office.team.revoke("ada@example.edu").await.unwrap(), 1);
    assert_eq!(code_of(office.pair(&code).await.err().unwrap()), ProblemCode::NotFound);
    let refused = office.remote(&lost).pull(&full_pull(ClientId::new())).await;
    assert_eq!(problem(refused), ProblemCode::Unauthenticated);
}

#[tokio::test]
async fn nothing_is_answered_without_a_token_or_to_a_web_page() {
    let world = World::new().await;
    let office = Office::of(&world).await;
    let paired = office.person("ada@example.edu").await;
    let (http, token) = (reqwest::Client::new(), access_token(&office, &paired).await);
    let at = |path: &str| format!("{}{path}", office.address);
    for path in ["/v1/me", "/v1/live", "/v1/courses/x/members"] {
        assert_eq!(status(http.get(at(path))).await, 401, "{path}");
        assert_eq!(status(http.get(at(path)).bearer_auth(&paired.device_token)).await, 401, "{path}: the wrong token");
        let page = http.get(at(path)).bearer_auth(&token).header("origin", "https://example.edu");
        assert_eq!(status(page).await, 403, "{path}");
    }
    for path in ["/v1/push", "/v1/pull", "/v1/uploads", "/v1/people", "/v1/devices/code"] {
        assert_eq!(status(http.post(at(path)).body("{}")).await, 401, "{path}");
    }
    for path in ["/v1/pair", "/v1/token"] {
        let page = http.post(at(path)).bearer_auth(&paired.device_token).header("origin", "null").body("{}");
        assert_eq!(status(page).await, 403, "{path}");
    }
    assert_eq!(status(http.get(at("/health/live"))).await, 204);
    assert_eq!(status(http.get(at("/health/ready"))).await, 204);
}

#[tokio::test]
async fn only_an_admin_invites_and_the_first_person_is_one() {
    let world = World::new().await;
    let office = Office::of(&world).await;
    let (first, second) = (office.person("ada@example.edu").await, office.person("bob@example.edu").await);
    let http = reqwest::Client::new();
    let invite = async |by: &Paired| {
        let body = r#"{"email":"eve@example.edu","name":"Eve"}"#;
        let token = access_token(&office, by).await;
        status(http.post(format!("{}/v1/people", office.address)).bearer_auth(token).body(body)).await
    };
    assert_eq!((invite(&second).await, invite(&first).await), (403, 200));
    let people: Vec<_> = office.team.people().await.unwrap().into_iter().map(|one| (one.name, one.admin)).collect();
    assert_eq!(people, [("Eve".to_owned(), false), ("ada".to_owned(), true), ("bob".to_owned(), false)]);
}

#[tokio::test]
async fn a_server_that_is_away_is_away_and_not_a_refusal() {
    let nobody = TeamServer::new("http://127.0.0.1:1", DeviceToken("token".into()), &[]).unwrap();
    let error = nobody.pull(&full_pull(ClientId::new())).await.unwrap_err();
    assert!(matches!(error, RemoteError::Unreachable(_)), "{error}");
}
