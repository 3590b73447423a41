//! How long brokers take to answer the Kafka client, as a family.

use kafka_admin::RequestTime;

use crate::metrics::catalogue::exporter::KAFKA_REQUEST_DURATION;
use crate::metrics::{Family, Labels, Sample, Suffix, counter_value};

/// `kafka_vitals_kafka_request_duration_seconds`.
pub fn family(times: &[RequestTime]) -> Family {
    let mut family = KAFKA_REQUEST_DURATION.family();
    for time in times {
        let labels = Labels::new([("api", time.api), ("broker", time.broker.to_string().as_str())]);
        for (suffix, value) in [(Suffix::Sum, time.total.as_secs_f64()), (Suffix::Count, counter_value(time.answers))] {
            family.samples.push(Sample { suffix, labels: labels.clone(), value });
        }
    }
    family
}
