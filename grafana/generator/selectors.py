"""Selectors for both layouts, the single page and the split pages, with an optional target label `cluster`.

What the exporter tells of the cluster, of topics, of groups and of itself comes from one target, the exporter (`$exporter`).
What it reads from MBeans belongs to a node: on the single page a label `broker` tells nodes apart, on split pages `instance`
does. Queries over nodes therefore group by BY_NODE, and their legends begin with NODE. Legends of what is told apart by
cluster begin with CLUSTER.
"""

from collections.abc import Callable
from dataclasses import dataclass

OF_CLUSTER = 'cluster=~"$cluster",job=~"$job",instance=~"$exporter"'
OF_NODES = 'cluster=~"$cluster",job=~"$job"'
OF_NODE = 'cluster=~"$cluster",job=~"$job",instance=~"$instance",broker=~"$broker"'

# The window of every rate: four scrapes at least, and no gap between two points of a graph.
RATE = "[$__rate_interval]"

# Of families of BrokerTopicMetrics the broker's total, which they hold beside its topics.
ALL_TOPICS = 'topic=""'

FIRING_ALERTS = 'ALERTS{alertname=~"Kafka.*",alertstate="firing",cluster=~"$cluster"}'

# What the cluster is called in legends: with several clusters only, which `panels` sees to.
CLUSTER = "{{cluster}} "

BY_NODE = "by (cluster, broker, instance)"

# The beginning of a legend. `panels` makes "broker 1" or, without a label `broker`, the instance of it, after the cluster.
NODE = "{{cluster}}|{{broker}}|{{instance}}|"


def of_cluster(metric: str, *matchers: str) -> str:
    """A selector of a metric of the exporter's own: cluster, topics, groups, log directories, itself."""
    return _selector(metric, OF_CLUSTER, matchers)


def of_node(metric: str, *matchers: str) -> str:
    """A selector of a metric that comes from a node's MBeans."""
    return _selector(metric, OF_NODE, matchers)


def of_nodes(metric: str, *matchers: str) -> str:
    """As `of_node`, of all nodes whichever are chosen: for what nodes tell of the cluster as a whole."""
    return _selector(metric, OF_NODES, matchers)


def of_kafka(by_node: str) -> str:
    """Of an expression by node what belongs to Kafka: the JVMs and processes of others have such series too."""
    return f"{by_node} and on (cluster, broker, instance) {of_node('kafka_broker_build_info')}"


def maximum(metric: str, *matchers: str, by: str = BY_NODE) -> str:
    """The highest of each node, or of what `by` says."""
    return f"max {by} ({of_node(metric, *matchers)})"


def total(metric: str, *matchers: str, by: str = BY_NODE) -> str:
    """The sum of each node, or of what `by` says."""
    return f"sum {by} ({of_node(metric, *matchers)})"


def rate(metric: str, *matchers: str, by: str = BY_NODE) -> str:
    """How fast a counter grows on each node, or of what `by` says."""
    return f"sum {by} (rate({of_node(metric, *matchers)}{RATE}))"


@dataclass(frozen=True)
class Reading:
    """How a query reads its series: at each point of a graph, or once over all of the graph's range."""

    whole_range: bool

    def value(self, gauge: str) -> str:
        """What a gauge is; over the range what was seen of it last, so that nothing is left out for not being there now."""
        return f"last_over_time({gauge}[$__range] @ end())" if self.whole_range else gauge

    def rate(self, counter: str) -> str:
        """How fast a counter grows; over the range how much it grew."""
        return f"increase({counter}[$__range] @ end())" if self.whole_range else f"rate({counter}{RATE})"

    def slope(self, gauge: str, window: str) -> str:
        """How fast a gauge grows or falls."""
        return f"deriv({gauge}[$__range] @ end())" if self.whole_range else f"deriv({gauge}{window})"


AT_EACH_POINT = Reading(whole_range=False)
OVER_THE_RANGE = Reading(whole_range=True)


def top(count: int, query: Callable[[Reading], str]) -> str:
    """The series that are highest over the range, at all of its points.

    `topk` alone chooses anew at each point, so that a graph of a day can show hundreds; chosen by the range's end, those that
    are absent at that moment were never to be seen. `query` reads its series as it is told.
    """
    return f"{query(AT_EACH_POINT)} and topk({count}, {query(OVER_THE_RANGE)})"


def least(count: int, query: Callable[[Reading], str]) -> str:
    """As `top`, those that are lowest."""
    return f"{query(AT_EACH_POINT)} and bottomk({count}, {query(OVER_THE_RANGE)})"


def most(count: int, by: str, counter: str) -> str:
    """As `top` of a counter's rates, without those that did not grow: for failures, of which most kinds never happen."""
    grew = f"sum {by} ({OVER_THE_RANGE.rate(counter)})"
    return f"sum {by} (rate({counter}{RATE})) and topk({count}, {grew} > 0)"


def with_broker_id(broker_info: str) -> str:
    """Of `kafka_broker_info`, whose label is `id`, with the label `broker` that all others have."""
    return f'label_replace({broker_info}, "broker", "$1", "id", "(.+)")'


def by_broker_id(query: Callable[[str], str], *labels: str) -> str:
    """Values per cluster and node id, for tables that join nodes with what the cluster knows of them, with further labels.

    `query` makes an expression with the labels `cluster`, `broker` and `instance` of a matcher for `broker`. On split pages,
    without that label, `instance` is the node's address, which `kafka_broker_info` translates.
    """
    address = f'label_replace({query(_WITHOUT_ID)}, "address", "$1", "instance", "(.+)")'
    info = f'max by (cluster, address, broker) ({with_broker_id(of_cluster("kafka_broker_info"))})'
    kept = ", ".join(("cluster", "broker", *labels))
    return f"max by ({kept}) ({query(_WITH_ID)} or {address} * on (cluster, address) group_left (broker) {info})"


_WITH_ID = 'broker!=""'
_WITHOUT_ID = 'broker=""'


def _selector(metric: str, common: str, matchers: tuple[str, ...]) -> str:
    return f"{metric}{{{','.join((common, *matchers))}}}"
