//! Who is in a course, and what they may do there.

use super::team::{Office, access_token};
use super::{Device, Lecture, World, announced, end, shown};
use lectern_engine::catalogue::Catalogue;
use lectern_engine::remote::CourseServer;
use lectern_engine::remote::team::TeamServer;
use lectern_shared::access::{Member, Members, Paired, Role, SetMember, Who};
use lectern_shared::ids::{AssetId, AttachmentId, ChapterId, CourseId, UserId, VideoId};
use lectern_shared::media::{AssetKind, AttachmentRole};
use lectern_shared::mutation::Mutation;
use lectern_shared::protocol::Rendition;

/// A course of Ada's on a team's server.
struct Faculty {
    world: World,
    office: Office,
    ada: Paired,
    lecture: Lecture,
}

impl Faculty {
    async fn new() -> Self {
        let world = World::new().await;
        let office = Office::of(&world).await;
        let ada = office.person("ada@example.edu").await;
        let lecture = Lecture::on(&office.device(&world, &ada), 2).await;
        Self { world, office, ada, lecture }
    }

    fn device(&self, who: &Paired) -> Device<TeamServer> {
        let file = self.world.new_file();
        Device { catalogue: Catalogue::open(&file, who.user).unwrap(), remote: self.office.remote(who), file }
    }

    async fn ask(&self, by: &Paired, method: http::Method, path: &str, body: Option<&SetMember>) -> (u16, String) {
        let token = access_token(&self.office, by).await;
        let request = reqwest::Client::new().request(method, format!("{}{path}", self.office.address));
        let request =
            request.bearer_auth(token).body(body.map_or_else(String::new, |body| serde_json::to_string(body).unwrap()));
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    async fn set(&self, by: &Paired, course: CourseId, email: &str, role: Role) -> (u16, String) {
        let body = SetMember { who: Who::Email(email.to_owned()), role };
        self.ask(by, http::Method::PUT, &format!("/v1/courses/{course}/members"), Some(&body)).await
    }

    async fn remove(&self, by: &Paired, course: CourseId, user: UserId) -> (u16, String) {
        self.ask(by, http::Method::DELETE, &format!("/v1/courses/{course}/members/{user}"), None).await
    }

    async fn members(&self, by: &Paired) -> Vec<Member> {
        let path = format!("/v1/courses/{}/members", self.lecture.course);
        let (status, body) = self.ask(by, http::Method::GET, &path, None).await;
        assert_eq!(status, 200, "{body}");
        serde_json::from_str::<Members>(&body).unwrap().members
    }

    /// How the server answers an edit by somebody in the course, when they try it on a device of theirs.
    async fn refusal(&self, who: &Paired, mutation: Mutation) -> Option<String> {
        let device = self.device(who);
        device.pull().await;
        device.edit([mutation]).await;
        device.sync().await;
        let rejected = device.catalogue.pending().await.unwrap().rejected;
        rejected.into_iter().next().map(|edit| edit.code)
    }
}

fn rename(lecture: &Lecture, title: &str) -> Mutation {
    Mutation::VideoRename { video: lecture.videos[0], title: title.to_owned() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_reads_an_editor_edits_and_only_an_owner_deletes_the_course_or_says_who_is_in_it() {
    let faculty = Faculty::new().await;
    let (bob, course) = (faculty.office.person("bob@example.edu").await, faculty.lecture.course);
    let new_chapter =
        || Mutation::ChapterCreate { chapter: ChapterId::new(), course, title: "New".into(), place: end() };
    assert_eq!(faculty.set(&faculty.ada, course, "Bob@Example.edu", Role::Viewer).await.0, 204);
    let device = faculty.device(&bob);
    device.pull().await;
    assert_eq!(device.titles(course).await, [vec!["a", "b"], vec![]], "a viewer reads it");
    assert_eq!(faculty.refusal(&bob, rename(&faculty.lecture, "mine")).await.as_deref(), Some("forbidden"));
    assert_eq!(faculty.refusal(&bob, new_chapter()).await.as_deref(), Some("forbidden"));
    assert_eq!(faculty.set(&bob, course, "bob@example.edu", Role::Owner).await.0, 403);

    assert_eq!(faculty.set(&faculty.ada, course, "bob@example.edu", Role::Editor).await.0, 204);
    assert_eq!(faculty.refusal(&bob, rename(&faculty.lecture, "ours")).await, None);
    assert_eq!(faculty.refusal(&bob, new_chapter()).await, None);
    for owners in [Mutation::CourseDelete { course }, Mutation::CoursePublish { course }] {
        assert_eq!(faculty.refusal(&bob, owners).await.as_deref(), Some("forbidden"));
    }
    assert_eq!(faculty.set(&bob, course, "bob@example.edu", Role::Owner).await.0, 403);

    assert_eq!(faculty.set(&faculty.ada, course, "bob@example.edu", Role::Owner).await.0, 204);
    assert_eq!(faculty.refusal(&bob, Mutation::CourseDelete { course }).await, None);
    let roles: Vec<_> = faculty.members(&bob).await.into_iter().map(|member| (member.name, member.role)).collect();
    assert_eq!(roles, [("ada".to_owned(), Role::Owner), ("bob".to_owned(), Role::Owner)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn members_read_the_bytes_of_what_the_course_shows_and_nothing_else_of_the_library() {
    let faculty = Faculty::new().await;
    let (bob, course) = (faculty.office.person("bob@example.edu").await, faculty.lecture.course);
    let ada = faculty.device(&faculty.ada);
    let private = AssetId::new();
    ada.edit([announced(private)]).await;
    ada.sync().await;
    faculty.set(&faculty.ada, course, "bob@example.edu", Role::Editor).await;
    let remote = faculty.office.remote(&bob);
    let answer = async |asset| match remote.asset_url(asset, Rendition::Thumb).await {
        Ok(_) => None,
        Err(error) => Some(error.to_string()),
    };
    assert_eq!(answer(faculty.lecture.assets[0]).await, None);
    assert!(answer(private).await.is_some());
    assert_eq!(answer(private).await, answer(AssetId::new()).await, "as if it were not there");
    // What is attached is shown, until it is taken away.
    let (slides, attachment, video) = (AssetId::new(), AttachmentId::new(), faculty.lecture.videos[0]);
    let name = "slides.pdf".to_owned();
    let role = AttachmentRole::Handout;
    ada.edit([
        Mutation::AssetCreate { asset: slides, name, kind: AssetKind::Document, bytes: 9, predecessor: None },
        Mutation::VideoAttach { attachment, video, asset: slides, role, language: None },
    ])
    .await;
    ada.sync().await;
    assert_eq!(answer(slides).await, None);
    ada.edit([Mutation::AttachmentDelete { ids: vec![attachment] }]).await;
    ada.sync().await;
    assert_eq!(answer(slides).await, answer(private).await);
    // What an editor adds is theirs, and the others see what the course shows of it.
    let device = faculty.device(&bob);
    device.pull().await;
    let (asset, video) = (AssetId::new(), VideoId::new());
    device.edit([announced(asset), shown(video, course, faculty.lecture.chapters[1], asset, "bob's")]).await;
    device.sync().await;
    ada.pull().await;
    assert_eq!(ada.titles(course).await, [vec!["a", "b"], vec!["bob's"]]);
    assert_eq!(ada.catalogue.asset(asset).await.unwrap(), None, "his library is his");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_taken_out_or_leaves_has_the_course_no_more_and_the_last_owner_stays() {
    let faculty = Faculty::new().await;
    let course = faculty.lecture.course;
    let (bob, eve) = (faculty.office.person("bob@example.edu").await, faculty.office.person("eve@example.edu").await);
    for email in ["bob@example.edu", "eve@example.edu"] {
        faculty.set(&faculty.ada, course, email, Role::Editor).await;
    }
    let (bobs, eves) = (faculty.device(&bob), faculty.device(&eve));
    for device in [&bobs, &eves] {
        device.pull().await;
        assert_eq!(device.catalogue.courses().await.unwrap().courses.len(), 1);
    }
    assert_eq!(faculty.remove(&bob, course, eve.user).await.0, 403, "editors take nobody out");
    assert_eq!(faculty.remove(&bob, course, bob.user).await.0, 204, "but may leave");
    assert_eq!(faculty.remove(&faculty.ada, course, eve.user).await.0, 204);
    for device in [&bobs, &eves] {
        device.pull().await;
        assert_eq!(device.catalogue.courses().await.unwrap().courses, []);
    }
    assert_eq!(faculty.remove(&faculty.ada, course, faculty.ada.user).await.0, 403);
    assert_eq!(faculty.set(&faculty.ada, course, "ada@example.edu", Role::Editor).await.0, 403);
    assert_eq!(faculty.members(&faculty.ada).await.len(), 1);
}

#[tokio::test]
async fn a_stranger_s_course_is_answered_as_if_it_were_not_there() {
    let faculty = Faculty::new().await;
    let bob = faculty.office.person("bob@example.edu").await;
    // Ada's library is a space too, and no course.
    let (theirs, missing) = (faculty.lecture.course, CourseId::new());
    let library = CourseId(faculty.ada.user.0);
    let path = |course: CourseId| format!("/v1/courses/{course}/members");
    let mut answers = Vec::new();
    for course in [theirs, missing, library] {
        let seen = faculty.ask(&bob, http::Method::GET, &path(course), None).await;
        let set = faculty.set(&bob, course, "bob@example.edu", Role::Owner).await;
        let removed = faculty.remove(&bob, course, faculty.ada.user).await;
        let left = faculty.remove(&bob, course, bob.user).await;
        answers.push([seen, set, removed, left]);
    }
    assert_eq!((&answers[0], &answers[2]), (&answers[1], &answers[1]));
    assert!(answers[0].iter().all(|(status, _)| *status == 404), "{answers:?}");
    let nobody = faculty.set(&faculty.ada, theirs, "nobody@example.edu", Role::Editor).await;
    assert_eq!(nobody.0, 404);
    assert_eq!(faculty.set(&faculty.ada, library, "bob@example.edu", Role::Owner).await.0, 404, "not one's own either");
}
