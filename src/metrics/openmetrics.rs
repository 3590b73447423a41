//! OpenMetrics 1.0: a page in, bytes out. Inherited names do not keep its rules (a counter ends in `_total` and is
//! neither NaN nor negative, no family is named like another's sample); a family that breaks one is written as
//! `unknown`, with the names of its samples as they are.
//! Format: <https://prometheus.io/docs/specs/om/open_metrics_spec/>.

use std::borrow::Cow;

use rustc_hash::{FxHashMap, FxHashSet};

use super::page::{Page, PageFamily, PageSample};
use super::{MetricType, Suffix, lines};

/// Appends `page` to `out`, with the closing `# EOF`. UTF-8.
pub fn write(page: &Page<'_>, out: &mut Vec<u8>) {
    let kinds: Vec<Kind<'_>> = page.families.iter().map(Kind::of).collect();
    let mut claims: FxHashMap<Cow<'_, str>, u32> = FxHashMap::default();
    for name in page.families.iter().zip(&kinds).flat_map(|(family, kind)| kind.claims(family)) {
        *claims.entry(name).or_default() += 1;
    }
    // All that clash give way, so that a type does not depend on which of them is looked at first. What is left claims
    // a part of what it claimed before, so that one pass will do.
    for (family, kind) in page.families.iter().zip(kinds) {
        let clashes = kind.claims(family).iter().any(|name| claims.get(name).is_some_and(|count| *count > 1));
        write_family(family, if clashes { kind.demoted() } else { kind }, out);
    }
    out.extend_from_slice(b"# EOF\n");
}

/// How a family is written.
#[derive(Clone, Copy)]
enum Kind<'p> {
    /// With the family's name in OpenMetrics, which is that without `_total`.
    Counter(&'p str),
    Gauge,
    Summary,
    Unknown,
    /// One unknown family per suffix.
    BrokenSummary,
}

impl<'p> Kind<'p> {
    /// The kind as far as the family itself tells.
    fn of(family: &'p PageFamily<'_>) -> Self {
        let below_zero_or_nan = |sample: PageSample<'_>| sample.value.is_nan() || sample.value < 0.0;
        match family.kind {
            MetricType::Gauge => Self::Gauge,
            MetricType::Unknown => Self::Unknown,
            MetricType::Counter => match family.name.strip_suffix("_total") {
                Some(name) if !name.is_empty() && !family.samples().any(below_zero_or_nan) => Self::Counter(name),
                _ => Self::Unknown,
            },
            MetricType::Summary => {
                let broken = family.samples().any(|sample| {
                    below_zero_or_nan(sample)
                        || (sample.suffix == Suffix::Count.as_str() && sample.value.fract() != 0.0)
                });
                if broken || scattered(family) { Self::BrokenSummary } else { Self::Summary }
            }
        }
    }

    /// The names that no other family may claim: its own and those that its samples have or could have.
    fn claims(self, family: &'p PageFamily<'_>) -> Vec<Cow<'p, str>> {
        let own = Cow::Borrowed(&*family.name);
        let with = |suffix: &str| Cow::Owned(format!("{}{suffix}", family.name));
        match self {
            Self::Counter(name) => vec![own, name.into(), format!("{name}_created").into()],
            Self::Gauge | Self::Unknown => vec![own],
            Self::Summary => vec![own, with("_count"), with("_sum"), with("_created")],
            Self::BrokenSummary => vec![with("_count"), with("_sum")],
        }
    }

    fn demoted(self) -> Self {
        match self {
            Self::Counter(_) => Self::Unknown,
            Self::Summary => Self::BrokenSummary,
            Self::Gauge | Self::Unknown | Self::BrokenSummary => self,
        }
    }
}

/// Whether samples of equal labels, which are one summary, do not follow one another.
fn scattered(family: &PageFamily<'_>) -> bool {
    let mut seen = FxHashSet::default();
    let mut last = None;
    family.samples().any(|sample| {
        let labels = sample.added.joined(sample.own);
        let changes = last.replace(labels.clone()).is_none_or(|last| last != labels);
        changes && !seen.insert(labels)
    })
}

fn write_family(family: &PageFamily<'_>, kind: Kind<'_>, out: &mut Vec<u8>) {
    let (name, kind) = match kind {
        Kind::Counter(name) => (name, MetricType::Counter),
        Kind::Gauge => (&*family.name, MetricType::Gauge),
        Kind::Summary => (&*family.name, MetricType::Summary),
        Kind::Unknown => (&*family.name, MetricType::Unknown),
        Kind::BrokenSummary => return write_taken_apart(family, out),
    };
    lines::help(out, &[name], family.help, true);
    lines::kind(out, &[name], kind.as_str());
    for sample in family.samples() {
        lines::sample(out, &family.name, sample.suffix, &sample);
    }
}

fn write_taken_apart(family: &PageFamily<'_>, out: &mut Vec<u8>) {
    for suffix in [Suffix::Count.as_str(), Suffix::Sum.as_str()] {
        let mut samples = family.samples().filter(|sample| sample.suffix == suffix).peekable();
        if samples.peek().is_none() {
            continue;
        }
        lines::help(out, &[&family.name, suffix], family.help, true);
        lines::kind(out, &[&family.name, suffix], MetricType::Unknown.as_str());
        for sample in samples {
            lines::sample(out, &family.name, suffix, &sample);
        }
    }
}
