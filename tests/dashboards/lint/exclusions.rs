//! What need not obey a rule, each with its reason.

/// A rule that does not hold for a place of a dashboard.
#[derive(Debug)]
pub(super) struct Exclusion {
    rule: &'static str,
    board: &'static str,
    /// Titles of panels, names of variables or annotations.
    pub(super) places: &'static [&'static str],
    #[expect(dead_code, reason = "for the reader, and for the message about one that is not needed")]
    reason: &'static str,
}

impl Exclusion {
    pub(super) fn covers(&self, rule: &str, board: &str, place: &str) -> bool {
        self.rule == rule && (self.board == "*" || self.board == board) && self.places.contains(&place)
    }
}

pub(super) const EXCLUSIONS: &[Exclusion] = &[
    Exclusion {
        rule: "target-rate-interval",
        board: "kafka-exporter-overview",
        places: &["Messages in per minute"],
        reason: "dashboard 7589 averages over five minutes here, and the title promises minutes",
    },
    Exclusion {
        rule: "thresholds",
        board: "kafka-vitals-logs",
        places: &["First full in", "Log directories"],
        reason: "the day of KafkaDiskFullIn24Hours is in its predict_linear and its name, not at the end of its expression",
    },
    Exclusion {
        rule: "thresholds",
        board: "kafka-vitals-replication",
        places: &["Partitions that are under-replicated now"],
        reason: "one replica in sync is the last one",
    },
    Exclusion {
        rule: "thresholds",
        board: "kafka-vitals-topics",
        places: &["Topics", "Uneven topics"],
        reason: "a single replica, and uneven partitions, are choices of the topic's owner: no alert is about them",
    },
    Exclusion {
        rule: "thresholds",
        board: "kafka-vitals-topics",
        places: &["Without a leader"],
        reason: "those of the chosen topics; KafkaOfflinePartitions counts those of all topics by another metric",
    },
    Exclusion {
        rule: "target-counter-agg",
        board: "kafka-vitals-exporter",
        places: &["Agents"],
        reason: "what rules have been given up since the start stays given up: how many is the number, not how fast",
    },
    Exclusion {
        rule: "target-matchers",
        board: "kafka-vitals-exporter",
        places: &[
            "Targets down",
            "Series",
            "Slowest scrape",
            "Targets up",
            "Duration of scrapes",
            "Samples",
            "New series",
        ],
        reason: "kafka_vitals_build_info only tells which jobs are those of kafka-vitals; targets are chosen by job",
    },
];
