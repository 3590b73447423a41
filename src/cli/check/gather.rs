//! One real collection by the exporter's own code, watched. In: the configuration; out: a [`Report`].

use std::sync::Arc;
use std::time::{Duration, Instant};

use kafka_admin::{AdminError, ClientConfig, Cluster, ErrorCode, ErrorKind, KafkaAdmin};

use super::grant::{Grant, principal};
use super::observed::{Observation, Observed};
use super::probe::probe;
use super::report::{AgentReport, CallReport, KafkaReport, Outcome, PageReport, Report};
use super::{advice, engine};
use crate::config::{Config, Selection};
use crate::exporter::{ClusterReading, Exporter, NodeRun, check_agents, read_objectives, read_rules};
use crate::mbean::ReadErrorKind;
use crate::scrape::{Run, page_deadline};
use crate::web;

/// All calls of the exporter, in the order in which they are shown; what their items are, and what it means that there was
/// nothing to ask.
const CALLS: [(&str, &str, &str); 14] = [
    ("Metadata", "visible topics", ""),
    ("ListGroups", "visible groups", ""),
    ("DescribeGroups", "groups", "no such group is visible"),
    ("ConsumerGroupDescribe", "groups", "no such group is visible"),
    ("ShareGroupDescribe", "groups", "no such group is visible"),
    ("StreamsGroupDescribe", "groups", "no such group is visible"),
    ("OffsetFetch", "groups", "no group is visible"),
    ("DescribeShareGroupOffsets", "groups", "no such group is visible"),
    ("ListOffsets", "partitions", "no topic is visible"),
    ("Fetch", "partitions", "no topic is visible"),
    ("DescribeQuorum", "voters", "only asked with --jolokia.port, for the controllers"),
    ("DescribeCluster", "registered brokers", ""),
    ("DescribeConfigs", "topics", "no topic is visible"),
    ("DescribeLogDirs", "brokers", ""),
];

/// Asks for everything once.
///
/// # Errors
/// One line on what is wrong with the configuration or a file that it names.
pub(super) async fn gather(mut config: Config) -> Result<Report, String> {
    // What is remembered for minutes is waited for: here there is no next time.
    config.scrape.refresh_inventory = Duration::ZERO;
    let rules = read_rules(&config)?;
    let objectives = read_objectives(&config)?.unwrap_or_default();
    check_agents(&config)?;
    let chosen = engine::connect(&config)?;
    let deadline = page_deadline(Instant::now(), config.scrape.timeout);
    let observed = chosen.as_ref().map(|chosen| Arc::new(Observed::new(Arc::clone(&chosen.admin))));
    let admin = observed.clone().map(|observed| observed as Arc<dyn KafkaAdmin>);
    let exporter = Exporter::new(config, admin, rules, objectives);
    let config = &exporter.config;

    let connected = match &observed {
        Some(observed) => observed.cluster(half(deadline)).await.ok(),
        None => None,
    };
    let cluster = async {
        let (Some(observed), Some(cluster)) = (&observed, &connected) else { return None };
        let probing = probe(observed, cluster, &config.selection, deadline);
        tokio::join!(exporter.cluster(deadline), tokio::time::timeout_at(deadline.into(), probing)).0
    };
    let agents = async {
        // Without metadata only those are known that are given by URL.
        let some_are_known = connected.is_some() || !config.jolokia.nodes.is_empty();
        if some_are_known { exporter.all_nodes(deadline).await } else { Vec::new() }
    };
    let (cluster, nodes) = tokio::join!(cluster, agents);

    let kafka = match (&chosen, &observed, &config.kafka) {
        (Some(chosen), Some(observed), Some(kafka)) => {
            let (client, security) = (observed.engine(), chosen.security);
            let calls = calls(observed, connected.as_ref(), &config.selection);
            Some(KafkaReport {
                bootstrap: kafka.bootstrap.join(","),
                client,
                reason: chosen.reason.clone(),
                security: security.protocol(),
                mechanism: security.mechanism,
                principal: principal(kafka),
                calls,
                grants: grants(observed, kafka),
            })
        }
        _ => None,
    };
    let is_late = cluster.as_ref().is_some_and(|run| run.ended.is_none());
    let notes = notes(observed.as_deref(), connected.as_ref(), is_late, config);
    let agents: Vec<AgentReport> = nodes.iter().map(agent).collect();
    let is_bad = kafka.iter().flat_map(|kafka| &kafka.calls).any(|call| call.outcome.is_bad())
        || agents.iter().any(|agent| agent.outcome.is_bad())
        || is_late;
    let pages = pages(&exporter, cluster.as_ref(), &nodes);
    Ok(Report { good: !is_bad, kafka, agents, notes, pages })
}

fn half(deadline: Instant) -> Instant {
    let now = Instant::now();
    now + deadline.saturating_duration_since(now) / 2
}

/// How all calls went; without metadata nothing else was asked.
fn calls(observed: &Observed, cluster: Option<&Cluster>, selection: &Selection) -> Vec<CallReport> {
    let made = observed.calls();
    let mut reports = Vec::new();
    let wanted = CALLS.into_iter().filter(|(api, ..)| selection.skip_markers || *api != "Fetch");
    for (api, noun, untried) in wanted.take(if cluster.is_some() { CALLS.len() } else { 1 }) {
        let without = |outcome, detail: String| CallReport {
            api,
            outcome,
            seconds: None,
            items: 0,
            denied: 0,
            failed: 0,
            detail,
        };
        reports.push(match made.get(api) {
            _ if observed.unsupported().contains(&api) => {
                without(Outcome::Unsupported, format!("the client {} cannot ask this", observed.engine()))
            }
            Some(observation) if observation.items > 0 || !observation.errors.is_empty() || untried.is_empty() => {
                call(api, noun, observation)
            }
            _ => without(Outcome::Untried, untried.to_owned()),
        });
    }
    reports
}

fn call(api: &'static str, noun: &str, observation: &Observation) -> CallReport {
    let Observation { longest, items, errors } = observation;
    let of = |kind: ErrorKind| errors.iter().filter(move |(_, error)| error.kind() == kind);
    let denied = of(ErrorKind::Authorization).count();
    let unsupported = of(ErrorKind::Unsupported).count();
    let failed = errors.len() - denied - unsupported;
    let (outcome, first) = if denied > 0 {
        (Outcome::Denied, of(ErrorKind::Authorization).next())
    } else if failed > 0 {
        (Outcome::Failed, errors.iter().find(|(_, error)| error.kind() != ErrorKind::Unsupported))
    } else if unsupported > 0 {
        (Outcome::Unsupported, errors.iter().next())
    } else {
        (Outcome::Works, None)
    };
    let detail = match first {
        Some((item, error)) => wrong(api, item, error, denied + failed, *items),
        None => format!("{noun}: {items}"),
    };
    CallReport { api, outcome, seconds: Some(longest.as_secs_f64()), items: *items, denied, failed, detail }
}

/// One clause on the first of `bad` items that failed, of so many `items`, and what to do.
fn wrong(api: &str, item: &str, error: &AdminError, bad: usize, items: usize) -> String {
    let text = match error {
        // librdkafka's words say nothing more.
        AdminError::Broker { code, .. } if error.kind() == ErrorKind::Authorization => code.to_string(),
        error => error.to_string(),
    };
    // The row begins with the call.
    let text = text.strip_prefix(api).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(&text);
    let advice = advice::kafka(error.kind());
    let item = if item.is_empty() { String::new() } else { format!("{item}: ") };
    let of = if items > 1 { format!("{bad} of {items}, first ") } else { String::new() };
    // An engine's own advice is better.
    if text.ends_with('?') { format!("{of}{item}{text}") } else { format!("{of}{item}{text}; {advice}") }
}

/// The commands that grant everything that was denied, each once.
fn grants(observed: &Observed, kafka: &ClientConfig) -> Vec<String> {
    let calls = observed.calls();
    let lacked: std::collections::BTreeSet<Grant> =
        calls.values().flat_map(|call| call.errors.values()).filter_map(Grant::lacked).collect();
    lacked.into_iter().map(|grant| grant.command(kafka)).collect()
}

fn notes(observed: Option<&Observed>, cluster: Option<&Cluster>, is_late: bool, config: &Config) -> Vec<String> {
    const CLUSTER_AUTHORIZATION_FAILED: ErrorCode = ErrorCode(31);
    let mut notes = config.warnings.clone();
    let lacks_cluster =
        |error: &AdminError| matches!(error, AdminError::Broker { code: CLUSTER_AUTHORIZATION_FAILED, .. });
    if observed.is_some_and(|observed| observed.calls().values().any(|call| call.errors.values().any(lacks_cluster))) {
        notes.push(
            "Without Describe on the cluster Kafka lists only groups that the principal may describe itself."
                .to_owned(),
        );
    }
    if cluster.is_some_and(|cluster| cluster.topics.is_empty()) {
        notes.push("No topic is visible: there is none, or the principal may not describe any.".to_owned());
    }
    if observed.is_some() && cluster.is_none() && config.jolokia.port.is_some() {
        notes.push(
            "The brokers' agents are not known: --jolokia.port takes their hosts from Kafka's metadata.".to_owned(),
        );
    }
    if is_late {
        notes.push(
            "A collection takes longer than a scrape may: allow more time, in Prometheus (scrape_timeout) and here \
             (--scrape.timeout)."
                .to_owned(),
        );
    }
    notes
}

fn agent(node: &NodeRun) -> AgentReport {
    let reading = node.run.value.as_deref();
    let (outcome, detail) = match reading.map(|reading| &reading.result) {
        Some(Ok(())) => (Outcome::Works, String::new()),
        Some(Err(error)) => {
            let detail = format!("{}; {}", error.message, advice::agent(error.kind));
            let is_fine = error.kind == ReadErrorKind::Learning;
            (if is_fine { Outcome::Works } else { Outcome::Failed }, detail)
        }
        None => (Outcome::Failed, format!("no answer in time; {}", advice::agent(ReadErrorKind::Timeout))),
    };
    AgentReport {
        node: node.node.key(),
        url: node.node.agent_url.clone(),
        outcome,
        seconds: node.run.duration().as_secs_f64(),
        mbeans: reading.map_or(0, |reading| reading.beans),
        detail,
    }
}

/// Pages as they would be now. That of a node that cannot be read is not there.
fn pages(exporter: &Exporter, cluster: Option<&Run<ClusterReading>>, nodes: &[NodeRun]) -> Vec<PageReport> {
    let path = &exporter.config.web.telemetry_path;
    let shown: Vec<NodeRun> = nodes
        .iter()
        .filter(|node| node.run.value.as_deref().is_some_and(|reading| reading.has_essentials))
        .cloned()
        .collect();
    let (all, of_cluster, of_nodes) = web::series(exporter, cluster, &shown);
    let mut pages = vec![
        PageReport { path: path.clone(), series: all },
        PageReport { path: format!("{path}/cluster"), series: of_cluster },
    ];
    pages
        .extend(of_nodes.into_iter().map(|(key, series)| PageReport { path: format!("{path}/brokers/{key}"), series }));
    pages
}
