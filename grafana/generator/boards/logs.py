"""Logs and disks: how full the log directories are and when they will be, what lies in them, and how flushing, cleaning and
recovery do.

Sizes come from DescribeLogDirs (the protocol client), the rest from brokers' MBeans.
"""

from math import inf

from .. import health
from ..board import Board, Row
from ..limits import limits, thresholds
from ..panels import NO_MBEANS, NONE, OF_ROWS_CLUSTER, THIS, Column, Query, board_url, lines, stat, table
from ..selectors import CLUSTER, NODE, least, maximum, of_cluster, of_node, rate, top

# Here `broker` is these metrics' own label, in both layouts.
_BROKER = 'broker=~"$broker"'
_TOTAL = of_cluster("kafka_log_dir_total_bytes", _BROKER)
_USABLE = of_cluster("kafka_log_dir_usable_bytes", _BROKER)
_ONLINE = of_cluster("kafka_log_dir_online", _BROKER)
_FUTURE = of_cluster("kafka_log_dir_future_bytes", _BROKER)
_OF_TOPIC = of_cluster("kafka_log_dir_topic_bytes", _BROKER)

_BY_DIR = "by (cluster, broker, log_dir)"
_IN_DIR = "by (cluster, broker, log_dir, topic)"
_DIR = f"{CLUSTER}broker {{{{broker}}}} {{{{log_dir}}}}"

# Retention removes segments now and then: only over hours is there a trend.
_TREND = "[6h]"
_FREE = f"min {_BY_DIR} ({_USABLE}) / max {_BY_DIR} ({_TOTAL})"
_FILLING = f"max {_BY_DIR} (-deriv({_USABLE}{_TREND}))"
# As the alert KafkaDiskFullIn24Hours: young logs grow until retention sets in, and only a disk that is half full is near the end.
_FULL_IN = f"min {_BY_DIR} ({_USABLE}) / ({_FILLING} > 0) < 30 * 86400 and {_FREE} < 0.5"
# The alert KafkaDiskFullIn24Hours has its limit in its name.
_FULL_SOON = thresholds([("red", None), ("orange", 86400), ("text", 7 * 86400)])

_NO_SIZES = "not known: librdkafka, or no right"
_NOT_TIERED = "no tiered storage, or no MBeans"


def _column(name: str, expr: str, unit: str = "short", **how: object) -> Column:
    """A column of the table of directories: the fullest, before them those without a size, which may be offline."""
    rows = f"bottomk(100, {_FREE} or 0 * min {_BY_DIR} ({_ONLINE}))"
    return Column(name, f"({expr}) and {rows}", unit, **how)  # type: ignore[arg-type]


_SUMMARY = [
    health.offline_log_dirs(width=4),
    stat(
        "Least free",
        "The fullest log directory's free share of its volume. A broker whose disk is full stops. Below the limit: shorten "
        "retention, move partitions, or add space.",
        Query(f"min({_FREE})"),
        unit="percentunit",
        decimals=1,
        thresholds=limits("KafkaDiskSpaceLow"),
        no_value=_NO_SIZES,
        width=4,
    ),
    stat(
        "First full in",
        "When the first log directory will be full, if it goes on as in the last six hours: of those that are half full at "
        "least, as young logs grow until retention sets in. Days are good; hours mean that it has to be dealt with now.",
        Query(f"min({_FULL_IN}) or 0 * count({_USABLE}) + Inf"),
        unit="s",
        thresholds=_FULL_SOON,
        texts={inf: ("none soon", "green")},
        no_value=_NO_SIZES,
        width=4,
    ),
    stat(
        "Size of logs",
        "Bytes of all topics on all brokers, each replica counted, as old as --refresh.inventory says (5 minutes at most).",
        Query(f"sum({_OF_TOPIC})"),
        unit="bytes",
        no_value=_NO_SIZES,
        width=4,
    ),
    stat(
        "Growth",
        "By how many bytes per second all logs together have grown in the last six hours, or since they are watched. About "
        "0 is good: what comes in is what retention removes.",
        Query(f"sum(deriv({_OF_TOPIC}{_TREND}))"),
        unit="Bps",
        no_value=_NO_SIZES,
        width=4,
    ),
    stat(
        "Being moved",
        "Bytes of copies that moves between log directories of a broker have made so far.",
        Query(f"sum({_FUTURE})"),
        unit="bytes",
        texts={0: ("nothing", "text")},
        no_value=_NO_SIZES,
        width=4,
    ),
]

_DIRECTORIES = table(
    "Log directories",
    "The 100 fullest of all chosen brokers. Usable: what Kafka may still use of the volume, which directories may share. "
    "Filling: by how much that shrinks per second, over six hours. Full in: when nothing is left at that pace; a dash if "
    "it is not filling, less than half full, or not full within 30 days. Empty without the client `protocol`; sizes need "
    "Kafka 3.3.",
    {"cluster": "Cluster", "broker": "Broker", "log_dir": "Directory"},
    _column("State", f"min {_BY_DIR} ({_ONLINE})", texts={0: ("offline", "red"), 1: ("online", "green")}),
    _column("Volume", f"max {_BY_DIR} ({_TOTAL})", "bytes"),
    _column("Usable", f"min {_BY_DIR} ({_USABLE})", "bytes"),
    _column("Free", _FREE, "percentunit", decimals=1, thresholds=limits("KafkaDiskSpaceLow")),
    _column("Logs", f"sum {_BY_DIR} ({_OF_TOPIC})", "bytes", bar=True),
    _column("Filling", _FILLING, "Bps"),
    _column("Full in", _FULL_IN, "s", thresholds=_FULL_SOON),
    _column("Being moved", f"max {_BY_DIR} ({_FUTURE})", "bytes"),
    sort_by="Free",
    ascending=True,
    widths={"Broker": 80, "Directory": 320},
    no_value=_NO_SIZES,
    height=8,
)

_DISKS = Row(
    "Space",
    [
        lines(
            "Free space",
            "Free share of each log directory's volume: the 20 that had least when last seen. A saw is good: segments "
            "come, and retention takes them. A steady fall is a disk that will be full.",
            Query(
                least(20, lambda of: f"min {_BY_DIR} ({of.value(_USABLE)}) / max {_BY_DIR} ({of.value(_TOTAL)})"), _DIR
            ),
            unit="percentunit",
            least_first=True,
            maximum=1,
            thresholds=limits("KafkaDiskSpaceLow"),
            no_value=_NO_SIZES,
        ),
        lines(
            "Size of logs by broker",
            "Bytes of all topics on each broker. Brokers should have about the same; else partitions, or their sizes, are "
            "spread unevenly.",
            Query(f"sum by (cluster, broker) ({_OF_TOPIC})", f"{CLUSTER}broker {{{{broker}}}}"),
            unit="bytes",
            no_value=_NO_SIZES,
        ),
        table(
            "Biggest topics by directory",
            "The 50 largest topics of a log directory. Growth: bytes per second over six hours. What grows on and on has "
            "no retention, or a cleaner that does not run.",
            {"cluster": "Cluster", "broker": "Broker", "log_dir": "Directory", "topic": "Topic"},
            Column("Size", f"topk(50, sum {_IN_DIR} ({_OF_TOPIC}))", "bytes", bar=True),
            Column(
                "Growth",
                f"sum {_IN_DIR} (deriv({_OF_TOPIC}{_TREND})) and topk(50, sum {_IN_DIR} ({_OF_TOPIC}))",
                "Bps",
            ),
            sort_by="Size",
            links={"Topic": ("Show this topic", board_url("kafka-vitals-topics", *OF_ROWS_CLUSTER, f"var-topic={THIS}"))},
            widths={"Broker": 70, "Directory": 300, "Topic": 180},
            no_value=_NO_SIZES,
            width=15,
        ),
        lines(
            "Topics that grow",
            "By how many bytes per second a topic's replicas together grow, over an hour: the 10 that grew most in the "
            "range.",
            Query(
                top(10, lambda of: f"sum by (cluster, topic) ({of.slope(_OF_TOPIC, '[1h]')}) > 0"),
                f"{CLUSTER}{{{{topic}}}}",
            ),
            unit="Bps",
            no_value="none grows, or sizes not known",
            width=9,
            height=9,
        ),
    ],
)

_FLUSHES = Row(
    "Flushing and disks",
    [
        lines(
            "Flushes",
            "Logs flushed to disk per second. By default only when a segment is closed, so that it is mostly near 0: "
            "durability comes from replicas.",
            Query(rate("kafka_log_logflushstats_logflushrateandtimems_count"), NODE),
            unit="ops",
            no_value=NO_MBEANS,
            width=8,
        ),
        lines(
            "Time of a flush (p99)",
            "Milliseconds that 99 % of flushes stay below, by the broker's sample of the last minutes. Tens are good; "
            "hundreds are a disk that is too slow or too busy, and requests wait for it.",
            Query(maximum("kafka_log_logflushstats_logflushrateandtimems", 'quantile="0.99"'), NODE),
            unit="ms",
            no_value=NO_MBEANS,
            width=8,
        ),
        lines(
            "Disk reads and writes",
            "Bytes per second that the broker's process has had read from disks (below zero) and written. Few reads are "
            "good: consumers are served from the page cache; many are a group that reads old records. Linux only.",
            Query(rate("kafka_disk_write_bytes_total"), f"{NODE} written"),
            Query(rate("kafka_disk_read_bytes_total"), f"{NODE} read"),
            unit="Bps",
            below_zero=" read$",
            no_value="no MBeans, or not Linux",
            width=8,
        ),
    ],
)

_CLEANER = Row(
    "Cleaner of compacted topics",
    [
        stat(
            "Dead cleaner threads",
            "Threads that have died: compaction has stopped, and compacted topics, __consumer_offsets among them, grow. 0 "
            "is good; else read the broker's log-cleaner.log and restart it.",
            Query(f"sum({of_node('kafka_log_logcleaner_deadthreadcount')})"),
            thresholds=limits("KafkaLogCleanerFailing", counts=True),
            texts=NONE,
            no_value=NO_MBEANS,
            width=6,
        ),
        stat(
            "Uncleanable partitions",
            "Partitions that the cleaner has given up after an error; they grow without end. 0 is good; else look for the "
            "reason in log-cleaner.log.",
            Query(f"sum({of_node('kafka_log_logcleanermanager_uncleanable_partitions_count')})"),
            thresholds=limits("KafkaLogCleanerFailing", counts=True),
            texts=NONE,
            no_value=NO_MBEANS,
            width=6,
        ),
        stat(
            "In uncleanable partitions",
            "Bytes in partitions that the cleaner has given up: what they take of the disks, and it only grows. Nothing "
            "is good; else mend the reason first, as with their number.",
            Query(f"sum({of_node('kafka_log_logcleanermanager_uncleanable_bytes')})"),
            unit="bytes",
            texts={0: ("nothing", "text")},
            no_value=NO_MBEANS,
            width=6,
        ),
        stat(
            "Compaction late by",
            "By how much the latest log has passed its max.compaction.lag.ms. 0 is good.",
            Query(f"max({of_node('kafka_log_logcleaner_max_compaction_delay_secs')})"),
            unit="s",
            no_value=NO_MBEANS,
            width=6,
        ),
        lines(
            "Dirtiest log",
            "Share of the dirtiest log that is not cleaned yet. It comes down with each cleaning, which begins at "
            "min.cleanable.dirty.ratio (half, by default); what stays high is a cleaner that cannot keep up: more of "
            "log.cleaner.threads.",
            Query(f"{maximum('kafka_log_logcleanermanager_max_dirty_percent')} / 100", NODE),
            unit="percentunit",
            maximum=1,
            no_value=NO_MBEANS,
            width=8,
        ),
        lines(
            "Longest of the last cleanings",
            "Seconds that the longest of each thread's last cleaning took.",
            # Far below 0 until there was one.
            Query(maximum("kafka_log_logcleaner_max_clean_time_secs") + " >= 0", NODE),
            unit="s",
            no_value="none yet, or no MBeans",
            width=8,
        ),
        lines(
            "Since the cleaner last ran",
            "It looks for work every 15 seconds by default. Minutes are one long cleaning, or a thread that has died.",
            Query(f"{maximum('kafka_log_logcleanermanager_time_since_last_run_ms')} / 1000", NODE),
            unit="s",
            no_value=NO_MBEANS,
            width=8,
        ),
        lines(
            "Kept by cleaning",
            "Bytes that the last cleanings kept, of those that they read. Low is good: much was obsolete. Near all is work "
            "for nothing: a higher min.cleanable.dirty.ratio makes it rarer.",
            Query(f"{maximum('kafka_log_logcleaner_cleaner_recopy_percent')} / 100", NODE),
            unit="percentunit",
            no_value=NO_MBEANS,
        ),
        lines(
            "Cleaners' buffers",
            "Use of the fullest cleaner thread's buffer. At 100 % a pass cannot take in all of a log's keys: raise "
            "log.cleaner.dedupe.buffer.size.",
            Query(f"{maximum('kafka_log_logcleaner_max_buffer_utilization_percent')} / 100", NODE),
            unit="percentunit",
            maximum=1,
            no_value=NO_MBEANS,
        ),
    ],
    collapsed=True,
)

_NOT_RECOVERING = "no broker is recovering, or no MBeans"

_RECOVERY = Row(
    "Recovery and directories' states",
    [
        lines(
            "Logs to recover",
            "Logs that a broker has still to recover after an unclean stop, by directory. It must fall to 0 before the "
            "broker serves; more of num.recovery.threads.per.data.dir makes it faster.",
            Query(
                f"max by (cluster, broker, instance, dir) ({of_node('kafka_log_logmanager_remaininglogstorecover')})",
                f"{NODE} {{{{dir}}}}",
            ),
            no_value=_NOT_RECOVERING,
            height=6,
        ),
        lines(
            "Segments to recover",
            "Segments that the recovery threads have still to recover, by directory.",
            Query(
                f"sum by (cluster, broker, instance, dir) ({of_node('kafka_log_logmanager_remainingsegmentstorecover')})",
                f"{NODE} {{{{dir}}}}",
            ),
            no_value=_NOT_RECOVERING,
            height=6,
        ),
        lines(
            "Offline directories",
            "Log directories that are offline, by the broker's own count. 0 is good.",
            Query(maximum("kafka_log_logmanager_offlinelogdirectorycount"), NODE),
            thresholds=limits("KafkaLogDirOffline", counts=True),
            no_value=NO_MBEANS,
        ),
        lines(
            "Cordoned directories",
            "Log directories that get no new replicas because somebody said so (Kafka 4.2 and later).",
            Query(maximum("kafka_log_logmanager_cordonedlogdirectorycount"), NODE),
            no_value="no MBeans, or Kafka before 4.2",
        ),
    ],
    collapsed=True,
)


def _remote(title: str, description: str, name: str, **how: object) -> object:
    return lines(
        title,
        description,
        Query(maximum(f"kafka_server_brokertopicmetrics_{name}"), NODE),
        no_value=_NOT_TIERED,
        width=8,
        height=6,
        **how,  # type: ignore[arg-type]
    )


_TIERED = Row(
    "Tiered storage",
    [
        lines(
            "Copied to remote storage",
            "Bytes per second. Over a day it should be what is written to topics with remote.storage.enable.",
            Query(rate("kafka_server_brokertopicmetrics_remotecopybytes_total"), NODE),
            unit="Bps",
            no_value=_NOT_TIERED,
            width=8,
            height=6,
        ),
        lines(
            "Read from remote storage",
            "Bytes per second: consumers that read what is not on local disks any more.",
            Query(rate("kafka_server_brokertopicmetrics_remotefetchbytes_total"), NODE),
            unit="Bps",
            no_value=_NOT_TIERED,
            width=8,
            height=6,
        ),
        lines(
            "Errors of remote storage",
            "Copies, reads and deletions per second that failed. 0 is good; else look at the store and at the broker's "
            "log.",
            *(
                Query(rate(f"kafka_server_brokertopicmetrics_remote{kind}errors_total"), f"{NODE} {kind}")
                for kind in ("copy", "fetch", "delete")
            ),
            unit="ops",
            no_value=_NOT_TIERED,
            width=8,
            height=6,
        ),
        _remote(
            "Waiting to be copied",
            "Bytes that are ready to be copied and not copied yet: they stay on local disks. What grows on fills these.",
            "remotecopylagbytes",
            unit="bytes",
        ),
        _remote(
            "Waiting to be deleted",
            "Bytes that are to be deleted in remote storage and not deleted yet.",
            "remotedeletelagbytes",
            unit="bytes",
        ),
        _remote(
            "Size in remote storage",
            "Bytes that lie in remote storage, each partition counted by the broker that leads it, so that brokers add "
            "up to all. It should level off when the topics' retention.ms or retention.bytes is reached; what grows on "
            "costs money.",
            "remotelogsizebytes",
            unit="bytes",
        ),
        lines(
            "Idle copy and delete threads",
            "Share of time that the threads that copy and delete are idle. Near 0: more of "
            "remote.log.manager.copier.thread.pool.size.",
            Query(maximum("kafka_log_remote_remotelogmanager_remotelogmanagertasksavgidlepercent"), NODE),
            unit="percentunit",
            maximum=1,
            least_first=True,
            no_value=_NOT_TIERED,
            width=8,
            height=6,
        ),
        lines(
            "Reads that wait",
            "Reads from remote storage that wait for a thread. Near 0 is good; else more of remote.log.reader.threads.",
            Query(maximum("kafka_log_remote_remotestoragethreadpool_remotelogreadertaskqueuesize"), NODE),
            no_value=_NOT_TIERED,
            width=8,
            height=6,
        ),
        lines(
            "Time of a remote read (p99)",
            "Milliseconds that 99 % of reads from remote storage stay below.",
            Query(
                maximum("kafka_log_remote_remotelogmanager_remotelogreaderfetchrateandtimems", 'quantile="0.99"'), NODE
            ),
            unit="ms",
            no_value=_NOT_TIERED,
            width=8,
            height=6,
        ),
    ],
    collapsed=True,
)

BOARD = Board(
    uid="kafka-vitals-logs",
    title="Kafka logs and disks",
    description=(
        "How full the log directories are and when they will be, what lies in them, and how flushing, cleaning and "
        "recovery do."
    ),
    shows_nodes=True,
    rows=[Row("", [*_SUMMARY, _DIRECTORIES]), _DISKS, _FLUSHES, _CLEANER, _RECOVERY, _TIERED],
    time_from="now-6h",
)
