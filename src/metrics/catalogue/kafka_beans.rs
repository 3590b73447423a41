//! What rules cannot make of Kafka's MBeans: sums, exact ratios, and states that are always all there. All names are new.

use super::{Metric, SINCE_0_1_0};
use crate::metrics::MetricType::{Counter, Gauge, Summary};

/// Of a request's whole time, by the histogram it comes from.
const fn request_time(name: &'static str, help: &'static str, source: &'static str) -> Metric {
    Metric {
        name, kind: Summary, unit: "seconds", labels: &["request"], help, source, series: "≤ 2 Q", ..SINCE_0_1_0
    }
}

/// The time of requests: TotalTimeMs, then its parts RequestQueueTimeMs, LocalTimeMs, RemoteTimeMs, ResponseQueueTimeMs,
/// ResponseSendTimeMs, then ThrottleTimeMs.
pub const REQUEST_TIMES: [Metric; 7] = [
    request_time(
        "kafka_request_total_time_seconds",
        "Requests and the seconds they took since the broker's start, from the end of receiving to the end of sending; a \
         throttled client's delay comes on top. Kafka rounds each request's time to whole milliseconds. The request `Fetch` \
         is the sum of `FetchConsumer` and `FetchFollower`. Absent for requests that never came.",
        "kafka.network:type=RequestMetrics,name=TotalTimeMs Count x Mean",
    ),
    request_time(
        "kafka_request_queue_time_seconds",
        "Of kafka_request_total_time_seconds, what requests waited in the request queue for a handler thread.",
        "kafka.network:type=RequestMetrics,name=RequestQueueTimeMs Count x Mean",
    ),
    request_time(
        "kafka_request_local_time_seconds",
        "Of kafka_request_total_time_seconds, what this node worked on the requests.",
        "kafka.network:type=RequestMetrics,name=LocalTimeMs Count x Mean",
    ),
    request_time(
        "kafka_request_remote_time_seconds",
        "Of kafka_request_total_time_seconds, what requests waited for others: for replicas to follow, for data to come.",
        "kafka.network:type=RequestMetrics,name=RemoteTimeMs Count x Mean",
    ),
    request_time(
        "kafka_request_response_queue_time_seconds",
        "Of kafka_request_total_time_seconds, what responses waited for a network thread.",
        "kafka.network:type=RequestMetrics,name=ResponseQueueTimeMs Count x Mean",
    ),
    request_time(
        "kafka_request_response_send_time_seconds",
        "Of kafka_request_total_time_seconds, what sending the responses took.",
        "kafka.network:type=RequestMetrics,name=ResponseSendTimeMs Count x Mean",
    ),
    request_time(
        "kafka_request_throttle_time_seconds",
        "Seconds for which clients were throttled by a quota after these requests; not part of \
         kafka_request_total_time_seconds.",
        "kafka.network:type=RequestMetrics,name=ThrottleTimeMs Count x Mean",
    ),
];

/// Idle time of the request handlers of the whole node.
pub const HANDLER_IDLE: Metric = Metric {
    name: "kafka_request_handler_idle_seconds_total",
    kind: Counter,
    unit: "seconds",
    labels: &[],
    help: "Idle seconds of the request handler threads, averaged over the threads: its rate is their idle ratio. On a node \
           that is both broker and controller, Kafka before 4.2 adds up the ratios of both pools, so that it is up to 2.",
    source: "kafka.server:type=KafkaRequestHandlerPool,name=RequestHandlerAvgIdlePercent Count",
    series: "N",
    ..SINCE_0_1_0
};

/// Idle time of the request handlers by pool.
pub const HANDLER_POOL_IDLE: Metric = Metric {
    name: "kafka_request_handler_pool_idle_seconds_total",
    kind: Counter,
    unit: "seconds",
    labels: &["pool"],
    help: "Idle seconds of the request handler threads of the pool broker or controller, averaged over its threads: its rate \
           is their idle ratio. Kafka 4.2 and later.",
    source: "kafka.server:type=KafkaRequestHandlerPool,name={Broker,Controller}RequestHandlerAvgIdlePercent Count",
    series: "≤ 2 N",
    kafka: Some("4.2"),
    ..SINCE_0_1_0
};

/// Idle time of each network thread.
pub const PROCESSOR_IDLE: Metric = Metric {
    name: "kafka_network_processor_idle_seconds_total",
    kind: Counter,
    unit: "seconds",
    labels: &["listener", "network_processor"],
    help: "Seconds for which the network thread waited for something to read or write: its rate is the thread's idle ratio.",
    source: "kafka.server:type=socket-server-metrics,listener=*,networkProcessor=* io-wait-time-ns-total",
    series: "H",
    ..SINCE_0_1_0
};

/// Time for which the acceptor was blocked.
pub const ACCEPTOR_BLOCKED: Metric = Metric {
    name: "kafka_acceptor_blocked_seconds_total",
    kind: Counter,
    unit: "seconds",
    labels: &["listener"],
    help: "Seconds for which the listener's acceptor thread was blocked because all network threads had full queues of new \
           connections.",
    source: "kafka.network:type=Acceptor,name=AcceptorBlockedPercent Count",
    series: "L",
    ..SINCE_0_1_0
};

/// The state in the metadata quorum.
pub const RAFT_STATE: Metric = Metric {
    name: "kafka_raft_state",
    kind: Gauge,
    unit: "0 or 1",
    labels: &["state"],
    help: "1 for the node's state in the metadata quorum, 0 for all others.",
    source: "kafka.server:type=raft-metrics current-state",
    series: "9 N",
    ..SINCE_0_1_0
};

/// The broker's state.
pub const BROKER_STATE: Metric = Metric {
    name: "kafka_broker_state",
    kind: Gauge,
    unit: "0 or 1",
    labels: &["state"],
    help: "1 for the broker's state, 0 for all others.",
    source: "kafka.server:type=KafkaServer,name=BrokerState Value",
    series: "7 B",
    ..SINCE_0_1_0
};

/// The session with ZooKeeper.
pub const ZOOKEEPER_SESSION_STATE: Metric = Metric {
    name: "kafka_zookeeper_session_state",
    kind: Gauge,
    unit: "0 or 1",
    labels: &["state"],
    help: "1 for the state of the broker's session with ZooKeeper, 0 for all others. Absent in KRaft mode.",
    source: "kafka.server:type=SessionExpireListener,name=SessionState Value",
    series: "≤ 7 B",
    ..SINCE_0_1_0
};

/// What Kafka runs.
pub const BUILD_INFO: Metric = Metric {
    name: "kafka_broker_build_info",
    kind: Gauge,
    unit: "1",
    labels: &["commit_id", "version"],
    help: "The Kafka that the node runs, broker or controller; always 1.",
    source: "kafka.server:type=app-info,id=* Version, CommitId",
    series: "N",
    ..SINCE_0_1_0
};

/// Whose node it is.
pub const CLUSTER_INFO: Metric = Metric {
    name: "kafka_cluster_info",
    kind: Gauge,
    unit: "1",
    labels: &["cluster_id"],
    help: "The cluster that the node belongs to; always 1.",
    source: "kafka.server:type=KafkaServer,name=ClusterId Value; on controllers type=ControllerServer",
    series: "N",
    ..SINCE_0_1_0
};

/// Bytes read by the process.
pub const DISK_READ: Metric = Metric {
    name: "kafka_disk_read_bytes_total",
    kind: Counter,
    unit: "bytes",
    labels: &[],
    help: "Bytes that the node's process has had read from disks; what came from the page cache is not counted. Linux only.",
    source: "kafka.server:type=KafkaServer,name=linux-disk-read-bytes Value; on controllers type=ControllerServer",
    series: "N",
    ..SINCE_0_1_0
};

/// Bytes written by the process.
pub const DISK_WRITE: Metric = Metric {
    name: "kafka_disk_write_bytes_total",
    kind: Counter,
    unit: "bytes",
    labels: &[],
    help: "Bytes that the node's process has had written to disks. Linux only.",
    source: "kafka.server:type=KafkaServer,name=linux-disk-write-bytes Value; on controllers type=ControllerServer",
    series: "N",
    ..SINCE_0_1_0
};

/// All of this file.
pub fn all() -> impl Iterator<Item = &'static Metric> {
    const OTHERS: [Metric; 11] = [
        HANDLER_IDLE,
        HANDLER_POOL_IDLE,
        PROCESSOR_IDLE,
        ACCEPTOR_BLOCKED,
        RAFT_STATE,
        BROKER_STATE,
        ZOOKEEPER_SESSION_STATE,
        BUILD_INFO,
        CLUSTER_INFO,
        DISK_READ,
        DISK_WRITE,
    ];
    REQUEST_TIMES.iter().chain(&OTHERS)
}
