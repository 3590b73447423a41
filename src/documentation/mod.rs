//! `docs/metrics.md`: the catalogue and the bundled rules in, the text out.

mod choices;
mod rule_metrics;
mod rule_sets;
mod table;
mod told_by_help;
mod total;

use std::fmt::Write as _;

use crate::metrics::catalogue::{TERMS, subjects};
use crate::rules::{DEFAULT_SET, Rules, read};
use table::Row;

const INTRODUCTION: &str = "\
# Metrics

Every metric that kafka-vitals exports: what it makes by itself, then what the rules that come with it make of MBeans. With rules
of your own, the second part is theirs.

* **type**: as in text format 0.0.4. A counter whose name does not end in `_total` is `untyped` there, as with jmx_exporter 0.x, and
  in OpenMetrics `unknown`; `rate()` does not mind.
* **unit**: `number` where the meaning begins with what is counted.
* **labels**: on `/metrics`, what comes from a node has the label `broker` besides those listed here; a label of that name
  that the sample already has becomes `exported_broker`. The pages of single nodes have neither.
* **on**: `yes`, or what switches it on: a flag, or the lines to take out of `excludeObjectNames` in a copy of the rules file.
* **since**: the version of kafka-vitals, then the versions of Kafka that tell it: none where all from 2.8 on do, if the node has the
  part that it is about.
* **series**: how many there are on all pages together when everything is known and in use; what is unknown is absent. `≤`:
  at most. A summary is counted with both of its series, `_sum` and `_count`. In the terms of this table:
";

const AFTER_TERMS: &str = "
`--series.granularity` makes series coarser or finer, and `--series.limit` fewer: see
[operations.md](operations.md#what-it-exports-and-how-much). `kafka-vitals check` counts the series of each page of yours. In OpenMetrics, a metric whose name breaks a rule of that format keeps it, and has the type `unknown`.

This file is written by `cargo xtask docs`; its sources are `src/metrics/catalogue/` and `rules/kafka.yaml`.
";

const OF_RULES: &str = "
## MBeans under the default rules

What `bundled:kafka` makes of MBeans, the set that is used without `--jmx.rules`. All of it comes from nodes. No node has all of it:
controllers have other MBeans than brokers, and features that are not in use have none. `*` stands for any value. What Kafka
will add has a name too, as long as it is a gauge or a meter of a known kind: `kafka_<domain>_<type>_<name>`, with `_total` for meters.

What there really is of all these is about 430 series for each node, 8 for each topic with traffic on it, 15 for each of its network
threads, and 100 to 300 for the kinds of requests in use.
";

/// The text of `docs/metrics.md`.
///
/// # Errors
/// A bundled set that cannot be loaded, or a pattern that cannot be told as a name.
pub fn metrics() -> Result<String, String> {
    let mut text = String::from(INTRODUCTION);
    text.push_str("\n| term | what it counts |\n|---|---|\n");
    for (term, meaning) in TERMS {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "| `{term}` | {meaning} |");
    }
    text.push_str(AFTER_TERMS);
    for (subject, metrics) in subjects() {
        table::write(subject, "##", metrics.into_iter().map(Row::from), &mut text);
    }
    text.push_str(OF_RULES);
    let rules = Rules::load(&read(DEFAULT_SET)?, DEFAULT_SET).map_err(|error| error.to_string())?;
    for (subject, rows) in rule_metrics::by_subject(&rules)? {
        table::write(subject, "###", rows, &mut text);
    }
    text.push_str(&rule_sets::comparison()?);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_is_up_to_date() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/metrics.md");
        let written = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            written == metrics().unwrap(),
            "docs/metrics.md differs from the catalogue or the bundled rules: run `cargo xtask docs`"
        );
    }
}
