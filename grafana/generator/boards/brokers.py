"""Brokers one beside the other: which is saturated, what its requests wait for, how its JVM is."""

from .. import health, variables
from ..board import Board, Row
from ..limits import limits
from ..panels import NO_MBEANS, Column, Query, bars, lines, states, table
from ..selectors import ALL_TOPICS, BY_NODE, CLUSTER, NODE, RATE, maximum, most, of_kafka, of_node, rate, top, total

_REQUEST = 'request=~"$request"'
_QUANTILE = 'quantile=~"$quantile"'

# `Fetch` is the sum of two other kinds.
_EACH_KIND = 'request!="Fetch"'

_BROKER_STATES = {
    0.0: ("not running", "red"),
    1.0: ("starting", "blue"),
    2.0: ("recovering logs", "orange"),
    3.0: ("running", "green"),
    6.0: ("waiting to shut down", "purple"),
    7.0: ("shutting down", "purple"),
    127.0: ("unknown", "red"),
}

# Where a request spends its time, in the order that it goes through them.
_STAGES = {
    "waiting for a handler": "queue",
    "working": "local",
    "waiting for others": "remote",
    "waiting for a network thread": "response_queue",
    "sending": "response_send",
}


def _rate_of_cluster(metric: str, *matchers: str) -> str:
    return rate(metric, *matchers, by="by (cluster)")


def _top_requests(count: int, metric: str) -> str:
    counter = of_node(metric, _EACH_KIND)
    return top(count, lambda of: f"sum by (cluster, request) ({of.rate(counter)})")


def _mean(stage: str) -> str:
    metric = f"kafka_request_{stage}_time_seconds"
    return f"{_rate_of_cluster(f'{metric}_sum', _REQUEST)} / {_rate_of_cluster(f'{metric}_count', _REQUEST)}"


def _failed(kind: str) -> str:
    failed = rate(f"kafka_server_brokertopicmetrics_failed{kind}requests_total", ALL_TOPICS)
    return f"{failed} / {rate(f'kafka_server_brokertopicmetrics_total{kind}requests_total', ALL_TOPICS)}"


def _heap(metric: str) -> str:
    return maximum(metric, 'area="heap"')


# Of the busiest pool of threads. Before Kafka 4.2, which tells them apart, a node that is controller too adds up both.
_HANDLERS_IDLE = (
    f"clamp_max(min {BY_NODE} (rate({of_node('kafka_request_handler_pool_idle_seconds_total')}{RATE})) or "
    f"min {BY_NODE} (rate({of_node('kafka_request_handler_idle_seconds_total')}{RATE})), 1)"
)
# Of the busiest listener's threads.
_NETWORK_IDLE = (
    f"clamp_max(min {BY_NODE} (avg by (cluster, broker, instance, listener) "
    f"(rate({of_node('kafka_network_processor_idle_seconds_total')}{RATE}))), 1)"
)
# What a consumer's fetch waits for data is wanted. The two sums are not of the same moment.
_FETCH_TIME = (
    f"""clamp_min({rate("kafka_request_total_time_seconds_sum", 'request="FetchConsumer"')} - """
    f"""{rate("kafka_request_remote_time_seconds_sum", 'request="FetchConsumer"')}, 0) / """
    f"""{rate("kafka_request_total_time_seconds_count", 'request="FetchConsumer"')}"""
)
_PRODUCE_TIME = (
    f"""{rate("kafka_request_total_time_seconds_sum", 'request="Produce"')} / """
    f"""{rate("kafka_request_total_time_seconds_count", 'request="Produce"')}"""
)
# What collectors do beside the program is not counted.
_GC_TIME = of_kafka(rate("jvm_gc_collection_seconds_sum", 'gc!~".*(Concurrent GC|Cycles)"'))
_OLD = 'pool=~".*Old Gen.*|Tenured Gen|ZHeap|Shenandoah"'
_AFTER_GC = of_kafka(
    f"max {BY_NODE} ({of_node('jvm_memory_pool_collection_used_bytes', _OLD)} / "
    f"({of_node('jvm_memory_pool_collection_max_bytes', _OLD)} > 0))"
)
_DELAYED = of_node("kafka_server_delayedoperationpurgatory_numdelayedoperations")
_HEAP = of_kafka(f"{_heap('jvm_memory_used_bytes')} / {_heap('jvm_memory_max_bytes')}")
_CPU = of_kafka(rate("process_cpu_seconds_total"))

BOARD = Board(
    uid="kafka-vitals-brokers",
    title="Kafka brokers",
    description="Brokers one beside the other: saturation of their threads, requests by kind, errors, where time goes, "
    "clients, JVM and host. All of it comes from MBeans.",
    shows_cluster=False,
    shows_nodes=True,
    variables=[variables.request(), variables.quantile()],
    rows=[
        Row(
            "",
            [
                states(
                    "State of the brokers",
                    "What each broker says of itself. Good is running throughout. A long recovery is a broker that was "
                    "killed and reads its logs again; a gap is a broker that could not be asked.",
                    Query(maximum("kafka_server_kafkaserver_brokerstate"), NODE),
                    texts=_BROKER_STATES,
                    no_value=NO_MBEANS,
                    width=10,
                ),
                table(
                    "Nodes",
                    "Brokers and controllers that answer, with what they run. Good is one version of Kafka and of Java on "
                    "all, but for the time of an upgrade; a short uptime is a restart.",
                    {
                        "cluster": "Cluster",
                        "broker": "Broker",
                        "instance": "Instance",
                        "version": "Kafka",
                        "java": "Java",
                    },
                    Column(
                        "Uptime",
                        of_kafka(f"time() - max {BY_NODE} ({of_node('process_start_time_seconds')})"),
                        unit="s",
                        decimals=1,
                        width=90,
                    ),
                    Column("CPU cores", _CPU, decimals=2, width=90),
                    Column("Heap used", _HEAP, unit="percentunit", decimals=0, width=90),
                    Column(
                        "Requests",
                        rate("kafka_network_requestmetrics_requests_total", _EACH_KIND),
                        unit="reqps",
                        decimals=0,
                        width=100,
                    ),
                    Column("Connections", total("kafka_server_socket_server_metrics_connection_count"), width=105),
                    Column(
                        "",
                        f"max by (cluster, broker, instance, version) ({of_node('kafka_broker_build_info')})",
                        hidden=True,
                    ),
                    Column(
                        "",
                        "max by (cluster, broker, instance, java) "
                        f'(label_replace({of_kafka(of_node("jvm_info"))}, "java", "$1", "version", "([^+]+).*"))',
                        hidden=True,
                    ),
                    sort_by="Broker",
                    ascending=True,
                    widths={"Cluster": 75, "Broker": 65, "Kafka": 70, "Java": 80},
                    no_value=NO_MBEANS,
                    width=14,
                    height=6,
                ),
            ],
        ),
        Row(
            "Saturation",
            [
                lines(
                    "Request handlers idle",
                    "Share of time that the request handler threads (num.io.threads) have nothing to do, in the busiest "
                    "pool of each node. Good is above 30 %; near 0 all requests wait. Spread the leaders, find the "
                    "requests that keep them busy (below), or add threads where the CPU has room. A dip at a restart is "
                    "the gap in the data.",
                    Query(_HANDLERS_IDLE, NODE),
                    unit="percentunit",
                    maximum=1,
                    least_first=True,
                    thresholds=limits("KafkaRequestHandlersBusy"),
                    no_value=NO_MBEANS,
                ),
                lines(
                    "Network threads idle",
                    "Share of time that the network threads (num.network.threads) of each broker's busiest listener wait "
                    "for something to read or write. Good is above 30 %. If it is low: more threads, fewer connections, or "
                    "TLS takes the time.",
                    Query(_NETWORK_IDLE, NODE),
                    unit="percentunit",
                    maximum=1,
                    least_first=True,
                    thresholds=limits("KafkaNetworkProcessorsBusy"),
                    no_value=NO_MBEANS,
                ),
                lines(
                    "What keeps the handlers busy",
                    "Handler threads that are at work on average, by kind of request: the 10 that took most in the "
                    "range. It cannot pass num.io.threads of the brokers together. One kind that grows alone is what to "
                    "look for in the clients.",
                    Query(_top_requests(10, "kafka_request_local_time_seconds_sum"), f"{CLUSTER}{{{{request}}}}"),
                    stacked=True,
                    lowest_top=0.1,
                    decimals=2,
                    no_value=NO_MBEANS,
                    width=8,
                ),
                lines(
                    "Queues",
                    "Requests that wait for a handler thread and responses that wait for a network thread. Good is near 0. "
                    "A full request queue (queued.max.requests, 500) makes the broker stop reading from its clients.",
                    Query(total("kafka_network_requestchannel_requestqueuesize"), f"{NODE} requests"),
                    Query(total("kafka_network_requestchannel_responsequeuesize", 'processor=""'), f"{NODE} responses"),
                    no_value=NO_MBEANS,
                    width=8,
                ),
                lines(
                    "Acceptors blocked",
                    "Share of time that a listener's acceptor is blocked, because the network threads do not take new "
                    "connections fast enough. Good is 0. Above it clients wait to connect: a storm of connections, or too "
                    "few threads.",
                    Query(
                        f"max by (cluster, broker, instance, listener) (rate({of_node('kafka_acceptor_blocked_seconds_total')}{RATE}))",
                        f"{NODE} {{{{listener}}}}",
                    ),
                    unit="percentunit",
                    thresholds=limits("KafkaAcceptorBlocked"),
                    no_value=NO_MBEANS,
                    width=8,
                ),
            ],
        ),
        Row(
            "Requests",
            [
                lines(
                    "Requests by kind",
                    "Requests per second on the chosen brokers: the 12 kinds with most in the range. Good is the usual "
                    "mix. Many Metadata, FindCoordinator or JoinGroup requests are clients that do not settle.",
                    Query(
                        _top_requests(12, "kafka_network_requestmetrics_requests_total"),
                        f"{CLUSTER}{{{{request}}}}",
                    ),
                    unit="reqps",
                    legend_right=True,
                    no_value=NO_MBEANS,
                ),
                lines(
                    "Errors by kind and code",
                    "Answers with an error per second: the 12 that were most frequent in the time range. A few "
                    "NOT_LEADER_OR_FOLLOWER or REBALANCE_IN_PROGRESS are how clients learn of changes. Look up what stays; "
                    "AUTHORIZATION_FAILED is a client without rights.",
                    Query(
                        most(
                            12,
                            "by (cluster, request, error)",
                            of_node("kafka_network_requestmetrics_errors_total", 'error!="NONE"'),
                        ),
                        f"{CLUSTER}{{{{request}}}} {{{{error}}}}",
                    ),
                    unit="reqps",
                    legend_right=True,
                    no_value="none in this time range",
                ),
                lines(
                    "Where the time of $request goes",
                    "Mean time of the chosen kind of request on the chosen brokers, from exact sums. Waiting for a "
                    "handler: the broker is saturated. Working: disk or conversion. Waiting for others: followers, for "
                    "Produce with acks=all; for data to come, for Fetch, where it is no fault. Waiting for a network "
                    "thread or sending: the network, or a slow client.",
                    *(Query(_mean(stage), f"{CLUSTER}{name}") for name, stage in _STAGES.items()),
                    unit="s",
                    stacked=True,
                    calcs=("mean", "max"),
                    legend_right=True,
                    no_value=NO_MBEANS,
                ),
                lines(
                    "$request requests at quantile $quantile",
                    "Time that the chosen kind of request took, by broker, at the chosen quantile of the last few minutes. "
                    "Good is what your clients can live with; fetches wait for data up to fetch.max.wait.ms (500 ms), "
                    "which is no fault. One broker above the others is the one to look at. Kinds without a quantile here: "
                    "only means are known of them.",
                    Query(
                        maximum("kafka_network_requestmetrics_totaltimems", _REQUEST, _QUANTILE),
                        NODE,
                    ),
                    unit="ms",
                    no_value="no quantiles of this kind",
                ),
                lines(
                    "Throttling and conversion of $request",
                    "Mean time that a quota made clients wait for requests of the chosen kind: it begins after the "
                    "answer, so that it is no part of where the time goes. And the time of converting records to another "
                    "format, at quantile $quantile on the broker with most: it is a part of working, and told of Produce "
                    "and Fetch only. Good is 0 of both.",
                    Query(_mean("throttle"), f"{CLUSTER}throttled"),
                    Query(
                        f"max by (cluster) "
                        f"({of_node('kafka_network_requestmetrics_messageconversionstimems', _REQUEST, _QUANTILE)}) / 1000",
                        f"{CLUSTER}converting",
                    ),
                    unit="s",
                    no_value=NO_MBEANS,
                ),
                lines(
                    "Latency of produce and fetch requests",
                    "Mean time of produce requests, and of consumers' fetch requests without the wait for data, by broker. "
                    "Good is some milliseconds; the graph of where the time goes says what it is spent on.",
                    Query(_PRODUCE_TIME, f"{NODE} produce"),
                    Query(_FETCH_TIME, f"{NODE} fetch"),
                    unit="s",
                    thresholds=limits("KafkaRequestLatencyHigh"),
                    no_value=NO_MBEANS,
                ),
                lines(
                    "Failed produce and fetch requests",
                    "Share of produce and fetch requests that failed, by broker. Good is 0. The errors above say why: not "
                    "enough replicas in sync, records too large, an offline log directory.",
                    Query(_failed("produce"), f"{NODE} produce"),
                    Query(_failed("fetch"), f"{NODE} fetch"),
                    unit="percentunit",
                    thresholds=limits("KafkaFailedRequests"),
                    no_value=NO_MBEANS,
                ),
                lines(
                    "Throttling by quotas",
                    "Seconds that clients were made to wait by a quota in each second, by broker and kind of request: "
                    "the 10 with most in the range. 0 without quotas. If it lasts, a client wants more than it was "
                    "given; which one: by rules that read the client's MBeans, see rules/kafka.yaml.",
                    Query(
                        most(
                            10,
                            "by (cluster, broker, instance, request)",
                            of_node("kafka_request_throttle_time_seconds_sum", _EACH_KIND),
                        ),
                        f"{NODE} {{{{request}}}}",
                    ),
                    unit="s",
                    thresholds=limits("KafkaClientsThrottled"),
                    legend_right=True,
                    no_value="none in this time range",
                ),
                lines(
                    "Records refused or converted",
                    "Records per second that were refused, because they had no key in a compacted topic, a wrong checksum "
                    "or an impossible offset, and those converted from or to an older format, which costs CPU and memory. "
                    "Good is 0. Update the clients that need conversion.",
                    Query(
                        _rate_of_cluster("kafka_server_brokertopicmetrics_nokeycompactedtopicrecords_total"),
                        f"{CLUSTER}no key",
                    ),
                    Query(
                        _rate_of_cluster("kafka_server_brokertopicmetrics_invalidmessagecrcrecords_total"),
                        f"{CLUSTER}wrong checksum",
                    ),
                    Query(
                        _rate_of_cluster("kafka_server_brokertopicmetrics_invalidmagicnumberrecords_total"),
                        f"{CLUSTER}wrong format",
                    ),
                    Query(
                        _rate_of_cluster("kafka_server_brokertopicmetrics_invalidoffsetorsequencerecords_total"),
                        f"{CLUSTER}wrong sequence",
                    ),
                    Query(
                        _rate_of_cluster("kafka_server_brokertopicmetrics_producemessageconversions_total", ALL_TOPICS),
                        f"{CLUSTER}converted from producers",
                    ),
                    Query(
                        _rate_of_cluster("kafka_server_brokertopicmetrics_fetchmessageconversions_total", ALL_TOPICS),
                        f"{CLUSTER}converted for consumers",
                    ),
                    unit="mps",
                    legend_right=True,
                    no_value=NO_MBEANS,
                ),
                lines(
                    "Throttled clients",
                    "Clients whose responses are being held back by a quota, by what is limited, on the chosen brokers. "
                    "0 is good, or what is meant.",
                    Query(
                        total("kafka_server_quota_queue_size", by="by (cluster, resource)"), f"{CLUSTER}{{{{resource}}}}"
                    ),
                    no_value=NO_MBEANS,
                ),
            ],
        ),
        Row(
            "Clients and waiting requests",
            [
                lines(
                    "Connections",
                    "Open connections by broker and listener. Good is steady. A steep rise is clients that connect anew "
                    "for each request, or a fleet that came back at once.",
                    Query(
                        total(
                            "kafka_server_socket_server_metrics_connection_count",
                            by="by (cluster, broker, instance, listener)",
                        ),
                        f"{NODE} {{{{listener}}}}",
                    ),
                    no_value=NO_MBEANS,
                ),
                lines(
                    "Connections opened and closed",
                    "Connections opened (up) and closed (down) per second, by broker. Good is few against those that are "
                    "open; many of both are clients that live for one request.",
                    Query(rate("kafka_server_socket_server_metrics_connection_creation_total"), f"{NODE} opened"),
                    Query(rate("kafka_server_socket_server_metrics_connection_close_total"), f"{NODE} closed"),
                    unit="ops",
                    below_zero="closed$",
                    no_value=NO_MBEANS,
                ),
                lines(
                    "Authentication failures",
                    "Connections per second that failed to be authenticated, at first or again, and sessions closed "
                    "because they had expired. Good is 0; a client with an old password or certificate tries on and on. "
                    "The broker's log has its address.",
                    Query(rate("kafka_server_socket_server_metrics_failed_authentication_total"), f"{NODE} failed"),
                    Query(
                        rate("kafka_server_socket_server_metrics_failed_reauthentication_total"),
                        f"{NODE} failed again",
                    ),
                    Query(rate("kafka_server_socket_server_metrics_expired_connections_killed_count"), f"{NODE} expired"),
                    unit="ops",
                    thresholds=limits("KafkaAuthenticationFailures"),
                    no_value=NO_MBEANS,
                ),
                lines(
                    "Requests in purgatory",
                    "Requests that wait for something to happen, by what they wait for, on the chosen brokers. Fetches "
                    "that wait for data are normal; many of Produce wait for followers.",
                    Query(
                        top(
                            10,
                            lambda of: f"sum by (cluster, delayedOperation) ({of.value(_DELAYED)})",
                        ),
                        f"{CLUSTER}{{{{delayedOperation}}}}",
                    ),
                    legend_right=True,
                    no_value=NO_MBEANS,
                ),
                lines(
                    "Fetch sessions",
                    "Incremental fetch sessions by broker, those of followers among them. At the limit "
                    "(max.incremental.fetch.session.cache.slots, 1,000) sessions are evicted and fetches grow.",
                    Query(total("kafka_server_fetchsessioncache_numincrementalfetchsessions"), NODE),
                    no_value=NO_MBEANS,
                    width=6,
                ),
                lines(
                    "Fetch sessions evicted",
                    "Fetch sessions per second that made room for others. Good is 0; else raise "
                    "max.incremental.fetch.session.cache.slots.",
                    Query(rate("kafka_server_fetchsessioncache_incrementalfetchsessionevictions_total"), NODE),
                    unit="ops",
                    no_value=NO_MBEANS,
                    width=6,
                ),
                lines(
                    "Bytes rejected",
                    "Bytes per second of batches that were refused as larger than max.message.bytes, by broker. Good is 0; "
                    "a producer and its topic do not agree on the size.",
                    Query(rate("kafka_server_brokertopicmetrics_bytesrejected_total", ALL_TOPICS), NODE),
                    unit="Bps",
                    no_value=NO_MBEANS,
                    width=6,
                ),
                health.late_transactions(6),
                lines(
                    "Size of $request requests at quantile $quantile",
                    "Bytes of the chosen kind of request, by broker, at the chosen quantile of the last few minutes. For "
                    "Produce: what producers batch; small batches and many requests cost most for the least.",
                    Query(
                        maximum("kafka_network_requestmetrics_requestbytes", _REQUEST, _QUANTILE),
                        NODE,
                    ),
                    unit="bytes",
                    no_value="no sizes of this kind",
                ),
                lines(
                    "Temporary memory at quantile $quantile",
                    "Bytes that produce and fetch requests needed for decompression and conversion, by kind, on the broker "
                    "that needed most. Good is 0; else producers and topics differ in compression, or clients in format.",
                    Query(
                        f"max by (cluster, request) ({of_node('kafka_network_requestmetrics_temporarymemorybytes', _QUANTILE)})",
                        f"{CLUSTER}{{{{request}}}}",
                    ),
                    unit="bytes",
                    no_value=NO_MBEANS,
                ),
                table(
                    "Clients too old for Kafka 4",
                    "Clients that send requests of versions that Kafka 4.0 no longer takes: update them before the "
                    "brokers. From Kafka 3.7; the 20 that send most.",
                    {
                        "cluster": "Cluster",
                        "clientSoftwareName": "Client",
                        "clientSoftwareVersion": "Version",
                        "request": "Request",
                        "version": "Request version",
                    },
                    Column(
                        "Requests",
                        "topk(20, sum by (cluster, clientSoftwareName, clientSoftwareVersion, request, version) "
                        f"(rate({of_node('kafka_network_requestmetrics_deprecatedrequests_total')}{RATE})))",
                        unit="reqps",
                        decimals=1,
                    ),
                    sort_by="Requests",
                    no_value="none",
                    width=12,
                    height=7,
                ),
                table(
                    "Connections by client software",
                    "Open connections by the name and version that clients tell of their library: the 20 most used. The "
                    "MBeans are left out by the bundled rules, as their number knows no bounds: see excludeObjectNames in "
                    "rules/kafka.yaml.",
                    {"cluster": "Cluster", "clientSoftwareName": "Client", "clientSoftwareVersion": "Version"},
                    Column(
                        "Connections",
                        "topk(20, sum by (cluster, clientSoftwareName, clientSoftwareVersion) "
                        f"({of_node('kafka_server_socket_server_metrics_connections_software')}))",
                    ),
                    sort_by="Connections",
                    no_value="left out by the rules",
                    width=12,
                    height=7,
                ),
            ],
            collapsed=True,
        ),
        Row(
            "JVM",
            [
                lines(
                    "CPU",
                    "CPU cores that each node's JVM uses. Good is well below what the host has.",
                    Query(_CPU, NODE),
                    lowest_top=0.1,
                    decimals=2,
                    no_value=NO_MBEANS,
                ),
                lines(
                    "Time in garbage collection",
                    "Share of time that each JVM spends in garbage collection. Good is below a few percent. If it lasts "
                    "after a restart or recovery: too small a heap, or too many partitions or connections for it.",
                    Query(_GC_TIME, NODE),
                    unit="percentunit",
                    thresholds=limits("KafkaGcTimeHigh"),
                    no_value=NO_MBEANS,
                ),
                lines(
                    "Heap used",
                    "Heap in use as a share of its maximum (-Xmx). It is a saw, and high before each collection: that is "
                    "normal. What matters is what is left after one, beside this.",
                    Query(_HEAP, NODE),
                    unit="percentunit",
                    maximum=1,
                    no_value=NO_MBEANS,
                ),
                lines(
                    "Heap left after collection",
                    "What the last collection of the old generation has left in it, as a share of its maximum. Good is "
                    "flat and well below the line; what only grows is a leak or a heap that is too small. 0 before the "
                    "first such collection.",
                    Query(_AFTER_GC, NODE),
                    unit="percentunit",
                    maximum=1,
                    thresholds=limits("KafkaHeapAfterGcHigh"),
                    no_value=NO_MBEANS,
                ),
                lines(
                    "Collections",
                    "Garbage collections per second, by collector, on all chosen nodes together. Good is some of the young "
                    "generation; of the old one hardly any.",
                    Query(
                        f"sum by (cluster, gc) (rate({of_node('jvm_gc_collection_seconds_count')}{RATE}) "
                        f"and on (cluster, broker, instance) {of_node('kafka_broker_build_info')})",
                        f"{CLUSTER}{{{{gc}}}}",
                    ),
                    unit="ops",
                    no_value=NO_MBEANS,
                    width=8,
                ),
                lines(
                    "Threads",
                    "Live threads of each JVM. Good is steady: Kafka makes its threads at the start.",
                    Query(of_kafka(maximum("jvm_threads_current")), NODE),
                    minimum=None,
                    no_value=NO_MBEANS,
                    width=8,
                ),
                lines(
                    "File descriptors in use",
                    "Open file descriptors as a share of what the process may open: each log segment takes several, each "
                    "connection one. At 100 % the broker dies; raise the limit (nofile) in time.",
                    Query(
                        of_kafka(f"max {BY_NODE} ({of_node('process_open_fds')} / {of_node('process_max_fds')})"),
                        NODE,
                    ),
                    unit="percentunit",
                    thresholds=limits("KafkaFileDescriptorsHigh"),
                    no_value=NO_MBEANS,
                    width=8,
                ),
                lines(
                    "Direct buffers",
                    "Memory outside the heap that network and file operations use. Good is steady; many large requests, or "
                    "a consumer of large batches over TLS, let it grow.",
                    Query(of_kafka(total("jvm_buffer_pool_used_bytes", 'pool="direct"')), NODE),
                    unit="bytes",
                    no_value=NO_MBEANS,
                ),
                lines(
                    "Mapped files",
                    "Index files that are mapped into memory. It grows with the number of log segments.",
                    Query(of_kafka(total("jvm_buffer_pool_used_bytes", 'pool="mapped"')), NODE),
                    unit="bytes",
                    no_value=NO_MBEANS,
                ),
            ],
            collapsed=True,
        ),
        Row(
            "Host",
            [
                lines(
                    "Disk read and written",
                    "Bytes per second that each node's process has written to disks (up) and read from them (down). Reads "
                    "that do not go away are consumers that read old records, or too little page cache. Linux only.",
                    Query(rate("kafka_disk_write_bytes_total"), f"{NODE} written"),
                    Query(rate("kafka_disk_read_bytes_total"), f"{NODE} read"),
                    unit="Bps",
                    below_zero="read$",
                    no_value=NO_MBEANS,
                ),
                bars(
                    "Time to read the MBeans",
                    "How long it took to read each node's MBeans at the last scrape. Good is far below the scrape timeout; "
                    "a node that is slower than the others is busy.",
                    Query(of_kafka(maximum("jmx_scrape_duration_seconds")), NODE),
                    unit="s",
                    no_value=NO_MBEANS,
                ),
            ],
            collapsed=True,
        ),
    ],
)
