//! Many collectors' families in, one page out: families of the same name become one, with one type and one help text,
//! and what the parsers of text format 0.0.4 would stumble over is taken apart.

use std::borrow::Cow;
use std::collections::BTreeMap;

// Keys are short strings of our own, and there may be 200,000 of them: std's hasher takes twice the time.
use rustc_hash::FxHashSet;

use super::labels::pairs;
use super::page::{OwnLabels, Page, PageFamily, Run, Slice, SliceSample};
use super::{Family, Labels, MetricType, Suffix};

/// What one collector adds to a page.
#[derive(Debug, Clone)]
pub struct Part<'a> {
    /// Labels that each sample gets on this page (`broker="1"`, constant labels). A sample's own label of the same name
    /// becomes `exported_<name>`.
    pub labels: Labels,
    /// Families.
    pub families: &'a [Family],
}

/// Merges `parts`, given in order of priority: of samples with equal name and labels the first stays, and of help texts
/// the first that is not empty. Families whose types differ become unknown. Cost: linear in samples, n log n in
/// families.
pub fn merge<'a>(parts: &[Part<'a>]) -> Page<'a> {
    let added: Vec<Added> = parts.iter().map(|part| Added::new(&part.labels)).collect();
    let mut pending: BTreeMap<Cow<'a, str>, Vec<Occurrence<'a>>> = BTreeMap::new();
    for (part, families) in parts.iter().map(|part| part.families).enumerate() {
        for family in families.iter().filter(|family| !family.is_empty()) {
            let name = Cow::Borrowed(&*family.name);
            pending.entry(name).or_default().push(Occurrence { part, family, moved: None });
        }
    }

    let mut page = Page { families: Vec::with_capacity(pending.len()), duplicates: 0 };
    // In ascending order: what is moved goes to a longer name that starts with this one, so it is still to come.
    while let Some((name, occurrences)) = pending.pop_first() {
        let mut kind = agreed_type(&occurrences);
        if kind == MetricType::Summary && !stays_summary(&name, &occurrences, &added, &pending) {
            kind = MetricType::Unknown;
        }
        if kind != MetricType::Summary {
            move_suffixed(&name, &occurrences, &mut pending);
        }
        let (mut runs, renamed) = runs(&occurrences, kind, &added);
        if renamed || may_repeat(&occurrences, &added) {
            let (kept, dropped) = without_duplicates(&runs, kind);
            runs = kept;
            page.duplicates += dropped;
        }
        if !runs.is_empty() {
            let help = occurrences.iter().map(|at| &*at.family.help).find(|help| !help.is_empty()).unwrap_or("");
            page.families.push(PageFamily { name, help, kind, runs });
        }
    }
    page
}

/// A family in a part.
#[derive(Clone, Copy)]
struct Occurrence<'a> {
    part: usize,
    family: &'a Family,
    /// Only the samples with this suffix, of a family that cannot be a summary here: the suffix is part of the name.
    moved: Option<Suffix>,
}

impl Occurrence<'_> {
    fn has(&self, suffix: Suffix) -> bool {
        self.moved.is_none() && self.family.samples.iter().any(|sample| sample.suffix == suffix)
    }
}

fn agreed_type(occurrences: &[Occurrence<'_>]) -> MetricType {
    let mut types = occurrences.iter().map(|at| at.moved.map_or(at.family.kind, |_| MetricType::Unknown));
    let first = types.next().unwrap_or(MetricType::Unknown);
    if types.all(|kind| kind == first) { first } else { MetricType::Unknown }
}

/// Whether parsers take these samples as a summary: they refuse a family of its own that is named like one of the
/// summary's samples, read the label `quantile` as a number, and drop a sample that has neither suffix nor quantile.
fn stays_summary(
    name: &str,
    occurrences: &[Occurrence<'_>],
    added: &[Added],
    pending: &BTreeMap<Cow<'_, str>, Vec<Occurrence<'_>>>,
) -> bool {
    let named_like_a_sample =
        [Suffix::Count, Suffix::Sum].iter().any(|suffix| pending.contains_key(&*suffixed(name, *suffix)));
    let quantile = |labels: &Labels| labels.rendered_pairs().any(|(name, _)| name == "quantile");
    !named_like_a_sample
        && occurrences.iter().all(|at| {
            !quantile(&added[at.part].labels)
                && at.family.column.is_empty()
                && at.family.samples.iter().all(|sample| sample.suffix != Suffix::None && !quantile(&sample.labels))
        })
}

/// Gives the samples with a suffix families of their own.
fn move_suffixed<'a>(
    name: &str,
    occurrences: &[Occurrence<'a>],
    pending: &mut BTreeMap<Cow<'a, str>, Vec<Occurrence<'a>>>,
) {
    for suffix in [Suffix::Count, Suffix::Sum] {
        let mut moved = occurrences
            .iter()
            .filter(|at| at.has(suffix))
            .map(|at| Occurrence { moved: Some(suffix), ..*at })
            .peekable();
        if moved.peek().is_some() {
            let there = pending.entry(suffixed(name, suffix).into()).or_default();
            there.extend(moved);
            there.sort_by_key(|at| at.part);
        }
    }
}

fn suffixed(name: &str, suffix: Suffix) -> String {
    format!("{name}{}", suffix.as_str())
}

/// The runs, and whether a label was renamed.
fn runs<'a>(occurrences: &[Occurrence<'a>], kind: MetricType, added: &[Added]) -> (Vec<Run<'a>>, bool) {
    let mut runs = Vec::with_capacity(occurrences.len());
    let mut any_renamed = false;
    for at in occurrences {
        let added = &added[at.part];
        let wanted = at.moved.unwrap_or(Suffix::None);
        split(&mut runs, &Slice::Listed(&at.family.samples), &added.labels, |sample| {
            if kind != MetricType::Summary && sample.suffix != wanted {
                return Fate::Drop;
            }
            let renamed = added.rename(sample.own);
            any_renamed |= renamed.is_some();
            renamed.map_or(Fate::Keep, Fate::Rename)
        });
        let column = &at.family.column;
        if column.is_empty() || at.moved.is_some() {
            continue;
        }
        let rows = Slice::Rows(column, column.rows());
        if added.starts.iter().any(|start| column.labels_contain(start)) {
            any_renamed = true;
            split(&mut runs, &rows, &added.labels, |sample| added.rename(sample.own).map_or(Fate::Keep, Fate::Rename));
        } else {
            runs.push(Run { added: added.labels.clone(), samples: rows, renamed: None });
        }
    }
    (runs, any_renamed)
}

enum Fate {
    Keep,
    Rename(Labels),
    Drop,
}

/// Appends `samples` to `runs`, in as few runs as their fates allow.
fn split<'a>(
    runs: &mut Vec<Run<'a>>,
    samples: &Slice<'a>,
    added: &Labels,
    mut fate: impl FnMut(SliceSample<'a>) -> Fate,
) {
    let mut push = |samples: Slice<'a>, renamed| {
        if !samples.is_empty() {
            runs.push(Run { added: added.clone(), samples, renamed });
        }
    };
    let places = samples.places();
    let mut start = places.start;
    for sample in samples.samples() {
        let renamed = match fate(sample) {
            Fate::Keep => continue,
            Fate::Rename(labels) => Some(labels),
            Fate::Drop => None,
        };
        push(samples.part(start..sample.at), None);
        if renamed.is_some() {
            push(samples.part(sample.at..sample.at + 1), renamed);
        }
        start = sample.at + 1;
    }
    push(samples.part(start..places.end), None);
}

/// Whether two occurrences can hold samples of equal labels. They cannot if they add the same names with different
/// values, which is what the nodes of a cluster do; so the usual family is not searched.
fn may_repeat(occurrences: &[Occurrence<'_>], added: &[Added]) -> bool {
    let mut seen = FxHashSet::default();
    let mut all = occurrences.iter().map(|at| &added[at.part]);
    let Some(first) = all.next() else { return false };
    seen.insert(&first.labels);
    all.any(|other| other.names != first.names || !seen.insert(&other.labels))
}

/// The runs with the first of equal samples only, and how many that left out.
fn without_duplicates<'a>(runs: &[Run<'a>], kind: MetricType) -> (Vec<Run<'a>>, u64) {
    let mut kept = Vec::with_capacity(runs.len());
    let mut seen = FxHashSet::default();
    let mut dropped = 0;
    for run in runs {
        split(&mut kept, &run.samples, &run.added, |sample| {
            let suffix = if kind == MetricType::Summary { sample.suffix } else { Suffix::None };
            let own = run.renamed.as_ref().map_or(sample.own, OwnLabels::Rendered);
            if !seen.insert((suffix, run.added.joined(own.text()))) {
                dropped += 1;
                return Fate::Drop;
            }
            run.renamed.clone().map_or(Fate::Keep, Fate::Rename)
        });
    }
    (kept, dropped)
}

/// The labels that a part adds.
struct Added {
    labels: Labels,
    names: Vec<String>,
    /// `name="` of each: what to search rendered labels for.
    starts: Vec<String>,
}

impl Added {
    fn new(labels: &Labels) -> Self {
        let names: Vec<_> = labels.rendered_pairs().map(|(name, _)| name.to_owned()).collect();
        let starts = names.iter().map(|name| format!("{name}=\"")).collect();
        Self { labels: labels.clone(), names, starts }
    }

    /// A sample's own labels under names that no added label has; `None` if they can stay as they are.
    fn rename(&self, own: OwnLabels<'_>) -> Option<Labels> {
        let text = own.text();
        // Finds every such name, and now and then the end of a longer one or of a value; the pairs tell.
        if !self.starts.iter().any(|start| text.contains(start.as_str())) {
            return None;
        }
        let mut pairs = pairs(&text);
        let mut renamed = false;
        for at in 0..pairs.len() {
            if !self.names.contains(&pairs[at].0) {
                continue;
            }
            let mut name = format!("exported_{}", pairs[at].0);
            while self.names.contains(&name) || pairs.iter().any(|pair| pair.0 == name) {
                name.insert_str(0, "exported_");
            }
            pairs[at].0 = name;
            renamed = true;
        }
        renamed.then(|| Labels::new(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()))))
    }
}

#[cfg(test)]
mod tests {
    use crate::metrics::{Sample, Table};

    use super::*;

    type Pairs<'a> = &'a [(&'a str, &'a str)];

    fn family(name: &str, kind: MetricType, samples: &[(Suffix, Pairs<'_>, f64)]) -> Family {
        let mut family = Family::new(name, kind, format!("Help of {name}."));
        family.samples = samples
            .iter()
            .map(|(suffix, labels, value)| Sample {
                suffix: *suffix,
                labels: Labels::new(labels.iter().copied()),
                value: *value,
            })
            .collect();
        family
    }

    fn gauge(name: &str, samples: &[(Pairs<'_>, f64)]) -> Family {
        let samples: Vec<_> = samples.iter().map(|(labels, value)| (Suffix::None, *labels, *value)).collect();
        family(name, MetricType::Gauge, &samples)
    }

    fn part<'a>(labels: Pairs<'_>, families: &'a [Family]) -> Part<'a> {
        Part { labels: Labels::new(labels.iter().copied()), families }
    }

    /// One line per family and per sample, in the page's order.
    fn lines(page: &Page<'_>) -> Vec<String> {
        let mut lines = Vec::new();
        for family in &page.families {
            lines.push(format!("{} {:?}", family.name, family.kind));
            for sample in family.samples() {
                lines.push(format!(
                    "{}{}{{{}|{}}} {}",
                    family.name,
                    sample.suffix,
                    sample.added.as_str(),
                    sample.own.text(),
                    sample.value
                ));
            }
        }
        lines
    }

    #[test]
    fn families_of_two_nodes_become_one_and_samples_stay_where_they_are() {
        let one = [gauge("b", &[(&[], 1.0), (&[("x", "1")], 2.0)]), gauge("a", &[(&[], 3.0)])];
        let two = [gauge("b", &[(&[], 4.0)])];
        let page = merge(&[part(&[("broker", "1")], &one), part(&[("broker", "2")], &two)]);
        assert_eq!(
            lines(&page),
            [
                "a Gauge",
                r#"a{broker="1"|} 3"#,
                "b Gauge",
                r#"b{broker="1"|} 1"#,
                r#"b{broker="1"|x="1"} 2"#,
                r#"b{broker="2"|} 4"#
            ]
        );
        assert_eq!((page.series(), page.duplicates), (4, 0));
        assert_eq!(page.families[1].runs.len(), 2);
        assert!(
            matches!(page.families[1].runs[0].samples, Slice::Listed(samples) if std::ptr::eq(samples, &one[0].samples[..]))
        );
    }

    #[test]
    fn an_own_label_with_the_name_of_an_added_one_is_exported() {
        let families = [gauge(
            "m",
            &[
                (&[("broker", "7"), ("x", "1")], 1.0),
                (&[("broker", "7"), ("exported_broker", "8")], 2.0),
                (&[("the_broker", "broker=\"1\"")], 3.0),
            ],
        )];
        let page = merge(&[part(&[("broker", "1")], &families)]);
        assert_eq!(
            lines(&page),
            [
                "m Gauge",
                r#"m{broker="1"|exported_broker="7",x="1"} 1"#,
                r#"m{broker="1"|exported_broker="8",exported_exported_broker="7"} 2"#,
                r#"m{broker="1"|the_broker="broker=\"1\""} 3"#
            ]
        );
        let untouched = merge(&[part(&[], &families)]);
        assert!(lines(&untouched)[1].contains(r#"{|broker="7",x="1"}"#));
    }

    /// A gauge with samples for these partitions of topics, in columns.
    fn partitions(name: &str, samples: &[(&str, i32, f64)]) -> Family {
        let mut table: Table<1> = Table::new("partition", 0);
        for (topic, partition, value) in samples {
            table.block([("topic", topic)]).push(*partition, [Some(*value)]);
        }
        let [column] = table.into_columns();
        gauge(name, &[]).with_column(column)
    }

    #[test]
    fn columns_are_one_run_whatever_is_added() {
        let families = [partitions("m", &[("a", 0, 1.0), ("a", 1, 2.0), ("b", 0, 3.0)])];
        let page = merge(&[part(&[("env", "x")], &families)]);
        assert_eq!(
            lines(&page),
            [
                "m Gauge",
                r#"m{env="x"|partition="0",topic="a"} 1"#,
                r#"m{env="x"|partition="1",topic="a"} 2"#,
                r#"m{env="x"|partition="0",topic="b"} 3"#
            ]
        );
        assert_eq!((page.families[0].runs.len(), page.series()), (1, 3));
    }

    #[test]
    fn labels_of_columns_that_have_the_name_of_an_added_one_are_exported() {
        let families = [partitions("m", &[("a", 0, 1.0), ("a", 1, 2.0)])];
        for (added, expected) in [
            ([("topic", "x")], r#"m{topic="x"|exported_topic="a",partition="1"} 2"#),
            ([("partition", "x")], r#"m{partition="x"|exported_partition="1",topic="a"} 2"#),
        ] {
            let page = merge(&[part(&added, &families)]);
            assert_eq!((lines(&page)[2].as_str(), page.series(), page.duplicates), (expected, 2, 0));
        }
    }

    #[test]
    fn equal_samples_are_found_among_columns_too() {
        let listed = [gauge("m", &[(&[("partition", "1"), ("topic", "a")], 9.0), (&[], 8.0)])];
        let columns = [partitions("m", &[("a", 0, 1.0), ("a", 1, 2.0), ("a", 2, 3.0)])];
        for (parts, expected) in
            [([&listed, &columns], vec![9.0, 8.0, 1.0, 3.0]), ([&columns, &listed], vec![1.0, 2.0, 3.0, 8.0])]
        {
            let page = merge(&parts.map(|families| part(&[], families)));
            let values: Vec<_> = page.families[0].samples().map(|sample| sample.value).collect();
            assert_eq!((values, page.series(), page.duplicates), (expected, 4, 1));
        }
    }

    #[test]
    fn a_summary_with_a_column_is_taken_apart() {
        let mut families = [partitions("s", &[("a", 0, 1.0)])];
        families[0].kind = MetricType::Summary;
        families[0].samples = family("s", MetricType::Summary, &SUMMARY).samples;
        assert_eq!(
            lines(&merge(&[part(&[], &families)])),
            [
                "s Unknown",
                r#"s{|partition="0",topic="a"} 1"#,
                "s_count Unknown",
                "s_count{|} 2",
                "s_sum Unknown",
                "s_sum{|} 0.5"
            ]
        );
    }

    #[test]
    fn the_first_of_equal_samples_stays_and_the_rest_is_counted() {
        let jvm = [gauge("m", &[(&[("x", "1")], 1.0)])];
        let rules = [gauge("m", &[(&[("x", "0")], 0.0), (&[("x", "1")], 2.0), (&[("x", "2")], 3.0)])];
        for added in [&[][..], &[("broker", "1")]] {
            let page = merge(&[part(added, &jvm), part(added, &rules)]);
            let values: Vec<_> = page.families[0].samples().map(|sample| sample.value).collect();
            assert_eq!((values, page.duplicates, page.series()), (vec![1.0, 0.0, 3.0], 1, 3));
        }
    }

    #[test]
    fn equal_samples_are_found_when_only_one_part_adds_the_label() {
        let cluster = [gauge("m", &[(&[("a", "0"), ("broker", "1"), ("c", "0")], 1.0)])];
        let node = [gauge("m", &[(&[("a", "0"), ("c", "0")], 2.0)])];
        let page = merge(&[part(&[], &cluster), part(&[("broker", "1")], &node), part(&[("broker", "2")], &node)]);
        assert_eq!((page.series(), page.duplicates), (2, 1));
    }

    #[test]
    fn equal_samples_are_found_when_a_renaming_makes_them() {
        let families = [gauge("m", &[(&[("exported_broker", "7")], 1.0), (&[("broker", "7")], 2.0)])];
        let page = merge(&[part(&[("broker", "1")], &families)]);
        assert_eq!(lines(&page), ["m Gauge", r#"m{broker="1"|exported_broker="7"} 1"#]);
        assert_eq!(page.duplicates, 1);
    }

    #[test]
    fn type_and_help_are_agreed() {
        use MetricType::{Counter, Gauge, Unknown};
        for (one, two, agreed) in
            [(Gauge, Gauge, Gauge), (Counter, Gauge, Unknown), (Unknown, Counter, Unknown), (Counter, Counter, Counter)]
        {
            let mut first = [family("m", one, &[(Suffix::None, &[], 1.0)])];
            first[0].help = "".into();
            let second = [family("m", two, &[(Suffix::None, &[], 1.0)])];
            let page = merge(&[part(&[("n", "1")], &first), part(&[("n", "2")], &second)]);
            assert_eq!((page.families[0].kind, page.families[0].help), (agreed, "Help of m."), "{one:?} {two:?}");
            assert_eq!(page.series(), 2);
        }
    }

    const SUMMARY: [(Suffix, Pairs<'_>, f64); 2] = [(Suffix::Count, &[], 2.0), (Suffix::Sum, &[], 0.5)];

    #[test]
    fn a_summary_stays_one_when_nothing_clashes() {
        let families = [family("s", MetricType::Summary, &SUMMARY), gauge("s_max", &[(&[], 1.0)])];
        assert_eq!(
            lines(&merge(&[part(&[], &families)])),
            ["s Summary", "s_count{|} 2", "s_sum{|} 0.5", "s_max Gauge", "s_max{|} 1"]
        );
    }

    #[test]
    fn a_summary_beside_a_family_named_like_its_sample_is_taken_apart() {
        let jvm = [family("s", MetricType::Summary, &SUMMARY)];
        let rules = [gauge("s_count", &[(&[], 9.0), (&[("x", "1")], 3.0)])];
        let page = merge(&[part(&[], &jvm), part(&[], &rules)]);
        assert_eq!(
            lines(&page),
            ["s_count Unknown", "s_count{|} 2", r#"s_count{|x="1"} 3"#, "s_sum Unknown", "s_sum{|} 0.5"]
        );
        assert_eq!((page.families[1].help, page.duplicates), ("Help of s.", 1));
    }

    #[test]
    fn a_summary_that_another_part_calls_a_gauge_loses_no_sample() {
        let one = [family("s", MetricType::Summary, &SUMMARY)];
        let two = [gauge("s", &[(&[], 7.0)])];
        assert_eq!(
            lines(&merge(&[part(&[], &one), part(&[], &two)])),
            ["s Unknown", "s{|} 7", "s_count Unknown", "s_count{|} 2", "s_sum Unknown", "s_sum{|} 0.5"]
        );
    }

    #[test]
    fn a_summary_with_quantile_labels_or_bare_samples_is_taken_apart() {
        let labelled = [family("s", MetricType::Summary, &[(Suffix::Count, &[("quantile", "x")], 1.0)])];
        assert_eq!(merge(&[part(&[], &labelled)]).families[0].name, "s_count");
        let plain = [family("s", MetricType::Summary, &SUMMARY)];
        assert_eq!(merge(&[part(&[("quantile", "x")], &plain)]).families[0].name, "s_count");
        let bare = [family("s", MetricType::Summary, &[(Suffix::None, &[], 1.0)])];
        assert_eq!(lines(&merge(&[part(&[], &bare)])), ["s Unknown", "s{|} 1"]);
    }

    #[test]
    fn summaries_that_clash_in_a_chain_are_all_taken_apart() {
        let families = [family("s", MetricType::Summary, &SUMMARY), family("s_count", MetricType::Summary, &SUMMARY)];
        assert_eq!(
            lines(&merge(&[part(&[], &families)])),
            [
                "s_count Unknown",
                "s_count{|} 2",
                "s_count_count Unknown",
                "s_count_count{|} 2",
                "s_count_sum Unknown",
                "s_count_sum{|} 0.5",
                "s_sum Unknown",
                "s_sum{|} 0.5"
            ]
        );
    }

    #[test]
    fn empty_families_are_left_out_and_clash_with_nothing() {
        let families = [family("s", MetricType::Summary, &SUMMARY), gauge("s_count", &[])];
        assert_eq!(lines(&merge(&[part(&[], &families)]))[0], "s Summary");
    }
}
