"""Topics: what they are, what goes through them and lies in them, who reads them, and how evenly their partitions are used.

Records come from the growth of end offsets, so that they are there without MBeans; bytes and requests come from brokers' MBeans.
"""

from math import inf

from .. import variables
from ..board import Board, Row
from ..limits import limits, thresholds
from ..panels import NONE, OF_ROWS_CLUSTER, THIS, Column, Query, bars, board_url, lines, stat, table
from ..selectors import CLUSTER, RATE, most, of_cluster, of_node, top

_TOPIC = 'topic=~"$topic"'
_PARTITIONS = of_cluster("kafka_topic_partitions", _TOPIC)
_END = of_cluster("kafka_topic_partition_current_offset", _TOPIC)
_START = of_cluster("kafka_topic_partition_oldest_offset", _TOPIC)
_LEADER = of_cluster("kafka_topic_partition_leader", _TOPIC)
_REPLICAS = of_cluster("kafka_topic_partition_replicas", _TOPIC)
_IN_SYNC = of_cluster("kafka_topic_partition_in_sync_replica", _TOPIC)
_SIZE = of_cluster("kafka_log_dir_topic_bytes", _TOPIC)
# There for each group and topic, whether the lag is known or not.
_READ_BY = of_cluster("kafka_consumergroup_lag_unknown_partitions", _TOPIC)

_BY_TOPIC = "by (cluster, topic)"
_BY_PARTITION = "by (cluster, topic, partition)"
_LEGEND = f"{CLUSTER}{{{{topic}}}}"
_SHOW_TOPIC = ("Show this topic alone", board_url("kafka-vitals-topics", *OF_ROWS_CLUSTER, f"var-topic={THIS}"))
_SHOW_GROUP = ("Show this group", board_url("kafka-vitals-groups", *OF_ROWS_CLUSTER, f"var-group={THIS}"))

_NO_MBEANS = "no MBeans"
_NO_TRAFFIC = "no MBeans, or no traffic yet"
_NO_SIZES = "sizes not known"
_UNLIMITED = {inf: ("unlimited", "text")}


def _mbean(name: str) -> str:
    return of_node(f"kafka_server_brokertopicmetrics_{name}_total", 'topic!=""', _TOPIC)


def _by_mbean(name: str, by: str = _BY_TOPIC) -> str:
    return f"sum {by} (rate({_mbean(name)}{RATE}))"


def _busiest_by_mbean(name: str) -> Query:
    return Query(top(10, lambda of: f"sum {_BY_TOPIC} ({of.rate(_mbean(name))})"), _LEGEND)


def _busiest(rows: int, expr: str, by: str = _BY_TOPIC, window: str = RATE) -> str:
    """Of an expression by topic or partition, those with the most records written: each column of a table has the same rows.

    An end that could not be read must not take its topic off the table.
    """
    anyway = _PARTITIONS if by == _BY_TOPIC else _REPLICAS
    return f"({expr}) and topk({rows}, sum {by} (rate({_END}{window})) or 0 * sum {by} ({anyway}))"


def _column(name: str, expr: str, unit: str = "short", **how: object) -> Column:
    return Column(name, _busiest(100, expr), unit, **how)  # type: ignore[arg-type]


def _partition_column(name: str, expr: str, unit: str = "short", **how: object) -> Column:
    return Column(name, _busiest(100, expr, _BY_PARTITION), unit, **how)  # type: ignore[arg-type]


_SUMMARY = [
    stat(
        "Topics",
        "Topics that the exporter's principal may describe, internal ones included, as chosen above.",
        Query(f"count(sum {_BY_TOPIC} ({_PARTITIONS}))"),
        no_value="no topics",
    ),
    stat(
        "Partitions",
        "Partitions of the chosen topics. Each costs brokers memory, files and work at a change of leader; some 4,000 "
        "replicas per broker are a common bound.",
        Query(f"sum({_PARTITIONS})"),
        no_value="no topics",
    ),
    stat(
        "Under-replicated",
        "Partitions of the chosen topics with fewer in-sync replicas than assigned ones. 0 is good; else a broker is down "
        "or behind: see the board of replication.",
        Query(f"sum({of_cluster('kafka_topic_partition_under_replicated_partition', _TOPIC)})"),
        thresholds=limits("KafkaUnderReplicatedPartitions", counts=True),
        texts=NONE,
        no_value="no topics",
    ),
    stat(
        "Without a leader",
        "Partitions of the chosen topics that can be neither written nor read: partitions less those that have a leader. 0 "
        "is good; else bring the brokers back that hold them, by the table of partitions below.",
        # No leader at all has no series: then all are without one.
        Query(f"sum({_PARTITIONS}) - (count({_LEADER}) or 0 * sum({_PARTITIONS}))"),
        thresholds=limits("KafkaOfflinePartitions", counts=True),
        texts=NONE,
        no_value="no topics",
    ),
    stat(
        "Records in",
        "Records written per second to the chosen topics, from the growth of end offsets. Commits of groups count, too, as "
        "records of __consumer_offsets.",
        Query(f"sum(rate({_END}{RATE}))"),
        unit="mps",
        no_value="not known",
    ),
    stat(
        "Bytes in",
        "Bytes per second that producers write to the chosen topics, compressed as they come; replication is not among "
        "them.",
        Query(_by_mbean("bytesin", by="")),
        unit="Bps",
        no_value=_NO_MBEANS,
    ),
    stat(
        "Bytes out",
        "Bytes per second that consumers read from the chosen topics; replication is not among them. Much more than what "
        "comes in is several groups on a topic, or one that reads all of it again.",
        Query(_by_mbean("bytesout", by="")),
        unit="Bps",
        no_value=_NO_MBEANS,
    ),
    stat(
        "Size",
        "Bytes of the chosen topics on all brokers' disks, each replica counted. As old as --refresh.inventory says, 5 "
        "minutes at most. Not known with librdkafka.",
        Query(f"sum({_SIZE})"),
        unit="bytes",
        no_value=_NO_SIZES,
    ),
]

_TABLE = table(
    "Topics",
    "The 100 chosen topics that have most records written now; choose others above. Replicas: 1 means that the topic is "
    "gone with its broker. Not preferred: partitions that another replica leads than should, normal for some minutes after "
    "a restart. Records: from the first to the last one that can be read; compacted topics have fewer. Retention counts "
    "where the policy has delete. Groups: those with commits or members on it. Cells stay empty where something is not "
    "known: bytes without MBeans, sizes with librdkafka, configurations without the right to describe them.",
    {"cluster": "Cluster", "topic": "Topic", "cleanup_policy": "Policy"},
    _column("Partitions", f"sum {_BY_TOPIC} ({_PARTITIONS})", width=85),
    # No alert has this limit: one replica may be meant.
    _column(
        "Replicas", f"max {_BY_TOPIC} ({_REPLICAS})", width=80, thresholds=thresholds([("orange", None), ("text", 2)])
    ),
    _column("Min. in sync", f"max {_BY_TOPIC} ({of_cluster('kafka_topic_min_insync_replicas', _TOPIC)})", width=100),
    _column(
        "Under-repl.",
        f"sum {_BY_TOPIC} ({of_cluster('kafka_topic_partition_under_replicated_partition', _TOPIC)})",
        width=100,
        thresholds=limits("KafkaUnderReplicatedPartitions", counts=True),
    ),
    _column(
        "Not preferred",
        f"sum {_BY_TOPIC} ({of_cluster('kafka_topic_partition_leader_is_preferred', _TOPIC)} == bool 0)",
        width=110,
    ),
    _column("Records in", f"sum {_BY_TOPIC} (rate({_END}{RATE}))", "mps"),
    _column("Bytes in", _by_mbean("bytesin"), "Bps"),
    _column("Bytes out", _by_mbean("bytesout"), "Bps"),
    _column("Size", f"sum {_BY_TOPIC} ({_SIZE})", "bytes", bar=True, width=150),
    _column("Records", f"sum {_BY_TOPIC} ({_END} - {_START})"),
    _column(
        "Retention",
        f"max {_BY_TOPIC} ({of_cluster('kafka_topic_retention_seconds', _TOPIC)})",
        "s",
        texts=_UNLIMITED,
    ),
    _column("Groups", f"count {_BY_TOPIC} (sum by (cluster, topic, consumergroup) ({_READ_BY}))", width=75),
    Column(
        "Policy",
        f"max by (cluster, topic, cleanup_policy) ({of_cluster('kafka_topic_info', _TOPIC)}) and on (cluster, topic) "
        f"({_busiest(100, f'sum {_BY_TOPIC} ({_PARTITIONS})')})",
        hidden=True,
    ),
    sort_by="Records in",
    links={"Topic": _SHOW_TOPIC},
    widths={"Topic": 220},
    no_value="no topics",
    height=11,
)

_TRAFFIC = Row(
    "Traffic",
    [
        lines(
            "Records in",
            "Records written per second, from the growth of end offsets: the 10 topics with most in the range. Steady is "
            "good; a sudden end is a producer that stopped.",
            Query(top(10, lambda of: f"sum {_BY_TOPIC} ({of.rate(_END)})"), _LEGEND),
            unit="mps",
            legend_right=True,
        ),
        bars(
            "Size on disk",
            "Bytes of all replicas together: the 15 largest topics. What is larger than expected has a longer retention "
            "than meant, or a cleaner that does not run: see the board of logs.",
            Query(f"topk(15, sum {_BY_TOPIC} ({_SIZE}))", _LEGEND),
            unit="bytes",
            no_value=_NO_SIZES,
        ),
        lines(
            "Bytes in",
            "Bytes written per second by producers: the 10 topics with most in the range.",
            _busiest_by_mbean("bytesin"),
            unit="Bps",
            legend_right=True,
            no_value=_NO_TRAFFIC,
        ),
        lines(
            "Bytes out",
            "Bytes read per second by consumers: the 10 topics with most in the range. A burst is a group that catches up, "
            "or reads all again.",
            _busiest_by_mbean("bytesout"),
            unit="Bps",
            legend_right=True,
            no_value=_NO_TRAFFIC,
        ),
    ],
)

# Those of clients: __consumer_offsets and the like are uneven by nature, and no group reads them.
_OF_CLIENTS = 'topic!~"__.*"'
_CLIENTS_END = of_cluster("kafka_topic_partition_current_offset", _TOPIC, _OF_CLIENTS)
_RECENT = f"sum {_BY_PARTITION} (rate({_CLIENTS_END}[15m]))"
_SHARE = f"max {_BY_TOPIC} ({_RECENT}) / avg {_BY_TOPIC} ({_RECENT})"
# Ratios of a few records are noise.
_WITH_TRAFFIC = f"sum {_BY_TOPIC} (rate({_CLIENTS_END}[15m])) > 1"
_SKEWED = f"topk(20, ({_SHARE}) and ({_WITH_TRAFFIC}))"

_PARTITIONS_ROW = Row(
    "Partitions of the chosen topics",
    [
        table(
            "Uneven topics",
            "How many times the average the busiest partition of a topic gets, over 15 minutes: the 20 chosen topics "
            "with the most uneven partitions and more than a record per second, without Kafka's own. 1 is even; above 2 "
            "one consumer works for two: look for a key that is too frequent, or producers that send without one to a "
            "single partition. Fullest: the same of the records that are kept. Has: what the busiest one gets.",
            {"cluster": "Cluster", "topic": "Topic"},
            # No alert has these limits: some topics are uneven by nature.
            Column("Busiest, × mean", _SKEWED, "none", 2, thresholds([("green", None), ("yellow", 2), ("orange", 4)])),
            Column(
                "Fullest, × mean",
                f"max {_BY_TOPIC} ({_END} - {_START}) / avg {_BY_TOPIC} ({_END} - {_START}) and {_SKEWED}",
                "none",
                2,
            ),
            Column("Busiest has", f"max {_BY_TOPIC} (rate({_END}[15m])) and {_SKEWED}", "mps"),
            sort_by="Busiest, × mean",
            links={"Topic": _SHOW_TOPIC},
            widths={"Topic": 200},
            no_value="no topic with traffic",
            width=10,
        ),
        lines(
            "Records in by partition",
            "Records written per second: the 10 busiest partitions of the chosen topics in the range. Those of a topic "
            "should lie together.",
            Query(top(10, lambda of: f"sum {_BY_PARTITION} ({of.rate(_END)})"), f"{_LEGEND} {{{{partition}}}}"),
            unit="mps",
            legend_right=True,
            width=14,
            height=9,
        ),
        table(
            "Partitions",
            "The 100 busiest partitions of the chosen topics; choose one topic to see all of it. Leader: the broker's id, "
            "empty when there is none. In sync should be as many as replicas. Start and end are offsets; what lies between "
            "can be read, fewer in compacted topics.",
            {"cluster": "Cluster", "topic": "Topic", "partition": "Partition"},
            _partition_column("Leader", f"max {_BY_PARTITION} ({_LEADER})", "none"),
            _partition_column("Replicas", f"max {_BY_PARTITION} ({_REPLICAS})"),
            _partition_column("In sync", f"max {_BY_PARTITION} ({_IN_SYNC})"),
            _partition_column(
                "Missing",
                f"max {_BY_PARTITION} ({_REPLICAS} - {_IN_SYNC})",
                thresholds=limits("KafkaUnderReplicatedPartitions", counts=True),
            ),
            _partition_column("Records in", f"sum {_BY_PARTITION} (rate({_END}{RATE}))", "mps", bar=True),
            _partition_column("Start", f"max {_BY_PARTITION} ({_START})", "none"),
            _partition_column("End", f"max {_BY_PARTITION} ({_END})", "none"),
            _partition_column("Records", f"max {_BY_PARTITION} ({_END} - {_START})"),
            sort_by="Records in",
            links={"Topic": _SHOW_TOPIC},
            widths={"Topic": 220, "Partition": 90},
            no_value="no topics",
        ),
    ],
)

_WRITTEN = f"sum {_BY_TOPIC} (rate({_END}[1h]))"
_WRITTEN_BY_CLIENTS = f"sum {_BY_TOPIC} (rate({_CLIENTS_END}[1h]))"
_UNREAD = f"topk(50, {_WRITTEN_BY_CLIENTS} > 0 unless on (cluster, topic) {_READ_BY})"
_IDLE = f"topk(50, sum {_BY_TOPIC} ({_END} - {_START}) and {_WRITTEN} == 0)"
_OF_READER = "by (cluster, topic, consumergroup)"
_LAG = of_cluster("kafka_consumergroup_lag_sum", _TOPIC)
_READERS = f"topk(100, sum {_OF_READER} ({_LAG}) or 0 * sum {_OF_READER} ({_READ_BY}))"

_READERS_ROW = Row(
    "Readers, and topics that nobody writes or reads",
    [
        table(
            "Groups that read the chosen topics",
            "The 100 pairs of topic and group with the most lag. Owned: partitions that a member has; fewer than there are "
            "is a group that is rebalancing, or has no members. Empty cells: not known now, see the board of consumer "
            "groups.",
            {"cluster": "Cluster", "topic": "Topic", "consumergroup": "Group"},
            Column("Lag", f"sum {_OF_READER} ({_LAG}) and {_READERS}", bar=True),
            Column(
                "Lag in time",
                f"max {_OF_READER} ({of_cluster('kafka_consumergroup_lag_seconds', _TOPIC)}) and {_READERS}",
                "s",
            ),
            Column(
                "Owned",
                f"sum {_OF_READER} ({of_cluster('kafka_consumergroup_assigned_partitions', _TOPIC)}) and {_READERS}",
            ),
            sort_by="Lag",
            links={"Topic": _SHOW_TOPIC, "Group": _SHOW_GROUP},
            no_value="no groups yet",
        ),
        table(
            "Idle topics",
            "Chosen topics without a new record for an hour, or since they are watched: the 50 that hold most records. "
            "Nothing is wrong with that; it is where a silent producer shows, and what may be deleted.",
            {"cluster": "Cluster", "topic": "Topic"},
            Column("Records", _IDLE),
            Column("Size", f"sum {_BY_TOPIC} ({_SIZE}) and {_IDLE}", "bytes"),
            Column("Partitions", f"sum {_BY_TOPIC} ({_PARTITIONS}) and {_IDLE}"),
            sort_by="Records",
            links={"Topic": _SHOW_TOPIC},
            no_value="none",
            width=12,
        ),
        table(
            "Written, but read by no group",
            "Chosen topics with new records in the last hour that no group has commits or members on: the 50 with most. "
            "Readers that assign partitions themselves and commit nothing are invisible here. Kafka's own topics are "
            "left out.",
            {"cluster": "Cluster", "topic": "Topic"},
            Column("Records in", _UNREAD, "mps"),
            Column("Bytes out", f"{_by_mbean('bytesout')} and {_UNREAD}", "Bps"),
            Column("Size", f"sum {_BY_TOPIC} ({_SIZE}) and {_UNREAD}", "bytes"),
            sort_by="Records in",
            links={"Topic": _SHOW_TOPIC},
            no_value="none",
            width=12,
        ),
    ],
)

_REQUESTS = Row(
    "Requests by topic",
    [
        lines(
            "Produce requests",
            "Produce requests per second, each topic of a request counted: the 10 topics with most in the range. Many for "
            "few records is a producer that does not batch (linger.ms, batch.size).",
            _busiest_by_mbean("totalproducerequests"),
            unit="reqps",
            no_value=_NO_TRAFFIC,
        ),
        lines(
            "Fetch requests",
            "Fetch requests of consumers and followers per second, each partition of a request counted: the 10 topics with "
            "most in the range.",
            _busiest_by_mbean("totalfetchrequests"),
            unit="reqps",
            no_value=_NO_TRAFFIC,
        ),
        lines(
            "Failed requests",
            "Requests per second that a broker could not serve: the 10 topics with most of each kind in the range. None is "
            "good. Failures of clients, such as an unknown topic or a missing right, are not among them; see the log of "
            "the leader.",
            Query(most(10, _BY_TOPIC, _mbean("failedproducerequests")), f"{_LEGEND}: produce"),
            Query(most(10, _BY_TOPIC, _mbean("failedfetchrequests")), f"{_LEGEND}: fetch"),
            unit="reqps",
            no_value="none failed, or no MBeans",
        ),
        lines(
            "Bytes rejected",
            "Bytes per second of batches that were refused as larger than max.message.bytes: the 10 topics with most in "
            "the range. None is good; else raise the limit or lower the producer's max.request.size.",
            Query(most(10, _BY_TOPIC, _mbean("bytesrejected")), _LEGEND),
            unit="Bps",
            no_value="none rejected, or no MBeans",
        ),
    ],
    collapsed=True,
)

_CONFIGURATION = Row(
    "Configuration",
    [
        table(
            "Configuration",
            "Of the 100 chosen topics that have most records written now. Retention counts where the policy has delete, "
            "its size is per partition. Only closed segments are removed, so that what is kept is up to a segment's time "
            "or size more. Empty: may not be described, or --topic.configs=false.",
            {
                "cluster": "Cluster",
                "topic": "Topic",
                "cleanup_policy": "Policy",
                "compression_type": "Compression",
                "message_timestamp_type": "Timestamps",
            },
            _column("Min. in sync", f"max {_BY_TOPIC} ({of_cluster('kafka_topic_min_insync_replicas', _TOPIC)})"),
            _column(
                "Retention",
                f"max {_BY_TOPIC} ({of_cluster('kafka_topic_retention_seconds', _TOPIC)})",
                "s",
                texts=_UNLIMITED,
            ),
            _column(
                "Retention by size",
                f"max {_BY_TOPIC} ({of_cluster('kafka_topic_retention_bytes', _TOPIC)})",
                "bytes",
                texts=_UNLIMITED,
            ),
            _column("Segment", f"max {_BY_TOPIC} ({of_cluster('kafka_topic_segment_seconds', _TOPIC)})", "s"),
            _column("Segment by size", f"max {_BY_TOPIC} ({of_cluster('kafka_topic_segment_bytes', _TOPIC)})", "bytes"),
            _column("Largest batch", f"max {_BY_TOPIC} ({of_cluster('kafka_topic_max_message_bytes', _TOPIC)})", "bytes"),
            Column(
                "Texts",
                "max by (cluster, topic, cleanup_policy, compression_type, message_timestamp_type) "
                f"({of_cluster('kafka_topic_info', _TOPIC)}) and on (cluster, topic) "
                f"({_busiest(100, f'sum {_BY_TOPIC} ({_PARTITIONS})')})",
                hidden=True,
            ),
            sort_by="Topic",
            ascending=True,
            no_value="configurations not known",
        )
    ],
    collapsed=True,
)

BOARD = Board(
    uid="kafka-vitals-topics",
    title="Kafka topics",
    description=(
        "What topics there are, what goes through them and lies in them, who reads them, and how even their partitions are."
    ),
    shows_nodes=True,
    variables=[variables.topic()],
    rows=[Row("", [*_SUMMARY, _TABLE]), _TRAFFIC, _PARTITIONS_ROW, _READERS_ROW, _REQUESTS, _CONFIGURATION],
)
