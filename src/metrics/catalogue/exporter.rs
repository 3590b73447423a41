//! The exporter itself. Its own process is under `kafka_vitals_process_*`, because `process_*` means the brokers'.

use super::{Metric, SINCE_0_1_0};
use crate::metrics::MetricType::{Counter, Gauge, Summary};

const SELF: &str = "kafka-vitals";
const PROC: &str = "kafka-vitals, /proc/self";
const COLLECTOR: &[&str] = &["broker", "collector"];

/// Build.
pub const BUILD_INFO: Metric = Metric {
    name: "kafka_vitals_build_info",
    kind: Gauge,
    unit: "1",
    labels: &["revision", "rustc", "version"],
    help: "What this kafka-vitals was built from and with; always 1.",
    source: SELF,
    series: "1",
    ..SINCE_0_1_0
};

/// kafka_exporter's name for it, which alerts stand on.
pub const KAFKA_EXPORTER_BUILD_INFO: Metric = Metric {
    name: "kafka_exporter_build_info",
    kind: Gauge,
    unit: "1",
    labels: &["revision", "version"],
    help: "kafka-vitals' build under the name that kafka_exporter has for its own; always 1.",
    source: SELF,
    series: "1",
    ..SINCE_0_1_0
};

/// Engine in use.
pub const KAFKA_CLIENT_INFO: Metric = Metric {
    name: "kafka_vitals_kafka_client_info",
    kind: Gauge,
    unit: "1",
    labels: &["client"],
    help: "The Kafka client in use; always 1.",
    source: SELF,
    series: "1",
    ..SINCE_0_1_0
};

/// Time that brokers take to answer.
pub const KAFKA_REQUEST_DURATION: Metric = Metric {
    name: "kafka_vitals_kafka_request_duration_seconds",
    kind: Summary,
    unit: "seconds",
    labels: &["api", "broker"],
    help: "How long the broker has taken to answer kafka-vitals' requests, in seconds from sending to the end of the answer, \
           what it had to answer before on the same connection included. An answer that nobody waited for any more counts \
           when it comes, a request that is never answered does not. Absent with librdkafka.",
    source: SELF,
    series: "≤ 40 B",
    ..SINCE_0_1_0
};

/// Denials.
pub const KAFKA_DENIED: Metric = Metric {
    name: "kafka_vitals_kafka_denied",
    kind: Gauge,
    unit: "items",
    labels: &["api"],
    help: "What the brokers denied the principal in the last collection, by Kafka's name of the call: groups, partitions \
           (ListOffsets; of a topic that is not visible any more, one), configurations, or calls. 0 if nothing was denied, \
           absent for a call that was never made. What the principal never had a right to is invisible, not denied: Kafka \
           leaves out topics and groups without a word.",
    source: "errors TOPIC_, GROUP_ and CLUSTER_AUTHORIZATION_FAILED",
    series: "≤ 20",
    ..SINCE_0_1_0
};

/// What cannot be asked.
pub const KAFKA_UNSUPPORTED: Metric = Metric {
    name: "kafka_vitals_kafka_unsupported",
    kind: Gauge,
    unit: "1",
    labels: &["api"],
    help: "1 for each call, by Kafka's name, that the Kafka client in use or the brokers cannot answer: what it feeds is \
           absent. Absent for all others.",
    source: SELF,
    series: "≤ 20",
    ..SINCE_0_1_0
};

/// Success of a collector.
pub const COLLECTOR_SUCCESS: Metric = Metric {
    name: "kafka_vitals_collector_success",
    kind: Gauge,
    unit: "0 or 1",
    labels: COLLECTOR,
    help: "1 if the collector's last run got everything it asked for in time, else 0: then series of it are missing, \
           never old (topology: at most --refresh.metadata old). Collectors: topology, offsets, groups, registered_brokers, \
           configs, log_dirs (of the cluster; the last three show what is at most --refresh.inventory old, and what cannot \
           be asked at all is no failure of theirs); jmx (of the node in `broker`).",
    source: SELF,
    series: "N + 6",
    ..SINCE_0_1_0
};

/// Duration of a collector's last run.
pub const COLLECTOR_DURATION: Metric = Metric {
    name: "kafka_vitals_collector_duration_seconds",
    kind: Gauge,
    unit: "seconds",
    labels: COLLECTOR,
    help: "How long the collector's last run took, in seconds. The cluster's collectors run together.",
    source: SELF,
    series: "N + 6",
    ..SINCE_0_1_0
};

/// Age of a collector's result.
pub const COLLECTOR_AGE: Metric = Metric {
    name: "kafka_vitals_collector_age_seconds",
    kind: Gauge,
    unit: "seconds",
    labels: COLLECTOR,
    help: "Seconds since the collector's last run ended: how old what it shows is (--scrape.reuse).",
    source: SELF,
    series: "N + 6",
    ..SINCE_0_1_0
};

/// Errors.
pub const COLLECTOR_ERRORS: Metric = Metric {
    name: "kafka_vitals_collector_errors_total",
    kind: Counter,
    unit: "errors",
    labels: &["broker", "collector", "kind"],
    help: "Failed requests, and failed items of requests, by kind. docs/operations.md has what each kind means. Of Kafka: \
           timeout, transport, authentication, authorization, unavailable, unsupported, broker, protocol, client. Of \
           agents: timeout, connect, tls, authentication, http_status, content_type, too_large, protocol, agent, \
           identity, learning, internal. Of any collector: panic, timeout, internal.",
    source: SELF,
    series: "≤ 15 N + 70",
    ..SINCE_0_1_0
};

/// Requests to an agent.
pub const AGENT_REQUESTS: Metric = Metric {
    name: "kafka_vitals_agent_requests_total",
    kind: Counter,
    unit: "requests",
    labels: &["broker"],
    help: "HTTP requests sent to the node's Jolokia agent.",
    source: SELF,
    series: "N",
    ..SINCE_0_1_0
};

/// Bytes from an agent.
pub const AGENT_RECEIVED_BYTES: Metric = Metric {
    name: "kafka_vitals_agent_received_bytes_total",
    kind: Counter,
    unit: "bytes",
    labels: &["broker"],
    help: "Bytes of answers from the node's Jolokia agent, after decompression.",
    source: SELF,
    series: "N",
    ..SINCE_0_1_0
};

/// Beans of a node.
pub const AGENT_BEANS: Metric = Metric {
    name: "kafka_vitals_agent_beans",
    kind: Gauge,
    unit: "beans",
    labels: &["broker"],
    help: "MBeans in the node's last answer.",
    source: SELF,
    series: "N",
    ..SINCE_0_1_0
};

/// Beans that wait for the rules.
pub const RULES_PENDING: Metric = Metric {
    name: "kafka_vitals_rules_pending_beans",
    kind: Gauge,
    unit: "beans",
    labels: &["broker"],
    help: "MBeans of the node's last answer that the rules have not been tried on yet, for lack of time; their series are \
           not there yet.",
    source: SELF,
    series: "N",
    ..SINCE_0_1_0
};

/// Patterns that take too long.
pub const RULES_GAVE_UP: Metric = Metric {
    name: "kafka_vitals_rules_matches_given_up_total",
    kind: Counter,
    unit: "matches",
    labels: &["broker"],
    help: "Matches of patterns that were given up because they took too many steps; they count as not matched.",
    source: SELF,
    series: "N",
    ..SINCE_0_1_0
};

/// Samples that rules made twice.
pub const RULES_DROPPED: Metric = Metric {
    name: "kafka_vitals_rules_dropped_samples",
    kind: Gauge,
    unit: "samples",
    labels: &["broker"],
    help: "Samples of the node's last answer that were left out because the rules gave two beans the same name and \
           labels (the first by ObjectName stays), or a name that is reserved.",
    source: SELF,
    series: "N",
    ..SINCE_0_1_0
};

/// Nodes known.
pub const NODES: Metric = Metric {
    name: "kafka_vitals_nodes",
    kind: Gauge,
    unit: "nodes",
    labels: &[],
    help: "Nodes with an agent that are known, dead ones included until --broker.forget-after.",
    source: SELF,
    series: "1",
    ..SINCE_0_1_0
};

/// Requests for a page.
pub const HTTP_REQUESTS: Metric = Metric {
    name: "kafka_vitals_http_requests_total",
    kind: Counter,
    unit: "requests",
    labels: &["code", "page"],
    help: "Answers to HTTP requests by page and status code.",
    source: SELF,
    series: "≤ 40",
    ..SINCE_0_1_0
};

/// Series of a page.
pub const PAGE_SERIES: Metric = Metric {
    name: "kafka_vitals_page_series",
    kind: Gauge,
    unit: "series",
    labels: &["page"],
    help: "Series on the page when it was last made (for `brokers`: on the node page made last).",
    source: SELF,
    series: "≤ 3",
    ..SINCE_0_1_0
};

/// Duplicates dropped by the merge.
pub const PAGE_DUPLICATES: Metric = Metric {
    name: "kafka_vitals_page_dropped_samples_total",
    kind: Counter,
    unit: "samples",
    labels: &["page"],
    help: "Samples left out of a page because an earlier one had the same name and labels.",
    source: SELF,
    series: "≤ 3",
    ..SINCE_0_1_0
};

/// Double scraping.
pub const BOTH_LAYOUTS: Metric = Metric {
    name: "kafka_vitals_both_layouts_scraped",
    kind: Gauge,
    unit: "0 or 1",
    labels: &[],
    help: "1 if within the last 5 minutes both the page with everything and the split pages were scraped, so that all \
           series are stored twice; else 0.",
    source: SELF,
    series: "1",
    ..SINCE_0_1_0
};

/// Reload.
pub const RELOAD_SUCCESS: Metric = Metric {
    name: "kafka_vitals_config_last_reload_successful",
    kind: Gauge,
    unit: "0 or 1",
    labels: &[],
    help: "1 if the last reading of the rules file and of the objectives succeeded, else 0: then what a bad file said \
           before is in use.",
    source: SELF,
    series: "1",
    ..SINCE_0_1_0
};

/// When.
pub const RELOAD_TIME: Metric = Metric {
    name: "kafka_vitals_config_last_reload_success_timestamp_seconds",
    kind: Gauge,
    unit: "seconds since the epoch",
    labels: &[],
    help: "When rules and objectives were last read with success, in seconds since the epoch.",
    source: SELF,
    series: "1",
    ..SINCE_0_1_0
};

/// CPU.
pub const PROCESS_CPU: Metric = Metric {
    name: "kafka_vitals_process_cpu_seconds_total",
    kind: Counter,
    unit: "seconds",
    labels: &[],
    help: "CPU time that kafka-vitals itself has used, in seconds.",
    source: PROC,
    series: "1",
    ..SINCE_0_1_0
};

/// Memory.
pub const PROCESS_MEMORY: Metric = Metric {
    name: "kafka_vitals_process_resident_memory_bytes",
    kind: Gauge,
    unit: "bytes",
    labels: &[],
    help: "Resident memory of kafka-vitals itself, in bytes.",
    source: PROC,
    series: "1",
    ..SINCE_0_1_0
};

/// File descriptors.
pub const PROCESS_FDS: Metric = Metric {
    name: "kafka_vitals_process_open_fds",
    kind: Gauge,
    unit: "files",
    labels: &[],
    help: "Open file descriptors of kafka-vitals itself.",
    source: PROC,
    series: "1",
    ..SINCE_0_1_0
};

/// Threads.
pub const PROCESS_THREADS: Metric = Metric {
    name: "kafka_vitals_process_threads",
    kind: Gauge,
    unit: "threads",
    labels: &[],
    help: "Threads of kafka-vitals itself.",
    source: PROC,
    series: "1",
    ..SINCE_0_1_0
};

/// Start.
pub const PROCESS_START: Metric = Metric {
    name: "kafka_vitals_process_start_time_seconds",
    kind: Gauge,
    unit: "seconds since the epoch",
    labels: &[],
    help: "When kafka-vitals itself was started, in seconds since the epoch.",
    source: PROC,
    series: "1",
    ..SINCE_0_1_0
};

/// Forgotten groups.
pub const GROUPS_FORGOTTEN: Metric = Metric {
    name: "kafka_vitals_groups_forgotten",
    kind: Gauge,
    unit: "groups",
    labels: &[],
    help: "Groups that are left out because they have had no members and no new commits for as long as \
           `--group.forget-after` says. Absent when groups could not be listed.",
    source: SELF,
    series: "1",
    ..SINCE_0_1_0
};

/// Series beyond a limit.
pub const SERIES_DROPPED: Metric = Metric {
    name: "kafka_vitals_series_dropped",
    kind: Gauge,
    unit: "series",
    labels: &["family"],
    help: "Series of a metric of topics and groups that the page leaves out because of `--series.limit`: those beyond the \
           limit in the order of the page, by group, topic and partition. Absent for metrics without a limit.",
    source: SELF,
    series: "≤ 80",
    opt_in: Some("--series.limit"),
    ..SINCE_0_1_0
};

/// All of this file.
pub const ALL: &[Metric] = &[
    BUILD_INFO,
    KAFKA_EXPORTER_BUILD_INFO,
    KAFKA_CLIENT_INFO,
    KAFKA_REQUEST_DURATION,
    KAFKA_DENIED,
    KAFKA_UNSUPPORTED,
    COLLECTOR_SUCCESS,
    COLLECTOR_DURATION,
    COLLECTOR_AGE,
    COLLECTOR_ERRORS,
    AGENT_REQUESTS,
    AGENT_RECEIVED_BYTES,
    AGENT_BEANS,
    RULES_PENDING,
    RULES_GAVE_UP,
    RULES_DROPPED,
    NODES,
    HTTP_REQUESTS,
    PAGE_SERIES,
    PAGE_DUPLICATES,
    GROUPS_FORGOTTEN,
    SERIES_DROPPED,
    BOTH_LAYOUTS,
    RELOAD_SUCCESS,
    RELOAD_TIME,
    PROCESS_CPU,
    PROCESS_MEMORY,
    PROCESS_FDS,
    PROCESS_THREADS,
    PROCESS_START,
];

#[cfg(test)]
mod tests {
    use kafka_admin::ErrorKind;

    use super::*;
    use crate::mbean::ReadErrorKind;

    /// All variants; one that is new does not compile until it is in the list too.
    macro_rules! all {
        ($kind:ident: $($variant:ident),*) => {{
            let complete = |kind: $kind| match kind { $($kind::$variant => kind.as_str()),* };
            [$($kind::$variant),*].map(complete).to_vec()
        }};
    }

    #[test]
    fn the_kinds_of_errors_are_those_that_the_help_and_the_documentation_list() {
        let kafka = all!(ErrorKind: Timeout, Transport, Authentication, Authorization, Unavailable, Unsupported, Broker,
                         Protocol, Client);
        let agents = all!(ReadErrorKind: Timeout, Connect, Tls, Authentication, HttpStatus, ContentType, TooLarge, Protocol,
                          Agent, Identity, Learning, Internal);
        // Those that the exporter itself counts under.
        let own = vec!["panic", "timeout", "internal"];

        let documentation = include_str!("../../../docs/operations.md");
        let (_, documentation) = documentation.split_once("### Kinds of errors").unwrap();
        let (documentation, _) = documentation.split_once("\n## ").unwrap();
        let tables = documentation.split("|---|---|---|\n").skip(1);
        let kind = |row: &str| row.strip_prefix("| `").and_then(|row| row.split('`').next()).map(str::to_owned);
        let documented: Vec<Vec<String>> = tables.map(|table| table.lines().map_while(kind).collect()).collect();
        assert_eq!(documented, [kafka.clone(), agents.clone(), own.clone()]);

        let [kafka, agents, own] = [kafka, agents, own].map(|kinds| kinds.join(", "));
        let listed = format!("Of Kafka: {kafka}. Of agents: {agents}. Of any collector: {own}.");
        assert!(COLLECTOR_ERRORS.help.ends_with(&listed), "{}", COLLECTOR_ERRORS.help);
    }
}
