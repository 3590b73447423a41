"""The exporter itself: whether it gets all it asks for, what that costs it and the brokers, and how Prometheus sees it."""

from ..board import Board, Row
from ..limits import limits, thresholds
from ..panels import NONE, Column, Query, lines, stat, states, table
from ..selectors import CLUSTER, RATE, Reading, most, of_cluster, top

_SUCCESS = of_cluster("kafka_vitals_collector_success")
_AGE = of_cluster("kafka_vitals_collector_age_seconds")
_DURATION = of_cluster("kafka_vitals_collector_duration_seconds")
_ERRORS = of_cluster("kafka_vitals_collector_errors_total")
_REQUESTS = of_cluster("kafka_vitals_kafka_request_duration_seconds_count")
_REQUEST_TIME = of_cluster("kafka_vitals_kafka_request_duration_seconds_sum")
_DENIED = of_cluster("kafka_vitals_kafka_denied")
_UNSUPPORTED = of_cluster("kafka_vitals_kafka_unsupported")
_CLIENT = f"max by (cluster, instance, client) ({of_cluster('kafka_vitals_kafka_client_info')})"
_DROPPED = of_cluster("kafka_vitals_series_dropped")

_BY_COLLECTOR = "by (cluster, instance, collector, broker)"
_AT_WORK = f"{CLUSTER}{{{{collector}}}} {{{{broker}}}}"
_TARGET = f"{CLUSTER}{{{{job}}}} {{{{instance}}}}"
_OF_BROKER = f"{CLUSTER}broker {{{{broker}}}}"
_EXPORTER = f"{CLUSTER}{{{{instance}}}}"

# A target that is down has no series of its own left: its job had some in the last day.
_OURS = (
    'group by (cluster, job) (last_over_time({__name__=~"kafka_vitals_build_info|jmx_scrape_error",'
    'cluster=~"$cluster",job=~"$job"}[1d]))'
)
_NO_TIMES = "not measured with librdkafka"
_NO_AGENTS = "no agents: --jolokia.port or --jolokia.url adds them"


def _target(metric: str) -> str:
    return f'{metric}{{cluster=~"$cluster",job=~"$job"}}'


def _ours(of_targets: str) -> str:
    """Of metrics that Prometheus itself adds to each target those of this exporter's jobs."""
    return f"({of_targets}) and on (cluster, job) {_OURS}"


def _of_target(metric: str) -> str:
    return _ours(_target(metric))


def _top_targets(metric: str) -> Query:
    return Query(top(10, lambda of: _ours(of.value(_target(metric)))), _TARGET)


_UP = _target("up")
_SCRAPE_TIME = f"avg_over_time({_target('scrape_duration_seconds')}[5m])"
# Prometheus tells the timeout with --enable-feature=extra-scrape-metrics.
_SHARE_OF_TIMEOUT = (
    f"max by (cluster, job, instance) ({_ours(_SCRAPE_TIME)}) / on (cluster, "
    f"job, instance) (max by (cluster, job, instance) ({_of_target('scrape_timeout_seconds')}) or 10 * group by (cluster, "
    f"job, instance) ({_of_target('scrape_duration_seconds')}))"
)


def _mean_time(by: str, of: Reading) -> str:
    return f"sum {by} ({of.rate(_REQUEST_TIME)}) / (sum {by} ({of.rate(_REQUESTS)}) > 0)"


_SUMMARY = [
    stat(
        "Targets down",
        "Targets of the chosen jobs that Prometheus could not scrape. 0 is good. A node page answers 503 while its agent "
        "cannot be read, so that its target is down as the broker's own agent would be.",
        Query(f"count(({_of_target('up')}) == 0) or 0 * count({_of_target('up')})"),
        thresholds=thresholds([("green", None), ("red", 1)]),
        texts=NONE,
        no_value="no targets",
    ),
    stat(
        "Collectors failing",
        "Collectors whose last run did not get all that it asked for: series are missing. 0 is good; else the table below "
        "says which, and why.",
        Query(f"sum({_SUCCESS} == bool 0)"),
        thresholds=thresholds([("green", None), ("orange", 1)]),
        texts=NONE,
        no_value="no exporter",
    ),
    stat(
        "Denied",
        "Groups, partitions, configurations or calls that the brokers denied the exporter's principal in its last "
        "collection. 0 is good; else grant Describe, or DescribeConfigs. What it never had a right to is invisible, not "
        "denied.",
        Query(f"sum({_DENIED})"),
        thresholds=thresholds([("green", None), ("orange", 1)]),
        texts={0: ("nothing", "green")},
        no_value="no exporter",
    ),
    stat(
        "Layouts scraped",
        "Whether in the last 5 minutes both the page with everything and the split pages were scraped: then all series are "
        "stored twice, and sums are doubled. Take one job away.",
        Query(f"max({of_cluster('kafka_vitals_both_layouts_scraped')})"),
        thresholds=thresholds([("green", None), ("orange", 1)]),
        texts={0: ("one", "green"), 1: ("both", "orange")},
        no_value="no exporter",
    ),
    stat(
        "Configuration",
        "Whether the last reading of the rules file and of the objectives succeeded. If not, what was read before is in "
        "use, and the exporter's log has file and line.",
        Query(f"min({of_cluster('kafka_vitals_config_last_reload_successful')})"),
        thresholds=thresholds([("orange", None), ("green", 1)]),
        texts={0: ("bad file", "orange"), 1: ("read", "green")},
        no_value="no exporter",
    ),
    stat(
        "Series dropped",
        "Series that pages leave out because of --series.limit. 0 is good; else raise the limit or filter topics and "
        "groups.",
        Query(f"sum({_DROPPED})"),
        thresholds=limits("KafkaVitalsSeriesDropped", counts=True),
        texts=NONE,
        no_value="no limit set",
    ),
    stat(
        "Series",
        "Series that Prometheus reads from the chosen jobs in one round, its own of each target not counted.",
        Query(f"sum({_of_target('scrape_samples_scraped')})"),
        no_value="no targets",
    ),
    stat(
        "Slowest scrape",
        "How much of its scrape_timeout (10 s where Prometheus does not tell it) the slowest target took, over 5 minutes. "
        "Below the limit is good; at 100 % nothing of the target is stored. Ask for less, or raise the timeout.",
        Query(f"max({_SHARE_OF_TIMEOUT})"),
        unit="percentunit",
        decimals=1,
        thresholds=limits("KafkaVitalsScrapeSlow"),
        no_value="no targets",
    ),
]

# Failed runs first, then the longest.
_WORST = f"topk(100, max {_BY_COLLECTOR} ({_DURATION} + 1e6 * ({_SUCCESS} == bool 0)))"

_COLLECTORS = Row(
    "Collectors",
    [
        table(
            "Collectors",
            "What the exporter gathers, the 100 longest runs, failed ones first. Of the cluster: topology, offsets, "
            "groups, registered brokers, configurations, log directories; of each node's agent: jmx. Age: how old what "
            "it shows is; some seconds are reuse for several scrapers (--scrape.reuse). Errors: failed requests and "
            "items over the range of the board.",
            {"cluster": "Cluster", "instance": "Exporter", "collector": "Collector", "broker": "Node"},
            Column(
                "Last run",
                f"min {_BY_COLLECTOR} ({_SUCCESS}) and {_WORST}",
                texts={0: ("failed", "orange"), 1: ("complete", "green")},
            ),
            Column(
                "Took",
                f"max {_BY_COLLECTOR} ({_DURATION}) and {_WORST}",
                "s",
                bar=True,
            ),
            Column(
                "Age",
                f"max {_BY_COLLECTOR} ({_AGE}) and {_WORST}",
                "s",
            ),
            Column("Errors", f"topk(100, sum {_BY_COLLECTOR} (increase({_ERRORS}[$__range])) > 0)", decimals=0),
            sort_by="Last run",
            ascending=True,
            widths={"Collector": 150, "Node": 110},
            no_value="no exporter",
            width=14,
            height=10,
        ),
        states(
            "Success",
            "Whether each collector's runs were complete: the 20 that were for the least part of the range. All green is "
            "good; a broker that restarts shows as a short break of its jmx.",
            Query(
                f"min by (cluster, collector, broker) ({_SUCCESS}) and bottomk(20, min by (cluster, collector, broker) "
                f"(avg_over_time({_SUCCESS}[$__range] @ end())))",
                _AT_WORK,
            ),
            texts={0: ("failed", "orange"), 1: ("complete", "green")},
            no_value="no exporter",
            width=10,
            height=10,
        ),
        lines(
            "Duration",
            "How long each collector's last run took, the slowest node's of jmx. The cluster's run together. They must fit "
            "in the scrape_timeout.",
            Query(f"max by (cluster, collector) ({_DURATION})", f"{CLUSTER}{{{{collector}}}}"),
            unit="s",
            width=8,
        ),
        lines(
            "Age",
            "How old what the collectors show is, the oldest node's of jmx. About 0 is good; up to --scrape.reuse where "
            "several scrapers share.",
            Query(f"max by (cluster, collector) ({_AGE})", f"{CLUSTER}{{{{collector}}}}"),
            unit="s",
            width=8,
        ),
        lines(
            "Errors by kind",
            "Failed requests, and failed items of requests, per second: the 15 most frequent kinds of the range. None is "
            "good; docs/operations.md says what each kind means.",
            Query(most(15, "by (cluster, collector, kind)", _ERRORS), f"{CLUSTER}{{{{collector}}}}: {{{{kind}}}}"),
            unit="ops",
            no_value="no errors",
            width=8,
        ),
    ],
)

_KAFKA = Row(
    "Kafka",
    [
        lines(
            "Time of requests by API",
            "Mean time that brokers take to answer the exporter, what they had to answer before on the same connection "
            "included: the 20 slowest calls in the range. Milliseconds are good; more is a broker that is busy, far away, or "
            "has very many groups or partitions to list.",
            Query(top(20, lambda of: _mean_time("by (cluster, api)", of)), f"{CLUSTER}{{{{api}}}}"),
            unit="s",
            no_value=_NO_TIMES,
            width=8,
        ),
        lines(
            "Time of requests by broker",
            "The same by broker, the 10 slowest in the range: one that stands out is in trouble.",
            Query(top(10, lambda of: _mean_time("by (cluster, broker)", of)), _OF_BROKER),
            unit="s",
            no_value=_NO_TIMES,
            width=8,
        ),
        lines(
            "Requests by API",
            "Requests per second that the exporter sends to all brokers: the 20 most frequent calls in the range. Some per "
            "broker and scrape, whatever the number of groups.",
            Query(top(20, lambda of: f"sum by (cluster, api) ({of.rate(_REQUESTS)})"), f"{CLUSTER}{{{{api}}}}"),
            unit="reqps",
            no_value=_NO_TIMES,
            width=8,
        ),
        lines(
            "Denied by API",
            "What the brokers denied the principal, by Kafka's name of the call. None is good. What was there before and "
            "is denied now is a right that was taken away: its series are gone.",
            Query(f"sum by (cluster, api) ({_DENIED}) > 0", f"{CLUSTER}{{{{api}}}}"),
            no_value="nothing denied",
            width=12,
            height=6,
        ),
        table(
            "Client, and calls that it or the brokers cannot answer",
            "What these calls feed is absent: registered and fenced brokers before Kafka 4.0, log directories with "
            "librdkafka, and so on. docs/operations.md has the list.",
            {"cluster": "Cluster", "instance": "Exporter", "client": "Client", "api": "Unsupported call"},
            Column("Client is", _CLIENT, hidden=True),
            Column(
                "Unsupported",
                f"max by (cluster, instance, api) ({_UNSUPPORTED}) * on (cluster, instance) group_left (client) ({_CLIENT})",
                hidden=True,
            ),
            sort_by="Exporter",
            ascending=True,
            width=12,
            height=6,
        ),
    ],
)

_AGENT_DURATION = of_cluster("kafka_vitals_collector_duration_seconds", 'collector="jmx"')
_AGENT_BYTES = of_cluster("kafka_vitals_agent_received_bytes_total")
_AGENT_BEANS = of_cluster("kafka_vitals_agent_beans")
_BY_AGENT = "by (cluster, instance, broker)"


def _agent_column(name: str, expr: str, unit: str = "short", decimals: int | None = None) -> Column:
    return Column(name, f"{expr} and topk(100, max {_BY_AGENT} ({_AGENT_BEANS}))", unit, decimals)


_AGENTS = Row(
    "Jolokia agents",
    [
        lines(
            "Duration by node",
            "How long reading a node's MBeans took: the 10 slowest nodes when last seen. Under a second is good; more is "
            "a JVM in garbage collection, or rules that want very many MBeans.",
            Query(top(10, lambda of: f"max by (cluster, broker) ({of.value(_AGENT_DURATION)})"), _OF_BROKER),
            unit="s",
            no_value=_NO_AGENTS,
            width=8,
        ),
        lines(
            "Bytes by node",
            "Bytes per second of agents' answers, after decompression: the 10 nodes with most in the range.",
            Query(top(10, lambda of: f"sum by (cluster, broker) ({of.rate(_AGENT_BYTES)})"), _OF_BROKER),
            unit="Bps",
            no_value=_NO_AGENTS,
            width=8,
        ),
        lines(
            "MBeans by node",
            "MBeans in each node's last answer: the 10 nodes with most when last seen. It grows with topics and "
            "partitions, as far as the rules want those.",
            Query(top(10, lambda of: f"max by (cluster, broker) ({of.value(_AGENT_BEANS)})"), _OF_BROKER),
            no_value=_NO_AGENTS,
            width=8,
        ),
        table(
            "Agents",
            "The 100 nodes with most MBeans. Two requests a scrape are usual. Pending: MBeans that the rules have not been "
            "tried on yet, for lack of time; their series follow. Dropped: samples that two beans gave the same name and "
            "labels, or a reserved name. Given up: matches that took too many steps, so that a pattern should be simpler.",
            {"cluster": "Cluster", "instance": "Exporter", "broker": "Node"},
            _agent_column("MBeans", f"max {_BY_AGENT} ({_AGENT_BEANS})"),
            _agent_column(
                "Requests", f"sum {_BY_AGENT} (rate({of_cluster('kafka_vitals_agent_requests_total')}{RATE}))", "reqps", 2
            ),
            _agent_column("Bytes", f"sum {_BY_AGENT} (rate({_AGENT_BYTES}{RATE}))", "Bps"),
            _agent_column("Pending", f"max {_BY_AGENT} ({of_cluster('kafka_vitals_rules_pending_beans')})"),
            _agent_column("Dropped samples", f"max {_BY_AGENT} ({of_cluster('kafka_vitals_rules_dropped_samples')})"),
            _agent_column("Given up", f"max {_BY_AGENT} ({of_cluster('kafka_vitals_rules_matches_given_up_total')})"),
            sort_by="MBeans",
            no_value=_NO_AGENTS,
            height=8,
        ),
    ],
    collapsed=True,
)

_PAGES = Row(
    "Pages and series",
    [
        lines(
            "Series by page",
            "Series on each page when it was last made (brokers: the node page made last). What grows without end is a "
            "topic or group that is made anew all the time.",
            Query(
                f"max by (cluster, instance, page) ({of_cluster('kafka_vitals_page_series')})",
                f"{_EXPORTER} {{{{page}}}}",
            ),
            width=8,
        ),
        lines(
            "Answers by page and code",
            "Answers to HTTP requests per second. 503 of `brokers` is a node whose agent cannot be read.",
            Query(
                f"sum by (cluster, page, code) (rate({of_cluster('kafka_vitals_http_requests_total')}{RATE}))",
                f"{CLUSTER}{{{{page}}}} {{{{code}}}}",
            ),
            unit="reqps",
            width=8,
        ),
        lines(
            "Dropped for a limit",
            "Series that pages leave out because of --series.limit, by metric: the 10 with most when last seen.",
            Query(top(10, lambda of: f"max by (cluster, family) ({of.value(_DROPPED)}) > 0"), f"{CLUSTER}{{{{family}}}}"),
            no_value="none dropped, or no limit set",
            width=8,
        ),
        lines(
            "Dropped as doubles",
            "Samples per second that were left out because an earlier one had the same name and labels. 0 is good; else "
            "two rules make the same series.",
            Query(
                f"sum by (cluster, instance, page) (rate({of_cluster('kafka_vitals_page_dropped_samples_total')}{RATE}))",
                f"{_EXPORTER} {{{{page}}}}",
            ),
            unit="ops",
            width=8,
        ),
        lines(
            "Forgotten groups and known nodes",
            "Groups left out after --group.forget-after, and nodes with an agent, dead ones included until "
            "--broker.forget-after.",
            Query(
                f"max by (cluster, instance) ({of_cluster('kafka_vitals_groups_forgotten')})",
                f"{_EXPORTER} groups forgotten",
            ),
            Query(f"max by (cluster, instance) ({of_cluster('kafka_vitals_nodes')})", f"{_EXPORTER} nodes"),
            width=8,
        ),
        lines(
            "Search for lag in seconds",
            "Lookups by timestamp of the last collection, and those that were put off to the next for want of time. "
            "Postponed stays 0 where all lag in seconds is known at once.",
            Query(
                f"max by (cluster, instance) ({of_cluster('kafka_vitals_lag_search_lookups')})", f"{_EXPORTER} lookups"
            ),
            Query(
                f"max by (cluster, instance) ({of_cluster('kafka_vitals_lag_search_postponed')})",
                f"{_EXPORTER} postponed",
            ),
            Query(f"max by (cluster, instance) ({of_cluster('kafka_vitals_lag_search_rounds')})", f"{_EXPORTER} rounds"),
            width=8,
        ),
    ],
    collapsed=True,
)

_PROCESS = Row(
    "Process",
    [
        table(
            "Exporters",
            "What runs where, since when, and when rules and objectives were last read.",
            {
                "cluster": "Cluster",
                "instance": "Exporter",
                "version": "Version",
                "revision": "Revision",
                "rustc": "Compiler",
            },
            Column(
                "Build",
                f"max by (cluster, instance, version, revision, rustc) ({of_cluster('kafka_vitals_build_info')})",
                hidden=True,
            ),
            Column(
                "Up for",
                f"time() - max by (cluster, instance) ({of_cluster('kafka_vitals_process_start_time_seconds')})",
                "s",
            ),
            Column(
                "Files read",
                "1000 * max by (cluster, instance) "
                f"({of_cluster('kafka_vitals_config_last_reload_success_timestamp_seconds')})",
                "dateTimeFromNow",
            ),
            Column("Nodes", f"max by (cluster, instance) ({of_cluster('kafka_vitals_nodes')})"),
            sort_by="Exporter",
            ascending=True,
            no_value="no exporter",
            height=5,
        ),
        lines(
            "CPU",
            "How much of a CPU core kafka-vitals itself uses. A few percent are usual.",
            Query(
                f"max by (cluster, instance) (rate({of_cluster('kafka_vitals_process_cpu_seconds_total')}{RATE}))",
                _EXPORTER,
            ),
            unit="percentunit",
            width=8,
        ),
        lines(
            "Memory",
            "Resident memory of kafka-vitals itself. It grows with groups x partitions, and then stays.",
            Query(f"max by (cluster, instance) ({of_cluster('kafka_vitals_process_resident_memory_bytes')})", _EXPORTER),
            unit="bytes",
            width=8,
        ),
        lines(
            "File descriptors and threads",
            "Open file descriptors and threads of kafka-vitals itself. Both are steady: connections to brokers, agents and "
            "scrapers.",
            Query(
                f"max by (cluster, instance) ({of_cluster('kafka_vitals_process_open_fds')})", f"{_EXPORTER} descriptors"
            ),
            Query(f"max by (cluster, instance) ({of_cluster('kafka_vitals_process_threads')})", f"{_EXPORTER} threads"),
            width=8,
        ),
    ],
)

_PROMETHEUS = Row(
    "As Prometheus sees it",
    [
        states(
            "Targets up",
            "Whether Prometheus could scrape each target: the 20 that were up for the least part of the range.",
            Query(
                f"{_of_target('up')} and bottomk(20, {_ours(f'avg_over_time({_UP}[$__range] @ end())')})",
                _TARGET,
            ),
            texts={0: ("down", "red"), 1: ("up", "green")},
            no_value="no targets",
            width=12,
            height=8,
        ),
        lines(
            "Duration of scrapes",
            "How long scrapes took: the 10 slowest targets when last seen. Well below the scrape_timeout is good; at it, "
            "series are missing from every scrape.",
            _top_targets("scrape_duration_seconds"),
            unit="s",
        ),
        lines(
            "Samples",
            "Samples that each scrape brought: the 10 targets with most when last seen. Steady is good; a step down is a "
            "part of the page that is missing, a rise without end is topics or groups that are made anew all the time.",
            _top_targets("scrape_samples_scraped"),
        ),
        lines(
            "New series",
            "Series that a scrape brought and the one before had not: the 10 targets with most when last seen. Near 0 is "
            "good; what stays high is churn, and costs Prometheus memory.",
            _top_targets("scrape_series_added"),
        ),
    ],
)

BOARD = Board(
    uid="kafka-vitals-exporter",
    title="Kafka exporter (kafka-vitals)",
    description="Whether kafka-vitals gets all it asks for, what that costs, and how Prometheus sees it.",
    rows=[Row("", _SUMMARY), _COLLECTORS, _KAFKA, _PROMETHEUS, _PROCESS, _AGENTS, _PAGES],
)
