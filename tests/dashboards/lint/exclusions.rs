//! What need not obey a rule, each with its reason.

/// A rule that does not hold for a place of a dashboard.
#[derive(Debug)]
pub(super) struct Exclusion {
    rule: &'static str,
    board: &'static str,
    /// The panel's title, the variable's or annotation's name, or `*`.
    place: &'static str,
    #[expect(dead_code, reason = "for the reader, and for the message about one that is not needed")]
    reason: &'static str,
}

impl Exclusion {
    pub(super) fn covers(&self, rule: &str, board: &str, place: &str) -> bool {
        self.rule == rule
            && (self.board == "*" || self.board == board)
            && (self.place == "*" || self.place == place)
    }
}

pub(super) const EXCLUSIONS: &[Exclusion] = &[
    Exclusion {
        rule: "template-used",
        board: "*",
        place: "exporter",
        reason: "links carry the choice from board to board, so that it must not get lost on one that shows nodes only",
    },
    Exclusion {
        rule: "target-rate-interval",
        board: "kafka-exporter-overview",
        place: "Messages in per minute",
        reason: "dashboard 7589 averages over five minutes here, and the title promises minutes",
    },
    Exclusion {
        rule: "target-rate-interval",
        board: "kafka-exporter-overview",
        place: "Messages consumed per minute",
        reason: "likewise",
    },
];
