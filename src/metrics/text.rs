//! Prometheus' text format 0.0.4: a page in, bytes out.
//! Format: <https://prometheus.io/docs/instrumenting/exposition_formats/>.

use super::MetricType;
use super::lines;
use super::page::Page;

/// Appends `page` to `out`. UTF-8.
pub fn write(page: &Page<'_>, out: &mut Vec<u8>) {
    for family in &page.families {
        lines::help(out, &[&family.name], family.help, false);
        lines::kind(out, &[&family.name], type_name(family.kind));
        for sample in family.samples() {
            lines::sample(out, &family.name, sample.suffix, &sample);
        }
    }
}

/// An unknown type has another name than in OpenMetrics.
fn type_name(kind: MetricType) -> &'static str {
    if kind == MetricType::Unknown { "untyped" } else { kind.as_str() }
}
