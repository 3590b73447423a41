//! What the principal may not ask, and what nobody can be asked, as families.

use crate::kafka::Access;
use crate::metrics::catalogue::exporter;
use crate::metrics::{Family, Labels, counter_value};

/// `kafka_vitals_kafka_denied` and `kafka_vitals_kafka_unsupported`.
pub fn families(access: &Access) -> Vec<Family> {
    let mut denied = exporter::KAFKA_DENIED.family();
    for (api, count) in access.denied() {
        denied.push(Labels::new([("api", api)]), counter_value(count));
    }
    let mut unsupported = exporter::KAFKA_UNSUPPORTED.family();
    for api in access.unsupported() {
        unsupported.push(Labels::new([("api", api)]), 1.0);
    }
    vec![denied, unsupported]
}
