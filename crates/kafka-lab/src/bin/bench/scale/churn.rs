//! Groups whose names live for one collection: 10,000 of them must leave neither series nor memory.

use std::time::Duration;

use kafka_lab::{Lab, LabError, Result, http};

use super::Bench;
use super::scripted::Scripted;
use crate::measure::{SCRAPE_LIMIT, series};

const GROUPS: usize = 500;
const GENERATIONS: usize = 20;

/// Memory is looked at first when so many generations have come, and the allocator has settled.
const SETTLED: usize = 5;

pub(crate) fn run(bench: &Bench) -> Result<String> {
    eprintln!("{} names of groups that come and go ...", GROUPS * GENERATIONS);
    let lab = Lab::new()?;
    let scripted = Scripted::start(&lab, 3, 100, GROUPS, 60)?;
    let facts = scripted.facts()?;
    let vitals = bench.start(&lab, &scripted.bootstrap, "1s")?;
    let url = format!("{}/metrics/cluster", vitals.url);
    let mut first = None;
    let mut shown = Vec::new();
    for generation in 0..GENERATIONS {
        if generation > 0 {
            scripted.rename()?;
        }
        let page = http::get_ok(&url, SCRAPE_LIMIT)?;
        facts.check(&page)?;
        let old = page
            .lines()
            .filter(|line| line.contains("consumergroup=\""))
            .find(|line| !line.contains(&format!("consumergroup=\"scripted-group-{generation}-")));
        if let Some(old) = old {
            return Err(LabError::Input(format!("generation {generation} shows a group of another one: {old}")));
        }
        shown.push(series(&page));
        if generation == SETTLED {
            first = Some(settled_rss(&vitals)?);
        }
    }
    let last = settled_rss(&vitals)?;
    #[allow(clippy::cast_precision_loss, reason = "sizes for people")]
    let (first, last) = (first.unwrap_or(last) as f64 / 1e6, last as f64 / 1e6);
    let (least, most) = (shown.iter().skip(1).min(), shown.iter().skip(1).max());
    Ok(format!(
        "\nGroup churn, {} names in {GENERATIONS} collections: between {} and {} series on each page, none of a group that \
         is gone; RSS {first:.1} MB after {} names, {last:.1} MB after all.\n",
        GROUPS * GENERATIONS,
        least.copied().unwrap_or_default(),
        most.copied().unwrap_or_default(),
        GROUPS * (SETTLED + 1),
    ))
}

/// When the allocator has given back what a scrape took.
fn settled_rss(vitals: &crate::vitals::Vitals) -> Result<u64> {
    std::thread::sleep(Duration::from_secs(3));
    vitals.process.rss_bytes()
}
