"""How the partitions are, in numbers for the whole cluster: the boards of the cluster and of replication show the same."""

from grafana_foundation_sdk.builders import dashboard as builders

from .limits import limits
from .panels import Query, board_url, stat
from .selectors import of_cluster, of_nodes

_NONE = {0.0: ("none", "green")}
_REPLICATION = ("Replication", board_url("kafka-vitals-replication"))

# Where series are summed per topic (--series.granularity), partitions cannot be told apart.
_EACH = 'partition!=""'

# Replicas in sync against the topic's min.insync.replicas, of each partition.
_IN_SYNC = f"max by (cluster, topic, partition) ({of_cluster('kafka_topic_partition_in_sync_replica', _EACH)})"
_REPLICAS = f"max by (cluster, topic, partition) ({of_cluster('kafka_topic_partition_replicas', _EACH)})"
_MIN_IN_SYNC = f"max by (cluster, topic) ({of_cluster('kafka_topic_min_insync_replicas')})"
_PARTITIONS = f"sum by (cluster) (max by (cluster, broker) ({of_cluster('kafka_broker_preferred_leader_partitions')}))"
_NOT_PREFERRED = f"max by (cluster) ({of_cluster('kafka_cluster_not_preferred_leader_partitions')})"


def _controllers(metric: str) -> str:
    """What each controller tells of the cluster."""
    return of_nodes(f"kafka_controller_{metric}")


def _on_brokers(metric: str) -> str:
    """What each broker tells of the partitions that it leads."""
    return f"sum by (cluster) ({of_nodes(f'kafka_server_replicamanager_{metric}')})"


OFFLINE_PARTITIONS = (
    f"max by (cluster) ({of_cluster('kafka_cluster_offline_partitions')} or "
    f"{_controllers('kafkacontroller_offlinepartitionscount')})"
)
# The leaders' count leaves out partitions that are being moved, the metadata's does not.
UNDER_REPLICATED_PARTITIONS = (
    _on_brokers("underreplicatedpartitions")
    + f" or max by (cluster) ({of_cluster('kafka_cluster_under_replicated_partitions')})"
)
# Kafka's own counts have partitions, too, that never had replicas to spare: only those that have lost one are of interest.
_LOST_REPLICAS = f"({_IN_SYNC} < bool {_REPLICAS})"
UNDER_MIN_ISR_PARTITIONS = (
    _on_brokers("underminisrpartitioncount")
    + f" or sum by (cluster) ({_LOST_REPLICAS} * ({_IN_SYNC} < bool on (cluster, topic) group_left () {_MIN_IN_SYNC}))"
)
AT_MIN_ISR_PARTITIONS = (
    f"sum by (cluster) ({_LOST_REPLICAS} * ({_IN_SYNC} == bool on (cluster, topic) group_left () {_MIN_IN_SYNC}))"
)


def offline_partitions() -> builders.Panel:
    return stat(
        "Offline partitions",
        "Partitions without a leader: nobody can write to them or read them. Good is none. Find the brokers that hold "
        "their replicas (table of brokers: not in service, or a log directory offline) and bring one back; electing a "
        "leader that is not in sync loses records.",
        Query(OFFLINE_PARTITIONS, "{{cluster}}"),
        thresholds=limits("KafkaOfflinePartitions", counts=True),
        texts=_NONE,
        leads_to=_REPLICATION,
    )


def under_replicated_partitions() -> builders.Panel:
    return stat(
        "Under-replicated",
        "Partitions with fewer in-sync replicas than they should have. Good is none; some while a broker restarts. If it "
        "lasts, a broker is down or cannot follow: the board of replication says which.",
        Query(UNDER_REPLICATED_PARTITIONS, "{{cluster}}"),
        thresholds=limits("KafkaUnderReplicatedPartitions", counts=True),
        texts=_NONE,
        leads_to=_REPLICATION,
    )


def under_min_isr_partitions() -> builders.Panel:
    return stat(
        "Under min ISR",
        "Partitions with fewer in-sync replicas than min.insync.replicas: writes with acks=all fail now. Good is none. "
        "Bring the missing brokers back before anything else.",
        Query(UNDER_MIN_ISR_PARTITIONS, "{{cluster}}"),
        thresholds=limits("KafkaUnderMinIsrPartitions", counts=True),
        texts=_NONE,
        no_value="unknown",
        leads_to=_REPLICATION,
    )


def at_min_isr_partitions() -> builders.Panel:
    return stat(
        "At min ISR",
        "Partitions that have lost replicas and have just min.insync.replicas left in sync: one more failure and writes "
        "with acks=all fail. Good is none. Do not restart any broker while it is not. Unknown where topics' configurations "
        "may not be read.",
        Query(AT_MIN_ISR_PARTITIONS, "{{cluster}}"),
        thresholds=limits("KafkaAtMinIsrPartitions", counts=True),
        texts=_NONE,
        no_value="unknown",
        leads_to=_REPLICATION,
    )


def unclean_elections() -> builders.Panel:
    elections = _controllers("controllerstats_uncleanleaderelections_total")
    return stat(
        "Unclean elections",
        "Leaders elected in the time range shown that were not in sync: acknowledged records were lost. Good is none. Find "
        "out which topics allow it (unclean.leader.election.enable) and what their producers must send again.",
        Query(f"round(max by (cluster) (increase({elections}[$__range])))", "{{cluster}}"),
        thresholds=limits("KafkaUncleanLeaderElection", counts=True),
        texts=_NONE,
        no_value="no controller MBeans",
        leads_to=_REPLICATION,
    )


def not_led_by_preferred() -> builders.Panel:
    return stat(
        "Leader imbalance",
        "Share of partitions that are not led by their preferred replica. Good is near 0; after a restart it takes up to "
        "leader.imbalance.check.interval.seconds (5 minutes). If it stays, leaders are unevenly spread: elect preferred "
        "leaders, or see why automatic balancing is off.",
        Query(f"{_NOT_PREFERRED} / {_PARTITIONS}", "{{cluster}}"),
        unit="percentunit",
        decimals=0,
        thresholds=limits("KafkaPreferredLeaderImbalance"),
        leads_to=_REPLICATION,
    )
