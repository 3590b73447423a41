"""What dashboard 7589 ("Kafka Exporter Overview") shows, for today's Grafana: with rates that fit any scrape interval, without
negative rates after a reset, and with something to see before any group has committed."""

from .. import variables
from ..board import Board, Row
from ..panels import Query, lines
from ..selectors import CLUSTER, OVER_THE_RANGE, of_cluster, top

_TOPIC = 'topic=~"$topic"'
_END = of_cluster("kafka_topic_partition_current_offset", _TOPIC)
_COMMITTED = of_cluster("kafka_consumergroup_current_offset", _TOPIC)
_PARTITIONS = of_cluster("kafka_topic_partitions", _TOPIC)
_LAG = of_cluster("kafka_consumergroup_lag_sum", _TOPIC)
_OF_TOPIC = f"{CLUSTER}{{{{topic}}}}"
_OF_GROUP = f"{CLUSTER}{{{{consumergroup}}}} (topic: {{{{topic}}}})"
_BY_TOPIC = "by (cluster, topic)"
_BY_GROUP = "by (cluster, consumergroup, topic)"

BOARD = Board(
    uid="kafka-exporter-overview",
    title="Kafka Exporter Overview",
    description=(
        "Dashboard 7589 repaired: traffic and lag by topic and consumer group. The board of consumer groups shows more."
    ),
    variables=[variables.topic()],
    rows=[
        Row(
            "",
            [
                lines(
                    "Messages in per second",
                    "Records written, by topic, from the growth of the partitions' end offsets: the 20 topics with most "
                    "in the range. Even where it is steady; zero for a topic that nobody writes to.",
                    Query(top(20, lambda of: f"sum {_BY_TOPIC} ({of.rate(_END)})"), _OF_TOPIC),
                    unit="mps",
                ),
                lines(
                    "Lag by consumer group",
                    "Records that a group has yet to read, by topic: the 20 that had most when last seen. It should come "
                    "back to near zero; what keeps growing is a group that cannot keep up.",
                    Query(top(20, lambda of: f"sum {_BY_GROUP} ({of.value(_LAG)})"), _OF_GROUP),
                ),
                lines(
                    "Messages in per minute",
                    "Records written in a minute, by topic, averaged over five: the 20 topics with most in the range.",
                    Query(
                        f"60 * sum {_BY_TOPIC} (rate({_END}[5m])) and topk(20, sum {_BY_TOPIC} ({OVER_THE_RANGE.rate(_END)}))",
                        _OF_TOPIC,
                    ),
                ),
                lines(
                    "Messages consumed per minute",
                    "Records committed in a minute, by group and topic, averaged over five: the 20 with most in the "
                    "range. It should be near what comes in. A reset of the offsets to earlier ones counts as nothing.",
                    # A commit may go back; `rate` would take that for a counter that began anew.
                    Query(
                        top(20, lambda of: f"60 * sum {_BY_GROUP} (clamp_min({of.slope(_COMMITTED, '[5m]')}, 0))"),
                        _OF_GROUP,
                    ),
                ),
                lines(
                    "Partitions per topic",
                    "Of the 20 topics that had most when last seen. It changes only when partitions are added or a topic "
                    "is created or deleted.",
                    Query(top(20, lambda of: f"sum {_BY_TOPIC} ({of.value(_PARTITIONS)})"), _OF_TOPIC),
                    width=24,
                ),
            ],
        )
    ],
)
