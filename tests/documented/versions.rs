//! Versions as docs/metrics.md has them: `0.1.0; Kafka 3.6 and later`.

use std::sync::LazyLock;

use regex::Regex;

/// Whether the metric is one of this version of Kafka.
pub(crate) fn has(since: &str, kafka: (u32, u32)) -> bool {
    static FROM: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"; Kafka (\d+)\.(\d+) (?:and later|to)").unwrap());
    static UP_TO: LazyLock<Regex> = LazyLock::new(|| Regex::new(r" to (\d+)\.(\d+)$").unwrap());
    static BEFORE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"before Kafka (\d+)\.(\d+)$").unwrap());
    let version = |pattern: &Regex| {
        let found = pattern.captures(since)?;
        Some((found[1].parse::<u32>().unwrap(), found[2].parse::<u32>().unwrap()))
    };
    let (from, up_to, before) = (version(&FROM), version(&UP_TO), version(&BEFORE));
    // What nobody can read must not pass for every version.
    assert!(from.or(before).is_some() || !since.contains("Kafka"), "{since}");
    from.is_none_or(|from| kafka >= from)
        && up_to.is_none_or(|last| kafka <= last)
        && before.is_none_or(|before| kafka < before)
}

#[test]
fn versions_are_from_up_to_or_before() {
    for (since, expected) in [
        ("0.1.0", [true, true, true]),
        ("0.1.0; Kafka 3.6 and later", [false, true, true]),
        ("0.1.0; Kafka 4.0 and later, on the leader", [false, false, true]),
        ("0.1.0; Kafka 3.5 to 3.9", [false, true, false]),
        ("0.1.0; with ZooKeeper, before Kafka 4.0", [true, true, false]),
    ] {
        assert_eq!([(2, 8), (3, 9), (4, 3)].map(|kafka| has(since, kafka)), expected, "{since}");
    }
}
