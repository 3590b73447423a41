//! Scrapes measured: time, size, series, and the CPU time of the processes that took part.

use std::time::{Duration, Instant};

use kafka_lab::{Cluster, Guarded, Result, http};

/// A 0.17.2 agent takes a minute and more for a broker in state B.
pub(crate) const SCRAPE_LIMIT: Duration = Duration::from_secs(400);

/// What one scrape cost; of several, the mean.
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

impl Cost {
    /// The median of each figure; size and series of the last.
    pub(crate) fn median(costs: &[Self]) -> Self {
        let last = costs.last();
        Self {
            wall: median(costs.iter().map(|cost| cost.wall)),
            own_cpu: last.and_then(|last| last.own_cpu).map(|_| median(costs.iter().filter_map(|cost| cost.own_cpu))),
            broker_cpu: median(costs.iter().map(|cost| cost.broker_cpu)),
            size: last.map_or(0, |last| last.size),
            series: last.map_or(0, |last| last.series),
        }
    }
}

/// Measures scrapes.
pub(crate) struct Meter<'a> {
    /// Absent where brokers do not count.
    cluster: Option<&'a Cluster>,
    nodes: &'a [i32],
    exporter: Option<&'a Guarded>,
    /// CPU seconds per second of the nodes at rest.
    idle: f64,
}

impl<'a> Meter<'a> {
    /// Watches these nodes and the exporter. Looks first at what the nodes use at rest.
    pub(crate) fn new(cluster: &'a Cluster, nodes: &'a [i32], exporter: Option<&'a Guarded>) -> Result<Self> {
        let mut meter = Self { cluster: Some(cluster), nodes, exporter, idle: 0.0 };
        let (started, before) = (Instant::now(), meter.broker_cpu()?);
        std::thread::sleep(Duration::from_secs(4));
        meter.idle = (meter.broker_cpu()? - before) / started.elapsed().as_secs_f64();
        Ok(meter)
    }

    /// Watches the exporter alone.
    pub(crate) fn of_exporter(exporter: &'a Guarded) -> Self {
        Self { cluster: None, nodes: &[], exporter: Some(exporter), idle: 0.0 }
    }

    /// The same nodes, less the same rest, without the exporter.
    pub(crate) fn without_exporter(&self) -> Self {
        Self { exporter: None, ..*self }
    }

    /// One scrape, uncompressed text.
    pub(crate) fn scrape(&self, url: &str) -> Result<Cost> {
        self.scrapes(url, Duration::ZERO).map(|(cost, _)| cost)
    }

    /// One scrape after another until they have taken `at_least` so long, at least one: their mean cost and the last
    /// page. CPU time is counted in 1/100 s, which is coarse for a single scrape.
    pub(crate) fn scrapes(&self, url: &str, at_least: Duration) -> Result<(Cost, String)> {
        let (brokers, own, started) = (self.broker_cpu()?, self.own_cpu()?, Instant::now());
        let mut scrapes = 0.0;
        let page = loop {
            let page = http::get_ok(url, SCRAPE_LIMIT)?;
            scrapes += 1.0;
            if started.elapsed() >= at_least {
                break page;
            }
        };
        let wall = started.elapsed().as_secs_f64();
        let cost = Cost {
            wall: wall / scrapes,
            own_cpu: self.own_cpu()?.zip(own).map(|(after, before)| (after - before) / scrapes),
            broker_cpu: (self.broker_cpu()? - brokers - self.idle * wall).max(0.0) / scrapes,
            size: page.len(),
            series: series(&page),
        };
        Ok((cost, page))
    }

    fn broker_cpu(&self) -> Result<f64> {
        let nodes = self.cluster.iter().flat_map(|cluster| self.nodes.iter().map(|id| cluster.node(*id)));
        nodes.map(|node| node?.cpu_seconds()).sum()
    }

    fn own_cpu(&self) -> Result<Option<f64>> {
        self.exporter.map(Guarded::cpu_seconds).transpose()
    }
}

/// Series on a page.
pub(crate) fn series(page: &str) -> usize {
    page.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).count()
}

/// The value in the middle; NaN of none.
pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Scrapes that do not count, because a JVM compiles what it runs often: so many, or fewer if they take long.
pub(crate) fn warm_up(meter: &Meter<'_>, url: &str, scrapes: usize) -> Result<()> {
    const ENOUGH: Duration = Duration::from_secs(30);
    let started = Instant::now();
    for _ in 0..scrapes {
        meter.scrape(url)?;
        if started.elapsed() > ENOUGH {
            break;
        }
    }
    Ok(())
}
