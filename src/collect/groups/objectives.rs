//! Objectives of the groups that there are, as families.

use crate::kafka::Group;
use crate::metrics::catalogue::groups;
use crate::metrics::{Family, Labels};
use crate::objectives::Objectives;

/// `kafka_consumergroup_objective_*`.
pub(super) fn families<'a>(all: impl Iterator<Item = &'a Group>, objectives: &Objectives) -> [Family; 3] {
    let mut seconds = groups::OBJECTIVE_SECONDS.family();
    let mut records = groups::OBJECTIVE_RECORDS.family();
    let mut info = groups::OBJECTIVE_INFO.family();
    for (group, objective) in all.filter_map(|group| Some((group, objectives.of(&group.id)?))) {
        let (group, team) = (("consumergroup", &*group.id), ("team", objective.team.as_str()));
        for (family, value) in [(&mut seconds, objective.seconds), (&mut records, objective.records)] {
            if let Some(value) = value {
                family.push(Labels::new([group, team]), value);
            }
        }
        let runbook = ("runbook", objective.runbook.as_deref().unwrap_or_default());
        info.push(Labels::new([group, team, runbook]), 1.0);
    }
    [seconds, records, info]
}
