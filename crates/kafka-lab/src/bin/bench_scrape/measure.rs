//! One scrape measured: time, size, series, and the CPU time of the processes that took part.

use std::time::{Duration, Instant};

use kafka_lab::{Cluster, Guarded, Result, http};

/// What one scrape cost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    /// Seconds from the request to the last byte.
    pub(crate) wall: f64,
    /// CPU seconds of the exporter, if it is not inside the brokers.
    pub(crate) own_cpu: Option<f64>,
    /// CPU seconds of the brokers, less what they use when nobody asks.
    pub(crate) broker_cpu: f64,
    /// Bytes.
    pub(crate) size: usize,
    /// Series on the page.
    pub(crate) series: usize,
}

/// Measures scrapes.
pub(crate) struct Meter<'a> {
    cluster: &'a Cluster,
    nodes: &'a [i32],
    exporter: Option<&'a Guarded>,
    /// CPU seconds per second of the nodes at rest.
    idle: f64,
}

impl<'a> Meter<'a> {
    /// Watches these nodes and the exporter. Looks first at what the nodes use at rest.
    pub(crate) fn new(cluster: &'a Cluster, nodes: &'a [i32], exporter: Option<&'a Guarded>) -> Result<Self> {
        let mut meter = Self { cluster, nodes, exporter, idle: 0.0 };
        let (started, before) = (Instant::now(), meter.broker_cpu()?);
        std::thread::sleep(Duration::from_secs(4));
        meter.idle = (meter.broker_cpu()? - before) / started.elapsed().as_secs_f64();
        Ok(meter)
    }

    /// One scrape, uncompressed text.
    pub(crate) fn scrape(&self, url: &str) -> Result<Cost> {
        let (brokers, own, started) = (self.broker_cpu()?, self.own_cpu()?, Instant::now());
        let page = http::get_ok(url, super::SCRAPE_LIMIT)?;
        let wall = started.elapsed().as_secs_f64();
        Ok(Cost {
            wall,
            own_cpu: self.own_cpu()?.zip(own).map(|(after, before)| after - before),
            broker_cpu: (self.broker_cpu()? - brokers - self.idle * wall).max(0.0),
            size: page.len(),
            series: page.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).count(),
        })
    }

    fn broker_cpu(&self) -> Result<f64> {
        self.nodes.iter().map(|id| self.cluster.node(*id)?.cpu_seconds()).sum()
    }

    fn own_cpu(&self) -> Result<Option<f64>> {
        self.exporter.map(Guarded::cpu_seconds).transpose()
    }
}
