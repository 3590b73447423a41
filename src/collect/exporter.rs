//! The exporter itself as families.

use std::time::{Duration, Instant, SystemTime};

use crate::build_info;
use crate::metrics::catalogue::Metric;
use crate::metrics::catalogue::exporter::{self, KAFKA_EXPORTER_BUILD_INFO};
use crate::metrics::{Family, Labels, count_value, counter_value};
use crate::stats::{CollectorId, PageKind, Stats};

/// Both layouts count as scraped at the same time within this.
const LAYOUT_WINDOW: Duration = Duration::from_secs(300);

/// What is known besides the statistics.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The Kafka client's name; absent without Kafka.
    pub client: Option<&'static str>,
    /// Known nodes with an agent.
    pub nodes: usize,
    /// Collectors whose run has not ended in time for this page: not successful, whatever the last run was.
    pub late: &'a [CollectorId],
}

/// All `kafka_vitals_*`, and `kafka_exporter_build_info`.
pub fn families(stats: &Stats, context: Context<'_>) -> Vec<Family> {
    let mut families = build(context);
    families.extend(collectors(stats, context.late));
    families.extend(agents(stats));
    families.extend(pages(stats));
    families.extend(reload(stats));
    families.extend(process(stats.started));
    families
}

/// How many groups are left out because nothing has happened in them.
pub fn groups_forgotten(count: usize) -> Family {
    let mut forgotten = exporter::GROUPS_FORGOTTEN.family();
    forgotten.push(Labels::none(), count_value(count));
    forgotten
}

fn build(context: Context<'_>) -> Vec<Family> {
    let mut vitals = exporter::BUILD_INFO.family();
    let (revision, version) = (("revision", build_info::REVISION), ("version", build_info::VERSION));
    vitals.push(Labels::new([revision, ("rustc", build_info::RUSTC), version]), 1.0);
    let mut inherited = KAFKA_EXPORTER_BUILD_INFO.family();
    let mut client = exporter::KAFKA_CLIENT_INFO.family();
    if let Some(name) = context.client {
        inherited.push(Labels::new([revision, version]), 1.0);
        client.push(Labels::new([("client", name)]), 1.0);
    }
    let mut nodes = exporter::NODES.family();
    nodes.push(Labels::none(), count_value(context.nodes));
    vec![vitals, inherited, client, nodes]
}

fn collectors(stats: &Stats, late: &[CollectorId]) -> Vec<Family> {
    let mut success = exporter::COLLECTOR_SUCCESS.family();
    let mut duration = exporter::COLLECTOR_DURATION.family();
    let mut age = exporter::COLLECTOR_AGE.family();
    let mut errors = exporter::COLLECTOR_ERRORS.family();
    let recorded = stats.collectors();
    for (id, collector) in &recorded {
        let labels = collector_labels(id, None);
        if let Some(last) = collector.success {
            success.push(labels.clone(), f64::from(u8::from(last && !late.contains(id))));
            duration.push(labels.clone(), collector.duration.as_secs_f64());
        }
        if let Some(ended) = collector.ended {
            age.push(labels, ended.elapsed().as_secs_f64());
        }
        for (kind, errors_of_kind) in &collector.errors {
            errors.push(collector_labels(id, Some(kind)), counter_value(*errors_of_kind));
        }
    }
    for id in late.iter().filter(|id| recorded.iter().all(|(known, _)| known != *id)) {
        success.push(collector_labels(id, None), 0.0);
    }
    vec![success, duration, age, errors]
}

fn collector_labels(id: &CollectorId, kind: Option<&str>) -> Labels {
    let broker = (!id.broker.is_empty()).then_some(("broker", id.broker.as_str()));
    let kind = kind.map(|kind| ("kind", kind));
    Labels::new([("collector", id.collector)].into_iter().chain(broker).chain(kind))
}

fn agents(stats: &Stats) -> Vec<Family> {
    let mut requests = exporter::AGENT_REQUESTS.family();
    let mut bytes = exporter::AGENT_RECEIVED_BYTES.family();
    let mut beans = exporter::AGENT_BEANS.family();
    let mut pending = exporter::RULES_PENDING.family();
    let mut gave_up = exporter::RULES_GAVE_UP.family();
    let mut dropped = exporter::RULES_DROPPED.family();
    for (broker, agent) in stats.agents() {
        let labels = Labels::new([("broker", broker.as_str())]);
        requests.push(labels.clone(), counter_value(agent.requests));
        bytes.push(labels.clone(), counter_value(agent.bytes));
        beans.push(labels.clone(), count_value(agent.beans));
        pending.push(labels.clone(), count_value(agent.pending));
        gave_up.push(labels.clone(), counter_value(agent.gave_up));
        dropped.push(labels, counter_value(agent.dropped));
    }
    vec![requests, bytes, beans, pending, gave_up, dropped]
}

fn pages(stats: &Stats) -> Vec<Family> {
    let mut requests = exporter::HTTP_REQUESTS.family();
    let mut series = exporter::PAGE_SERIES.family();
    let mut dropped = exporter::PAGE_DUPLICATES.family();
    let pages = stats.pages();
    for (page, page_stats) in &pages {
        let page_label = ("page", page.as_str());
        for (code, answers) in &page_stats.answers {
            requests.push(Labels::new([("code", code.to_string().as_str()), page_label]), counter_value(*answers));
        }
        if matches!(page, PageKind::All | PageKind::Cluster | PageKind::Broker) {
            series.push(Labels::new([page_label]), count_value(page_stats.series));
            dropped.push(Labels::new([page_label]), counter_value(page_stats.dropped));
        }
    }
    let is_recent = |page: PageKind| {
        let last: Option<Instant> = pages.get(&page).and_then(|page| page.last_scrape);
        last.is_some_and(|last| last.elapsed() < LAYOUT_WINDOW)
    };
    let both = is_recent(PageKind::All) && (is_recent(PageKind::Cluster) || is_recent(PageKind::Broker));
    let mut layouts = exporter::BOTH_LAYOUTS.family();
    layouts.push(Labels::none(), f64::from(u8::from(both)));
    vec![requests, series, dropped, layouts]
}

fn reload(stats: &Stats) -> Vec<Family> {
    let last = stats.reload();
    let mut success = exporter::RELOAD_SUCCESS.family();
    success.push(Labels::none(), f64::from(u8::from(last.success)));
    let mut time = exporter::RELOAD_TIME.family();
    time.push(Labels::none(), epoch_seconds(last.last_success));
    vec![success, time]
}

/// From Linux' /proc; elsewhere only the start time is there.
fn process(started: SystemTime) -> Vec<Family> {
    let mut start = exporter::PROCESS_START.family();
    start.push(Labels::none(), epoch_seconds(started));
    let mut families = vec![start];
    let mut add = |metric: Metric, value: Option<f64>| {
        if let Some(value) = value {
            let mut family = metric.family();
            family.push(Labels::none(), value);
            families.push(family);
        }
    };
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The second field, the program's name, may hold blanks and parentheses.
    let fields: Vec<&str> =
        stat.rsplit_once(')').map(|(_, rest)| rest.split_whitespace().collect()).unwrap_or_default();
    let field = |number: usize| fields.get(number - 3).and_then(|text| text.parse::<f64>().ok());
    add(exporter::PROCESS_CPU, field(14).zip(field(15)).map(|(user, system)| (user + system) / TICKS_PER_SECOND));
    add(exporter::PROCESS_THREADS, field(20));
    add(exporter::PROCESS_MEMORY, resident_bytes());
    add(exporter::PROCESS_FDS, std::fs::read_dir("/proc/self/fd").ok().map(|entries| count_value(entries.count())));
    families
}

/// USER_HZ, the unit of CPU times in /proc/PID/stat: 100 on every Linux that Rust's std supports.
const TICKS_PER_SECOND: f64 = 100.0;

fn resident_bytes() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kibibytes * 1024.0)
}

fn epoch_seconds(time: SystemTime) -> f64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}
