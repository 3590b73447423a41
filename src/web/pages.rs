//! The metric pages: join the sources that the page shows, merge, render, compress.

use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http_body_util::Full;
use hyper::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, HeaderMap, HeaderValue, VARY};
use hyper::{Response, StatusCode};

use super::bodies::{BodyKey, Rendered};
use super::routes::{Web, plain, with_type};
use crate::collect::node::NodeReading;
use crate::config::ScrapeConfig;
use crate::exporter::{ClusterReading, Exporter, NoNode, NodeRun};
use crate::metrics::catalogue::jmx;
use crate::metrics::{Family, Format, Labels, Part, gzip_accepted, merge};
use crate::scrape::{Run, page_deadline};
use crate::stats::PageKind;

/// By this Prometheus tells how long it will wait, in seconds.
const SCRAPE_TIMEOUT: &str = "x-prometheus-scrape-timeout-seconds";

/// What a page is made of.
#[derive(Debug)]
struct Ingredients {
    page: PageKind,
    /// For the cache: the node's key on node pages.
    key: String,
    cluster: Option<Run<ClusterReading>>,
    nodes: Vec<NodeRun>,
    own: Vec<Family>,
}

/// Everything. 200 whatever is down: what is left is shown, and what failed.
pub(super) async fn all(web: &Web, headers: &HeaderMap) -> Response<Full<Bytes>> {
    let deadline = deadline(web, headers);
    let (cluster, nodes) = tokio::join!(web.exporter.cluster(deadline), web.exporter.all_nodes(deadline));
    let own = web.exporter.own_families(cluster.as_ref(), &nodes);
    let ingredients = Ingredients { page: PageKind::All, key: String::new(), cluster, nodes, own };
    respond(web, ingredients, headers).await
}

/// The cluster and the exporter itself.
pub(super) async fn cluster(web: &Web, headers: &HeaderMap) -> Response<Full<Bytes>> {
    let cluster = web.exporter.cluster(deadline(web, headers)).await;
    let own = web.exporter.own_families(cluster.as_ref(), &[]);
    let ingredients = Ingredients { page: PageKind::Cluster, key: String::new(), cluster, nodes: Vec::new(), own };
    respond(web, ingredients, headers).await
}

/// One node's MBeans; 503 when not even the essential ones could be read, so that `up` tells.
pub(super) async fn broker(web: &Web, key: &str, headers: &HeaderMap) -> Response<Full<Bytes>> {
    let node = match web.exporter.node(key, deadline(web, headers)).await {
        Ok(node) => node,
        Err(NoNode::Unknown) => {
            return plain(StatusCode::NOT_FOUND, format!("no node {key:?} with an agent is known; /sd lists them\n"));
        }
        Err(NoNode::NoMetadata(error)) => {
            return plain(StatusCode::SERVICE_UNAVAILABLE, format!("the cluster is not known yet: {error}\n"));
        }
    };
    let failure = match node.run.value.as_deref() {
        Some(reading) if reading.has_essentials => None,
        Some(NodeReading { result: Err(error), .. }) => Some(error.message.clone()),
        Some(_) | None => Some(format!("no answer in time from {}", node.node.agent_url)),
    };
    if let Some(failure) = failure {
        let text = format!("node {} ({}): {failure}\n", node.node.key(), node.node.address());
        return plain(StatusCode::SERVICE_UNAVAILABLE, text);
    }
    let key = node.node.key();
    let ingredients = Ingredients { page: PageKind::Broker, key, cluster: None, nodes: vec![node], own: Vec::new() };
    respond(web, ingredients, headers).await
}

fn deadline(web: &Web, headers: &HeaderMap) -> Instant {
    deadline_of(&web.exporter.config.scrape, headers)
}

/// By when the page must be there, by what Prometheus says of its time-out.
pub(super) fn deadline_of(config: &ScrapeConfig, headers: &HeaderMap) -> Instant {
    let told = headers.get(SCRAPE_TIMEOUT).and_then(|value| value.to_str().ok());
    let told = told.and_then(|text| text.parse::<f64>().ok()).filter(|seconds| (0.001..3600.0).contains(seconds));
    page_deadline(Instant::now(), told.map_or(config.timeout, Duration::from_secs_f64))
}

async fn respond(web: &Web, ingredients: Ingredients, headers: &HeaderMap) -> Response<Full<Bytes>> {
    let values = |name| headers.get_all(name).iter().filter_map(|value: &HeaderValue| value.to_str().ok());
    let format = Format::accepted(values(ACCEPT));
    let gzip = gzip_accepted(values(ACCEPT_ENCODING));

    let key = BodyKey { page: ingredients.page, node: ingredients.key.clone(), format, gzip };
    let runs = run_ids(&web.exporter, &ingredients);
    let exporter = Arc::clone(&web.exporter);
    let page = ingredients.page;
    let make = async move {
        let rendering = tokio::task::spawn_blocking(move || render(&exporter, &ingredients, format, gzip));
        rendering.await.map_err(|error| error.to_string())
    };
    let rendered = match web.bodies.get(key, runs, make).await {
        Ok(rendered) => rendered,
        Err(error) => {
            web.exporter.stats.rendering_panicked();
            tracing::error!(page = page.as_str(), error, "rendering a page panicked, please report it");
            return plain(StatusCode::INTERNAL_SERVER_ERROR, "rendering the page failed; see the log\n");
        }
    };
    if headers.contains_key(SCRAPE_TIMEOUT) {
        web.exporter.stats.scraped(page);
    }
    let mut response = with_type(StatusCode::OK, format.content_type(), rendered.body);
    let headers = response.headers_mut();
    headers.insert(VARY, HeaderValue::from_static("accept, accept-encoding"));
    if gzip {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

/// The runs that the page shows; `None` while one of them may not be shown again. With them goes what else is on a page
/// that shows the exporter itself: the outcome of the last reload, and the runs' age, true to a second.
fn run_ids(exporter: &Exporter, ingredients: &Ingredients) -> Option<Vec<u64>> {
    let cluster = ingredients.cluster.iter().map(|run| (run.id, run.complete));
    let nodes = ingredients.nodes.iter().map(|node| (node.run.id, node.run.complete));
    let runs = cluster.chain(nodes).map(|(id, complete)| complete.then_some(id));
    if ingredients.own.is_empty() {
        return runs.collect();
    }
    let ended =
        ingredients.cluster.iter().map(|run| run.ended).chain(ingredients.nodes.iter().map(|node| node.run.ended));
    let age = ended.flatten().min().map_or(0, |ended| ended.elapsed().as_secs());
    runs.chain([Some(exporter.stats.reload().count), Some(age)]).collect()
}

fn render(exporter: &Exporter, ingredients: &Ingredients, format: Format, gzip: bool) -> Rendered {
    let constant: Vec<(&str, &str)> =
        exporter.config.labels.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let unlabelled = Labels::new(constant.iter().copied());
    let of_nodes: Vec<NodeParts<'_>> = ingredients
        .nodes
        .iter()
        .map(|node| {
            let key = node.node.key();
            // Node pages add no label, so that they equal the agent's: `instance` tells the nodes apart.
            let broker = (ingredients.page == PageKind::All).then_some(("broker", key.as_str()));
            let labels = Labels::new(constant.iter().copied().chain(broker));
            NodeParts { labels, reading: node.run.value.as_deref(), scrape: scrape_families(&node.run) }
        })
        .collect();

    // In order of priority: cluster and exporter, JVM, Kafka's own, rules.
    let mut parts = Vec::new();
    let cluster = ingredients.cluster.as_ref().and_then(|run| run.value.as_deref());
    if let Some(cluster) = cluster {
        let families = cluster.families(&exporter.config.selection);
        parts.push(Part { labels: unlabelled.clone(), families });
    }
    parts.push(Part { labels: unlabelled, families: &ingredients.own });
    for node in &of_nodes {
        parts.push(Part { labels: node.labels.clone(), families: &node.scrape });
        if let Some(reading) = node.reading {
            parts.push(Part { labels: node.labels.clone(), families: &reading.jvm });
            parts.push(Part { labels: node.labels.clone(), families: &reading.kafka });
        }
    }
    for node in &of_nodes {
        if let Some(reading) = node.reading {
            parts.push(Part { labels: node.labels.clone(), families: &reading.rules });
        }
    }

    let page = merge(&parts);
    let series = page.series();
    exporter.stats.page_made(ingredients.page, series, page.duplicates);
    let mut text = Vec::with_capacity(series * 110);
    format.write(&page, &mut text);
    let body = if gzip { compress(&text) } else { Bytes::from(text) };
    Rendered { body }
}

struct NodeParts<'a> {
    labels: Labels,
    reading: Option<&'a NodeReading>,
    scrape: Vec<Family>,
}

/// What the agent's own page says of its scrape.
fn scrape_families(run: &Run<NodeReading>) -> Vec<Family> {
    let mut error = jmx::SCRAPE_ERROR.family();
    error.push(Labels::none(), f64::from(u8::from(!run.complete)));
    let mut duration = jmx::SCRAPE_DURATION.family();
    duration.push(Labels::none(), run.duration().as_secs_f64());
    vec![duration, error]
}

/// Level 1: a third of the time of level 6 for less than twice the size, and it is made anew for each scrape.
fn compress(text: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::with_capacity(text.len() / 8), Compression::fast());
    // Writing to memory cannot fail.
    let _ = encoder.write_all(text);
    Bytes::from(encoder.finish().unwrap_or_default())
}
