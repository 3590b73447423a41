//! The clusters that this binary's tests share: started on first use, ended with the process by their guardians.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use kafka_lab::sasl::Mechanism;
use kafka_lab::{ClientAuth, Cluster, Jolokia, KafkaVersion, golden};

use crate::support::Vitals;

/// The node of Kafka 4.3.0 with the golden scenario, its members live. It listens with TLS and SASL too.
pub(crate) fn current() -> &'static Cluster {
    static CURRENT: OnceLock<(Cluster, golden::Golden)> = OnceLock::new();
    let (cluster, _) = CURRENT.get_or_init(|| {
        let builder = Cluster::builder().tls(ClientAuth::Required).sasl(&[Mechanism::ScramSha512]);
        let cluster = builder.jolokia(Jolokia::V2_5_0).start().unwrap();
        let scenario = golden::create(cluster.kafka()).unwrap();
        (cluster, scenario)
    });
    cluster
}

/// The node of Kafka 3.9.1, up, for one test at a time.
pub(crate) fn old() -> MutexGuard<'static, Cluster> {
    static OLD: OnceLock<Mutex<Cluster>> = OnceLock::new();
    let start = || {
        let builder = Cluster::builder().version(KafkaVersion::V3_9_1).jolokia(Jolokia::V2_5_0);
        Mutex::new(builder.start().unwrap())
    };
    let cluster = OLD.get_or_init(start).lock().unwrap_or_else(PoisonError::into_inner);
    if !cluster.nodes()[0].is_up() {
        cluster.nodes()[0].restart().unwrap();
    }
    cluster
}

/// kafka-vitals with Kafka and Jolokia of the cluster, and `more` flags: for tests that are about MBeans.
pub(crate) fn vitals(cluster: &Cluster, more: &[&str]) -> Vitals {
    Vitals::start(cluster.lab(), &as_str(&flags(cluster, more)))
}

/// The same for each engine: for tests that are about Kafka.
pub(crate) fn vitals_of_each(cluster: &Cluster, more: &[&str]) -> Vec<Vitals> {
    Vitals::start_each(cluster.lab(), &as_str(&flags(cluster, more)))
}

fn flags(cluster: &Cluster, more: &[&str]) -> Vec<String> {
    let own = [format!("--kafka.server={}", cluster.bootstrap()), format!("--jolokia.port={}", cluster.jolokia_port())];
    own.into_iter().chain(more.iter().map(|flag| (*flag).to_owned())).collect()
}

fn as_str(flags: &[String]) -> Vec<&str> {
    flags.iter().map(String::as_str).collect()
}
