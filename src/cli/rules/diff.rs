//! `rules diff`: a rules file, an agent's page and the same broker's Jolokia in, what differs out.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::arguments::Diff;
use super::compare::{Differences, compare};
use super::exposition::{Exposition, name_of};
use super::{Done, Outcome, counted, files, json, live};
use crate::collect::node::NodeCollector;
use crate::jolokia::Jolokia;
use crate::metrics::{Labels, Part, merge, text};
use crate::rules::{Compat, Rules};

/// How often each generation is read at least, between one page of the agent and the next.
const ROUNDS: usize = 2;

/// How often at most: a gauge may be the same for a while by chance, so that other values are looked at again.
const MOST_ROUNDS: usize = 5;

/// Series of one name that are shown unless all are asked for.
const SHOWN: usize = 1;

/// Names that are shown unless all are asked for.
const NAMES_SHOWN: usize = 25;

#[derive(Debug, Serialize)]
struct Report<'r> {
    compat: &'static str,
    /// The generation with the fewest differences.
    fits: &'static str,
    /// What the agent says it is.
    agent: Option<String>,
    #[serde(flatten)]
    differences: &'r Differences,
    generations: Vec<Counts>,
    notes: &'r [String],
}

#[derive(Debug, Serialize)]
struct Counts {
    compat: &'static str,
    missing: usize,
    extra: usize,
    different: usize,
    types: usize,
}

/// One generation's reading of the broker.
struct Ours {
    compat: Compat,
    rules: Arc<Rules>,
    node: NodeCollector<Jolokia>,
    pages: Vec<Exposition>,
}

pub(super) async fn run(arguments: &Diff) -> Result<Done, String> {
    let chosen = files::load(&arguments.file, arguments.generation.compat)?;
    let compat = chosen.compat;
    let mut notes = Vec::new();
    let mut ours = vec![Ours::new(arguments, chosen)?];
    let other = compat.other();
    match files::load(&arguments.file, Some(other)) {
        Ok(rules) => ours.push(Ours::new(arguments, rules)?),
        Err(_) => notes.push(format!("the file cannot be used in generation {}", other.as_str())),
    }

    let timeout = arguments.agent.timeout();
    let is_url = arguments.against.starts_with("http://") || arguments.against.starts_with("https://");
    // At its first read a broker makes beans that the second one sees, and names are learned.
    for one in &mut ours {
        one.read(timeout, &mut notes).await?;
        one.pages.clear();
    }
    let mut agent = vec![agent_page(&arguments.against, is_url, timeout).await?];
    for round in 1..=MOST_ROUNDS {
        for one in &mut ours {
            one.read(timeout, &mut notes).await?;
        }
        if is_url {
            agent.push(agent_page(&arguments.against, is_url, timeout).await?);
        }
        let has_other_values = ours.first().is_some_and(|one| !compare(&agent, &one.pages).different.is_empty());
        if round >= ROUNDS && !has_other_values {
            break;
        }
    }
    if !is_url {
        notes.push("values were not compared: that takes the agent itself, not a file of its page".to_owned());
    }
    notes.extend(repeated(&agent, "the agent's page"));
    notes.dedup();

    let differences: Vec<Differences> = ours.iter().map(|one| compare(&agent, &one.pages)).collect();
    let counts: Vec<Counts> =
        ours.iter().zip(&differences).map(|(one, differences)| Counts::of(one.compat, differences)).collect();
    let best = differences.iter().zip(&ours).min_by_key(|(differences, _)| differences.count());
    let Some((shown, (_, best))) = differences.first().zip(best) else { return Err("nothing was compared".to_owned()) };
    let report = Report {
        compat: compat.as_str(),
        fits: best.compat.as_str(),
        agent: agent.last().and_then(build_info),
        differences: shown,
        generations: counts,
        notes: &notes,
    };
    let problems = shown.count() > 0;
    let text = if arguments.output.json { json(&report)? } else { write(&report, arguments.all) };
    Ok(Done { text, outcome: Outcome::of_problems(problems) })
}

impl Ours {
    fn new(arguments: &Diff, rules: Rules) -> Result<Self, String> {
        let (agent, _) = arguments.agent.connect()?;
        let compat = rules.compat;
        Ok(Self { compat, rules: Arc::new(rules), node: NodeCollector::new(agent), pages: Vec::new() })
    }

    /// Adds a page, made as that of a node.
    async fn read(&mut self, timeout: Duration, notes: &mut Vec<String>) -> Result<(), String> {
        let reading = self.node.collect(&self.rules, Instant::now() + timeout, |_| {}).await;
        reading.result.map_err(|error| error.message)?;
        if reading.duplicates_dropped > 0 {
            notes.push(format!(
                "generation {}: {} of ours left out, having the name and labels of another one",
                self.compat.as_str(),
                counted(usize::try_from(reading.duplicates_dropped).unwrap_or(usize::MAX), "sample")
            ));
        }
        let part = |families| Part { labels: Labels::none(), families };
        let mut page = Vec::new();
        let merged = merge(&[part(&reading.jvm), part(&reading.rules)]);
        text::write(&merged, &mut page).map_err(|error| error.to_string())?;
        self.pages.push(Exposition::parse(&String::from_utf8_lossy(&page))?);
        Ok(())
    }
}

impl Counts {
    fn of(compat: Compat, differences: &Differences) -> Self {
        Self {
            compat: compat.as_str(),
            missing: differences.missing.len(),
            extra: differences.extra.len(),
            different: differences.different.len(),
            types: differences.types.len(),
        }
    }
}

async fn agent_page(against: &str, is_url: bool, timeout: Duration) -> Result<Exposition, String> {
    let text = if is_url {
        live::page(against, timeout).await?
    } else {
        std::fs::read_to_string(against)
            .map_err(|error| format!("--against: {against}: {error}; give a URL or a file"))?
    };
    let page = Exposition::parse(&text)
        .map_err(|error| format!("--against: {against}: {error}; is it a page in Prometheus' text format?"))?;
    if page.series.is_empty() {
        return Err(format!("--against: {against}: there is no sample on the page"));
    }
    Ok(page)
}

/// `jmx_exporter_build_info` in words.
fn build_info(page: &Exposition) -> Option<String> {
    let series = page.series.keys().find(|series| name_of(series) == "jmx_exporter_build_info")?;
    let label = |name: &str| series.split(&format!("{name}=\"")).nth(1)?.split('"').next();
    Some(format!("{} {}", label("name").unwrap_or("jmx_exporter"), label("version")?))
}

fn repeated(pages: &[Exposition], whose: &str) -> Option<String> {
    let page = pages.iter().find(|page| !page.repeated.is_empty())?;
    let first = page.repeated.first()?;
    Some(format!("{whose} holds {} series twice, which Prometheus refuses: {first}", page.repeated.len()))
}

fn write(report: &Report<'_>, all: bool) -> String {
    let mut out = String::new();
    let differences = report.differences;
    // Writing to a String cannot fail.
    let _ = writeln!(out, "agent        {}", report.agent.as_deref().unwrap_or("jmx_exporter of an unknown version"));
    let _ = writeln!(out, "compared     {} series, of which {} stood still", differences.compared, differences.still);
    for counts in &report.generations {
        let Counts { compat, missing, extra, different, types } = counts;
        let shown = if *compat == report.compat { ", shown below" } else { "" };
        let _ = writeln!(
            out,
            "generation   {compat}: {missing} missing, {extra} extra, {different} with another value, {types} of another type{shown}"
        );
    }
    if report.fits != report.compat {
        let _ = writeln!(out, "advice       {0} fits this agent better: use --jmx.compat={0}", report.fits);
    }
    for note in report.notes {
        let _ = writeln!(out, "note         {note}");
    }
    series(&mut out, "missing: only the agent has these", &differences.missing, all);
    series(&mut out, "extra: only we have these", &differences.extra, all);
    let values: Vec<String> = differences
        .different
        .iter()
        .map(|one| format!("{}  agent {}, ours {}", one.series, one.agent, one.ours))
        .collect();
    series(&mut out, "other values where the agent's stood still", &values, all);
    let types: Vec<String> =
        differences.types.iter().map(|one| format!("{}  agent {}, ours {}", one.name, one.agent, one.ours)).collect();
    series(&mut out, "other types", &types, all);
    if !differences.known.is_empty() {
        let _ = writeln!(out, "\nknown differences, not counted");
        for known in &differences.known {
            let sides = [("the agent", &known.agent), ("ours", &known.ours)];
            for (side, series) in sides.iter().filter(|(_, series)| !series.is_empty()) {
                let example = series.first().map_or("", String::as_str);
                let _ = writeln!(out, "  {} series of {side}: {}; e.g. {example}", series.len(), known.reason);
                if all {
                    series.iter().for_each(|series| {
                        let _ = writeln!(out, "    {series}");
                    });
                }
            }
        }
    }
    if differences.count() == 0 {
        let _ = writeln!(out, "\nno differences but those that are known");
    }
    out
}

/// A section of lines that begin with a series; of each name only the first unless `all`.
fn series(out: &mut String, title: &str, lines: &[String], all: bool) {
    if lines.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{title} ({})", lines.len());
    let mut by_name: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for line in lines {
        by_name.entry(name_of(line).split(' ').next().unwrap_or_default()).or_default().push(line);
    }
    let names = if all { by_name.len() } else { NAMES_SHOWN };
    for of_name in by_name.values().take(names) {
        let shown = if all { of_name.len() } else { SHOWN };
        for line in of_name.iter().take(shown) {
            let _ = writeln!(out, "  {line}");
        }
        if of_name.len() > shown {
            let _ = writeln!(out, "    and {} more of this name", of_name.len() - shown);
        }
    }
    if by_name.len() > names {
        let _ = writeln!(out, "  and {} more names; --all shows them", by_name.len() - names);
    }
}
