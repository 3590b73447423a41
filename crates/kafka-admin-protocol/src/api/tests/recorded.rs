//! StreamsGroupDescribe: to come.
use proptest::prelude::*;

use super::{GROUPS, NAMES, Target};
use crate::api::StreamsGroupDescribe;

pub(super) fn streams() -> Target {
    Target::new(StreamsGroupDescribe { groups: &GROUPS, names: &NAMES }, Just(()), |_, ()| vec![0, 0, 0, 0, 1, 0])
}
