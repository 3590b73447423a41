"""What dashboard 721 ("Kafka Overview") shows, for today's Grafana: with any name of the job, with rates that fit any scrape
interval, bounded, and for both layouts."""

from ..board import Board, Row
from ..panels import NO_MBEANS, Query, lines
from ..selectors import CLUSTER, NODE, of_kafka, of_node, rate, top, total


def _per_topic(metric: str) -> Query:
    # Beside each topic stands the broker's total, without one.
    of_topics = of_node(metric, 'topic!=""')
    return Query(top(20, lambda of: f"sum by (cluster, topic) ({of.rate(of_topics)})"), f"{CLUSTER}{{{{topic}}}}")


BOARD = Board(
    uid="kafka-overview",
    title="Kafka Overview",
    description="Dashboard 721 repaired: resource usage and throughput. The boards of the cluster and of brokers show more.",
    shows_cluster=False,
    shows_nodes=True,
    rows=[
        Row(
            "Resources",
            [
                lines(
                    "CPU usage",
                    "CPU cores that each node's JVM uses. Good is well below what the host has.",
                    Query(of_kafka(rate("process_cpu_seconds_total")), NODE),
                    lowest_top=0.1,
                    decimals=2,
                    no_value=NO_MBEANS,
                    width=8,
                ),
                lines(
                    "JVM memory used",
                    "Memory in use by each JVM, heap and the rest. It is a saw: each collection takes it down again. What "
                    "only grows ends in an OutOfMemoryError.",
                    Query(of_kafka(total("jvm_memory_used_bytes")), NODE),
                    unit="bytes",
                    no_value=NO_MBEANS,
                    width=8,
                ),
                lines(
                    "Time spent in GC",
                    "Share of time that each JVM spends in garbage collection. Good is below a few percent.",
                    Query(of_kafka(rate("jvm_gc_collection_seconds_sum")), NODE),
                    unit="percentunit",
                    no_value=NO_MBEANS,
                    width=8,
                ),
            ],
        ),
        Row(
            "Throughput",
            [
                lines(
                    "Messages in per topic",
                    "Records that producers write per second, by topic: the 20 with most in the range. A topic at 0 has "
                    "lost its producers.",
                    _per_topic("kafka_server_brokertopicmetrics_messagesin_total"),
                    unit="mps",
                    no_value=NO_MBEANS,
                    width=8,
                    height=10,
                ),
                lines(
                    "Bytes in per topic",
                    "Bytes that producers write per second, compressed as they come, by topic: the 20 with most in the "
                    "range.",
                    _per_topic("kafka_server_brokertopicmetrics_bytesin_total"),
                    unit="Bps",
                    no_value=NO_MBEANS,
                    width=8,
                    height=10,
                ),
                lines(
                    "Bytes out per topic",
                    "Bytes that consumers read per second, without replication, by topic: the 20 with most in the range.",
                    _per_topic("kafka_server_brokertopicmetrics_bytesout_total"),
                    unit="Bps",
                    no_value=NO_MBEANS,
                    width=8,
                    height=10,
                ),
            ],
        ),
    ],
)
