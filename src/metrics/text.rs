//! Prometheus' text format 0.0.4: a page in, bytes out.
//! Format: <https://prometheus.io/docs/instrumenting/exposition_formats/>.

use std::io::{self, Write};

use super::MetricType;
use super::lines::Lines;
use super::page::Page;

/// Writes `page` to `out` piece by piece. UTF-8. An error is one of `out`.
pub fn write(page: &Page<'_>, out: &mut impl Write) -> io::Result<()> {
    let mut lines = Lines::new(out);
    for family in &page.families {
        lines.help(&[&family.name], family.help, false);
        lines.kind(&[&family.name], type_name(family.kind));
        for sample in family.samples() {
            lines.sample(&family.name, sample.suffix, &sample)?;
        }
    }
    lines.finish()
}

/// An unknown type has another name than in OpenMetrics.
fn type_name(kind: MetricType) -> &'static str {
    if kind == MetricType::Unknown { "untyped" } else { kind.as_str() }
}

#[cfg(test)]
mod tests {
    use crate::metrics::{Family, Labels, Part, Sample, Suffix, merge};

    use super::*;

    #[test]
    fn a_page_is_written_line_by_line() {
        let mut odd = Family::new("b", MetricType::Unknown, "A \"quoted\"\\path\nand a second line.");
        odd.push(Labels::new([("x", "1")]), 0.5);
        let mut summary = Family::new("c_seconds", MetricType::Summary, "");
        for (suffix, value) in [(Suffix::Count, 2.0), (Suffix::Sum, 1.5)] {
            summary.samples.push(Sample { suffix, labels: Labels::none(), value });
        }
        let mut counter = Family::new("a_total", MetricType::Counter, "Help.");
        counter.push(Labels::none(), f64::NAN);
        let families = [odd, summary, counter];
        let mut out = Vec::new();
        write(&merge(&[Part { labels: Labels::new([("env", "é\"")]), families: &families }]), &mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            r#"# HELP a_total Help.
# TYPE a_total counter
a_total{env="é\""} NaN
# HELP b A "quoted"\\path\nand a second line.
# TYPE b untyped
b{env="é\"",x="1"} 0.5
# TYPE c_seconds summary
c_seconds_count{env="é\""} 2
c_seconds_sum{env="é\""} 1.5
"#
        );
    }
}
