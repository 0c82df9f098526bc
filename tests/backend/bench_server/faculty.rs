//! Who is there: an owner with fifty courses, ten thousand rows in all, and five thousand people with a device each, a
//! hundred in a course. Everything comes about by the calls that the apps make, but for the codes, which an administrator
//! makes without the server.

use super::Outcome;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use lectern_server::access::Team;
use lectern_server::object_store::keyless::Keyless;
use lectern_server::{Server, Store};
use lectern_shared::SCHEMA;
use lectern_shared::access::{AccessToken, PairRequest, Paired, Role, SetMember, Who};
use lectern_shared::ids::{AssetId, ChapterId, ClientId, CourseId, SpaceId, VideoId};
use lectern_shared::media::AssetKind;
use lectern_shared::mutation::{Between, Mutation};
use lectern_shared::protocol::{
    Cookie, MutationStatus, PUSH_MUTATIONS_MAX, Problem, PullRequest, PullResponse, PushRequest, PushResponse,
    PushedMutation,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

pub const PEOPLE: usize = 5_000;
pub const COURSES: usize = 50;
const CHAPTERS: usize = 10;
/// With a file and what the course shows of it each; so a course is 200 rows.
const VIDEOS: usize = 63;
/// Fewer than the wrong codes that are let through in a minute: each counts as wrong until it was right.
const AT_ONCE: usize = 16;

/// A device and what it knows.
pub struct Person {
    pub paired: Paired,
    pub calls: Calls,
    pub client: ClientId,
    pub cookies: BTreeMap<SpaceId, Cookie>,
    pub incarnation: u64,
    sent: u64,
}

/// HTTP as one device.
#[derive(Clone)]
pub struct Calls {
    http: reqwest::Client,
    address: String,
    pub token: String,
}

pub struct Lectures {
    pub course: CourseId,
    pub chapters: Vec<ChapterId>,
    pub videos: Vec<VideoId>,
}

pub struct Faculty {
    pub address: String,
    pub owner: Person,
    /// Of course `number % COURSES`. The first [`EDITORS`] may edit.
    pub people: Vec<Person>,
    pub courses: Vec<Lectures>,
}

pub const EDITORS: usize = 200;

/// One for the owner and one for each person.
pub async fn codes(database: &str) -> Outcome<Vec<String>> {
    let store = match database.strip_prefix("sqlite:") {
        Some(file) => Store::open(Path::new(file)).await?,
        None => Store::connect(database).await?,
    };
    let team = Team::open(Server::new(store, Arc::new(Keyless))).await?;
    let codes = stream::iter(0..=PEOPLE).map(|number| {
        let team = &team;
        async move {
            // As an administrator, which spares a look at everybody who is there.
            let code = team.invite(&format!("person-{number}@example.edu"), None, true).await;
            code.map(|code| code.code).map_err(|error| Problem::from(error).detail)
        }
    });
    Ok(codes.buffered(AT_ONCE).try_collect().await?)
}

impl Faculty {
    pub async fn of(address: &str, codes: Vec<String>) -> Outcome<Self> {
        let http = reqwest::Client::builder().no_proxy().build()?;
        let pair = |code: String| Person::paired(http.clone(), address.to_owned(), code);
        let mut people: Vec<Person> = stream::iter(codes).map(pair).buffered(AT_ONCE).try_collect().await?;
        let mut owner = people.remove(0);
        let mut courses = Vec::with_capacity(COURSES);
        for number in 0..COURSES {
            courses.push(Lectures::made_by(&mut owner, number).await?);
        }
        let joining = people.iter().enumerate().map(|(number, person)| {
            let role = if number < EDITORS { Role::Editor } else { Role::Viewer };
            let path = format!("/v1/courses/{}/members", courses[number % COURSES].course);
            let (calls, member) = (owner.calls.clone(), SetMember { who: Who::User(person.paired.user), role });
            async move { calls.ask(http::Method::PUT, &path, &member).await.map(drop) }
        });
        let joining: Vec<_> = joining.collect();
        stream::iter(joining).buffer_unordered(AT_ONCE).try_collect::<Vec<()>>().await?;
        Ok(Self { address: address.to_owned(), owner, people, courses })
    }

    /// Every device has pulled once, as one has that is only connected again.
    pub async fn has_synced(&mut self) -> Outcome {
        let pulls = self.people.iter_mut().map(|person| async move {
            let pulled = person.calls.pull(&person.all()).await?;
            person.knows(pulled);
            Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
        });
        stream::iter(pulls).buffer_unordered(AT_ONCE).try_collect::<Vec<()>>().await?;
        Ok(())
    }

    /// What was pushed meanwhile everybody has.
    pub async fn has_pulled(&mut self) -> Outcome {
        let pulled = self.owner.calls.pull(&self.owner.all()).await?;
        for (space, changes) in pulled.spaces {
            for person in &mut self.people {
                person.cookies.entry(space).and_modify(|known| *known = changes.cookie);
            }
        }
        Ok(())
    }
}

impl Person {
    async fn paired(http: reqwest::Client, address: String, code: String) -> Outcome<Self> {
        let mut calls = Calls { http, address, token: String::new() };
        let request = PairRequest { code, device_name: "Laptop".to_owned() };
        let paired: Paired = serde_json::from_slice(&calls.ask(http::Method::POST, "/v1/pair", &request).await?)?;
        calls.token.clone_from(&paired.device_token);
        let token: AccessToken = serde_json::from_slice(&calls.ask(http::Method::POST, "/v1/token", &()).await?)?;
        calls.token = token.access_token;
        let (client, cookies) = (ClientId::new(), BTreeMap::new());
        Ok(Self { paired, calls, client, cookies, incarnation: 0, sent: 0 })
    }

    /// A pull of everything.
    pub fn all(&self) -> PullRequest {
        PullRequest { client: self.client, confirmed: 0, cookies: BTreeMap::new(), check: false }
    }

    /// A pull of what is new.
    pub fn news(&self) -> PullRequest {
        PullRequest { cookies: self.cookies.clone(), ..self.all() }
    }

    fn knows(&mut self, pulled: PullResponse) {
        self.incarnation = pulled.incarnation;
        self.cookies = pulled.spaces.into_iter().map(|(space, changes)| (space, changes.cookie)).collect();
    }

    /// Answers how many of them changed something; one that is refused is a failure.
    pub async fn push(&mut self, mutations: Vec<Mutation>) -> Outcome<usize> {
        let mut pushed = Vec::with_capacity(mutations.len());
        for mutation in mutations {
            self.sent += 1;
            let hash = blake3::hash(&serde_json::to_vec(&mutation)?).to_hex().to_string();
            pushed.push(PushedMutation { id: self.sent, hash, mutation });
        }
        let request = PushRequest { client: self.client, schema: SCHEMA, incarnation: None, mutations: pushed };
        let answer = self.calls.ask(http::Method::POST, "/v1/push", &request).await?;
        let answer: PushResponse = serde_json::from_slice(&answer)?;
        match answer.results.iter().find(|result| result.status == MutationStatus::Rejected) {
            Some(refused) => Err(format!("an edit was refused: {refused:?}").into()),
            None => Ok(answer.results.iter().filter(|result| result.status == MutationStatus::Ok).count()),
        }
    }
}

impl Calls {
    /// The same device over connections that nobody else uses.
    pub fn over(&self, http: &reqwest::Client) -> Self {
        Self { http: http.clone(), ..self.clone() }
    }

    pub async fn ask(&self, method: http::Method, path: &str, body: &impl Serialize) -> Outcome<Vec<u8>> {
        let request = self.http.request(method, format!("{}{path}", self.address)).json(body);
        let answer = request.bearer_auth(&self.token).send().await?;
        let (status, body) = (answer.status(), answer.bytes().await?);
        if !status.is_success() {
            return Err(format!("{path}: {status} {}", String::from_utf8_lossy(&body)).into());
        }
        Ok(body.to_vec())
    }

    async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Outcome<T> {
        Ok(serde_json::from_slice(&self.ask(http::Method::POST, path, body).await?)?)
    }

    /// All pages.
    pub async fn pull(&self, request: &PullRequest) -> Outcome<PullResponse> {
        let mut request = request.clone();
        let mut pulled: PullResponse = self.post("/v1/pull", &request).await?;
        while pulled.more {
            request.cookies.extend(pulled.spaces.iter().map(|(space, changes)| (*space, changes.cookie)));
            pulled = self.post::<PullResponse>("/v1/pull", &request).await?.after(pulled);
        }
        Ok(pulled)
    }
}

impl Lectures {
    async fn made_by(owner: &mut Person, number: usize) -> Outcome<Self> {
        let course = CourseId::new();
        let mut mutations = vec![Mutation::CourseCreate { course, title: format!("Course {number}") }];
        let chapters: Vec<ChapterId> = (0..CHAPTERS).map(|_| ChapterId::new()).collect();
        for (week, chapter) in chapters.iter().enumerate() {
            let (title, place) = (format!("Week {week}"), Between::default());
            mutations.push(Mutation::ChapterCreate { chapter: *chapter, course, title, place });
        }
        let videos: Vec<VideoId> = (0..VIDEOS).map(|_| VideoId::new()).collect();
        for (lecture, video) in videos.iter().enumerate() {
            mutations.extend(new_video(course, chapters[lecture % CHAPTERS], *video, &format!("Lecture {lecture}")));
        }
        for some in mutations.chunks(PUSH_MUTATIONS_MAX) {
            owner.push(some.to_vec()).await?;
        }
        Ok(Self { course, chapters, videos })
    }
}

/// A file, and the place that shows it.
pub fn new_video(course: CourseId, chapter: ChapterId, video: VideoId, title: &str) -> [Mutation; 2] {
    let (asset, title, name) = (AssetId::new(), title.to_owned(), format!("{title}.mp4"));
    let (kind, bytes, place) = (AssetKind::Video, 1_000_000_000, Between::default());
    [
        Mutation::AssetCreate { asset, name, kind, bytes, predecessor: None },
        Mutation::VideoCreate { video, course, chapter, asset, title, place },
    ]
}
