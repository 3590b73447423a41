"""Selectors for both layouts, the single page and the split pages, with an optional target label `cluster`.

What the exporter tells of the cluster, of topics, of groups and of itself comes from one target, the exporter (`$exporter`).
What it reads from MBeans belongs to a node: on the single page a label `broker` tells nodes apart, on split pages `instance`
does. Queries over nodes therefore group by BY_NODE, and their legends begin with NODE.
"""

from collections.abc import Callable

OF_CLUSTER = 'cluster=~"$cluster",job=~"$job",instance=~"$exporter"'
OF_NODES = 'cluster=~"$cluster",job=~"$job"'
OF_NODE = 'cluster=~"$cluster",job=~"$job",instance=~"$instance",broker=~"$broker"'

# The window of every rate: four scrapes at least, and no gap between two points of a graph.
RATE = "[$__rate_interval]"

BY_NODE = "by (broker, instance)"

# The beginning of a legend. `panels.lines` makes "broker 1" or, without a label `broker`, the instance of it.
NODE = "{{broker}}|{{instance}}|"


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
    return f"{by_node} and on (broker, instance) {of_node('kafka_broker_build_info')}"


def top(count: int, query: Callable[[str], str]) -> str:
    """The series that are highest at the end of the range, over all of it.

    `topk` alone chooses anew at each point, so that a graph of a day can show hundreds. `query` makes an expression of a
    modifier that it puts behind every selector.
    """
    return f"{query('')} and topk({count}, {query(' @ end()')})"


def most(count: int, by: str, counter: str) -> str:
    """Rates of a counter, of the series that rose most over the whole range: what failed an hour ago is still to be seen."""
    total = f"sum {by} (increase({counter}[$__range] @ end()))"
    return f"sum {by} (rate({counter}{RATE})) and topk({count}, {total} > 0)"


def by_broker_id(query: Callable[[str], str], *labels: str) -> str:
    """Values per cluster and node id, for tables that join nodes with what the cluster knows of them, with further labels.

    `query` makes an expression with the labels `cluster`, `broker` and `instance` of a matcher for `broker`. On split pages,
    without that label, `instance` is the node's address, which `kafka_broker_info` translates.
    """
    address = f'label_replace({query(_WITHOUT_ID)}, "address", "$1", "instance", "(.+)")'
    ids = f'label_replace({of_cluster("kafka_broker_info")}, "broker", "$1", "id", "(.+)")'
    info = f"max by (cluster, address, broker) ({ids})"
    kept = ", ".join(("cluster", "broker", *labels))
    return f"max by ({kept}) ({query(_WITH_ID)} or {address} * on (cluster, address) group_left (broker) {info})"


_WITH_ID = 'broker!=""'
_WITHOUT_ID = 'broker=""'


def _selector(metric: str, common: str, matchers: tuple[str, ...]) -> str:
    return f"{metric}{{{','.join((common, *matchers))}}}"
