//! What coordinators say of groups: state, type, protocol, assignor, coordinator, assigned partitions.

use std::collections::BTreeSet;

use kafka_admin::{GroupState, GroupType};

use super::{Sum, assigned_on};
use crate::config::Level;
use crate::kafka::Group;
use crate::lag::Assigned;
use crate::metrics::catalogue::groups;
use crate::metrics::{Family, Labels};

/// Families under construction.
#[derive(Debug)]
pub(super) struct Described {
    state: Family,
    info: Family,
    coordinator: Family,
    assigned: Sum,
}

impl Described {
    pub(super) fn new(assigned: Level) -> Self {
        Self {
            state: groups::STATE.family(),
            info: groups::INFO.family(),
            coordinator: groups::COORDINATOR.family(),
            assigned: Sum::new(groups::ASSIGNED_PARTITIONS, assigned),
        }
    }

    /// Adds a group with its `labels`, what its members own, and the `topics` that it has commits on.
    pub(super) fn add<'a>(
        &mut self,
        group: &'a Group,
        assigned: Option<&'a Assigned<'a>>,
        topics: impl Iterator<Item = &'a str>,
        wanted: impl Fn(&str) -> bool,
        labels: &Labels,
    ) {
        let kind = kind(group);
        for (state, value) in states(kind, group.state) {
            let labels = [("consumergroup", &*group.id), ("state", state.as_str())];
            self.state.push(Labels::new(labels), value);
        }
        let description = group.description.as_deref();
        let protocol = match kind {
            GroupType::Consumer | GroupType::Share | GroupType::Streams => kind.as_str(),
            _ => description.and_then(|description| description.protocol_type.as_deref()).unwrap_or_default(),
        };
        let assignor = description.map_or("", |description| &description.assignor);
        let info =
            [("consumergroup", &*group.id), ("type", kind.as_str()), ("protocol", protocol), ("assignor", assignor)];
        self.info.push(Labels::new(info), 1.0);
        if let Some(coordinator) = description.and_then(|description| description.coordinator) {
            self.coordinator.push(labels.clone(), coordinator.into());
        }
        if group.members().is_some() {
            let owned = assigned.into_iter().flat_map(Assigned::keys).copied().filter(|topic| wanted(topic));
            for topic in topics.chain(owned).collect::<BTreeSet<_>>() {
                let labels = Labels::new([("consumergroup", &*group.id), ("topic", topic)]);
                self.assigned.add(&labels, i64::try_from(assigned_on(assigned, topic)).ok());
            }
            self.assigned.end_group(labels);
        }
    }

    pub(super) fn into_vec(self) -> Vec<Family> {
        vec![self.state, self.info, self.coordinator, self.assigned.into_family()]
    }
}

/// As listed; as described on brokers that list no types.
fn kind(group: &Group) -> GroupType {
    match (group.kind, &group.description) {
        (GroupType::Unknown, Some(description)) => description.kind,
        (kind, _) => kind,
    }
}

/// The states of the set with their values. Which ones a type has is told by Kafka's coordinators; dead groups are on no
/// page. A group whose type is not told is a classic one: brokers that know of others tell.
fn states(kind: GroupType, is: GroupState) -> Vec<(GroupState, f64)> {
    use GroupState::{
        Assigning, CompletingRebalance, Empty, NotReady, PreparingRebalance, Reconciling, Stable, Unknown,
    };
    // That it is in none of the others is as little known as that it is in one.
    if is == Unknown {
        return vec![(Unknown, 1.0)];
    }
    let possible: &[GroupState] = match kind {
        GroupType::Classic | GroupType::Unknown => &[Empty, PreparingRebalance, CompletingRebalance, Stable],
        GroupType::Consumer => &[Empty, Assigning, Reconciling, Stable],
        GroupType::Share => &[Empty, Stable],
        GroupType::Streams => &[Empty, NotReady, Assigning, Reconciling, Stable],
    };
    let other = Some(&is).filter(|is| !possible.contains(is));
    possible.iter().chain(other).map(|state| (*state, f64::from(u8::from(*state == is)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_set_has_the_states_of_the_type_and_one_of_them_is_the_groups() {
        use GroupState::{Empty, NotReady, PreparingRebalance, Reconciling, Stable, Unknown};
        for (kind, is, count) in [
            (GroupType::Classic, PreparingRebalance, 4),
            (GroupType::Unknown, Stable, 4),
            (GroupType::Consumer, Reconciling, 4),
            (GroupType::Share, Empty, 2),
            (GroupType::Streams, NotReady, 5),
            // Being of another type than listed, it is in a state all the same.
            (GroupType::Classic, Reconciling, 5),
            (GroupType::Consumer, Unknown, 1),
        ] {
            let states = states(kind, is);
            assert_eq!(states.len(), count, "{kind:?}");
            let ones: Vec<_> = states.iter().filter(|(_, value)| *value == 1.0).map(|(state, _)| *state).collect();
            assert_eq!(ones, [is], "{kind:?}");
        }
    }
}
