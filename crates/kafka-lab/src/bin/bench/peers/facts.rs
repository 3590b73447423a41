//! What pages tell: pages in, how many series each kind of fact has and whether all programs tell the same out.

use std::collections::{BTreeMap, HashMap};

use kafka_lab::{LabError, Result};

use super::programs::Who;

/// A kind of fact: the family that holds it in kafka_exporter's names, which are ours too, and in kminion's.
pub(super) struct Fact {
    pub(super) what: &'static str,
    theirs: Option<&'static str>,
    kminion: Option<&'static str>,
    equality: Equality,
}

/// Which values must be equal.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Equality {
    /// None: one program has the fact in the value, another in a label.
    Counted,
    /// All but -1, which is kafka_exporter's and our word for a partition without a commit and which kminion leaves out.
    Values,
    /// All but kafka_exporter's, which adds up the -1 of partitions without a commit.
    Sums,
}

const fn fact(what: &'static str, theirs: &'static str, kminion: Option<&'static str>, equality: Equality) -> Fact {
    Fact { what, theirs: Some(theirs), kminion, equality }
}

/// The kinds that ours and a peer have.
pub(super) const FACTS: &[Fact] = &[
    fact("broker", "kafka_broker_info", Some("kminion_kafka_broker_info"), Equality::Counted),
    fact("topic's partition count", "kafka_topic_partitions", Some("kminion_kafka_topic_info"), Equality::Counted),
    fact(
        "partition's end offset",
        "kafka_topic_partition_current_offset",
        Some("kminion_kafka_topic_partition_high_water_mark"),
        Equality::Values,
    ),
    fact(
        "partition's start offset",
        "kafka_topic_partition_oldest_offset",
        Some("kminion_kafka_topic_partition_low_water_mark"),
        Equality::Values,
    ),
    fact("partition's leader", "kafka_topic_partition_leader", None, Equality::Values),
    fact("partition's replicas", "kafka_topic_partition_replicas", None, Equality::Values),
    fact("partition's in-sync replicas", "kafka_topic_partition_in_sync_replica", None, Equality::Values),
    fact("leader is preferred", "kafka_topic_partition_leader_is_preferred", None, Equality::Values),
    fact("partition is under-replicated", "kafka_topic_partition_under_replicated_partition", None, Equality::Values),
    fact("group's offset on a partition", "kafka_consumergroup_current_offset", None, Equality::Values),
    fact(
        "group's lag on a partition",
        "kafka_consumergroup_lag",
        Some("kminion_kafka_consumer_group_topic_partition_lag"),
        Equality::Values,
    ),
    fact(
        "group's offset sum on a topic",
        "kafka_consumergroup_current_offset_sum",
        Some("kminion_kafka_consumer_group_topic_offset_sum"),
        Equality::Sums,
    ),
    fact(
        "group's lag sum on a topic",
        "kafka_consumergroup_lag_sum",
        Some("kminion_kafka_consumer_group_topic_lag"),
        Equality::Values,
    ),
    fact(
        "group's members",
        "kafka_consumergroup_members",
        Some("kminion_kafka_consumer_group_members"),
        Equality::Values,
    ),
];

impl Fact {
    fn family(&self, who: Who) -> Option<&'static str> {
        if who.speaks_kminion() { self.kminion } else { self.theirs }
    }

    fn is_comparable(&self, who: Who) -> bool {
        match self.equality {
            Equality::Counted => false,
            Equality::Values => true,
            Equality::Sums => who != Who::KafkaExporter,
        }
    }
}

/// One program's page, by family.
pub(super) struct Page {
    pub(super) who: Who,
    pub(super) series: usize,
    families: BTreeMap<String, Vec<(Key, f64)>>,
}

/// Group (empty for facts on topics), topic and partition.
type Key = (String, String, String);

impl Page {
    /// Reads the text format. Names of the states' topics and groups need no unescaping.
    pub(super) fn read(who: Who, text: &str) -> Result<Self> {
        let mut page = Self { who, series: 0, families: BTreeMap::new() };
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let broken = || LabError::Input(format!("{}: no line of a metrics page: {line:?}", who.name()));
            let (series, value) = line.rsplit_once(' ').ok_or_else(broken)?;
            let value: f64 = value.parse().map_err(|_| broken())?;
            let (family, labels) = series.split_once('{').unwrap_or((series, ""));
            let key = (
                label(labels, &["consumergroup", "group_id"]),
                label(labels, &["topic", "topic_name"]),
                label(labels, &["partition", "partition_id"]),
            );
            page.families.entry(family.to_owned()).or_default().push((key, value));
            page.series += 1;
        }
        Ok(page)
    }

    /// Series of a kind of fact; `None` if the program does not have the kind.
    pub(super) fn count(&self, fact: &Fact) -> Option<usize> {
        self.families.get(fact.family(self.who)?).map(Vec::len)
    }

    /// Series of all kinds that the other page has as well.
    pub(super) fn shared_with(&self, other: &Self) -> usize {
        FACTS.iter().filter(|fact| other.count(fact).is_some()).filter_map(|fact| self.count(fact)).sum()
    }

    /// Families about the cluster that hold none of the facts, with their series, and the series about the program.
    pub(super) fn others(&self) -> (Vec<(&str, usize)>, usize) {
        let others = self
            .families
            .iter()
            .filter(|(family, _)| FACTS.iter().all(|fact| fact.family(self.who) != Some(family.as_str())));
        let (about_cluster, about_itself): (Vec<_>, Vec<_>) = others.partition(|(family, _)| is_about_cluster(family));
        let itself = about_itself.iter().map(|(_, series)| series.len()).sum();
        (about_cluster.into_iter().map(|(family, series)| (family.as_str(), series.len())).collect(), itself)
    }

    fn values(&self, fact: &Fact) -> HashMap<&Key, f64> {
        let series = fact.family(self.who).and_then(|family| self.families.get(family));
        series.into_iter().flatten().map(|(key, value)| (key, *value)).filter(|(_, value)| *value != -1.0).collect()
    }
}

/// Whether a family is about the cluster, not about the program itself.
fn is_about_cluster(family: &str) -> bool {
    let own = [
        "kafka_vitals_",
        "kafka_exporter_",
        "kminion_kafka_requests_",
        "kminion_kafka_received_",
        "kminion_kafka_sent_",
    ];
    ["kafka_", "kminion_kafka_"].iter().any(|prefix| family.starts_with(prefix))
        && !own.iter().any(|prefix| family.starts_with(prefix))
}

/// The value of the first of these labels that is there; empty without any.
fn label(labels: &str, names: &[&str]) -> String {
    let value = |name: &&str| {
        let start = format!("{name}=\"");
        let at = labels
            .match_indices(&start)
            .map(|(at, _)| at)
            .find(|at| *at == 0 || labels[..*at].ends_with([',', ' ']))?;
        labels[at + start.len()..].split('"').next()
    };
    names.iter().find_map(value).unwrap_or_default().to_owned()
}

/// Compares every value of every kind that both pages have, ours first. Returns how many were equal; the first that differs is an error.
pub(super) fn compare(ours: &Page, theirs: &Page) -> Result<usize> {
    let mut equal = 0;
    for fact in FACTS.iter().filter(|fact| fact.is_comparable(ours.who) && fact.is_comparable(theirs.who)) {
        if ours.count(fact).is_none() || theirs.count(fact).is_none() {
            continue;
        }
        let (here, there) = (ours.values(fact), theirs.values(fact));
        let keys = here.keys().chain(there.keys().filter(|key| !here.contains_key(**key)));
        // kminion does not ask for the offsets of internal topics.
        let is_asked_by_both = |key: &&&Key| !theirs.who.speaks_kminion() || !key.1.starts_with("__");
        for key in keys.filter(is_asked_by_both) {
            let (mine, other) = (here.get(key), there.get(key));
            if mine != other {
                let shown = |value: Option<&f64>| value.map_or("nothing".to_owned(), f64::to_string);
                let (group, topic, partition) = key;
                return Err(LabError::Input(format!(
                    "{} of group {group:?}, topic {topic:?}, partition {partition:?}: {} says {}, {} says {}",
                    fact.what,
                    ours.who.name(),
                    shown(mine),
                    theirs.who.name(),
                    shown(other)
                )));
            }
            equal += 1;
        }
    }
    Ok(equal)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "# TYPE kafka_consumergroup_lag gauge\n\
        kafka_consumergroup_lag{consumergroup=\"g\",partition=\"0\",topic=\"t\"} 2\n\
        kafka_consumergroup_lag{consumergroup=\"g\",partition=\"1\",topic=\"t\"} -1\n\
        kafka_consumergroup_current_offset_sum{consumergroup=\"g\",topic=\"t\"} 1\n\
        kafka_vitals_build_info{version=\"0\"} 1\n";

    fn kminion(lag: &str) -> Page {
        let text = format!(
            "kminion_kafka_consumer_group_topic_partition_lag{{group_id=\"g\",partition_id=\"0\",topic_name=\"t\"}} {lag}\n\
             kminion_kafka_consumer_group_info{{group_id=\"g\"}} 0\n"
        );
        Page::read(Who::Kminion, &text).expect("a page")
    }

    #[test]
    fn equal_lags_are_counted_and_partitions_without_a_commit_left_out() {
        let ours = Page::read(Who::Steady, OURS).expect("a page");
        assert_eq!(compare(&ours, &kminion("2")).expect("equal"), 1);
        assert_eq!((ours.series, ours.shared_with(&kminion("2")), kminion("2").shared_with(&ours)), (4, 2, 1));
        assert_eq!(ours.others(), (vec![], 1));
        assert_eq!(kminion("2").others(), (vec![("kminion_kafka_consumer_group_info", 1)], 0));
    }

    #[test]
    fn a_different_value_and_one_that_only_one_side_has_are_errors() {
        let ours = Page::read(Who::Steady, OURS).expect("a page");
        for (lag, said) in [("3", "kminion says 3"), ("-1", "kminion says nothing")] {
            let error = compare(&ours, &kminion(lag)).expect_err("it differs").to_string();
            assert!(error.contains("kafka-vitals, steady says 2") && error.contains(said), "{error}");
        }
        let empty =
            Page::read(Who::Steady, "kafka_consumergroup_lag{consumergroup=\"g\",partition=\"7\",topic=\"t\"} 2\n");
        assert!(compare(&empty.expect("a page"), &kminion("2")).is_err());
    }

    #[test]
    fn kafka_exporters_sums_are_not_compared() {
        let ours = Page::read(Who::Steady, OURS).expect("a page");
        let text = "kafka_consumergroup_current_offset_sum{consumergroup=\"g\",topic=\"t\"} 0\n";
        assert_eq!(
            compare(&ours, &Page::read(Who::KafkaExporter, text).expect("a page")).expect("nothing compared"),
            0
        );
    }

    #[test]
    fn labels_are_found_by_their_whole_name() {
        assert_eq!(label("nottopic=\"a\",topic=\"b\"} ", &["topic"]), "b");
        assert_eq!(label("", &["topic"]), "");
        assert!(Page::read(Who::Kminion, "<html>\n").is_err());
    }
}
