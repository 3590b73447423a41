//! What the exporter has done so far: counters and last outcomes, recorded as it happens, read by `collect::exporter`.
//! Log lines about a source going down and coming back are written here too, so that log and metric agree.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime};

use crate::locked::locked;

/// A page, as a label value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PageKind {
    /// Everything.
    All,
    /// The cluster and the exporter itself.
    Cluster,
    /// One node's MBeans.
    Broker,
    /// Service discovery.
    Sd,
    /// All the rest.
    Other,
}

impl PageKind {
    /// The label value.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "metrics",
            Self::Cluster => "cluster",
            Self::Broker => "brokers",
            Self::Sd => "sd",
            Self::Other => "other",
        }
    }
}

/// A collector: which part, and of which node.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CollectorId {
    /// `topology`, `offsets`, `groups` or `jmx`; `page` for the rendering of pages.
    pub collector: &'static str,
    /// The node's key; empty for the cluster's collectors.
    pub broker: String,
}

/// Last outcome and counters of a collector.
#[derive(Debug, Clone, Default)]
pub struct CollectorStats {
    /// Got everything it asked for in time. Absent before the first run.
    pub success: Option<bool>,
    /// Time of the last run.
    pub duration: Duration,
    /// When the last run ended.
    pub ended: Option<Instant>,
    /// Kind and text of the first error in the last run; absent after a good one.
    pub failing: Option<(&'static str, String)>,
    /// Errors by kind since the start.
    pub errors: BTreeMap<&'static str, u64>,
}

/// What is known of a node's agent.
#[derive(Debug, Clone, Default)]
pub struct AgentStats {
    /// HTTP requests since the start.
    pub requests: u64,
    /// Bytes received since the start.
    pub bytes: u64,
    /// Beans in the last answer.
    pub beans: usize,
    /// Beans of the last answer that the rules have not been tried on yet.
    pub pending: usize,
    /// Samples of the last answer that were left out.
    pub dropped: u64,
    /// Matches given up since the start because they took too many steps.
    pub gave_up: u64,
}

/// What is known of a page.
#[derive(Debug, Clone, Default)]
pub struct PageStats {
    /// Answers by status code.
    pub answers: BTreeMap<u16, u64>,
    /// Series when it was last made.
    pub series: usize,
    /// Duplicates left out since the start.
    pub dropped: u64,
    /// When a Prometheus last got the page. A browser that looks once makes no layout.
    pub last_scrape: Option<Instant>,
}

/// Reading of the rules.
#[derive(Debug, Clone, Copy)]
pub struct Reload {
    /// Whether the last one succeeded.
    pub success: bool,
    /// The last success.
    pub last_success: SystemTime,
}

/// All of it.
#[derive(Debug)]
pub struct Stats {
    /// When the exporter started.
    pub started: SystemTime,
    collectors: Mutex<BTreeMap<CollectorId, CollectorStats>>,
    agents: Mutex<BTreeMap<String, AgentStats>>,
    pages: Mutex<BTreeMap<PageKind, PageStats>>,
    reload: Mutex<Reload>,
}

/// One failure of a run: kind, how many times, and what the log should say.
#[derive(Debug, Clone)]
pub struct Failure {
    /// Label value.
    pub kind: &'static str,
    /// How many requests or items failed so.
    pub count: u64,
    /// One line.
    pub message: String,
}

impl Default for Stats {
    fn default() -> Self {
        let now = SystemTime::now();
        Self {
            started: now,
            collectors: Mutex::default(),
            agents: Mutex::default(),
            pages: Mutex::default(),
            reload: Mutex::new(Reload { success: true, last_success: now }),
        }
    }
}

impl Stats {
    /// Records the end of a collector's run.
    pub fn collector_ended(&self, id: CollectorId, duration: Duration, failures: &[Failure]) {
        let mut collectors = locked(&self.collectors);
        let (collector, broker) = (id.collector, id.broker.clone());
        // Collectors of the same source fail together: with a wrong password nothing works.
        let is_told = failures.first().is_some_and(|first| {
            let others = collectors.iter().filter(|(other, _)| **other != id && other.broker == id.broker);
            others.filter_map(|(_, other)| other.failing.as_ref()).any(|(_, message)| *message == first.message)
        });
        let stats = collectors.entry(id).or_default();
        stats.success = Some(failures.is_empty());
        stats.duration = duration;
        stats.ended = Some(Instant::now());
        for failure in failures {
            *stats.errors.entry(failure.kind).or_default() += failure.count;
        }
        let now = failures.first().map(|first| (first.kind, first.message.clone()));
        let was = std::mem::replace(&mut stats.failing, now).map(|(kind, _)| kind);
        // A source that stays down for the same reason is one line, not one per scrape.
        match failures.first() {
            Some(first) if was != Some(first.kind) && !is_told => {
                let count: u64 = failures.iter().map(|failure| failure.count).sum();
                tracing::warn!(
                    collector,
                    broker,
                    errors = count,
                    kind = first.kind,
                    error = first.message,
                    "collector failed"
                );
            }
            Some(first) => tracing::debug!(collector, broker, error = first.message, "collector failed again"),
            None if was.is_some() => tracing::info!(collector, broker, "collector recovered"),
            None => {}
        }
    }

    /// Records what a run of a node's agent cost and yielded.
    pub fn agent_ended(&self, broker: &str, run: AgentStats) {
        let mut agents = locked(&self.agents);
        let stats = agents.entry(broker.to_owned()).or_default();
        let (requests, bytes) = (stats.requests + run.requests, stats.bytes + run.bytes);
        let gave_up = stats.gave_up + run.gave_up;
        *stats = AgentStats { requests, bytes, gave_up, ..run };
    }

    /// Forgets nodes that are no longer known.
    pub fn keep_brokers(&self, is_known: impl Fn(&str) -> bool) {
        locked(&self.collectors).retain(|id, _| id.broker.is_empty() || is_known(&id.broker));
        locked(&self.agents).retain(|broker, _| is_known(broker));
    }

    /// What was recorded of a node under its address goes on under its id.
    pub fn rename_broker(&self, from: &str, to: &str) {
        let mut collectors = locked(&self.collectors);
        let ids: Vec<CollectorId> = collectors.keys().filter(|id| id.broker == from).cloned().collect();
        for id in ids {
            if let Some(stats) = collectors.remove(&id) {
                collectors.insert(CollectorId { broker: to.to_owned(), ..id }, stats);
            }
        }
        let mut agents = locked(&self.agents);
        if let Some(stats) = agents.remove(from) {
            agents.insert(to.to_owned(), stats);
        }
    }

    /// Records an answer.
    pub fn answered(&self, page: PageKind, status: u16) {
        let mut pages = locked(&self.pages);
        let stats = pages.entry(page).or_default();
        *stats.answers.entry(status).or_default() += 1;
    }

    /// Records that a Prometheus got the page.
    pub fn scraped(&self, page: PageKind) {
        locked(&self.pages).entry(page).or_default().last_scrape = Some(Instant::now());
    }

    /// Counts an error of the exporter itself in making pages: one without a source that could be up or down.
    pub fn rendering_panicked(&self) {
        let id = CollectorId { collector: "page", broker: String::new() };
        *locked(&self.collectors).entry(id).or_default().errors.entry("panic").or_default() += 1;
    }

    /// Records a page that was made.
    pub fn page_made(&self, page: PageKind, series: usize, dropped: u64) {
        let mut pages = locked(&self.pages);
        let stats = pages.entry(page).or_default();
        stats.series = series;
        stats.dropped += dropped;
    }

    /// Records a reading of the rules.
    pub fn reloaded(&self, success: bool) {
        let mut reload = locked(&self.reload);
        reload.success = success;
        if success {
            reload.last_success = SystemTime::now();
        }
    }

    /// Collectors with their statistics.
    pub fn collectors(&self) -> Vec<(CollectorId, CollectorStats)> {
        locked(&self.collectors).iter().map(|(id, stats)| (id.clone(), stats.clone())).collect()
    }

    /// Agents by node.
    pub fn agents(&self) -> Vec<(String, AgentStats)> {
        locked(&self.agents).iter().map(|(broker, stats)| (broker.clone(), stats.clone())).collect()
    }

    /// Pages.
    pub fn pages(&self) -> BTreeMap<PageKind, PageStats> {
        locked(&self.pages).clone()
    }

    /// The last readings of the rules.
    pub fn reload(&self) -> Reload {
        *locked(&self.reload)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jmx(broker: &str) -> CollectorId {
        CollectorId { collector: "jmx", broker: broker.to_owned() }
    }

    fn failed(kind: &'static str) -> [Failure; 1] {
        [Failure { kind, count: 1, message: String::new() }]
    }

    #[test]
    fn a_panic_in_rendering_is_counted_and_is_no_source_that_is_down() {
        let stats = Stats::default();
        stats.rendering_panicked();
        let collectors = stats.collectors();
        assert_eq!((collectors[0].0.collector, collectors[0].1.errors["panic"]), ("page", 1));
        assert_eq!((collectors[0].1.success, collectors[0].1.ended), (None, None));
    }

    #[test]
    fn counters_follow_a_node_to_its_id_and_go_when_it_is_forgotten() {
        let stats = Stats::default();
        stats.collector_ended(jmx("h:1"), Duration::ZERO, &failed("connect"));
        stats.agent_ended("h:1", AgentStats { requests: 3, ..AgentStats::default() });
        stats.rename_broker("h:1", "5");
        stats.agent_ended("5", AgentStats { requests: 2, ..AgentStats::default() });
        let collectors = stats.collectors();
        assert_eq!((collectors.len(), &collectors[0].0, collectors[0].1.errors["connect"]), (1, &jmx("5"), 1));
        assert_eq!(
            stats.agents().iter().map(|(key, agent)| (key.as_str(), agent.requests)).collect::<Vec<_>>(),
            [("5", 5)]
        );
        stats.keep_brokers(|key| key != "5");
        assert!(stats.collectors().is_empty() && stats.agents().is_empty());
    }
}
