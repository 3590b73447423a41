"""The one screen for whoever is on call: is the cluster whole, does traffic flow, do groups keep up, which broker is it."""

from collections.abc import Callable

from .. import health
from ..board import Board, Row
from ..limits import limits, thresholds
from ..panels import NO_MBEANS, Column, Query, board_url, lines, stat, table
from ..selectors import BY_NODE, NODE, RATE, by_broker_id, of_cluster, of_nodes, top

_NONE = {0.0: ("none", "green")}
_TOTAL = 'topic=""'
_TO_GROUPS = ("Consumer groups", board_url("kafka-vitals-groups"))

_UP = f"max by (cluster) ({of_cluster('kafka_brokers')})"
# Known are those that are registered or hold replicas, whichever of both the cluster tells.
_KNOWN_BROKERS = (
    f"group by (cluster, broker) ({of_cluster('kafka_broker_registered')} or "
    f"{of_cluster('kafka_broker_assigned_replicas')})"
)
_KNOWN = f"count by (cluster) ({_KNOWN_BROKERS})"
_OFFLINE_DIRS = (
    f"sum by (cluster) (1 - max by (cluster, broker, log_dir) ({of_cluster('kafka_log_dir_online')})) or "
    f"sum by (cluster) ({of_nodes('kafka_log_logmanager_offlinelogdirectorycount')})"
)
_TOPICS = f"max by (cluster, topic) ({of_cluster('kafka_topic_partitions')})"
_GROUPS = f"group by (cluster, consumergroup) ({of_cluster('kafka_consumergroup_state')})"
_LAG_SECONDS = of_cluster("kafka_consumergroup_lag_seconds_max")
_LAG = of_cluster("kafka_consumergroup_lag_sum")

_FIRING = 'ALERTS{alertname=~"Kafka.*",alertstate="firing",cluster=~"$cluster"}'
_SINCE = 'ALERTS_FOR_STATE{alertname=~"Kafka.*",cluster=~"$cluster"}'


def _per_group(metric: str) -> str:
    return f"max by (cluster, consumergroup) ({of_cluster(metric)})"


def _late_groups() -> str:
    """How many groups are behind an objective of theirs, in seconds or in records; absent without objectives."""
    seconds = (
        f"{_per_group('kafka_consumergroup_lag_seconds_max')} > {_per_group('kafka_consumergroup_objective_seconds')}"
    )
    records = f"sum by (cluster, consumergroup) (max by (cluster, consumergroup, topic) ({_LAG}))"
    records = f"{records} > {_per_group('kafka_consumergroup_objective_records')}"
    groups = f"count by (cluster) ({_per_group('kafka_consumergroup_objective_info')})"
    return f"count by (cluster) ({seconds} or {records}) or 0 * {groups}"


def _active_alerts() -> str:
    """How long each has been active, with what it is of: group, topic or broker, else the instance; and the cluster."""
    active = f"(time() - {_SINCE}) and ignoring (alertstate) {_FIRING}"
    named = f'label_join({active}, "of", " ", "consumergroup", "topic", "broker")'
    either = f'label_join({named}, "either", "|", "of", "instance")'
    named = f'label_join(label_replace({either}, "of", "$1", "either", " *[|](.*)"), "of", " ", "of", "cluster")'
    return f"max by (alertname, severity, of) ({named})"


def _per_cluster(metric: str) -> str:
    """The rate of a broker's total, which has no topic, over all brokers."""
    return f"sum by (cluster) (rate({of_nodes(metric, _TOTAL)}{RATE}))"


def _per_broker(metric: str) -> str:
    return f"sum {BY_NODE} (rate({of_nodes(metric, _TOTAL)}{RATE}))"


def _per_topic(metric: str, at: str) -> str:
    return f"""sum by (cluster, topic) (rate({of_nodes(metric, 'topic!=""')}{RATE}{at}))"""


# What follows is for the table of brokers: values by cluster and broker id.


def _of_broker(metric: str) -> str:
    """A metric of the cluster's own, which has the broker's id as a label."""
    return f"max by (cluster, broker) ({of_cluster(metric)})"


def _of_node(query: Callable[[str], str], *labels: str) -> str:
    """What a broker's MBeans tell; controllers that are no brokers are left out."""
    return f"{by_broker_id(query, *labels)} and on (cluster, broker) {_KNOWN_BROKERS}"


def _rate_of_broker(metric: str) -> str:
    return _of_node(lambda broker: f"rate({of_nodes(metric, _TOTAL, broker)}{RATE})")


def _handlers_idle(broker: str) -> str:
    """Of the busiest pool; before Kafka 4.2, which tells them apart, of all."""
    pools = f"rate({of_nodes('kafka_request_handler_pool_idle_seconds_total', broker)}{RATE})"
    every = f"rate({of_nodes('kafka_request_handler_idle_seconds_total', broker)}{RATE})"
    return f"clamp_max(min by (cluster, broker, instance) ({pools}) or min by (cluster, broker, instance) ({every}), 1)"


def _uptime(broker: str) -> str:
    started = of_nodes("process_start_time_seconds", broker)
    return f"(time() - {started} and on (cluster, broker, instance) {of_nodes('kafka_broker_build_info', broker)})"


_INFO = f'label_replace({of_cluster("kafka_broker_info")}, "broker", "$1", "id", "(.+)")'
# Of one that is not in the metadata now, the address that it had.
_WAS = f'label_replace(last_over_time({of_cluster("kafka_broker_info")}[$__range]), "broker", "$1", "id", "(.+)")'
_ADDRESS = f"max by (cluster, broker, address) ({_INFO} or {_WAS} unless on (cluster, broker) {_INFO})"
# In the metadata are brokers that are alive and in service.
_IN_SERVICE = f"max by (cluster, broker) ({_INFO}) or 0 * {_KNOWN_BROKERS}"
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
                    "runs and what its log says.",
                    Query(f"{_KNOWN} - {_UP}", "{{cluster}}"),
                    thresholds=thresholds([("green", None), ("red", 1)]),
                    texts=_NONE,
                    no_value="no exporter",
                ),
                stat(
                    "Active controllers",
                    "Controllers that say they are the active one. Good is one. With none, no topic can be created and no "
                    "leader elected; with several for longer than an election takes, the quorum is torn.",
                    Query(
                        f"sum by (cluster) ({of_nodes('kafka_controller_kafkacontroller_activecontrollercount')})",
                        "{{cluster}}",
                    ),
                    thresholds=thresholds([("red", None), ("green", 1), ("red", 2)]),
                    texts={0.0: ("none", "red"), 1.0: ("one", "green")},
                    no_value="no controller MBeans",
                    leads_to=("Replication and KRaft", board_url("kafka-vitals-replication")),
                ),
                health.offline_partitions(),
                health.under_replicated_partitions(),
                health.under_min_isr_partitions(),
                health.at_min_isr_partitions(),
                stat(
                    "Offline log dirs",
                    "Log directories that brokers can no longer use, because the disk failed or is full. Good is none. The "
                    "replicas on them are offline until the disk is replaced and the broker restarted.",
                    Query(_OFFLINE_DIRS, "{{cluster}}"),
                    thresholds=limits("KafkaLogDirOffline", counts=True),
                    texts=_NONE,
                    no_value="unknown",
                    leads_to=("Logs and disks", board_url("kafka-vitals-logs")),
                ),
                health.unclean_elections(),
                stat(
                    "Alerts firing",
                    "Alerts of the rules of kafka-vitals that fire now; the table below lists them. Good is none. It says "
                    "none too where Prometheus has not loaded prometheus/rules/alerts.yml.",
                    Query(f"count by (severity) ({_FIRING})", "{{severity}}"),
                    named=True,
                    colours={"critical": "red", "warning": "orange", "info": "yellow"},
                    no_value="none",
                ),
                stat(
                    "Messages in per second",
                    "Records written per second, with the verdict of the recording rules on it: above the upper limit more "
                    "brokers are due, below the lower one there is room. The limits stand in "
                    "prometheus/rules/recording.yml.",
                    Query('kafka:messages_in:verdict{cluster=~"$cluster"}', "{{verdict}} {{cluster}}"),
                    unit="mps",
                    named=True,
                    colours={"^very high": "orange", "^(stable|low)": "green"},
                    no_value="no recording rules",
                    width=4,
                ),
                stat(
                    "Oldest unread",
                    "Of all consumer groups, the age of the oldest record that one has not read yet. Good is what your "
                    "readers can live with. The graph of lag says which group it is.",
                    Query(f"max by (cluster) ({_LAG_SECONDS})", "{{cluster}}"),
                    unit="s",
                    no_value="no groups",
                    leads_to=_TO_GROUPS,
                ),
                stat(
                    "Groups too late",
                    "Consumer groups whose lag is beyond their own objective (--group.objectives). Good is none. See "
                    "whether their consumers run and keep up.",
                    Query(_late_groups(), "{{cluster}}"),
                    thresholds=thresholds([("green", None), ("orange", 1)]),
                    texts=_NONE,
                    no_value="no objectives",
                    leads_to=_TO_GROUPS,
                ),
                health.not_led_by_preferred(),
                stat(
                    "Blind spots",
                    "Parts of kafka-vitals' own work that failed at the last scrape: what they show is missing on these "
                    "boards, never old. Good is none. The board of the exporter says which they are and why.",
                    Query(
                        f"sum by (cluster) (1 - min by (cluster, collector, broker) "
                        f"({of_cluster('kafka_vitals_collector_success')}))",
                        "{{cluster}}",
                    ),
                    thresholds=thresholds([("green", None), ("orange", 1)]),
                    texts=_NONE,
                    no_value="no exporter",
                    leads_to=("Exporter", board_url("kafka-vitals-exporter")),
                ),
                stat(
                    "Size of the cluster",
                    "Brokers in service, topics and their partitions as --topic.filter lets through, and consumer groups.",
                    Query(_UP, "brokers {{cluster}}"),
                    Query(f"count by (cluster) ({_TOPICS})", "topics {{cluster}}"),
                    Query(f"sum by (cluster) ({_TOPICS})", "partitions {{cluster}}"),
                    Query(f"count by (cluster) ({_GROUPS}) or 0 * {_UP}", "groups {{cluster}}"),
                    leads_to=("Topics", board_url("kafka-vitals-topics")),
                    width=5,
                ),
                lines(
                    "Traffic",
                    "Bytes that producers write (up) and consumers read (down) per second, without replication. Good is "
                    "the usual shape of the day. A gap in both is an outage; reads above writes are several groups, or one "
                    "that catches up.",
                    Query(_per_cluster("kafka_server_brokertopicmetrics_bytesin_total"), "in {{cluster}}"),
                    Query(_per_cluster("kafka_server_brokertopicmetrics_bytesout_total"), "out {{cluster}}"),
                    unit="Bps",
                    below_zero="^out",
                    no_value=NO_MBEANS,
                    width=8,
                ),
                lines(
                    "Messages in by topic",
                    "Records written per second, from the growth of the partitions' end offsets: the 10 topics that have "
                    "most now. A topic that falls to zero has lost its producers.",
                    Query(
                        top(
                            10,
                            lambda at: (
                                "sum by (cluster, topic) (max by (cluster, topic, partition) "
                                f"(rate({of_cluster('kafka_topic_partition_current_offset')}{RATE}{at})))"
                            ),
                        ),
                        "{{topic}} {{cluster}}",
                    ),
                    unit="mps",
                    stacked=True,
                    no_value="no topics",
                    width=8,
                ),
                lines(
                    "Lag of the worst groups",
                    "Age of the oldest record that a consumer group has not read, on its worst topic: the 10 groups that "
                    "are worst now. Good is flat and low. A line that climbs a second per second is a group that stands "
                    "still.",
                    Query(
                        top(10, lambda at: f"max by (cluster, consumergroup) ({_LAG_SECONDS}{at})"),
                        "{{consumergroup}} {{cluster}}",
                    ),
                    unit="s",
                    no_value="no consumer groups",
                    width=8,
                ),
                table(
                    "Brokers",
                    "Every broker that is registered or holds replicas; a click on its id leads to its saturation and "
                    "requests. Good: all in service, none with replicas out of sync, idle well above 30 %, leaders and "
                    "traffic evenly spread. What comes from MBeans is empty for a broker that is down, and without "
                    "Jolokia.",
                    {
                        "cluster": "Cluster",
                        "broker": "Broker",
                        "address": "Address",
                        "instance": "Instance",
                    },
                    Column(
                        "Status",
                        _IN_SERVICE,
                        texts={1.0: ("in service", "green"), 0.0: ("missing", "red")},
                        width=95,
                    ),
                    Column(
                        "Out of sync",
                        _of_broker("kafka_broker_out_of_sync_replicas"),
                        thresholds=limits("KafkaUnderReplicatedPartitions", counts=True),
                        width=95,
                    ),
                    Column("Leaders", _of_broker("kafka_broker_leader_partitions"), width=65),
                    Column(
                        "Handlers idle",
                        _of_node(_handlers_idle),
                        unit="percentunit",
                        decimals=0,
                        thresholds=limits("KafkaRequestHandlersBusy"),
                        width=100,
                    ),
                    Column(
                        "In", _rate_of_broker("kafka_server_brokertopicmetrics_bytesin_total"), unit="Bps", width=85
                    ),
                    Column(
                        "Out", _rate_of_broker("kafka_server_brokertopicmetrics_bytesout_total"), unit="Bps", width=85
                    ),
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
                                "${datasource:queryparam}",
                                "var-cluster=${__data.fields.Cluster}",
                                "var-instance=${__data.fields.Instance}",
                                "var-broker=${__data.fields.Broker}",
                            ),
                        )
                    },
                    # The instance is what the link needs: on the single page it is the exporter, for every broker.
                    widths={"Cluster": 75, "Broker": 70, "Instance": 0},
                    no_value="no exporter",
                    width=15,
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
                        width=80,
                    ),
                    sort_by="Severity",
                    ascending=True,
                    words={"Severity": {"critical": "red", "warning": "orange", "info": "yellow"}},
                    widths={"Severity": 70, "Of": 150},
                    no_value="none firing",
                    width=9,
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
                    Query(health.OFFLINE_PARTITIONS, "offline {{cluster}}"),
                    Query(health.UNDER_MIN_ISR_PARTITIONS, "under min ISR {{cluster}}"),
                    Query(health.UNDER_REPLICATED_PARTITIONS, "under-replicated {{cluster}}"),
                    decimals=0,
                ),
                lines(
                    "Replicas out of sync by broker",
                    "Replicas that each broker should keep in sync and does not. The broker with the high line is the one "
                    "that is down or cannot follow.",
                    Query(_of_broker("kafka_broker_out_of_sync_replicas"), "broker {{broker}} {{cluster}}"),
                    decimals=0,
                ),
                lines(
                    "Lag in records of the worst groups",
                    "Records that a consumer group has yet to read, over all its topics: the 10 groups that have most now. "
                    "Good is that it returns to near zero.",
                    Query(
                        top(
                            10,
                            lambda at: (
                                f"sum by (cluster, consumergroup) (max by (cluster, consumergroup, topic) ({_LAG}{at}))"
                            ),
                        ),
                        "{{consumergroup}} {{cluster}}",
                    ),
                    legend_right=True,
                    no_value="no consumer groups",
                ),
                lines(
                    "Brokers in service and known",
                    "Brokers that are registered and not fenced, against those that are known. A gap is a broker that is "
                    "away.",
                    Query(_UP, "in service {{cluster}}"),
                    Query(_KNOWN, "known {{cluster}}"),
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
                    "Bytes that producers write per second: the 10 topics that have most now.",
                    Query(
                        top(10, lambda at: _per_topic("kafka_server_brokertopicmetrics_bytesin_total", at)),
                        "{{topic}} {{cluster}}",
                    ),
                    unit="Bps",
                    stacked=True,
                    legend_right=True,
                    no_value=NO_MBEANS,
                ),
                lines(
                    "Bytes out by topic",
                    "Bytes that consumers read per second, without replication: the 10 topics that have most now.",
                    Query(
                        top(10, lambda at: _per_topic("kafka_server_brokertopicmetrics_bytesout_total", at)),
                        "{{topic}} {{cluster}}",
                    ),
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
