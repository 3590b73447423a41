//! What the help text of a rule tells besides its meaning, as rules have no keys for it: the unit, and the versions of Kafka.

/// Words of a help text and the unit that they mean; the first that is found decides.
const UNITS: &[(&str, &str)] = &[
    ("milliseconds since the epoch", "milliseconds since the epoch"),
    ("in percent", "percent"),
    ("Ratio (0 to 1", "ratio"),
    ("Milliseconds", "milliseconds"),
    ("in milliseconds", "milliseconds"),
    ("Microseconds", "microseconds"),
    ("Seconds", "seconds"),
    ("Bytes per second", "bytes per second"),
    ("per second", "per second"),
    ("1 if", "0 or 1"),
    ("1 on the", "0 or 1"),
    ("1 while", "0 or 1"),
    ("Bytes", "bytes"),
    ("Of the bytes", "bytes"),
    ("Node id", "node id"),
    ("Offset ", "offset"),
    ("First offset", "offset"),
    ("End of this node's", "offset"),
    ("Epoch", "epoch"),
    ("State of", "state"),
    ("What the controller does", "state"),
    ("Migration from ZooKeeper", "state"),
    ("feature level", "level"),
    ("Level of", "level"),
    ("Records", "records"),
];

/// The unit; a plain number of what the text begins with has none.
pub(super) fn unit(help: &str) -> &'static str {
    UNITS.iter().find(|(words, _)| help.contains(words)).map_or("number", |(_, unit)| unit)
}

/// The text without its remark on versions, and that: `Bytes. (Kafka 4.1 and later)` is about Kafka 4.1 and later.
pub(super) fn versions(help: &str) -> (String, Option<String>) {
    let remark = help.rsplit_once(" (").and_then(|(before, rest)| {
        let (remark, after) = rest.split_once(')')?;
        remark.contains("Kafka").then(|| (format!("{before}{after}"), remark.to_owned()))
    });
    remark.map_or_else(|| (help.to_owned(), None), |(text, remark)| (text, Some(remark)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_those_that_the_text_names() {
        for (help, expected) in [
            ("Bytes of the replica's log.", "bytes"),
            ("Size of the replica's log in percent of its retention by size.", "percent"),
            ("Milliseconds since the broker's last heartbeat.", "milliseconds"),
            ("Ratio (0 to 1) of time that the raft thread is idle.", "ratio"),
            ("Groups.", "number"),
        ] {
            assert_eq!(unit(help), expected, "{help}");
        }
    }

    #[test]
    fn the_remark_on_versions_is_taken_out() {
        let taken = |help| versions(help);
        assert_eq!(
            taken("Heartbeats (Kafka 4.1 and later)."),
            ("Heartbeats.".into(), Some("Kafka 4.1 and later".into()))
        );
        assert_eq!(taken("Ratio (0 to 1) of time."), ("Ratio (0 to 1) of time.".into(), None));
    }
}
