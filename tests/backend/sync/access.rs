//! Every route that the server describes, asked by everybody, about what is in their reach, what is somebody else's, and
//! what is not there. What is answered is held against the description too.

use super::strangers::aimed_at;
use super::team::{Office, access_token};
use super::{Lecture, World, pushed};
use http::Method;
use lectern_shared::SCHEMA;
use lectern_shared::access::{Invite, PairRequest, Paired, Role, SetMember, Who};
use lectern_shared::ids::{
    AssetId, AttachmentId, ChapterId, ClientId, CourseId, DeviceId, OperationId, UserId, VideoId,
};
use lectern_shared::protocol::{
    CompleteUpload, CompleteUploads, Cookie, OpenUpload, OpenUploads, Progress, ProgressRequest, PullRequest,
    PushRequest, UrlsRequest,
};
use lectern_shared::upload::{ProgressName, UploadContext};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// What everybody is answered about what is in the reach of a course's owner.
const EXPECTED: &str = include_str!("access.txt");

/// Rows that a route can be asked about.
struct Target {
    course: CourseId,
    chapter: ChapterId,
    video: VideoId,
    asset: AssetId,
    attachment: AttachmentId,
    device: DeviceId,
    user: UserId,
}

impl Target {
    fn of(lecture: &Lecture, attachment: AttachmentId, device: DeviceId, user: UserId) -> Self {
        let (chapter, video, asset) = (lecture.chapters[0], lecture.videos[0], lecture.assets[0]);
        Self { course: lecture.course, chapter, video, asset, attachment, device, user }
    }

    fn missing() -> Self {
        let (course, chapter, video) = (CourseId::new(), ChapterId::new(), VideoId::new());
        let (asset, attachment) = (AssetId::new(), AttachmentId::new());
        Self { course, chapter, video, asset, attachment, device: DeviceId::new(), user: UserId::new() }
    }

    fn names(&self) -> [(String, &'static str); 6] {
        [
            (self.course.to_string(), "{course}"),
            (self.chapter.to_string(), "{chapter}"),
            (self.video.to_string(), "{video}"),
            (self.asset.to_string(), "{asset}"),
            (self.device.to_string(), "{device}"),
            (self.user.to_string(), "{user}"),
        ]
    }

    fn path(&self, described: &str) -> String {
        self.names().into_iter().fold(described.to_owned(), |path, (id, name)| path.replace(name, &id))
    }

    /// An answer about it, without its ids: of two targets it must be the same.
    fn without_ids(&self, answer: &str) -> String {
        self.names().into_iter().fold(answer.to_owned(), |answer, (id, name)| answer.replace(&id, name))
    }
}

/// What a route is asked: under which name, at which path, with which body.
fn questions(route: &str, path: &str, target: &Target) -> Vec<(String, String, Option<Value>)> {
    let one = |body: Value| vec![(route.to_owned(), target.path(path), Some(body))];
    let asset = target.asset;
    let open = || OpenUpload { asset, bytes: 1_000, part_bytes: 1_000, content_type: "video/mp4".to_owned() };
    let complete = || CompleteUpload { parts: Vec::new(), bytes: 1_000, blake3: "0".repeat(64), sent_once: false };
    match route {
        "get /health/live"
        | "get /health/ready"
        | "get /v1/live"
        | "get /v1/me"
        | "post /v1/token"
        | "post /v1/devices/code"
        | "delete /v1/devices/{device}"
        | "get /v1/courses/{course}/members"
        | "delete /v1/courses/{course}/members/{user}"
        | "get /v1/uploads/{asset}/parts"
        | "delete /v1/uploads/{asset}"
        | "post /v1/assets/{asset}/thumbnail" => {
            vec![(route.to_owned(), target.path(path), None)]
        }
        "get /v1/assets/{asset}/url" => ["original", "thumb"]
            .map(|name| (format!("{route}?rendition={name}"), format!("{}?rendition={name}", target.path(path)), None))
            .into(),
        "post /v1/pair" => one(json!(PairRequest { code: "00000-00000".into(), device_name: "Laptop".into() })),
        "post /v1/people" => one(json!(Invite { email: format!("{}@example.edu", target.user), name: None })),
        "put /v1/courses/{course}/members" => {
            one(json!(SetMember { who: Who::Email("viewer@example.edu".into()), role: Role::Viewer }))
        }
        "post /v1/pull" => {
            let cookies = BTreeMap::from([(target.course.into(), Cookie::new(1, 1))]);
            one(json!(PullRequest { client: ClientId::new(), confirmed: 0, cookies, check: true }))
        }
        "post /v1/push" => aimed_at(target.course, target.chapter, target.video, asset, target.attachment)
            .into_iter()
            .map(|mutation| {
                let name = format!("{route} {}", mutation.name());
                let mutations = vec![pushed(1, mutation)];
                let push = PushRequest { client: ClientId::new(), schema: SCHEMA, incarnation: None, mutations };
                (name, target.path(path), Some(json!(push)))
            })
            .collect(),
        "post /v1/progress" => one(json!(ProgressRequest {
            items: vec![Progress {
                operation: OperationId::new(),
                name: ProgressName::UploadProgress,
                context: UploadContext::Course(target.course),
                asset: Some(asset),
                file_name: "a.mp4".to_owned(),
                bytes: 1_000,
                sent: 10,
            }],
        })),
        "post /v1/uploads" => one(json!(open())),
        "post /v1/uploads/batch" => one(json!(OpenUploads { uploads: vec![open()] })),
        "post /v1/uploads/complete" => one(json!(CompleteUploads { uploads: vec![(asset, complete())] })),
        "post /v1/uploads/{asset}/complete" => one(json!(complete())),
        "post /v1/uploads/{asset}/urls" => one(json!(UrlsRequest { parts: vec![1] })),
        other => panic!("{other} is described, and nobody says here who may ask it"),
    }
}

/// The same answer in a word.
fn word(route: &str, status: u16, answer: &Value) -> String {
    if status != 200 {
        return status.to_string();
    }
    match route {
        "post /v1/push" => {
            let result = &answer["results"][0];
            result["code"].as_str().or(result["status"].as_str()).unwrap_or_default().to_owned()
        }
        "post /v1/pull" => format!("{} spaces", answer["spaces"].as_object().map_or(0, serde_json::Map::len)),
        "post /v1/uploads/batch" | "post /v1/uploads/complete" => {
            answer["answers"][0]["Err"]["code"]["code"].as_str().unwrap_or("Ok").to_owned()
        }
        _ => status.to_string(),
    }
}

/// The server's description of itself.
struct Described(Value);

impl Described {
    /// Every route as "method path", and its description.
    fn routes(&self) -> Vec<(String, String, Value)> {
        let paths = self.0["paths"].as_object().unwrap();
        let routes = paths.iter().flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().iter();
            methods.map(move |(method, described)| (method.clone(), path.clone(), described.clone()))
        });
        routes.collect()
    }

    fn assert_fits(&self, what: &str, content: &Value, value: &Value) {
        let mut schema = content["content"]["application/json"]["schema"].clone();
        assert!(schema.is_object(), "{what} is not described");
        schema["components"] = self.0["components"].clone();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let errors: Vec<String> = validator.iter_errors(value).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{what}: {errors:?} in {value}");
    }

    fn assert_describes(&self, name: &str, route: &Value, body: Option<&Value>, (status, answer): (u16, &Value)) {
        if let Some(body) = body {
            self.assert_fits(&format!("what {name} is asked"), &route["requestBody"], body);
        }
        let (responses, status) = (&route["responses"], status.to_string());
        let described = responses.get(&status).unwrap_or(&responses["default"]);
        if described.get("content").is_some() {
            self.assert_fits(&format!("what {name} answers with {status}"), described, answer);
        } else {
            assert!(answer.is_null(), "{name}: {answer}");
        }
    }
}

struct Faculty {
    world: World,
    office: Office,
    http: reqwest::Client,
    /// By what they are in the course, the least first.
    asking: Vec<(&'static str, Option<String>)>,
    own: Target,
    foreign: Target,
}

impl Faculty {
    async fn new() -> Self {
        let (mut world, http) = (World::new().await, reqwest::Client::new());
        // Answers tell the time: here it stands still.
        world.server = world.server.with_clock(std::sync::Arc::new(|| 1_750_000_000_000));
        let office = Office::of(&world).await;
        let person = async |name: &str| office.person(&format!("{name}@example.edu")).await;
        let (owner, editor, viewer) = (person("owner").await, person("editor").await, person("viewer").await);
        let (stranger, other, member) = (person("stranger").await, person("other").await, person("member").await);
        let second = office.pair(&office.invite("owner@example.edu").await.code).await.unwrap();
        let (owners, others) = (office.device(&world, &owner), office.device(&world, &other));
        let (lecture, theirs) = (Lecture::on(&owners, 2).await, Lecture::on(&others, 2).await);
        let (handout, handed) = (lecture.with_handout(&owners).await, theirs.with_handout(&others).await);
        let token = access_token(&office, &owner).await;
        for (who, role) in [(&editor, Role::Editor), (&viewer, Role::Viewer), (&member, Role::Viewer)] {
            let path = format!("/v1/courses/{}/members", lecture.course);
            let body = json!(SetMember { who: Who::User(who.user), role });
            assert_eq!(ask(&http, &office, Some(&token), &Method::PUT, &path, Some(&body)).await.0, 204);
        }
        let asks = async |who: &Paired| Some(access_token(&office, who).await);
        let asking = vec![
            ("nobody", None),
            ("stranger", asks(&stranger).await),
            ("viewer", asks(&viewer).await),
            ("editor", asks(&editor).await),
            ("owner", asks(&owner).await),
        ];
        let own = Target::of(&lecture, handout, second.device, member.user);
        let foreign = Target::of(&theirs, handed, other.device, other.user);
        Self { world, office, http, asking, own, foreign }
    }
}

async fn ask(
    http: &reqwest::Client,
    office: &Office,
    token: Option<&String>,
    method: &Method,
    path: &str,
    body: Option<&Value>,
) -> (u16, String) {
    let mut request = http.request(method.clone(), format!("{}{path}", office.address));
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    if let Some(body) = body {
        request = request.body(body.to_string());
    }
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_is_answered_as_they_may_be_and_a_stranger_s_rows_like_missing_ones_at_every_route() {
    let faculty = Faculty::new().await;
    let document = ask(&faculty.http, &faculty.office, None, &Method::GET, "/v1/openapi.json", None).await.1;
    let described = Described(serde_json::from_str(&document).unwrap());
    let missing = Target::missing();
    let mut table = format!("{:55}", "");
    faculty.asking.iter().for_each(|(who, _)| write!(table, "{who:>12}").unwrap());
    for (method, path, description) in described.routes() {
        let (route, method) = (format!("{method} {path}"), method.to_uppercase().parse().unwrap());
        let asked = questions(&route, &path, &faculty.own);
        for (index, (name, ..)) in asked.into_iter().enumerate() {
            write!(table, "\n{name:55}").unwrap();
            for (who, token) in &faculty.asking {
                let of = async |target: &Target| {
                    let (_, path, body) = questions(&route, &path, target).swap_remove(index);
                    let (status, answer) =
                        ask(&faculty.http, &faculty.office, token.as_ref(), &method, &path, body.as_ref()).await;
                    // A code is another one each time.
                    let answer = if answer.contains("expires_at") { "a code".to_owned() } else { answer };
                    (status, target.without_ids(&answer))
                };
                let before = faculty.world.everything().await;
                let (foreign, nothing) = (of(&faculty.foreign).await, of(&missing).await);
                assert_eq!(foreign, nothing, "{who}: {name}");
                assert!(before == faculty.world.everything().await, "{who}: {name} has changed a stranger's rows");
                // Everybody with a client of their own.
                let (_, path_of_own, body_of_own) = questions(&route, &path, &faculty.own).swap_remove(index);
                let (status, answer) =
                    ask(&faculty.http, &faculty.office, token.as_ref(), &method, &path_of_own, body_of_own.as_ref())
                        .await;
                let answer = if answer.is_empty() {
                    Value::Null
                } else {
                    serde_json::from_str(&answer).unwrap_or(json!(answer))
                };
                if route != "get /v1/live" {
                    described.assert_describes(&name, &description, body_of_own.as_ref(), (status, &answer));
                }
                write!(table, "{:>12}", word(&route, status, &answer)).unwrap();
            }
        }
    }
    assert!(table.trim() == EXPECTED.trim(), "who is answered what:\n{table}");
}
