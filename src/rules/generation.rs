//! Names and types as the two generations of jmx_exporter show them.

use super::model::Compat;
use crate::metrics::MetricType;

/// The suffixes that generation 1.x takes off all names (its client library keeps them for itself).
pub(super) const RESERVED_SUFFIXES: [&str; 4] = ["_total", "_created", "_bucket", "_info"];

/// The name under which generation 1.x collects samples: without any of the reserved suffixes. A name that is nothing but
/// a suffix loses its underscore instead. Seen in agent 1.0.1, which keeps colons.
pub(super) fn base_name(name: &str) -> &str {
    let mut base = name;
    while let Some(suffix) = RESERVED_SUFFIXES.iter().find(|suffix| base.ends_with(**suffix)) {
        if base.len() == suffix.len() {
            return &base[1..];
        }
        base = &base[..base.len() - suffix.len()];
    }
    base
}

/// The name that samples have in generation 1.x, when the rules give `name` (sanitised, not empty) and the family is a
/// counter or not. In 0.x samples are named as the rules say.
pub fn name_in_1x(name: &str, is_counter: bool) -> String {
    let suffix = if is_counter { "_total" } else { "" };
    format!("{}{suffix}", base_name(name))
}

/// The type of a 0.x family as Prometheus takes it from the agent's page: the TYPE line of a counter always names a
/// family that ends in `_total`, so that samples without it are untyped.
pub fn type_in_0x(name: &str, kind: MetricType) -> MetricType {
    if kind == MetricType::Counter && !name.ends_with("_total") { MetricType::Unknown } else { kind }
}

/// The type of a 1.x family whose samples have these types: untyped unless all are the same.
pub(super) fn type_in_1x(kinds: impl IntoIterator<Item = MetricType>) -> MetricType {
    let mut kinds = kinds.into_iter();
    let first = kinds.next().unwrap_or(MetricType::Unknown);
    if kinds.all(|kind| kind == first) { first } else { MetricType::Unknown }
}

/// The name under which samples are collected before types are known.
pub(super) fn group_name(compat: Compat, name: &str) -> &str {
    match compat {
        Compat::V0 => name,
        Compat::V1 => base_name(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use MetricType::{Counter, Gauge, Unknown};

    #[test]
    fn generation_1_takes_suffixes_off_until_none_is_left() {
        for (name, base) in [
            ("a", "a"),
            ("a_total", "a"),
            ("a_bytes_total", "a_bytes"),
            ("kafka_server_app_info", "kafka_server_app"),
            ("a_info_total", "a"),
            ("a_total_info", "a"),
            ("a_created_bucket", "a"),
            ("a_count", "a_count"),
            ("a_total_x", "a_total_x"),
            ("_total", "total"),
            ("_info_total", "info"),
            ("_total_info", "total"),
            ("total", "total"),
            ("a:b_total", "a:b"),
        ] {
            assert_eq!(base_name(name), base);
        }
    }

    #[test]
    fn types_are_those_of_each_generation() {
        assert_eq!(type_in_0x("a", Counter), Unknown);
        assert_eq!(type_in_0x("a_total", Counter), Counter);
        assert_eq!(type_in_0x("a", Gauge), Gauge);
        assert_eq!(type_in_1x([Counter, Counter]), Counter);
        assert_eq!(type_in_1x([Counter, Gauge]), Unknown);
        assert_eq!(type_in_1x([Unknown, Gauge]), Unknown);
        assert_eq!(type_in_1x([Gauge]), Gauge);
    }
}
