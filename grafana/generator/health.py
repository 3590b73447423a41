"""How the partitions are and how the groups do, in numbers for the whole cluster: what several boards ask alike."""

from collections.abc import Mapping

from grafana_foundation_sdk.builders import dashboard as builders

from .limits import limits, thresholds
from .panels import NO_MBEANS, NONE, Query, Text, board_url, lines, stat
from .selectors import CLUSTER, NODE, maximum, of_cluster, of_nodes

_REPLICATION = ("Replication", board_url("kafka-vitals-replication"))
_NOT_KNOWN = "not known"

# Where series are summed per topic (--series.granularity), partitions cannot be told apart.
EACH_PARTITION = 'partition!=""'
BY_PARTITION = "by (cluster, topic, partition)"

# Replicas in sync against the topic's min.insync.replicas, of each partition.
IN_SYNC = f"max {BY_PARTITION} ({of_cluster('kafka_topic_partition_in_sync_replica', EACH_PARTITION)})"
REPLICAS = f"max {BY_PARTITION} ({of_cluster('kafka_topic_partition_replicas', EACH_PARTITION)})"
MIN_IN_SYNC = f"max by (cluster, topic) ({of_cluster('kafka_topic_min_insync_replicas')})"
_PARTITIONS = f"sum by (cluster) (max by (cluster, broker) ({of_cluster('kafka_broker_preferred_leader_partitions')}))"
_NOT_PREFERRED = f"max by (cluster) ({of_cluster('kafka_cluster_not_preferred_leader_partitions')})"

BROKERS_IN_SERVICE = f"max by (cluster) ({of_cluster('kafka_brokers')})"


def sum_of_all_brokers(metric: str) -> str:
    """What brokers tell each of its own, added up; absent, not smaller, while one that is in service does not tell.

    By job, as two exporters of a cluster, which should have a job each, show all brokers twice.
    """
    found = of_nodes(metric)
    every = f"max by (cluster) (count by (cluster, job) ({found})) >= {BROKERS_IN_SERVICE}"
    return f"(max by (cluster) (sum by (cluster, job) ({found})) and on (cluster) {every})"


def _controllers(metric: str) -> str:
    """What each controller tells of the cluster."""
    return of_nodes(f"kafka_controller_{metric}")


OFFLINE_PARTITIONS = (
    f"max by (cluster) ({of_cluster('kafka_cluster_offline_partitions')} or "
    f"{_controllers('kafkacontroller_offlinepartitionscount')})"
)
# The leaders' count leaves out partitions that are being moved, the metadata's does not: it is used where not all leaders tell.
UNDER_REPLICATED_PARTITIONS = (
    sum_of_all_brokers("kafka_server_replicamanager_underreplicatedpartitions")
    + f" or max by (cluster) ({of_cluster('kafka_cluster_under_replicated_partitions')})"
)
# Kafka's own counts have partitions, too, that never had replicas to spare: only those that have lost one are of interest.
_LOST_REPLICAS = f"({IN_SYNC} < bool {REPLICAS})"
UNDER_MIN_ISR_PARTITIONS = (
    sum_of_all_brokers("kafka_server_replicamanager_underminisrpartitioncount")
    + f" or sum by (cluster) ({_LOST_REPLICAS} * ({IN_SYNC} < bool on (cluster, topic) group_left () {MIN_IN_SYNC}))"
)
AT_MIN_ISR_PARTITIONS = (
    f"sum by (cluster) ({_LOST_REPLICAS} * ({IN_SYNC} == bool on (cluster, topic) group_left () {MIN_IN_SYNC}))"
)


def offline_partitions() -> builders.Panel:
    return stat(
        "Offline partitions",
        "Partitions without a leader: nobody can write to them or read them. Good is none. Find the brokers that hold "
        "their replicas (table of brokers: not in service, or a log directory offline) and bring one back; electing a "
        "leader that is not in sync loses records.",
        Query(OFFLINE_PARTITIONS, CLUSTER),
        thresholds=limits("KafkaOfflinePartitions", counts=True),
        texts=NONE,
        no_value=_NOT_KNOWN,
        leads_to=_REPLICATION,
    )


def under_replicated_partitions() -> builders.Panel:
    return stat(
        "Under-replicated",
        "Partitions with fewer in-sync replicas than they should have. Good is none; some while a broker restarts. If it "
        "lasts, a broker is down or cannot follow: the board of replication says which.",
        Query(UNDER_REPLICATED_PARTITIONS, CLUSTER),
        thresholds=limits("KafkaUnderReplicatedPartitions", counts=True),
        texts=NONE,
        no_value=_NOT_KNOWN,
        leads_to=_REPLICATION,
    )


def under_min_isr_partitions() -> builders.Panel:
    return stat(
        "Under min ISR",
        "Partitions with fewer in-sync replicas than min.insync.replicas: writes with acks=all fail now. Good is none. "
        "Bring the missing brokers back before anything else.",
        Query(UNDER_MIN_ISR_PARTITIONS, CLUSTER),
        thresholds=limits("KafkaUnderMinIsrPartitions", counts=True),
        texts=NONE,
        no_value=_NOT_KNOWN,
        leads_to=_REPLICATION,
    )


def at_min_isr_partitions() -> builders.Panel:
    return stat(
        "At min ISR",
        "Partitions that have lost replicas and have just min.insync.replicas left in sync: one more failure and writes "
        "with acks=all fail. Good is none. Do not restart any broker while it is not. Unknown where topics' configurations "
        "may not be read.",
        Query(AT_MIN_ISR_PARTITIONS, CLUSTER),
        thresholds=limits("KafkaAtMinIsrPartitions", counts=True),
        texts=NONE,
        no_value=_NOT_KNOWN,
        leads_to=_REPLICATION,
    )


def unclean_elections() -> builders.Panel:
    elections = _controllers("controllerstats_uncleanleaderelections_total")
    return stat(
        "Unclean elections",
        "Leaders elected in the time range shown that were not in sync: acknowledged records were lost. Good is none. Find "
        "out which topics allow it (unclean.leader.election.enable) and what their producers must send again.",
        Query(f"round(max by (cluster) (increase({elections}[$__range])))", CLUSTER),
        thresholds=limits("KafkaUncleanLeaderElection", counts=True),
        texts=NONE,
        no_value="no controller MBeans",
        leads_to=_REPLICATION,
    )


def not_led_by_preferred() -> builders.Panel:
    return stat(
        "Leader imbalance",
        "Share of partitions that are not led by their preferred replica. Good is near 0; after a restart it takes up to "
        "leader.imbalance.check.interval.seconds (5 minutes). If it stays, leaders are unevenly spread: elect preferred "
        "leaders, or see why automatic balancing is off.",
        Query(f"{_NOT_PREFERRED} / {_PARTITIONS}", CLUSTER),
        unit="percentunit",
        decimals=0,
        thresholds=limits("KafkaPreferredLeaderImbalance"),
        leads_to=_REPLICATION,
    )


# As the alert KafkaNoActiveController: the leader of the quorum may well be active while its MBeans cannot be read.
_LEADER = f"max by (cluster) ({of_nodes('kafka_server_raftmetrics_current_leader')})"
LEADERS_ID = f'count_values by (cluster) ("broker", {_LEADER})'
_UNREAD_NODES = f"""{of_cluster("kafka_vitals_collector_success", 'collector="jmx"')} == 0"""
_ACTIVE = f"max by (cluster) (sum by (cluster, job) ({_controllers('kafkacontroller_activecontrollercount')}))"
_NO_LEADER, _SEVERAL, _ONE = -1, -2, -3
_CONTROLLER_TEXTS: Mapping[float, Text] = {
    _NO_LEADER: ("none", "red"),
    _SEVERAL: ("several", "red"),
    _ONE: ("one", "green"),
}


def active_controller() -> builders.Panel:
    several = f"0 * ({_ACTIVE} > 1) + {_SEVERAL}"
    none = (
        f"0 * ({_ACTIVE} < 1) + {_NO_LEADER} unless on (cluster) ({LEADERS_ID} and on (cluster, broker) {_UNREAD_NODES})"
    )
    without_quorum = f"0 * ({_ACTIVE} == 1) + {_ONE}"
    return stat(
        "Active controller",
        "Id of the node that is the active controller, which leads the metadata quorum, by what all nodes tell. With "
        "none for more than seconds no topic can be created and no leader elected; with several for longer than an "
        "election takes, the quorum is torn. Not known without MBeans.",
        Query(f"{several} or ({none}) or {_LEADER} or {without_quorum}", CLUSTER),
        thresholds=limits("KafkaNoQuorumLeader"),
        texts=_CONTROLLER_TEXTS,
        decimals=0,
        no_value=_NOT_KNOWN,
        leads_to=_REPLICATION,
    )


def offline_log_dirs(leads_to: tuple[str, str] | None = None, *, width: int = 3) -> builders.Panel:
    online = f"max by (cluster, broker, log_dir) ({of_cluster('kafka_log_dir_online')})"
    of_brokers = sum_of_all_brokers("kafka_log_logmanager_offlinelogdirectorycount")
    return stat(
        "Offline directories",
        "Log directories that brokers can no longer use, because the disk failed or is full: the replicas on them are "
        "offline. Good is none; else mend the disk and restart the broker. By the brokers' answers to DescribeLogDirs, "
        "else by their MBeans.",
        Query(f"sum by (cluster) (1 - {online}) or {of_brokers}", CLUSTER),
        thresholds=limits("KafkaLogDirOffline", counts=True),
        texts=NONE,
        no_value=_NOT_KNOWN,
        leads_to=leads_to,
        width=width,
    )


def replicas_out_of_sync() -> builders.Panel:
    out_of_sync = of_cluster("kafka_broker_out_of_sync_replicas")
    return lines(
        "Replicas out of sync by broker",
        "Replicas that each broker should keep in sync and does not. Good is 0, and a short step at a restart. The "
        "broker with the high line is down, or its disk or network is too slow.",
        Query(f"max by (cluster, broker) ({out_of_sync})", f"{CLUSTER}broker {{{{broker}}}}"),
        decimals=0,
    )


def late_transactions(width: int) -> builders.Panel:
    return lines(
        "Transactions open too long",
        "Partitions with a transaction that is open for longer than transaction.max.timeout.ms allows, by broker. Good "
        "is 0: consumers with isolation.level=read_committed wait for its end. Find it with kafka-transactions "
        "find-hanging.",
        Query(maximum("kafka_server_replicamanager_partitionswithlatetransactionscount"), NODE),
        decimals=0,
        thresholds=limits("KafkaHangingTransactions", counts=True),
        no_value=NO_MBEANS,
        width=width,
    )


def of_group(metric: str) -> str:
    """Of each group, once where two exporters tell."""
    return f"max by (cluster, consumergroup) ({of_cluster(f'kafka_consumergroup_{metric}')})"


# As the alert KafkaConsumerGroupLate. A sum of records that lacks what is not known is too small, not too large.
_RECORDS = f"max by (cluster, consumergroup, topic) ({of_cluster('kafka_consumergroup_lag_sum')})"
LATE_GROUPS = (
    f"({of_group('lag_seconds_max')} > {of_group('objective_seconds')} "
    f"or sum by (cluster, consumergroup) ({_RECORDS}) > {of_group('objective_records')})"
)


def late_groups(leads_to: tuple[str, str] | None = None) -> builders.Panel:
    with_objective = f"count by (cluster) ({of_group('objective_info')})"
    return stat(
        "Groups too late",
        "Consumer groups with more lag than their own objective allows, in seconds or in records. Good is none; else see "
        "whether their consumers run and keep up. Objectives come from the file of --group.objectives.",
        Query(f"count by (cluster) ({LATE_GROUPS}) or 0 * {with_objective}", CLUSTER),
        thresholds=thresholds([("green", None), ("orange", 1)]),
        texts=NONE,
        no_value="no objectives",
        leads_to=leads_to,
    )
