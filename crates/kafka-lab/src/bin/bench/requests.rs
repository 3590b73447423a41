//! The requests that clients have sent to the brokers, by kind: a cluster in, the brokers' own counts out. They are read
//! through Jolokia, which asks Kafka nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use kafka_lab::{Cluster, LabError, Result, http};
use serde_json::Value;

/// What nodes ask each other.
const BETWEEN_NODES: [&str; 9] = [
    "AllocateProducerIds",
    "AlterPartition",
    "BrokerHeartbeat",
    "Fetch",
    "FetchConsumer",
    "FetchFollower",
    "FetchSnapshot",
    "Vote",
    "WriteTxnMarkers",
];

/// Requests by kind.
pub(crate) type Requests = BTreeMap<String, f64>;

/// All requests of clients that the brokers have answered so far.
fn answered(cluster: &Cluster) -> Result<Requests> {
    let mut requests = Requests::new();
    for node in cluster.nodes() {
        let agent = node.jolokia_url().ok_or_else(|| LabError::Input(format!("node {} has no Jolokia", node.id())))?;
        let beans = "kafka.network:type=RequestMetrics,name=RequestsPerSec,*";
        let url = format!("{agent}/read/{beans}/Count");
        let answer: Value = serde_json::from_str(&http::get_ok(&url, Duration::from_secs(30))?)
            .map_err(|error| LabError::Http { url: url.clone(), why: error.to_string() })?;
        let beans = answer.get("value").and_then(Value::as_object);
        let beans = beans.ok_or_else(|| LabError::Http { url, why: format!("no MBeans in {answer}") })?;
        for (bean, attributes) in beans {
            let kind = bean.split([',', ':']).find_map(|key| key.strip_prefix("request="));
            let count = attributes.get("Count").and_then(Value::as_f64);
            if let (Some(kind), Some(count)) = (kind, count)
                && !BETWEEN_NODES.contains(&kind)
            {
                *requests.entry(kind.to_owned()).or_default() += count;
            }
        }
    }
    Ok(requests)
}

/// What clients send while `work` is done.
pub(crate) fn during(cluster: &Cluster, work: impl FnOnce() -> Result<()>) -> Result<Requests> {
    let before = answered(cluster)?;
    work()?;
    let mut sent = answered(cluster)?;
    for (kind, count) in &mut sent {
        *count -= before.get(kind).copied().unwrap_or_default();
    }
    sent.retain(|_, count| *count > 0.0);
    Ok(sent)
}
