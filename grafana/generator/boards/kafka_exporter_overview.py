"""What dashboard 7589 ("Kafka Exporter Overview") shows, for today's Grafana: with rates that fit any scrape interval, without
negative rates after a reset, and with something to see before any group has committed."""

from .. import variables
from ..board import Board, Row
from ..panels import Query, lines
from ..selectors import RATE, of_cluster, top

_TOPIC = 'topic=~"$topic"'
_END = of_cluster("kafka_topic_partition_current_offset", _TOPIC)
_COMMITTED = of_cluster("kafka_consumergroup_current_offset", _TOPIC)
_LAG = of_cluster("kafka_consumergroup_lag_sum", _TOPIC)
_GROUP = "{{consumergroup}} (topic: {{topic}})"

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
                    "Records written, by topic, from the growth of the partitions' end offsets: the 20 topics that have "
                    "most now. Even where it is steady; zero for a topic that nobody writes to.",
                    Query(top(20, lambda at: f"sum by (topic) (rate({_END}{RATE}{at}))"), "{{topic}}"),
                    unit="mps",
                ),
                lines(
                    "Lag by consumer group",
                    "Records that a group has yet to read, by topic: the 20 that have most now. It should come back to near "
                    "zero; what keeps growing is a group that cannot keep up.",
                    Query(top(20, lambda at: f"sum by (consumergroup, topic) ({_LAG}{at})"), _GROUP),
                ),
                lines(
                    "Messages in per minute",
                    "Records written in a minute, by topic, averaged over five: the 20 topics that have most now.",
                    Query(top(20, lambda at: f"60 * sum by (topic) (rate({_END}[5m]{at}))"), "{{topic}}"),
                ),
                lines(
                    "Messages consumed per minute",
                    "Records committed in a minute, by group and topic, averaged over five: the 20 that have most now. "
                    "It should be near what comes in. A reset of the offsets to earlier ones counts as nothing.",
                    # A commit may go back; `rate` would take that for a counter that began anew.
                    Query(
                        top(
                            20,
                            lambda at: f"60 * sum by (consumergroup, topic) (clamp_min(deriv({_COMMITTED}[5m]{at}), 0))",
                        ),
                        _GROUP,
                    ),
                ),
                lines(
                    "Partitions per topic",
                    "Of the 20 topics that have most. It changes only when partitions are added or a topic is created or "
                    "deleted.",
                    Query(
                        top(20, lambda at: f"sum by (topic) ({of_cluster('kafka_topic_partitions', _TOPIC)}{at})"),
                        "{{topic}}",
                    ),
                    width=24,
                ),
            ],
        )
    ],
)
