//! OpenMetrics 1.0: a page in, bytes out. Inherited names do not keep its rules (a counter ends in `_total` and is
//! neither NaN nor negative, no family is named like another's sample); a family that breaks one is written as
//! `unknown`, with the names of its samples as they are.
//! Format: <https://prometheus.io/docs/specs/om/open_metrics_spec/>.

use std::borrow::Cow;
use std::io::{self, Write};

use rustc_hash::{FxHashMap, FxHashSet};

use super::lines::Lines;
use super::page::{Page, PageFamily, PageSample};
use super::{MetricType, Suffix};

/// Writes `page` to `out` piece by piece, with the closing `# EOF`. UTF-8. An error is one of `out`.
pub fn write(page: &Page<'_>, out: &mut impl Write) -> io::Result<()> {
    let kinds: Vec<Kind<'_>> = page.families.iter().map(Kind::of).collect();
    let mut claims: FxHashMap<Cow<'_, str>, u32> = FxHashMap::default();
    for name in page.families.iter().zip(&kinds).flat_map(|(family, kind)| kind.claims(family)) {
        *claims.entry(name).or_default() += 1;
    }
    // All that clash give way, so that a type does not depend on which of them is looked at first. What is left claims
    // a part of what it claimed before, so that one pass will do.
    let mut lines = Lines::new(out);
    for (family, kind) in page.families.iter().zip(kinds) {
        let clashes = kind.claims(family).iter().any(|name| claims.get(name).is_some_and(|count| *count > 1));
        write_family(family, if clashes { kind.demoted() } else { kind }, &mut lines)?;
    }
    lines.eof();
    lines.finish()
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
        let labels = sample.added.joined(sample.own.text());
        let changes = last.replace(labels.clone()).is_none_or(|last| last != labels);
        changes && !seen.insert(labels)
    })
}

fn write_family(family: &PageFamily<'_>, kind: Kind<'_>, lines: &mut Lines<'_, impl Write>) -> io::Result<()> {
    let (name, kind) = match kind {
        Kind::Counter(name) => (name, MetricType::Counter),
        Kind::Gauge => (&*family.name, MetricType::Gauge),
        Kind::Summary => (&*family.name, MetricType::Summary),
        Kind::Unknown => (&*family.name, MetricType::Unknown),
        Kind::BrokenSummary => return write_taken_apart(family, lines),
    };
    lines.help(&[name], family.help, true);
    lines.kind(&[name], kind.as_str());
    for sample in family.samples() {
        lines.sample(&family.name, sample.suffix, &sample)?;
    }
    Ok(())
}

fn write_taken_apart(family: &PageFamily<'_>, lines: &mut Lines<'_, impl Write>) -> io::Result<()> {
    for suffix in [Suffix::Count.as_str(), Suffix::Sum.as_str()] {
        let mut samples = family.samples().filter(|sample| sample.suffix == suffix).peekable();
        if samples.peek().is_none() {
            continue;
        }
        lines.help(&[&family.name, suffix], family.help, true);
        lines.kind(&[&family.name, suffix], MetricType::Unknown.as_str());
        for sample in samples {
            lines.sample(&family.name, suffix, &sample)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::metrics::{Family, Labels, Part, Sample, merge};

    use super::*;

    fn written(families: &[Family]) -> String {
        let mut out = Vec::new();
        write(&merge(&[Part { labels: Labels::none(), families }]), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn single(name: &str, kind: MetricType, value: f64) -> Family {
        let mut family = Family::new(name, kind, "");
        family.push(Labels::none(), value);
        family
    }

    fn summary(name: &str, samples: &[(Suffix, &str, f64)]) -> Family {
        let mut family = Family::new(name, MetricType::Summary, "A \"quote\".");
        family.samples.extend(samples.iter().map(|(suffix, x, value)| Sample {
            suffix: *suffix,
            labels: Labels::new([("x", *x)]),
            value: *value,
        }));
        family
    }

    #[test]
    fn an_empty_page_is_its_end() {
        assert_eq!(written(&[]), "# EOF\n");
    }

    #[test]
    fn a_counter_is_one_only_if_it_keeps_the_rules() {
        for (name, value, expected) in [
            ("a_total", 1.0, "# TYPE a counter\na_total 1\n"),
            ("a_total", f64::INFINITY, "# TYPE a counter\na_total +Inf\n"),
            ("a_total", f64::NAN, "# TYPE a_total unknown\na_total NaN\n"),
            ("a_total", -1.0, "# TYPE a_total unknown\na_total -1\n"),
            ("a", 1.0, "# TYPE a unknown\na 1\n"),
            ("_total", 1.0, "# TYPE _total unknown\n_total 1\n"),
        ] {
            assert_eq!(written(&[single(name, MetricType::Counter, value)]), format!("{expected}# EOF\n"));
        }
    }

    #[test]
    fn a_counter_that_clashes_becomes_unknown_and_the_other_stays() {
        for other in ["a", "a_created"] {
            let text = written(&[single("a_total", MetricType::Counter, 1.0), single(other, MetricType::Gauge, 2.0)]);
            assert!(text.contains("# TYPE a_total unknown\na_total 1\n"), "{text}");
            assert!(text.contains(&format!("# TYPE {other} gauge\n{other} 2\n")), "{text}");
        }
    }

    #[test]
    fn counters_that_clash_with_one_another_all_become_unknown() {
        let text = written(&["a_total", "a_total_total"].map(|name| single(name, MetricType::Counter, 1.0)));
        assert_eq!(text, "# TYPE a_total unknown\na_total 1\n# TYPE a_total_total unknown\na_total_total 1\n# EOF\n");
    }

    #[test]
    fn a_summary_is_one_only_if_it_keeps_the_rules() {
        use Suffix::{Count, Sum};
        let whole = "# HELP s A \\\"quote\\\".\n# TYPE s summary\n";
        assert!(written(&[summary("s", &[(Count, "1", 1.0), (Sum, "1", 0.5), (Count, "2", 3.0)])]).starts_with(whole));
        for samples in [
            &[(Count, "1", 1.5), (Sum, "1", 0.5)][..],
            &[(Count, "1", f64::INFINITY), (Sum, "1", 0.5)],
            &[(Count, "1", 1.0), (Sum, "1", f64::NAN)],
            &[(Count, "1", 1.0), (Sum, "1", -1.0)],
            &[(Count, "1", 1.0), (Count, "2", 1.0), (Sum, "1", 0.5)],
        ] {
            let text = written(&[summary("s", samples)]);
            assert!(
                text.starts_with("# HELP s_count A \\\"quote\\\".\n# TYPE s_count unknown\ns_count{x=\"1\"} "),
                "{text}"
            );
            assert!(text.contains("# TYPE s_sum unknown\ns_sum{x=\"1\"} "), "{text}");
        }
        let clash = written(&[summary("s", &[(Count, "1", 1.0)]), single("s_created", MetricType::Gauge, 1.0)]);
        assert!(clash.contains("# TYPE s_count unknown\n"), "{clash}");
        let counter = written(&[summary("s", &[(Count, "1", 1.0)]), single("s_sum_total", MetricType::Counter, 1.0)]);
        assert!(
            counter.contains("# TYPE s_count unknown\n") && counter.contains("# TYPE s_sum_total unknown\n"),
            "{counter}"
        );
    }
}
