//! What a rule set says of its metrics: names, labels and help as the rules have them, the MBean from the pattern, and the number of
//! series from what the labels can be.

use std::collections::{BTreeMap, BTreeSet};

use super::choices::{self, Group};
use super::table::{Row, since};
use super::told_by_help;
use super::total::total;
use crate::mbean::ObjectName;
use crate::metrics::MetricType;
use crate::rules::{Part, Rule, Rules, Template, safe_label, type_in_0x};

/// The version of kafka-vitals that all rules are from so far.
const SINCE: &str = "0.1.0";

/// Sections with what their metrics' names begin with; the first that fits takes it.
const SUBJECTS: &[(&str, &[&str])] = &[
    ("Requests, and the threads that serve them", &["kafka_network_", "kafka_server_kafkarequesthandlerpool_"]),
    (
        "Tiered storage",
        &[
            "kafka_server_brokertopicmetrics_remote",
            "kafka_server_brokertopicmetrics_buildremote",
            "kafka_server_remotelogmanager_",
            "kafka_log_remote_",
            "kafka_server_delayedremote",
        ],
    ),
    ("Throughput", &["kafka_server_brokertopicmetrics_"]),
    (
        "ZooKeeper",
        &[
            "kafka_controller_controllerchannelmanager_",
            "kafka_server_zookeeperclientmetrics_",
            "kafka_server_sessionexpirelistener_",
            "kafka_controller_controllerstats_*",
        ],
    ),
    (
        "Replication",
        &[
            "kafka_server_replica",
            "kafka_server_fetcher",
            "kafka_cluster_partition_",
            "kafka_server_assignmentsmanager_",
        ],
    ),
    ("Connections", &["kafka_server_socket_server_metrics_"]),
    ("Logs", &["kafka_log_"]),
    (
        "Controllers and the metadata quorum",
        &[
            "kafka_controller_",
            "kafka_server_raft",
            "kafka_server_brokermetadata",
            "kafka_server_metadataloader_",
            "kafka_server_snapshotemitter_",
            "kafka_server_controllerserver_",
            "kafka_server_forwardingmanager_",
        ],
    ),
    ("Share groups", &["kafka_server_share", "kafka_server_delayedshare"]),
    (
        "Group and transaction coordinators",
        &[
            "kafka_coordinator_",
            "kafka_server_group_coordinator_",
            "kafka_server_transaction_coordinator_",
            "kafka_server_addpartitionstotxnmanager_",
        ],
    ),
    ("Quotas", &["kafka_server_quota_"]),
    ("The rest of a broker", &["kafka_server_"]),
];

/// How many series labels of these names make together, whose values are open. A node's number is summed over the nodes.
const OPEN_LABELS: &[(&[&str], &str)] = &[
    (&["listener"], "L"),
    (&["listener", "networkProcessor"], "H"),
    (&["networkProcessor"], "H"),
    (&["processor"], "H"),
    (&["topic"], "N T"),
    (&["partition", "topic"], "R"),
    (&["clientId", "partition", "topic"], "R"),
    (&["logDirectory"], "D"),
    (&["dir"], "D"),
    (&["clientId"], "N"),
    (&["broker"], "N B"),
    (&["broker-id"], "N B"),
];

/// Of any other labels.
const OTHERWISE: &str = "E";

/// The rows of each section, in the order of the rules; rules that make the same metric share a row.
pub(super) fn by_subject(rules: &Rules) -> Result<Vec<(&'static str, Vec<Row>)>, String> {
    let mut rows: Vec<Row> = Vec::new();
    for rule in &rules.rules {
        for row in of_rule(rules, rule)? {
            match rows.iter_mut().find(|other| (&other.name, &other.opt_in) == (&row.name, &row.opt_in)) {
                Some(other) => merge(other, row)?,
                None => rows.push(row),
            }
        }
    }
    let mut sections: Vec<(&str, Vec<Row>)> = SUBJECTS.iter().map(|(title, _)| (*title, Vec::new())).collect();
    for row in rows {
        let fits = |beginnings: &[&str]| beginnings.iter().any(|beginning| row.name.starts_with(beginning));
        let at = SUBJECTS.iter().position(|(_, beginnings)| fits(beginnings));
        let section = at.and_then(|at| sections.get_mut(at));
        section.ok_or_else(|| format!("{} belongs to no subject", row.name))?.1.push(row);
    }
    Ok(sections)
}

fn merge(row: &mut Row, other: Row) -> Result<(), String> {
    if (&row.kind, &row.unit, &row.since) != (&other.kind, &other.unit, &other.since) {
        return Err(format!("rules disagree on {}: {row:?} and {other:?}", row.name));
    }
    row.labels.extend(other.labels);
    if row.source != other.source {
        row.source = format!("{}; {}", row.source, other.source);
    }
    row.series = total([&*row.series, &*other.series].into_iter());
    Ok(())
}

/// The metrics of one rule: none if it leaves attributes out or takes those of any kind.
fn of_rule(rules: &Rules, rule: &Rule) -> Result<Vec<Row>, String> {
    let (Some(pattern), Some(name)) = (&rule.pattern, &rule.name) else { return Ok(Vec::new()) };
    let hir = choices::parse(pattern.as_java())?;
    let groups = choices::groups(&hir);
    let help = rule.help.as_ref().map_or("", Template::source);
    let named: Vec<usize> = groups_of(name).collect();
    // The last rules take what Kafka will add, of any domain.
    if name.is_empty() || named.iter().filter(|group| is_open(&groups, **group)).count() > 1 {
        return Ok(Vec::new());
    }
    let opt_in = excluded_by(rules, &choices::sample(&hir))?;
    let (meaning, kafka) = told_by_help::versions(help);
    let mut rows = Vec::new();
    for chosen in combinations(&groups, &named) {
        let mut labels = BTreeSet::new();
        for (label, _) in &rule.labels {
            labels.insert(safe_label(&expanded(label, &chosen), rules.lowercase_output_label_names));
        }
        let name = lowercase(rules, &expanded(name, &chosen));
        rows.push(Row {
            kind: kind(&name, rule.kind).to_owned(),
            name,
            unit: told_by_help::unit(help).to_owned(),
            labels,
            opt_in: opt_in.clone(),
            meaning: expanded_text(&meaning, &chosen),
            source: mbean(&choices::readable(&hir, &chosen)),
            since: since(SINCE, kafka.clone()),
            series: series(rule, &groups),
        });
    }
    Ok(rows)
}

/// A counter that is not called so is untyped on a page, as jmx_exporter's is.
fn kind(name: &str, kind: MetricType) -> &'static str {
    match (kind, type_in_0x(name, kind)) {
        (MetricType::Counter, MetricType::Unknown) => "untyped, a counter",
        (_, MetricType::Unknown) => "untyped",
        (_, kind) => kind.as_str(),
    }
}

fn groups_of(template: &Template) -> impl Iterator<Item = usize> {
    template.parts().iter().filter_map(|part| match part {
        Part::Group(group) => Some(*group),
        Part::Text(_) => None,
    })
}

fn is_open(groups: &BTreeMap<usize, Group>, group: usize) -> bool {
    groups.get(&group).is_none_or(|group| group.choices.is_none())
}

/// All that the groups of a name can be together; `*` for one that is open.
fn combinations(groups: &BTreeMap<usize, Group>, named: &[usize]) -> Vec<BTreeMap<usize, String>> {
    named.iter().fold(vec![BTreeMap::new()], |all, group| {
        let open = vec!["*".to_owned()];
        let choices = groups.get(group).and_then(|group| group.choices.clone()).unwrap_or(open);
        let with = |chosen: &BTreeMap<usize, String>, choice: String| {
            let mut chosen = chosen.clone();
            chosen.insert(*group, choice);
            chosen
        };
        all.iter().flat_map(|chosen| choices.iter().map(move |choice| with(chosen, choice.clone()))).collect()
    })
}

fn expanded(template: &Template, chosen: &BTreeMap<usize, String>) -> String {
    let text = |part: &Part| match part {
        Part::Text(text) => text.clone(),
        Part::Group(group) => chosen.get(group).cloned().unwrap_or_else(|| "*".to_owned()),
    };
    template.parts().iter().map(text).collect()
}

/// A help text, whose `$1` and the like are as in a template.
fn expanded_text(text: &str, chosen: &BTreeMap<usize, String>) -> String {
    chosen.iter().fold(text.to_owned(), |text, (group, choice)| text.replace(&format!("${group}"), choice))
}

fn lowercase(rules: &Rules, name: &str) -> String {
    if rules.lowercase_output_name { name.to_lowercase() } else { name.to_owned() }
}

/// `a.b<k=v, l=w><>X:` as `a.b:k=v,l=w X`.
fn mbean(match_string: &str) -> String {
    let attribute = match_string.replacen("><>", " ", 1);
    attribute.replacen('<', ":", 1).replace(", ", ",").trim_end_matches(':').to_owned()
}

/// The lines of `excludeObjectNames` that leave the bean of this match string out.
fn excluded_by(rules: &Rules, match_string: &str) -> Result<Vec<String>, String> {
    let (bean, _) = match_string.split_once("><").ok_or_else(|| format!("{match_string} names no bean"))?;
    let bean = bean.replacen('<', ":", 1).replace(", ", ",");
    let name = ObjectName::parse(&bean).map_err(|error| format!("{bean}: {error}"))?;
    Ok(rules.filter.excluded_by(&name).map(ToString::to_string).collect())
}

/// The product of what the labels can be.
fn series(rule: &Rule, groups: &BTreeMap<usize, Group>) -> String {
    let mut factor = 1;
    let (mut open, mut optional) = (BTreeSet::new(), false);
    for (label, value) in &rule.labels {
        for group in groups_of(value).filter_map(|group| groups.get(&group)) {
            match &group.choices {
                Some(choices) => factor *= choices.len(),
                None => {
                    open.insert(label.source());
                    optional |= group.optional;
                }
            }
        }
    }
    let open: Vec<&str> = open.into_iter().collect();
    let known = OPEN_LABELS.iter().find(|(labels, _)| *labels == open).map(|(_, term)| *term);
    let term = if open.is_empty() { "N" } else { known.unwrap_or(OTHERWISE) };
    let factor = if factor == 1 { String::new() } else { format!("{factor} ") };
    // What may be missing is missing once on each node: there is the total beside the parts.
    let total = if optional && term != OTHERWISE { format!(" + {factor}N") } else { String::new() };
    format!("≤ {factor}{term}{total}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(yaml: &str) -> Vec<Row> {
        by_subject(&Rules::load(yaml, "rules").unwrap()).unwrap().into_iter().flat_map(|(_, rows)| rows).collect()
    }

    #[test]
    fn the_default_rules_tell_the_units_that_their_names_do() {
        let text = crate::rules::read(crate::rules::DEFAULT_SET).unwrap();
        let rows = rows(&text);
        assert!(rows.len() > 300, "only {}", rows.len());
        for row in rows.iter().filter(|row| !row.name.ends_with("_count") && !row.name.ends_with("errorcount")) {
            let is_ratio = row.unit == "ratio" || row.unit == "percent";
            let fits = match row.name.as_str() {
                name if name.ends_with("timems") || name.ends_with("_ms") || name.ends_with("lagms") => {
                    row.unit == "milliseconds"
                }
                name if name.ends_with("percent") || name.contains("idle_ratio") || name.ends_with("idleratio") => {
                    is_ratio
                }
                name if name.ends_with("bytes") || name.ends_with("bytes_total") => row.unit == "bytes",
                name if name.ends_with("_rate") => row.unit.contains("per second"),
                name if name.ends_with("offset") => row.unit == "offset",
                _ => true,
            };
            assert!(fits, "{} in {}: {}", row.name, row.unit, row.meaning);
        }
    }

    #[test]
    fn a_rule_is_told_with_its_bean_its_labels_and_its_series() {
        let rows = rows(
            r#"
lowercaseOutputName: true
excludeObjectNames: ["kafka.*:partition=*,*"]
rules:
- pattern: '^kafka\.server<type=(ReplicaFetcherManager|ReplicaAlterLogDirsManager), name=MaxLag, topic=([^,>]+), partition=([^,>]+)><>(50|99)thPercentile:'
  name: kafka_server_$1_maxlag
  type: GAUGE
  help: "Bytes of $1 (Kafka 3.9 and later)."
  labels: {topic: "$2", partition: "$3", quantile: "0.$4"}
"#,
        );
        let row = rows.first().unwrap();
        assert_eq!(rows.len(), 2);
        assert_eq!(row.name, "kafka_server_replicafetchermanager_maxlag");
        assert_eq!(row.labels.iter().collect::<Vec<_>>(), ["partition", "quantile", "topic"]);
        assert_eq!(row.opt_in, ["kafka.*:partition=*,*"]);
        assert_eq!((row.meaning.as_str(), row.unit.as_str()), ("Bytes of ReplicaFetcherManager.", "bytes"));
        let source = "kafka.server:type=ReplicaFetcherManager,name=MaxLag,topic=*,partition=* {50,99}thPercentile";
        assert_eq!(row.source, source);
        assert_eq!((row.since.as_str(), row.series.as_str()), ("0.1.0; Kafka 3.9 and later", "≤ 2 R"));
    }

    #[test]
    fn rules_for_one_metric_share_a_row_and_add_up() {
        let rule = |requests: &str| {
            format!(
                "- pattern: '^kafka\\.network<type=RequestMetrics, name=TotalTimeMs, request=({requests})><>Count:'\n  \
                 name: kafka_network_time_count\n  type: COUNTER\n  help: Requests.\n  labels: {{request: \"$1\"}}\n"
            )
        };
        let rows = rows(&format!("rules:\n{}{}", rule("A|B|C"), rule("D|E")));
        assert_eq!(rows.len(), 1);
        assert_eq!(rows.first().unwrap().series, "≤ 5 N");
    }

    #[test]
    fn what_may_be_missing_is_the_total_beside_the_parts() {
        let rows = rows(
            "rules:\n- pattern: '^kafka\\.server<type=B, name=C(?:, topic=([^,>]+))?><>Count:'\n  name: kafka_server_b\n  \
             labels: {topic: \"$1\"}\n",
        );
        assert_eq!(rows.first().unwrap().series, "≤ N T + N");
    }
}
