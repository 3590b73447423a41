//! Limits on series. In: families; out: the same with no more series than they may have, and what was left out.

use crate::config::SeriesLimits;
use crate::metrics::catalogue::exporter;
use crate::metrics::{Family, Labels, count_value};

/// Leaves the first series of each family, which are in ascending order of their labels: what is kept is the same at each
/// scrape as long as nothing comes or goes. Returned is how many are gone, for every family that has a limit.
pub fn apply(families: &mut [Family], limits: &SeriesLimits) -> Family {
    let mut dropped = exporter::SERIES_DROPPED.family();
    for family in families {
        if let Some(limit) = limits.of(&family.name) {
            let gone = family.truncate(limit);
            dropped.push(Labels::new([("family", &*family.name)]), count_value(gone));
        }
    }
    dropped
}
