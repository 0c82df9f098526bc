//! Several nodes on one PostgreSQL.

use crate::program::{Running, on_database, started, text};
use futures::StreamExt as _;
use lectern_shared::SCHEMA;
use lectern_shared::access::{AccessToken, PairRequest, Paired};
use lectern_shared::change::Row;
use lectern_shared::ids::{ClientId, CourseId};
use lectern_shared::mutation::Mutation;
use lectern_shared::protocol::{
    LiveMessage, Poke, PullRequest, PullResponse, PushRequest, PushResponse, PushedMutation,
};
use reqwest::header::AUTHORIZATION;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

#[path = "../../../tests/backend/support/postgres.rs"]
#[allow(dead_code, reason = "the backend's tests copy databases too")]
mod postgres;

const PATIENCE: Duration = Duration::from_secs(10);

fn node(database: &str) -> Running {
    // Nobody listens there: no byte is moved here.
    let mut command =
        on_database(database, &["serve", "--listen", "127.0.0.1:0", "--store", "s3://b?endpoint=127.0.0.1:1"]);
    started(command.envs([("LECTERN_STORE_KEY_ID", "none"), ("LECTERN_STORE_KEY", "none")]))
}

struct Device {
    paired: Paired,
    token: String,
    client: ClientId,
    sent: u64,
}

impl Device {
    async fn paired(database: &str, at: &Running) -> Self {
        let invited = on_database(database, &["invite", "ada@example.edu"]).output().unwrap();
        let request = PairRequest { code: text(&invited.stdout), device_name: "Laptop".to_owned() };
        let http = reqwest::Client::new();
        let paired: Paired = http.post(at.at("/v1/pair")).json(&request).send().await.unwrap().json().await.unwrap();
        let asked = http.post(at.at("/v1/token")).bearer_auth(&paired.device_token).send().await.unwrap();
        let AccessToken { access_token: token, .. } = asked.json().await.unwrap();
        Self { paired, token, client: ClientId::new(), sent: 0 }
    }

    async fn post<T: serde::de::DeserializeOwned>(&self, url: String, body: &impl serde::Serialize) -> Option<T> {
        let asked = reqwest::Client::new().post(url).bearer_auth(&self.token).json(body).timeout(PATIENCE).send();
        asked.await.ok()?.error_for_status().ok()?.json().await.ok()
    }

    /// Whether the node has it, as far as one hears.
    async fn creates(&self, address: &str, mid: u64, course: CourseId) -> bool {
        let mutation = Mutation::CourseCreate { course, title: format!("Course {mid}") };
        let mutations = vec![PushedMutation { id: mid, hash: mid.to_string(), mutation }];
        let push = PushRequest { client: self.client, schema: SCHEMA, incarnation: None, mutations };
        self.post::<PushResponse>(format!("{address}/v1/push"), &push)
            .await
            .is_some_and(|answer| answer.last_mutation_id == mid)
    }

    async fn course(&mut self, at: &Running) -> CourseId {
        let course = CourseId::new();
        self.sent += 1;
        assert!(self.creates(&at.address, self.sent, course).await);
        course
    }

    async fn courses(&self, at: &Running) -> Vec<CourseId> {
        let pull = PullRequest { client: self.client, confirmed: 0, cookies: BTreeMap::new(), check: false };
        let pulled: PullResponse = self.post(at.at("/v1/pull"), &pull).await.unwrap();
        let rows = pulled.spaces.into_values().flat_map(|changes| changes.rows);
        rows.filter_map(|row| if let Row::Course(course) = row.row { Some(course.id) } else { None }).collect()
    }

    async fn live(&self, at: &Running) -> WebSocketStream<TcpStream> {
        let mut request = at.at("/v1/live").replace("http:", "ws:").into_client_request().unwrap();
        request.headers_mut().insert(AUTHORIZATION, format!("Bearer {}", self.token).parse().unwrap());
        let stream = TcpStream::connect(at.address.trim_start_matches("http://")).await.unwrap();
        tokio_tungstenite::client_async(request, stream).await.unwrap().0
    }
}

/// None: the feed has ended.
async fn poke(feed: &mut WebSocketStream<TcpStream>) -> Option<Poke> {
    loop {
        match tokio::time::timeout(PATIENCE, feed.next()).await.expect("nothing is heard") {
            Some(Ok(Message::Text(text))) => match serde_json::from_str(&text).unwrap() {
                LiveMessage::Poke(poke) => return Some(poke),
                LiveMessage::Progress(_) => {}
            },
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            _ => return None,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_hear_each_other_and_when_one_is_killed_the_other_has_all_that_was_confirmed() {
    let database = tokio::task::spawn_blocking(postgres::database).await.unwrap().unwrap();
    let (mut one, other) = (node(&database), node(&database));
    let mut writer = Device::paired(&database, &one).await;
    let (reader, lost) = (Device::paired(&database, &other).await, Device::paired(&database, &other).await);
    let (mut feed, mut lost_feed) = (reader.live(&other).await, lost.live(&other).await);

    // A feed begins when its node has taken the socket over, which nobody is told.
    let (mut confirmed, begun) = (Vec::new(), Instant::now());
    for feed in [&mut feed, &mut lost_feed] {
        loop {
            confirmed.push(writer.course(&one).await);
            match tokio::time::timeout(Duration::from_millis(500), poke(feed)).await {
                Ok(heard) => break assert!(heard.is_some(), "what the other node was sent"),
                Err(_) => assert!(begun.elapsed() < PATIENCE, "the other node hears nothing"),
            }
        }
    }
    let locked_out = reqwest::Client::new().delete(one.at(&format!("/v1/devices/{}", lost.paired.device)));
    assert!(locked_out.bearer_auth(&writer.token).send().await.unwrap().status().is_success());
    while poke(&mut lost_feed).await.is_some() {}

    let address = std::mem::take(&mut one.address);
    let killing = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(150)).await;
        one.child.kill().unwrap();
        one.child.wait().unwrap();
    });
    // The one that is not answered the node may have written, or not.
    let unheard = loop {
        let (mid, course) = (writer.sent + 1, CourseId::new());
        if !writer.creates(&address, mid, course).await {
            break (mid, course);
        }
        writer.sent = mid;
        confirmed.push(course);
    };
    killing.await.unwrap();
    assert!(writer.creates(&other.address, unheard.0, unheard.1).await, "what was not heard is said again, elsewhere");
    confirmed.push(unheard.1);
    let there = writer.courses(&other).await;
    assert_eq!(there.len(), confirmed.len(), "each once");
    assert_eq!(BTreeSet::from_iter(there), BTreeSet::from_iter(confirmed));
}
