//! A request in, an answer out: which path is what.

use std::borrow::Cow;
use std::sync::Arc;

use hyper::header::{ALLOW, CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use tokio::sync::Semaphore;

use super::body::Body;
use super::{landing, pages, sd};
use crate::exporter::Exporter;
use crate::stats::PageKind;

/// What every request needs.
#[derive(Debug)]
pub struct Web {
    pub(super) exporter: Arc<Exporter>,
    scrapes: Arc<Semaphore>,
}

/// Where a path leads.
#[derive(Debug, PartialEq, Eq)]
enum Route<'p> {
    All,
    Cluster,
    /// The key, without percent encoding.
    Broker(Cow<'p, str>),
    Sd,
    Landing,
    Alive,
    Config,
    Reload,
    Nowhere,
}

impl Web {
    /// Serves `exporter`.
    pub fn new(exporter: Arc<Exporter>) -> Self {
        Self { scrapes: Arc::new(Semaphore::new(exporter.config.web.max_requests)), exporter }
    }

    /// Answers any request.
    pub async fn answer<B>(&self, request: Request<B>) -> Response<Body> {
        let route = route(request.uri().path(), &self.exporter.config.web.telemetry_path);
        let page = match route {
            Route::All => PageKind::All,
            Route::Cluster => PageKind::Cluster,
            Route::Broker(_) => PageKind::Broker,
            Route::Sd => PageKind::Sd,
            _ => PageKind::Other,
        };
        let response = self.routed(&route, &request).await;
        self.exporter.stats.answered(page, response.status().as_u16());
        response
    }

    async fn routed<B>(&self, route: &Route<'_>, request: &Request<B>) -> Response<Body> {
        let wanted = if *route == Route::Reload { &[Method::POST][..] } else { &[Method::GET, Method::HEAD] };
        if *route != Route::Nowhere && !wanted.contains(request.method()) {
            return not_allowed(wanted);
        }
        match route {
            Route::All | Route::Cluster | Route::Broker(_) => {
                let Ok(permit) = Arc::clone(&self.scrapes).try_acquire_owned() else {
                    let text = "too many scrapes at the same time (--web.max-requests)\n";
                    return plain(StatusCode::SERVICE_UNAVAILABLE, text);
                };
                match route {
                    Route::Cluster => pages::cluster(self, permit, request.headers()).await,
                    Route::Broker(key) => pages::broker(self, key, permit, request.headers()).await,
                    _ => pages::all(self, permit, request.headers()).await,
                }
            }
            Route::Sd => {
                let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
                sd::answer(&self.exporter, host, request.headers()).await
            }
            Route::Landing => landing::page(&self.exporter),
            Route::Alive => plain(StatusCode::OK, "ok\n"),
            Route::Config => plain(StatusCode::OK, self.exporter.config.effective.clone()),
            Route::Reload => match self.exporter.reload().await {
                Ok(()) => plain(StatusCode::OK, "reloaded\n"),
                Err(error) => {
                    let text = format!("{error}\nWhat was read before stays in use.\n");
                    plain(StatusCode::INTERNAL_SERVER_ERROR, text)
                }
            },
            Route::Nowhere => plain(StatusCode::NOT_FOUND, "no such page; / lists what there is\n"),
        }
    }
}

fn route<'p>(path: &'p str, telemetry_path: &str) -> Route<'p> {
    if let Some(below) = path.strip_prefix(telemetry_path) {
        match below {
            "" if !telemetry_path.is_empty() => return Route::All,
            "/cluster" => return Route::Cluster,
            _ => {}
        }
        let key = below.strip_prefix("/brokers/").filter(|key| !key.is_empty() && !key.contains('/'));
        if let Some(key) = key.and_then(percent_decoded) {
            return Route::Broker(key);
        }
    }
    match path {
        "/" => Route::Landing,
        "/sd" => Route::Sd,
        // Ready means configured and listening, whatever Kafka does: Prometheus shall scrape and see what is down.
        "/-/healthy" | "/healthz" | "/-/ready" => Route::Alive,
        "/config" => Route::Config,
        "/-/reload" => Route::Reload,
        _ => Route::Nowhere,
    }
}

/// The text of a path's segment; `None` if it is not UTF-8. Prometheus encodes the brackets of an IPv6 address.
fn percent_decoded(segment: &str) -> Option<Cow<'_, str>> {
    if !segment.contains('%') {
        return Some(Cow::Borrowed(segment));
    }
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let encoded = after.first_chunk().filter(|_| first == b'%');
        let decoded = encoded.and_then(|[high, low]| Some(hex(*high)? << 4 | hex(*low)?));
        bytes.push(decoded.unwrap_or(first));
        rest = if decoded.is_some() { &after[2..] } else { after };
    }
    String::from_utf8(bytes).ok().map(Cow::Owned)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// A short text.
pub(super) fn plain(status: StatusCode, text: impl Into<Body>) -> Response<Body> {
    with_type(status, "text/plain; charset=utf-8", text)
}

/// A body of this content type.
pub(super) fn with_type(status: StatusCode, content_type: &'static str, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

fn not_allowed(wanted: &[Method]) -> Response<Body> {
    let names: Vec<&str> = wanted.iter().map(Method::as_str).collect();
    let names = names.join(", ");
    let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, format!("use {names}\n"));
    if let Ok(value) = HeaderValue::from_str(&names) {
        response.headers_mut().insert(ALLOW, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_where_the_documentation_says() {
        for (path, expected) in [
            ("/metrics", Route::All),
            ("/metrics/cluster", Route::Cluster),
            ("/metrics/brokers/1", Route::Broker("1".into())),
            ("/metrics/brokers/h:9092", Route::Broker("h:9092".into())),
            ("/metrics/brokers/%5B::1%5d:9092", Route::Broker("[::1]:9092".into())),
            ("/metrics/brokers/%", Route::Broker("%".into())),
            ("/metrics/brokers/%4", Route::Broker("%4".into())),
            ("/metrics/brokers/%+1%zz%2F%C3%A9", Route::Broker("%+1%zz/é".into())),
            ("/metrics/brokers/%ff", Route::Nowhere),
            ("/metrics/brokers/", Route::Nowhere),
            ("/metrics/brokers/1/x", Route::Nowhere),
            ("/metricsx", Route::Nowhere),
            ("/sd", Route::Sd),
            ("/", Route::Landing),
            ("/healthz", Route::Alive),
            ("/-/reload", Route::Reload),
        ] {
            assert_eq!(route(path, "/metrics"), expected, "{path}");
        }
        assert_eq!(route("/a/b/cluster", "/a/b"), Route::Cluster);
    }
}
