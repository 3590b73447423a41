//! A cluster with everything on it that dashboards and alerts are about: where to find the programs in; brokers, traffic, groups in every
//! condition, kafka-vitals in both layouts and a Prometheus that scrapes them out.

mod scraping;
mod workload;

use std::{fs, path::PathBuf, thread::sleep, time::Duration};

pub use workload::{GROUPS, TOPICS, Topic};

use crate::{
    Cluster, Jolokia, Prometheus, Result, error::IoContext, showcase::scraping::Scraping, showcase::workload::Workload,
    vitals::Vitals,
};

/// How long a broker that is restarted stays down: longer than its session, so that the cluster has to do without it.
pub const DOWN: Duration = Duration::from_secs(15);

const READY: Duration = Duration::from_secs(60);

/// What most lag is fine for whom.
const OBJECTIVES: &str = "\
- {group: ^billing$, team: payments, seconds: 10, records: 5000, runbook: 'https://wiki.example/billing-lag'}
- {group: '.*', team: platform, seconds: 60}
";

/// What it is started from.
#[derive(Clone, Debug)]
pub struct ShowcaseBuilder {
    vitals: PathBuf,
    prometheus: String,
    rules: Vec<PathBuf>,
    interval: Duration,
}

/// Three nodes of Kafka 4.3.0 with [`TOPICS`] and [`GROUPS`], kafka-vitals twice, and Prometheus. All of it ends when this is dropped.
#[derive(Debug)]
pub struct Showcase {
    workload: Workload,
    prometheus: Prometheus,
    single: Vitals,
    split: Vitals,
    // Last: what is above talks to it.
    cluster: Cluster,
}

impl ShowcaseBuilder {
    /// With Prometheus files of recording and alerting rules, by their whole paths.
    pub fn rules(mut self, files: impl IntoIterator<Item = PathBuf>) -> Self {
        self.rules.extend(files);
        self
    }

    /// How often Prometheus scrapes and evaluates rules; 5 s by default.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// Another Prometheus than the one in PATH.
    pub fn prometheus(mut self, program: &str) -> Self {
        program.clone_into(&mut self.prometheus);
        self
    }

    /// Starts it all. Prometheus has its first samples some scrapes later.
    ///
    /// # Errors
    /// The first process that does not start, the first topic or group that cannot be made.
    pub fn start(self) -> Result<Showcase> {
        let cluster = Cluster::builder()
            .nodes(3)
            .jolokia(Jolokia::V2_5_0)
            .heap_mib(384)
            // A showcase may stand for hours, on a disk in memory.
            .property("log.retention.ms", "7200000")
            .property("log.segment.bytes", "16777216")
            .start()?;
        let lab = cluster.lab();
        let workload = Workload::start(cluster.kafka())?;
        let objectives = lab.folder().join("objectives.yml");
        fs::write(&objectives, OBJECTIVES).context(|| format!("write {}", objectives.display()))?;
        let arguments = [
            format!("--kafka.server={}", cluster.bootstrap()),
            format!("--jolokia.port={}", cluster.jolokia_port()),
            format!("--group.objectives={}", objectives.display()),
            // Scraped faster than one should: the default would show the same figures twice.
            "--scrape.reuse=0s".into(),
        ];
        // One for each layout: of a process that is scraped in both, everything is there twice, and it says so.
        let single = Vitals::start(lab, &self.vitals, &arguments)?;
        let split = Vitals::start(lab, &self.vitals, &arguments)?;
        let scraping =
            Scraping { single: single.address(), split: split.address(), interval: self.interval, rules: &self.rules };
        let prometheus = Prometheus::start_program(lab, &self.prometheus, &scraping.configuration())?;
        Ok(Showcase { workload, prometheus, single, split, cluster })
    }
}

impl Showcase {
    /// From the executable of kafka-vitals.
    ///
    /// # Errors
    /// When it is not there.
    pub fn builder(vitals: &str) -> Result<ShowcaseBuilder> {
        Ok(ShowcaseBuilder {
            vitals: Vitals::find(vitals)?,
            prometheus: "prometheus".into(),
            rules: Vec::new(),
            interval: Duration::from_secs(5),
        })
    }

    /// Stops a broker, waits for [`DOWN`], starts it again and waits until all brokers know it.
    ///
    /// # Errors
    /// When it does not stop or start.
    pub fn restart_broker(&self, node: i32) -> Result<()> {
        self.cluster.node(node)?.stop()?;
        sleep(DOWN);
        self.cluster.node(node)?.restart()?;
        self.cluster.await_ready(READY)
    }

    /// Records that Kafka has acknowledged of one of [`TOPICS`] since the start; 0 for any other.
    pub fn records_acknowledged(&self, topic: &str) -> u64 {
        self.workload.records_acknowledged(topic)
    }

    /// Whether kafka-vitals and Prometheus still run.
    ///
    /// # Errors
    /// The log of the one that has ended.
    pub fn check(&mut self) -> Result<()> {
        self.single.check()?;
        self.split.check()?;
        self.prometheus.check()
    }

    /// The brokers.
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// The Prometheus that scrapes both layouts: jobs `kafka-vitals` (the single page), `kafka-cluster` and `kafka` (the split pages, with
    /// the target label `cluster="split"`).
    pub fn prometheus(&self) -> &Prometheus {
        &self.prometheus
    }

    /// The kafka-vitals whose single page is scraped.
    pub fn single(&self) -> &Vitals {
        &self.single
    }

    /// The kafka-vitals whose split pages are scraped.
    pub fn split(&self) -> &Vitals {
        &self.split
    }
}
