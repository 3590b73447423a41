"""Do the replicas follow, and does the metadata quorum: which partitions lack replicas, and who is behind."""

from .. import health
from ..board import Board, Row
from ..limits import limits, thresholds
from ..health import BY_PARTITION, EACH_PARTITION, IN_SYNC, MIN_IN_SYNC, REPLICAS, sum_of_all_brokers
from ..panels import NO_MBEANS, NONE, OF_ROWS_CLUSTER, THIS, Column, Query, bars, board_url, lines, stat, states, table
from ..selectors import BY_NODE, CLUSTER, NODE, maximum, of_cluster, of_node, of_nodes, rate

_NO_CONTROLLERS = "no controller MBeans"
_UNDER_REPLICATED = (
    f"max {BY_PARTITION} ({of_cluster('kafka_topic_partition_under_replicated_partition', EACH_PARTITION)}) == 1"
)
_WORST = f"bottomk(200, {IN_SYNC} and {_UNDER_REPLICATED})"

# `kafka_raft_state` has a series for each state; a band needs one value.
_RAFT_STATES = {
    1.0: ("leader", "purple", "leader"),
    2.0: ("follower", "green", "follower"),
    3.0: ("observer", "blue", "observer"),
    4.0: ("candidate", "orange", "candidate|prospective|prospective-voted"),
    5.0: ("no leader known", "red", "voted|unattached|unattached-voted"),
}

_END = of_node("kafka_server_raftmetrics_log_end_offset")
_LEADERS_END = f"max by (cluster) ({of_nodes('kafka_server_raftmetrics_log_end_offset')})"


def _of_cluster_by_nodes(metric: str) -> str:
    """What all nodes tell alike of the cluster."""
    return f"max by (cluster) ({of_nodes(metric)})"


def _controllers_count(metric: str) -> str:
    """By how much a controller's count, a gauge by its type, has grown per second; 0 when the controller starts anew."""
    return rate(f"kafka_controller_kafkacontroller_{metric}")


def _brokers_of(metric: str) -> Query:
    return Query(f"max by (cluster, broker) ({of_cluster(metric)})", f"{CLUSTER}broker {{{{broker}}}}")


def _raft_state() -> str:
    of_each = (
        f"""{value:g} * {of_node("kafka_raft_state", f'state=~"{names}"')}"""
        for value, (_, _, names) in _RAFT_STATES.items()
    )
    return f"sum {BY_NODE} ({' or '.join(of_each)})"


def _replicas_fetcher(metric: str) -> str:
    return maximum(f"kafka_server_replicafetchermanager_{metric}", 'clientId="Replica"')


BOARD = Board(
    uid="kafka-vitals-replication",
    title="Kafka replication and KRaft",
    description="Do the replicas follow their leaders, and the nodes their metadata quorum: which partitions lack replicas, "
    "which broker is behind, who leads the quorum.",
    shows_nodes=True,
    rows=[
        Row(
            "",
            [
                health.offline_partitions(),
                health.under_replicated_partitions(),
                health.under_min_isr_partitions(),
                health.at_min_isr_partitions(),
                stat(
                    "Offline replicas",
                    "Replicas that are offline because their log directory failed. Good is none. The board of logs and "
                    "disks says which directory.",
                    Query(sum_of_all_brokers("kafka_server_replicamanager_offlinereplicacount"), CLUSTER),
                    thresholds=limits("KafkaLogDirOffline", counts=True),
                    texts=NONE,
                    no_value="not known",
                    leads_to=("Logs and disks", board_url("kafka-vitals-logs")),
                ),
                stat(
                    "Being moved",
                    "Partitions that are being reassigned to other brokers now. They count as under-replicated until it is "
                    "done.",
                    Query(sum_of_all_brokers("kafka_server_replicamanager_reassigningpartitions"), CLUSTER),
                    texts={0.0: ("none", "text")},
                    no_value="not known",
                ),
                health.not_led_by_preferred(),
                health.unclean_elections(),
            ],
        ),
        Row(
            "Replicas",
            [
                table(
                    "Partitions that are under-replicated now",
                    "Each with how many of its replicas are in sync, how many it has and must have in sync at least "
                    "(min.insync.replicas), and its leader. The graph beside this says which broker is missing. The 200 "
                    "partitions with the fewest replicas in sync.",
                    {"cluster": "Cluster", "topic": "Topic", "partition": "Partition"},
                    Column("In sync", _WORST, thresholds=thresholds([("red", None), ("orange", 2)]), width=80),
                    Column("Replicas", f"{REPLICAS} and {_WORST}", width=80),
                    Column(
                        "Min ISR",
                        f"({REPLICAS} and {_WORST}) * 0 + on (cluster, topic) group_left () {MIN_IN_SYNC}",
                        width=80,
                    ),
                    Column(
                        "Leader",
                        f"max {BY_PARTITION} ({of_cluster('kafka_topic_partition_leader')}) and {_WORST}",
                        width=80,
                    ),
                    sort_by="In sync",
                    ascending=True,
                    links={
                        "Topic": (
                            "Topic ${__value.text}",
                            board_url("kafka-vitals-topics", *OF_ROWS_CLUSTER, f"var-topic={THIS}"),
                        )
                    },
                    no_value="none",
                    width=12,
                    height=8,
                ),
                health.replicas_out_of_sync(),
                lines(
                    "ISR shrinks and expands",
                    "Times per second that a leader dropped a replica from the in-sync ones (up) and took one back (down). "
                    "Good is 0; both at a restart. Shrinks that go on are followers that cannot keep up: disk, network, or "
                    "long collections of garbage.",
                    Query(rate("kafka_server_replicamanager_isrshrinks_total"), f"{NODE} shrinks"),
                    Query(rate("kafka_server_replicamanager_isrexpands_total"), f"{NODE} expands"),
                    unit="ops",
                    below_zero="expands$",
                    no_value=NO_MBEANS,
                ),
                lines(
                    "Furthest behind",
                    "Records that the partition furthest behind lags behind its leader, by the broker that follows. Good "
                    "is near 0, some thousands under load. What grows is a broker that cannot follow.",
                    Query(_replicas_fetcher("maxlag"), NODE),
                    thresholds=limits("KafkaReplicaFetcherLag"),
                    no_value=NO_MBEANS,
                ),
                lines(
                    "Replication traffic",
                    "Bytes per second that each broker fetches from leaders (up) and serves to followers (down). Good is "
                    "about the traffic in times the number of replicas less one; more is a broker that catches up, or "
                    "partitions on the move.",
                    Query(rate("kafka_server_brokertopicmetrics_replicationbytesin_total"), f"{NODE} in"),
                    Query(rate("kafka_server_brokertopicmetrics_replicationbytesout_total"), f"{NODE} out"),
                    unit="Bps",
                    below_zero="out$",
                    no_value=NO_MBEANS,
                ),
                lines(
                    "Fetcher failures",
                    "Partitions that a broker has given up to replicate, and replica fetcher threads that have died. Good "
                    "is 0: neither comes back by itself; the broker's log says why, and a restart of it helps.",
                    Query(_replicas_fetcher("failedpartitionscount"), f"{NODE} partitions given up"),
                    Query(_replicas_fetcher("deadthreadcount"), f"{NODE} dead threads"),
                    thresholds=limits("KafkaReplicaFetcherFailed", counts=True),
                    decimals=0,
                    no_value=NO_MBEANS,
                ),
            ],
        ),
        Row(
            "Spread and moves",
            [
                bars(
                    "Leaders by broker",
                    "Partitions that each broker leads now. Good is about the same on all; after a restart it comes back "
                    "when preferred leaders are elected.",
                    _brokers_of("kafka_broker_leader_partitions"),
                    width=8,
                ),
                bars(
                    "Preferred leaders by broker",
                    "Partitions that each broker leads when all is well. If these differ much, the assignment itself is "
                    "uneven: reassign partitions.",
                    _brokers_of("kafka_broker_preferred_leader_partitions"),
                    width=8,
                ),
                bars(
                    "Replicas by broker",
                    "Replicas that are assigned to each broker. Good is about the same on all; a new broker has none until "
                    "partitions are moved to it.",
                    _brokers_of("kafka_broker_assigned_replicas"),
                    width=8,
                ),
                lines(
                    "Moves of partitions",
                    "Bytes per second of partitions that are moved to each broker (up) and from it (down). Nothing is "
                    "normal; limit moves by a throttle if clients suffer.",
                    Query(rate("kafka_server_brokertopicmetrics_reassignmentbytesin_total"), f"{NODE} in"),
                    Query(rate("kafka_server_brokertopicmetrics_reassignmentbytesout_total"), f"{NODE} out"),
                    unit="Bps",
                    below_zero="out$",
                    no_value=NO_MBEANS,
                    width=8,
                ),
                lines(
                    "Updates of ISR refused",
                    "Changes of in-sync replicas that the controller refused, per second. Good is 0; some when leaders "
                    "change at that moment. If it lasts, the broker works on old metadata.",
                    Query(rate("kafka_server_replicamanager_failedisrupdates_total"), NODE),
                    unit="ops",
                    no_value=NO_MBEANS,
                    width=8,
                ),
                lines(
                    "Slowest fetcher",
                    "Fetches per second of each broker's slowest replica fetcher thread. About 2 without traffic "
                    "(replica.fetch.wait.max.ms, 500 ms), more with it. 0 is a thread that hangs, or a broker that follows "
                    "nobody.",
                    Query(_replicas_fetcher("minfetchrate"), NODE),
                    unit="reqps",
                    no_value=NO_MBEANS,
                    width=8,
                ),
            ],
            collapsed=True,
        ),
        Row(
            "KRaft quorum",
            [
                health.active_controller(),
                stat(
                    "Epoch",
                    "Each election of a quorum leader takes a new epoch. Good is that it hardly changes; what grows is a "
                    "quorum that does not settle.",
                    Query(_of_cluster_by_nodes("kafka_server_raftmetrics_current_epoch"), CLUSTER),
                    trend=True,
                    decimals=0,
                    no_value="no KRaft MBeans",
                ),
                stat(
                    "Voters",
                    "Controllers that vote, and nodes that only follow the metadata log, as the leader sees them (Kafka "
                    "4). Three or five voters are usual; more than half of them must be alive.",
                    Query(_of_cluster_by_nodes("kafka_server_raftmetrics_number_of_voters"), f"{CLUSTER}voters"),
                    Query(_of_cluster_by_nodes("kafka_server_raftmetrics_number_of_observers"), f"{CLUSTER}observers"),
                    no_value="unknown",
                ),
                stat(
                    "Registered",
                    "Brokers that are registered with the controllers, and those of them that are not in service. It is "
                    "told by Kafka's protocol, without MBeans too.",
                    Query(
                        f"count by (cluster) (group by (cluster, broker) ({of_cluster('kafka_broker_registered')}))",
                        f"{CLUSTER}registered",
                    ),
                    Query(
                        f"sum by (cluster) (max by (cluster, broker) ({of_cluster('kafka_broker_fenced')}))",
                        f"{CLUSTER}fenced",
                    ),
                    no_value="unknown",
                ),
                stat(
                    "Metadata errors",
                    "Errors in handling metadata, on controllers and brokers, since they started. Good is none. The node's "
                    "log tells the error; it may work on a wrong picture of the cluster until it is restarted.",
                    Query(
                        f"sum by (cluster) ({of_nodes('kafka_controller_kafkacontroller_metadataerrorcount')})",
                        f"{CLUSTER}controllers",
                    ),
                    Query(
                        f"sum by (cluster) ({of_nodes('kafka_server_brokermetadatametrics_metadata_load_error_count')} + "
                        f"{of_nodes('kafka_server_brokermetadatametrics_metadata_apply_error_count')})",
                        f"{CLUSTER}brokers",
                    ),
                    thresholds=limits("KafkaMetadataErrors", counts=True),
                    texts=NONE,
                    no_value="no KRaft MBeans",
                ),
                stat(
                    "Late heartbeats",
                    "Heartbeats of brokers that the active controller took too late, in the time range shown; brokers may "
                    "be fenced for it. Good is none. The controller is too slow: see its event queue, its disk and its "
                    "garbage collection.",
                    Query(
                        "round(max by (cluster) (increase("
                        f"{of_nodes('kafka_controller_kafkacontroller_timedoutbrokerheartbeatcount')}[$__range])))",
                        CLUSTER,
                    ),
                    thresholds=limits("KafkaBrokerHeartbeatsTimedOut", counts=True),
                    texts=NONE,
                    no_value=_NO_CONTROLLERS,
                ),
                stat(
                    "Metadata version",
                    "The cluster's metadata.version as a feature level. It stays behind the brokers' version until the "
                    "upgrade is finalized (kafka-features upgrade).",
                    Query(_of_cluster_by_nodes("kafka_server_metadataloader_currentmetadataversion"), CLUSTER),
                    decimals=0,
                    no_value="no KRaft MBeans",
                ),
                stat(
                    "Unknown voters",
                    "Voters whose address a node does not know. Good is none; otherwise see controller.quorum.voters or "
                    "controller.quorum.bootstrap.servers of the nodes.",
                    Query(_of_cluster_by_nodes("kafka_server_raftmetrics_number_unknown_voter_connections"), CLUSTER),
                    thresholds=thresholds([("green", None), ("orange", 1)]),
                    texts=NONE,
                    no_value="no KRaft MBeans",
                ),
                states(
                    "State in the quorum",
                    "What each node is in the metadata quorum. Good is one leader, the other controllers followers, "
                    "brokers observers, for days. Candidates for more than moments are a quorum without a majority, or a "
                    "slow network.",
                    Query(_raft_state(), NODE),
                    texts={value: (words, colour) for value, (words, colour, _) in _RAFT_STATES.items()},
                    no_value="no KRaft MBeans",
                    height=8,
                ),
                lines(
                    "Behind the leader",
                    "Records of the metadata log that each node lacks against the longest one. Good is near 0; on split "
                    "pages, whose nodes are read at different moments, some ten. A node that falls behind has an old "
                    "picture of the cluster.",
                    Query(
                        f"max {BY_NODE} ({_LEADERS_END} - on (cluster) group_right () {_END})",
                        NODE,
                    ),
                    decimals=0,
                    no_value="no KRaft MBeans",
                ),
                lines(
                    "Metadata records",
                    "Records per second that the leader appends to the metadata log and that the others fetch. About 2 "
                    "without changes; more when topics, leaders or registrations change.",
                    Query(maximum("kafka_server_raftmetrics_append_records_rate"), f"{NODE} appends"),
                    Query(maximum("kafka_server_raftmetrics_fetch_records_rate"), f"{NODE} fetches"),
                    unit="ops",
                    no_value="no KRaft MBeans",
                    width=8,
                ),
                lines(
                    "High watermark",
                    "Offset up to which the metadata log is committed, on each node. Good is that all grow together; a "
                    "flat line while others grow is a node that is cut off, flat everywhere a quorum without a majority.",
                    Query(maximum("kafka_server_raftmetrics_high_watermark"), NODE),
                    minimum=None,
                    no_value="no KRaft MBeans",
                    width=8,
                ),
                lines(
                    "Commits and elections",
                    "Milliseconds that committing a metadata record took on the leader, and electing a leader, at most. "
                    "Good is below 100; slow commits are slow disks or networks of the controllers. Empty where nothing "
                    "was committed or elected of late.",
                    Query(maximum("kafka_server_raftmetrics_commit_latency_max"), f"{NODE} commit"),
                    Query(maximum("kafka_server_raftmetrics_election_latency_max"), f"{NODE} election"),
                    unit="ms",
                    no_value="none of late",
                    width=8,
                ),
            ],
        ),
        Row(
            "KRaft controllers and metadata",
            [
                lines(
                    "Metadata applied late",
                    "Seconds between the writing of the last metadata record that a node has applied and now. Good is "
                    "about a second, as the active controller writes a record every half second. A line that climbs is a "
                    "node that applies nothing.",
                    Query(
                        f"max {BY_NODE} ({of_node('kafka_server_brokermetadatametrics_last_applied_record_lag_ms')} / 1000)",
                        f"{NODE} as broker",
                    ),
                    Query(
                        f"max {BY_NODE} ({of_node('kafka_controller_kafkacontroller_lastappliedrecordlagms')} / 1000)",
                        f"{NODE} as controller",
                    ),
                    unit="s",
                    thresholds=limits("KafkaMetadataApplyLag", scale=0.001),
                    no_value="no KRaft MBeans",
                ),
                lines(
                    "Metadata errors by node",
                    "Errors in loading or applying metadata since each node's start, as controller and as broker. Good is "
                    "0.",
                    Query(maximum("kafka_controller_kafkacontroller_metadataerrorcount"), f"{NODE} as controller"),
                    Query(maximum("kafka_server_brokermetadatametrics_metadata_load_error_count"), f"{NODE} loading"),
                    Query(maximum("kafka_server_brokermetadatametrics_metadata_apply_error_count"), f"{NODE} applying"),
                    decimals=0,
                    thresholds=limits("KafkaMetadataErrors", counts=True),
                    no_value="no KRaft MBeans",
                ),
                lines(
                    "Controller's event queue",
                    "Milliseconds that events waited in each controller's queue and were worked on, at the 99th "
                    "percentile. Good is some milliseconds. A long wait is a controller with too much to do: many "
                    "partitions change, or its disk is slow.",
                    Query(
                        maximum("kafka_controller_controllereventmanager_eventqueuetimems", 'quantile="0.99"'),
                        f"{NODE} waited",
                    ),
                    Query(
                        maximum("kafka_controller_controllereventmanager_eventqueueprocessingtimems", 'quantile="0.99"'),
                        f"{NODE} worked",
                    ),
                    unit="ms",
                    no_value=_NO_CONTROLLERS,
                ),
                lines(
                    "Controller's operations",
                    "Operations that each controller has started per second, and those that timed out. Good is none that "
                    "times out.",
                    Query(_controllers_count("eventqueueoperationsstartedcount"), f"{NODE} started"),
                    Query(_controllers_count("eventqueueoperationstimedoutcount"), f"{NODE} timed out"),
                    unit="ops",
                    no_value=_NO_CONTROLLERS,
                ),
                lines(
                    "Elections of an active controller",
                    "Elections that each controller has seen since its start. Good is that it hardly grows: each step is a "
                    "change of the active controller.",
                    Query(maximum("kafka_controller_kafkacontroller_newactivecontrollerscount"), NODE),
                    decimals=0,
                    no_value=_NO_CONTROLLERS,
                    width=6,
                ),
                lines(
                    "Vote",
                    "Node that each node has voted for in the current epoch; -1 where it has not voted, as those that "
                    "learn of a leader that others elected. What changes often is a quorum that does not settle.",
                    Query(maximum("kafka_server_raftmetrics_current_vote"), NODE),
                    minimum=None,
                    decimals=0,
                    no_value="no KRaft MBeans",
                    width=6,
                ),
                lines(
                    "Raft thread idle",
                    "Share of time that each node's raft thread has nothing to do. Good is near 100 %.",
                    Query(maximum("kafka_server_raftmetrics_poll_idle_ratio_avg"), NODE),
                    unit="percentunit",
                    maximum=1,
                    least_first=True,
                    no_value="no KRaft MBeans",
                    width=6,
                ),
                lines(
                    "Requests to the controller",
                    "Requests that wait on each broker to be forwarded to the active controller. Good is 0; what grows is "
                    "a controller that does not answer.",
                    Query(maximum("kafka_server_forwardingmanager_queuelength"), NODE),
                    decimals=0,
                    no_value="no KRaft MBeans",
                    width=6,
                ),
                lines(
                    "Age of the last snapshot",
                    "Time since each node last made a snapshot of the metadata, or since its start. A new one comes after "
                    "metadata.log.max.snapshot.interval.ms (an hour) if anything changed, or after enough records; without "
                    "snapshots the metadata log grows and starts take longer.",
                    Query(
                        f"max {BY_NODE} ({of_node('kafka_server_snapshotemitter_latestsnapshotgeneratedagems')} / 1000)",
                        NODE,
                    ),
                    unit="s",
                    no_value="no KRaft MBeans",
                    width=8,
                ),
                lines(
                    "Size of the last snapshot",
                    "Bytes of the last snapshot of the metadata that each node has made; 0 before the first. It grows with "
                    "the topics and partitions.",
                    Query(maximum("kafka_server_snapshotemitter_latestsnapshotgeneratedbytes"), NODE),
                    unit="bytes",
                    no_value="no KRaft MBeans",
                    width=8,
                ),
                lines(
                    "Snapshots loaded",
                    "Times that each node has loaded the metadata from a snapshot since its start. Once at the start is "
                    "normal; more is a node that fell so far behind that the log was gone.",
                    Query(maximum("kafka_server_metadataloader_handleloadsnapshotcount"), NODE),
                    decimals=0,
                    no_value="no KRaft MBeans",
                    width=8,
                ),
            ],
            collapsed=True,
        ),
    ],
)
