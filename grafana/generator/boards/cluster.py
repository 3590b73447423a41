"""The one screen for whoever is on call: is the cluster whole, does traffic flow, do groups keep up, which broker is it."""

from collections.abc import Callable

from .. import health
from ..board import Board, Row
from ..limits import limits, thresholds
from ..panels import NEITHER, NO_MBEANS, NONE, OF_ROWS_CLUSTER, Column, Query, board_url, lines, stat, table
from ..selectors import (
    ALL_TOPICS,
    BY_NODE,
    CLUSTER,
    FIRING_ALERTS,
    NODE,
    RATE,
    Reading,
    by_broker_id,
    of_cluster,
    of_nodes,
    top,
    with_broker_id,
)

_TO_GROUPS = ("Consumer groups", board_url("kafka-vitals-groups"))

_UP = health.BROKERS_IN_SERVICE
# Known are those that are registered or hold replicas, whichever of both the cluster tells.
_KNOWN_BROKERS = (
    f"group by (cluster, broker) ({of_cluster('kafka_broker_registered')} or "
    f"{of_cluster('kafka_broker_assigned_replicas')})"
)
_KNOWN = f"count by (cluster) ({_KNOWN_BROKERS})"
_MISSING = f"{_KNOWN} - {_UP}"
# Of the exporter the cluster page is there, and no metadata.
_UNREACHABLE = f"0 * group by (cluster) ({of_cluster('kafka_vitals_build_info')}) - 1 unless on (cluster) {_UP}"
_TOPICS = f"max by (cluster, topic) ({of_cluster('kafka_topic_partitions')})"
_GROUPS = f"group by (cluster, consumergroup) ({of_cluster('kafka_consumergroup_state')})"
_LAG_SECONDS = of_cluster("kafka_consumergroup_lag_seconds_max")
_OLDEST_UNREAD = f"max by (cluster, consumergroup) ({_LAG_SECONDS})"
_LAG = of_cluster("kafka_consumergroup_lag_sum")

_SINCE = 'ALERTS_FOR_STATE{alertname=~"Kafka.*",cluster=~"$cluster"}'


def _active_alerts() -> str:
    """How long each has been active, with what it is of: group, topic or broker, else the instance; and the cluster."""
    active = f"(time() - {_SINCE}) and ignoring (alertstate) {FIRING_ALERTS}"
    named = f'label_join({active}, "of", " ", "consumergroup", "topic", "broker")'
    either = f'label_join({named}, "either", "|", "of", "instance")'
    named = f'label_join(label_replace({either}, "of", "$1", "either", " *[|](.*)"), "of", " ", "of", "cluster")'
    return f"max by (alertname, severity, of) ({named})"


def _per_cluster(metric: str) -> str:
    """The rate of a broker's total, which has no topic, over all brokers."""
    return f"sum by (cluster) (rate({of_nodes(metric, ALL_TOPICS)}{RATE}))"


def _per_broker(metric: str) -> str:
    return f"sum {BY_NODE} (rate({of_nodes(metric, ALL_TOPICS)}{RATE}))"


def _busiest_topics(metric: str) -> Query:
    of_topics = of_nodes(metric, 'topic!=""')
    return Query(top(10, lambda of: f"sum by (cluster, topic) ({of.rate(of_topics)})"), f"{CLUSTER}{{{{topic}}}}")


def _records_in(of: Reading) -> str:
    ends = of.rate(of_cluster("kafka_topic_partition_current_offset"))
    return f"sum by (cluster, topic) (max by (cluster, topic, partition) ({ends}))"


def _messages_in() -> str:
    """With the recording rules' verdict; without the rules as it is, absent unless all brokers in service tell."""
    messages = of_nodes("kafka_server_brokertopicmetrics_messagesin_total", ALL_TOPICS)
    every = f"count by (cluster) ({messages}) >= {_UP}"
    plain = f"sum by (cluster) (rate({messages}{RATE})) and on (cluster) {every}"
    plain = f'label_replace({plain}, "verdict", "no recording rules", "", "")'
    return f'kafka:messages_in:verdict{{cluster=~"$cluster"}} or on (cluster) {plain}'


# What follows is for the table of brokers: values by cluster and broker id.


def _of_broker(metric: str) -> str:
    """A metric of the cluster's own, which has the broker's id as a label."""
    return f"max by (cluster, broker) ({of_cluster(metric)})"


def _of_node(query: Callable[[str], str], *labels: str) -> str:
    """What a broker's MBeans tell; controllers that are no brokers are left out."""
    return f"{by_broker_id(query, *labels)} and on (cluster, broker) {_KNOWN_BROKERS}"


def _rate_of_broker(metric: str) -> str:
    return _of_node(lambda broker: f"rate({of_nodes(metric, ALL_TOPICS, broker)}{RATE})")


def _handlers_idle(broker: str) -> str:
    """Of the busiest pool; before Kafka 4.2, which tells them apart, of all."""
    pools = f"rate({of_nodes('kafka_request_handler_pool_idle_seconds_total', broker)}{RATE})"
    every = f"rate({of_nodes('kafka_request_handler_idle_seconds_total', broker)}{RATE})"
    return f"clamp_max(min by (cluster, broker, instance) ({pools}) or min by (cluster, broker, instance) ({every}), 1)"


def _uptime(broker: str) -> str:
    started = of_nodes("process_start_time_seconds", broker)
    return f"(time() - {started} and on (cluster, broker, instance) {of_nodes('kafka_broker_build_info', broker)})"


def _versions(broker: str) -> str:
    return of_nodes("kafka_broker_build_info", broker)


_INFO = with_broker_id(of_cluster("kafka_broker_info"))
# Of one that is not in the metadata now, the address that it had.
_WAS = with_broker_id(f'last_over_time({of_cluster("kafka_broker_info")}[$__range])')
_ADDRESS = f"max by (cluster, broker, address) ({_INFO} or {_WAS} unless on (cluster, broker) {_INFO})"
# In the metadata are brokers that are alive and in service.
_IN_SERVICE = f"max by (cluster, broker) ({_INFO}) or 0 * {_KNOWN_BROKERS}"
# Only brokers are of this table.
_ACTIVE_CONTROLLER = f"group by (cluster, broker) ({health.LEADERS_ID}) and on (cluster, broker) {_KNOWN_BROKERS}"
_LOG_SIZE = (
    f"sum by (cluster, broker) (max by (cluster, broker, log_dir, topic) ({of_cluster('kafka_log_dir_topic_bytes')}))"
)
_FREE_SHARE = (
    f"min by (cluster, broker) ({of_cluster('kafka_log_dir_usable_bytes')} / {of_cluster('kafka_log_dir_total_bytes')})"
)

BOARD = Board(
    uid="kafka-vitals-cluster",
    title="Kafka cluster",
    description="Is the cluster whole, does traffic flow, do consumer groups keep up, and which broker is it if not. "
    "Start here; every number leads to the board that has the details.",
    rows=[
        Row(
            "",
            [
                stat(
                    "Brokers missing",
                    "Brokers that are registered or hold replicas and are not in service: down, starting, or cut off from "
                    "the controllers. Good is none. The table of brokers says which one it is; see whether its process "
                    "runs and what its log says. All unreachable: no broker answers kafka-vitals at all.",
                    Query(f"{_MISSING} or {_UNREACHABLE}", CLUSTER),
                    thresholds=thresholds([("green", None), ("red", 1)]),
                    texts={**NONE, -1.0: ("all unreachable", "red")},
                    no_value="no exporter",
                ),
                health.active_controller(),
                health.offline_partitions(),
                health.under_replicated_partitions(),
                health.under_min_isr_partitions(),
                health.at_min_isr_partitions(),
                health.offline_log_dirs(("Logs and disks", board_url("kafka-vitals-logs"))),
                health.unclean_elections(),
                stat(
                    "Alerts firing",
                    "Alerts of the rules of kafka-vitals that fire now; the table below lists them. Good is none. It says "
                    "none too where Prometheus has not loaded prometheus/rules/alerts.yml.",
                    Query(f"count by (severity) ({FIRING_ALERTS})", "{{severity}}"),
                    named=True,
                    colours={"critical": "red", "warning": "orange", "info": "yellow"},
                    no_value="none",
                ),
                stat(
                    "Messages in per second",
                    "Records written per second, with the verdict of the recording rules on it: above the upper limit more "
                    "brokers are due, below the lower one there is room. The limits stand in "
                    "prometheus/rules/recording.yml. Not known unless all brokers in service tell.",
                    Query(_messages_in(), f"{CLUSTER}{{{{verdict}}}}"),
                    unit="mps",
                    named=True,
                    colours={"very high": "orange", "(stable|low)$": "green", "no recording rules$": NEITHER},
                    no_value="not known",
                    width=4,
                ),
                stat(
                    "Oldest unread",
                    "Of all consumer groups, the age of the oldest record that one has not read yet, and which group "
                    "that is. Good is what your readers can live with.",
                    Query(f"topk by (cluster) (1, {_OLDEST_UNREAD})", f"{CLUSTER}{{{{consumergroup}}}}"),
                    unit="s",
                    named=True,
                    no_value="no groups",
                    leads_to=_TO_GROUPS,
                ),
                health.late_groups(_TO_GROUPS),
                health.not_led_by_preferred(),
                stat(
                    "Blind spots",
                    "Parts of kafka-vitals' own work that failed at the last scrape: what they show is missing on these "
                    "boards, never old. Good is none. The board of the exporter says which they are and why.",
                    Query(
                        f"sum by (cluster) (1 - min by (cluster, collector, broker) "
                        f"({of_cluster('kafka_vitals_collector_success')}))",
                        CLUSTER,
                    ),
                    thresholds=thresholds([("green", None), ("orange", 1)]),
                    texts=NONE,
                    no_value="no exporter",
                    leads_to=("Exporter", board_url("kafka-vitals-exporter")),
                ),
                stat(
                    "Size of the cluster",
                    "Brokers in service, topics and their partitions as --topic.filter lets through, and consumer groups.",
                    Query(_UP, f"{CLUSTER}brokers"),
                    Query(f"count by (cluster) ({_TOPICS})", f"{CLUSTER}topics"),
                    Query(f"sum by (cluster) ({_TOPICS})", f"{CLUSTER}partitions"),
                    Query(f"count by (cluster) ({_GROUPS}) or 0 * {_UP}", f"{CLUSTER}groups"),
                    leads_to=("Topics", board_url("kafka-vitals-topics")),
                    width=5,
                ),
                lines(
                    "Traffic",
                    "Bytes that producers write (up) and consumers read (down) per second, without replication. Good is "
                    "the usual shape of the day. A gap in both is an outage; reads above writes are several groups, or one "
                    "that catches up.",
                    Query(_per_cluster("kafka_server_brokertopicmetrics_bytesin_total"), f"{CLUSTER}in"),
                    Query(_per_cluster("kafka_server_brokertopicmetrics_bytesout_total"), f"{CLUSTER}out"),
                    unit="Bps",
                    below_zero="out$",
                    no_value=NO_MBEANS,
                    width=8,
                ),
                lines(
                    "Messages in by topic",
                    "Records written per second, from the growth of the partitions' end offsets: the 10 topics with most "
                    "in the range. A topic that falls to zero has lost its producers.",
                    Query(top(10, _records_in), f"{CLUSTER}{{{{topic}}}}"),
                    unit="mps",
                    stacked=True,
                    no_value="no topics",
                    width=8,
                ),
                lines(
                    "Lag of the worst groups",
                    "Age of the oldest record that a consumer group has not read, on its worst topic: the 10 groups that "
                    "were worst when last seen. Good is flat and low. A line that climbs a second per second is a group "
                    "that stands still.",
                    Query(
                        top(10, lambda of: f"max by (cluster, consumergroup) ({of.value(_LAG_SECONDS)})"),
                        f"{CLUSTER}{{{{consumergroup}}}}",
                    ),
                    unit="s",
                    no_value="no consumer groups",
                    width=8,
                ),
                table(
                    "Brokers",
                    "Every broker that is registered or holds replicas; a click on its id leads to its saturation and "
                    "requests. Good: all in service, none with replicas out of sync, idle well above 30 %, leaders, logs "
                    "and traffic evenly spread, one version but for the time of an upgrade. Controller: which of them is "
                    "the active one. What comes from MBeans is empty for a broker that is down, and without Jolokia; sizes "
                    "of logs with librdkafka.",
                    {
                        "cluster": "Cluster",
                        "broker": "Broker",
                        "address": "Address",
                        "version": "Version",
                        "instance": "Instance",
                    },
                    Column(
                        "Status",
                        _IN_SERVICE,
                        texts={1.0: ("in service", "green"), 0.0: ("missing", "red")},
                        width=95,
                    ),
                    Column("Controller", _ACTIVE_CONTROLLER, texts={1.0: ("active", "text")}, width=85),
                    Column(
                        "Out of sync",
                        _of_broker("kafka_broker_out_of_sync_replicas"),
                        thresholds=limits("KafkaUnderReplicatedPartitions", counts=True),
                        width=95,
                    ),
                    Column("Leaders", _of_broker("kafka_broker_leader_partitions"), width=75),
                    Column("Replicas", _of_broker("kafka_broker_assigned_replicas"), width=80),
                    Column(
                        "Handlers idle",
                        _of_node(_handlers_idle),
                        unit="percentunit",
                        decimals=0,
                        thresholds=limits("KafkaRequestHandlersBusy"),
                        width=100,
                    ),
                    Column("In", _rate_of_broker("kafka_server_brokertopicmetrics_bytesin_total"), unit="Bps", width=85),
                    Column(
                        "Out", _rate_of_broker("kafka_server_brokertopicmetrics_bytesout_total"), unit="Bps", width=85
                    ),
                    Column("Logs", _LOG_SIZE, unit="bytes", width=85),
                    Column(
                        "Disk free",
                        _FREE_SHARE,
                        unit="percentunit",
                        decimals=0,
                        thresholds=limits("KafkaDiskSpaceLow"),
                        width=75,
                    ),
                    Column("Uptime", _of_node(_uptime), unit="s", decimals=1, width=85),
                    Column("", _ADDRESS, hidden=True),
                    Column("", _of_node(_versions, "version"), hidden=True),
                    Column(
                        "",
                        _of_node(lambda broker: of_nodes("jmx_scrape_error", broker), "instance"),
                        hidden=True,
                    ),
                    sort_by="Broker",
                    ascending=True,
                    links={
                        "Broker": (
                            "Saturation, requests and JVM of broker ${__data.fields.Broker}",
                            board_url(
                                "kafka-vitals-brokers",
                                *OF_ROWS_CLUSTER,
                                "var-instance=${__data.fields.Instance:percentencode}",
                                "var-broker=${__data.fields.Broker:percentencode}",
                            ),
                        )
                    },
                    # The instance is what the link needs: on the single page it is the exporter, for every broker.
                    widths={"Cluster": 90, "Broker": 70, "Version": 75, "Instance": 0},
                    no_value="no exporter",
                    height=7,
                ),
                table(
                    "Firing alerts",
                    "Alerts of the rules of kafka-vitals that fire now, with the time since they became active. What each "
                    "means and what to do stands in docs/runbooks.md under its name.",
                    {"severity": "Severity", "alertname": "Alert", "of": "Of"},
                    Column(
                        "Active for",
                        _active_alerts(),
                        unit="s",
                        decimals=0,
                        width=110,
                    ),
                    sort_by="Severity",
                    ascending=True,
                    words={"Severity": {"critical": "red", "warning": "orange", "info": "yellow"}},
                    widths={"Severity": 90},
                    no_value="none firing",
                    height=6,
                ),
            ],
        ),
        Row(
            "Health over time",
            [
                lines(
                    "Partitions not whole",
                    "Partitions that are offline, below min.insync.replicas or under-replicated. Good is nothing but short "
                    "steps of under-replication at restarts.",
                    Query(health.OFFLINE_PARTITIONS, f"{CLUSTER}offline"),
                    Query(health.UNDER_MIN_ISR_PARTITIONS, f"{CLUSTER}under min ISR"),
                    Query(health.UNDER_REPLICATED_PARTITIONS, f"{CLUSTER}under-replicated"),
                    decimals=0,
                ),
                health.replicas_out_of_sync(),
                lines(
                    "Lag in records of the worst groups",
                    "Records that a consumer group has yet to read, over all its topics: the 10 groups that had most when "
                    "last seen. Good is that it returns to near zero.",
                    Query(
                        top(
                            10,
                            lambda of: (
                                "sum by (cluster, consumergroup) "
                                f"(max by (cluster, consumergroup, topic) ({of.value(_LAG)}))"
                            ),
                        ),
                        f"{CLUSTER}{{{{consumergroup}}}}",
                    ),
                    legend_right=True,
                    no_value="no consumer groups",
                ),
                lines(
                    "Brokers in service and known",
                    "Brokers that are registered and not fenced, against those that are known. A gap is a broker that is "
                    "away.",
                    Query(_UP, f"{CLUSTER}in service"),
                    Query(_KNOWN, f"{CLUSTER}known"),
                    decimals=0,
                ),
            ],
            collapsed=True,
        ),
        Row(
            "Traffic by broker and topic",
            [
                lines(
                    "Bytes in by broker",
                    "Bytes that producers write to each broker per second. Good is about the same everywhere; one that is "
                    "higher leads more or busier partitions.",
                    Query(_per_broker("kafka_server_brokertopicmetrics_bytesin_total"), NODE),
                    unit="Bps",
                    no_value=NO_MBEANS,
                ),
                lines(
                    "Bytes out by broker",
                    "Bytes that consumers read from each broker per second, without replication. Good is about the same "
                    "everywhere.",
                    Query(_per_broker("kafka_server_brokertopicmetrics_bytesout_total"), NODE),
                    unit="Bps",
                    no_value=NO_MBEANS,
                ),
                lines(
                    "Bytes in by topic",
                    "Bytes that producers write per second: the 10 topics with most in the range.",
                    _busiest_topics("kafka_server_brokertopicmetrics_bytesin_total"),
                    unit="Bps",
                    stacked=True,
                    legend_right=True,
                    no_value=NO_MBEANS,
                ),
                lines(
                    "Bytes out by topic",
                    "Bytes that consumers read per second, without replication: the 10 topics with most in the range.",
                    _busiest_topics("kafka_server_brokertopicmetrics_bytesout_total"),
                    unit="Bps",
                    stacked=True,
                    legend_right=True,
                    no_value=NO_MBEANS,
                ),
            ],
            collapsed=True,
        ),
    ],
)
