//! The metric pages: join the sources that the page shows, merge, then write and compress piece by piece as the client
//! reads.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, HeaderMap, HeaderValue, VARY};
use hyper::{Response, StatusCode};
use tokio::sync::OwnedSemaphorePermit;

use super::body::{Body, Pieces, pieces};
use super::routes::{Web, plain, with_type};
use crate::collect::node::NodeReading;
use crate::config::ScrapeConfig;
use crate::exporter::{ClusterReading, Exporter, NoNode, NodeRun};
use crate::metrics::catalogue::jmx;
use crate::metrics::{Family, Format, Labels, Page, Part, gzip_accepted, merge};
use crate::scrape::{Run, page_deadline};
use crate::stats::PageKind;

/// By this Prometheus tells how long it will wait, in seconds.
const SCRAPE_TIMEOUT: &str = "x-prometheus-scrape-timeout-seconds";

/// What a page is made of.
#[derive(Debug)]
struct Ingredients {
    page: PageKind,
    cluster: Option<Run<ClusterReading>>,
    nodes: Vec<NodeRun>,
    own: Vec<Family>,
}

/// Everything. 200 whatever is down: what is left is shown, and what failed.
pub(super) async fn all(web: &Web, permit: OwnedSemaphorePermit, headers: &HeaderMap) -> Response<Body> {
    let deadline = deadline(web, headers);
    let (cluster, nodes) = tokio::join!(web.exporter.cluster(deadline), web.exporter.all_nodes(deadline));
    let own = web.exporter.own_families(cluster.as_ref(), &nodes);
    let ingredients = Ingredients { page: PageKind::All, cluster, nodes, own };
    respond(web, ingredients, permit, headers).await
}

/// The cluster and the exporter itself.
pub(super) async fn cluster(web: &Web, permit: OwnedSemaphorePermit, headers: &HeaderMap) -> Response<Body> {
    let cluster = web.exporter.cluster(deadline(web, headers)).await;
    let own = web.exporter.own_families(cluster.as_ref(), &[]);
    let ingredients = Ingredients { page: PageKind::Cluster, cluster, nodes: Vec::new(), own };
    respond(web, ingredients, permit, headers).await
}

/// One node's MBeans; 503 when not even the essential ones could be read, so that `up` tells.
pub(super) async fn broker(web: &Web, key: &str, permit: OwnedSemaphorePermit, headers: &HeaderMap) -> Response<Body> {
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
    let ingredients = Ingredients { page: PageKind::Broker, cluster: None, nodes: vec![node], own: Vec::new() };
    respond(web, ingredients, permit, headers).await
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

/// The page, of which the client gets what is written while the rest is not. The permit is held until all is written.
async fn respond(
    web: &Web,
    ingredients: Ingredients,
    permit: OwnedSemaphorePermit,
    headers: &HeaderMap,
) -> Response<Body> {
    let values = |name| headers.get_all(name).iter().filter_map(|value: &HeaderValue| value.to_str().ok());
    let format = Format::accepted(values(ACCEPT));
    let gzip = gzip_accepted(values(ACCEPT_ENCODING));

    let page = ingredients.page;
    let (out, body) = pieces();
    let (exporter, rendering) = (Arc::clone(&web.exporter), Arc::clone(&web.exporter));
    let rendering = tokio::task::spawn_blocking(move || {
        let written = render(&rendering, &ingredients, format, gzip, out);
        drop(permit);
        written
    });
    tokio::spawn(async move {
        match rendering.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(page = page.as_str(), %error, "a page was not read to its end"),
            Err(error) => {
                exporter.stats.rendering_panicked();
                tracing::error!(page = page.as_str(), %error, "rendering a page panicked, please report it");
            }
        }
    });
    let Some(body) = body.begun().await else {
        return plain(StatusCode::INTERNAL_SERVER_ERROR, "rendering the page failed; see the log\n");
    };
    if headers.contains_key(SCRAPE_TIMEOUT) {
        web.exporter.stats.scraped(page);
    }
    let mut response = with_type(StatusCode::OK, format.content_type(), body);
    let headers = response.headers_mut();
    headers.insert(VARY, HeaderValue::from_static("accept, accept-encoding"));
    if gzip {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

/// How many series the pages of these runs have: all of it, the cluster's, each node's by its key.
pub(crate) fn series(
    exporter: &Exporter,
    cluster: Option<&Run<ClusterReading>>,
    nodes: &[NodeRun],
) -> (usize, usize, Vec<(String, usize)>) {
    let of = |page: PageKind, cluster: Option<&Run<ClusterReading>>, nodes: &[NodeRun]| {
        let own = if page == PageKind::Broker { Vec::new() } else { exporter.own_families(cluster, nodes) };
        let ingredients = Ingredients { page, cluster: cluster.cloned(), nodes: nodes.to_vec(), own };
        assemble(exporter, &ingredients, |page| page.series())
    };
    let node = |node: &NodeRun| (node.node.key(), of(PageKind::Broker, None, std::slice::from_ref(node)));
    (of(PageKind::All, cluster, nodes), of(PageKind::Cluster, cluster, &[]), nodes.iter().map(node).collect())
}

/// Writes the page to `out`; an error if nobody reads it any more.
fn render(exporter: &Exporter, ingredients: &Ingredients, format: Format, gzip: bool, out: Pieces) -> io::Result<()> {
    assemble(exporter, ingredients, |page| {
        exporter.stats.page_made(ingredients.page, page.series(), page.duplicates);
        write(page, format, gzip, out)
    })
}

/// Makes the page, and hands it over.
fn assemble<T>(exporter: &Exporter, ingredients: &Ingredients, then: impl FnOnce(&Page<'_>) -> T) -> T {
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
        let families = cluster.families(&exporter.config);
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

    then(&merge(&parts))
}

fn write(page: &Page<'_>, format: Format, gzip: bool, mut out: Pieces) -> io::Result<()> {
    if !gzip {
        format.write(page, &mut out)?;
        return out.finish();
    }
    // Level 1: a third of the time of level 6 for less than twice the size, and it is made anew for each scrape.
    let mut encoder = GzEncoder::new(out, Compression::fast());
    format.write(page, &mut encoder)?;
    encoder.finish()?.finish()
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
