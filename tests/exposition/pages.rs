//! Pages for the tests: random ones full of clashes and odd characters, and what has to come of them.

use std::collections::BTreeMap;

use kafka_vitals::metrics::{Family, Format, Labels, MetricType, Part, Sample, Suffix, Table, merge};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::tools::Series;

/// A part that owns its families.
#[derive(Debug, Clone)]
pub(crate) struct OwnedPart {
    pub(crate) labels: Labels,
    pub(crate) families: Vec<Family>,
}

/// The page of `parts`, rendered, and its numbers of series and of duplicates.
pub(crate) fn render(parts: &[OwnedPart], format: Format) -> (String, usize, u64) {
    let families: Vec<Vec<Family>> = parts.iter().map(|part| part.families.iter().map(with_column).collect()).collect();
    let parts: Vec<_> =
        parts.iter().zip(&families).map(|(part, families)| Part { labels: part.labels.clone(), families }).collect();
    let page = merge(&parts);
    let mut out = Vec::new();
    format.write(&page, &mut out).unwrap();
    (String::from_utf8(out).unwrap(), page.series(), page.duplicates)
}

/// What is to be on the page of `parts`, and how many samples are to be left out: without any cleverness.
pub(crate) fn expected(parts: &[OwnedPart]) -> (BTreeMap<Series, f64>, u64) {
    let (mut series, mut duplicates) = (BTreeMap::new(), 0);
    for part in parts {
        let added: BTreeMap<_, _> = part.labels.pairs().into_iter().collect();
        // A family of this very name comes before one that has it with a suffix.
        let mut families: Vec<_> = part.families.iter().collect();
        families.sort_by_key(|family| std::cmp::Reverse(family.name.len()));
        for family in families {
            for sample in &family.samples {
                let mut labels: BTreeMap<_, _> = sample.labels.pairs().into_iter().collect();
                for (name, _) in sample.labels.pairs() {
                    if !added.contains_key(&name) {
                        continue;
                    }
                    let value = labels.remove(&name).unwrap();
                    let mut free = format!("exported_{name}");
                    while added.contains_key(&free) || labels.contains_key(&free) {
                        free = format!("exported_{free}");
                    }
                    labels.insert(free, value);
                }
                labels.extend(added.clone());
                let name = format!("{}{}", family.name, sample.suffix.as_str());
                if series.contains_key(&(name.clone(), labels.clone())) {
                    duplicates += 1;
                } else {
                    series.insert((name, labels), sample.value);
                }
            }
        }
    }
    (series, duplicates)
}

/// The number of a sample that can stand in a column: the value of its label `a`.
fn number(sample: &Sample) -> Option<i32> {
    let pairs = sample.labels.pairs();
    let number: i32 = pairs.iter().find(|(name, _)| name == "a")?.1.parse().ok()?;
    let is_canonical = pairs.contains(&("a".to_owned(), number.to_string()));
    (is_canonical && sample.suffix == Suffix::None && !sample.value.is_nan()).then_some(number)
}

/// The same family with those samples in a column that can stand there. They come last.
fn with_column(family: &Family) -> Family {
    let mut table: Table<1> = Table::new("a", 0);
    for sample in &family.samples {
        let Some(number) = number(sample) else { continue };
        let pairs = sample.labels.pairs();
        let others: Vec<_> = pairs.iter().filter(|(name, _)| name != "a").collect();
        let mut block = match others[..] {
            [] => table.block([]),
            [(name, value)] => table.block([(name.as_str(), value.as_str())]),
            _ => unreachable!("at most two labels"),
        };
        block.push(number, [Some(sample.value)]);
    }
    let [column] = table.into_columns();
    let listed = family.samples.iter().filter(|sample| number(sample).is_none());
    Family { samples: listed.cloned().collect(), ..family.clone() }.with_column(column)
}

/// `count` pages, the same ones each time.
pub(crate) fn examples(count: usize) -> Vec<Vec<OwnedPart>> {
    let mut runner = TestRunner::deterministic();
    (0..count).map(|_| parts().new_tree(&mut runner).unwrap().current()).collect()
}

/// Parts whose names, types and labels clash in all ways.
pub(crate) fn parts() -> impl Strategy<Value = Vec<OwnedPart>> {
    let added = select(vec![
        vec![],
        vec![("broker", "1")],
        vec![("broker", "2")],
        vec![("broker", "2")],
        vec![("broker", "1"), ("env", "a\"\\\nb")],
        vec![("exported_broker", "1")],
        vec![("quantile", "x")],
    ])
    .prop_map(Labels::new);
    let part = (added, vec(family(), 0..8)).prop_map(|(labels, families)| OwnedPart { labels, families });
    vec(part, 0..5)
}

fn family() -> impl Strategy<Value = Family> {
    let suffix = select(vec!["_total", "_count", "_sum", "_created", "_bucket", "_info"]);
    let name = (
        select(vec!["a", "b:c", "_", ":"]),
        prop_oneof![
            3 => Just(vec![]),
            2 => vec(suffix.clone(), 1),
            1 => vec(suffix, 2),
        ],
    )
        .prop_map(|(base, suffixes)| format!("{base}{}", suffixes.concat()));
    let kind = select(vec![MetricType::Counter, MetricType::Gauge, MetricType::Summary, MetricType::Unknown]);
    (name, kind, text(), vec(sample(), 0..6)).prop_map(|(name, kind, help, samples)| {
        let mut family = Family::new(name, kind, help);
        let mut seen = std::collections::HashSet::new();
        for sample in samples {
            let suffix = match kind {
                MetricType::Summary => sample.suffix,
                _ => Suffix::None,
            };
            if seen.insert((suffix, sample.labels.clone())) {
                family.samples.push(Sample { suffix, ..sample });
            }
        }
        family.samples.sort_by_key(|sample| number(sample).is_some());
        family
    })
}

fn sample() -> impl Strategy<Value = Sample> {
    let name =
        select(vec!["a", "broker", "exported_broker", "exported_exported_broker", "quantile", "le", "env", "_b"]);
    let suffix = select(vec![Suffix::Count, Suffix::Sum, Suffix::Count, Suffix::Sum, Suffix::None]);
    let value = prop_oneof![
        6 => select(vec![0.0, 1.0, 2.0]),
        1 => select(vec![0.0, 1.0, 2.0, 0.5, -1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300]),
        1 => any::<f64>()
    ];
    (suffix, vec((name, text()), 0..3), value).prop_map(|(suffix, labels, value)| Sample {
        suffix,
        labels: Labels::new(labels.iter().map(|(name, value)| (*name, value.as_str()))),
        value,
    })
}

/// A label value or help text.
fn text() -> impl Strategy<Value = String> {
    let odd = [
        "",
        "1",
        "x",
        "\"",
        "\\",
        "\n",
        "\\n",
        "\\\"",
        "a=\"b\",broker=",
        "}",
        "{",
        "# EOF",
        " ",
        "\t",
        "\r\n",
        "é\u{2028}",
    ];
    prop_oneof![
        4 => select(vec!["1", "2"]).prop_map(str::to_owned),
        1 => select(odd.to_vec()).prop_map(str::to_owned),
        1 => vec(select(odd.to_vec()), 0..4).prop_map(|pieces| pieces.concat()),
        1 => any::<String>(),
    ]
}
