//! What need not obey a rule, each with its reason.

/// A rule that does not hold for a place of a dashboard.
#[derive(Debug)]
pub(super) struct Exclusion {
    rule: &'static str,
    board: &'static str,
    /// Titles of panels, names of variables or annotations.
    places: &'static [&'static str],
    #[expect(dead_code, reason = "for the reader, and for the message about one that is not needed")]
    reason: &'static str,
}

impl Exclusion {
    pub(super) fn covers(&self, rule: &str, board: &str, place: &str) -> bool {
        self.rule == rule
            && (self.board == "*" || self.board == board)
            && self.places.contains(&place)
    }
}

pub(super) const EXCLUSIONS: &[Exclusion] = &[
    Exclusion {
        rule: "template-used",
        board: "*",
        places: &["exporter"],
        reason: "links carry the choice from board to board, so that it must not get lost on one that shows nodes only",
    },
    Exclusion {
        rule: "target-rate-interval",
        board: "kafka-exporter-overview",
        places: &["Messages in per minute", "Messages consumed per minute"],
        reason: "dashboard 7589 averages over five minutes here, and the title promises minutes",
    },
    Exclusion {
        rule: "target-matchers",
        board: "kafka-vitals-exporter",
        places: &["Targets down", "Series", "Slowest scrape", "Targets up", "Duration of scrapes", "Samples", "New series"],
        reason: "kafka_vitals_build_info only tells which jobs are those of kafka-vitals; targets are chosen by job",
    },
];
