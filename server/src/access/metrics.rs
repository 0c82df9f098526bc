//! What an operator watches, in the text format of Prometheus (<https://prometheus.io/docs/instrumenting/exposition_formats/>):
//! no ids, no addresses, no names.

use super::Team;
use crate::Server;
use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{Method, StatusCode, header};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use std::sync::Arc;
use std::time::Instant;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    method: String,
    /// As it is described, without what a caller has put in: `/v1/uploads/{asset}`.
    route: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answer {
    method: String,
    route: String,
    status: u16,
}

/// Cheap to clone.
#[derive(Clone)]
pub(super) struct Metrics {
    registry: Arc<Registry>,
    calls: Family<Answer, Counter>,
    seconds: Family<Route, Histogram>,
    feeds: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("lectern");
        let calls = Family::default();
        registry.register("calls", "Calls that were answered", calls.clone());
        // From a millisecond to sixteen seconds.
        let buckets = || Histogram::new(exponential_buckets(0.001, 2.0, 15));
        let seconds = Family::new_with_constructor(buckets as fn() -> Histogram);
        registry.register("call_seconds", "Seconds until a call was answered", seconds.clone());
        let feeds = Gauge::default();
        registry.register("feeds", "Live feeds that are open on this node", feeds.clone());
        Self { registry: Arc::new(registry), calls, seconds, feeds }
    }
}

impl Metrics {
    fn text(&self, server: &Server) -> Result<String, std::fmt::Error> {
        self.feeds.set(i64::try_from(server.feed.count()).unwrap_or(i64::MAX));
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// Counts a call, of whoever it is.
pub(super) async fn count(State(team): State<Team>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    // What nobody asks for on purpose is one row, however many there are.
    let matched = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    let route = matched.unwrap_or("none").to_owned();
    let is_known = [Method::GET, Method::POST, Method::PUT, Method::DELETE].contains(request.method());
    let method = if is_known { request.method().as_str() } else { "other" }.to_owned();
    let answer = next.run(request).await;
    let labels = Answer { method: method.clone(), route: route.clone(), status: answer.status().as_u16() };
    team.metrics.calls.get_or_create(&labels).inc();
    team.metrics.seconds.get_or_create(&Route { method, route }).observe(begun.elapsed().as_secs_f64());
    answer
}

impl Team {
    /// `GET /metrics`, for an address that only operators reach.
    pub fn metrics_router(&self) -> Router {
        Router::new().route("/metrics", get(metrics)).with_state(self.clone())
    }
}

async fn metrics(State(team): State<Team>) -> Response {
    const FORMAT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    match team.metrics.text(&team.server) {
        Ok(text) => ([(header::CONTENT_TYPE, FORMAT)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
