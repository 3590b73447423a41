"""Consumer groups: which of them need somebody, and of the chosen ones how far they are behind, why, since when, and for how
long that goes well.

What is not known is absent in these metrics, never 0 or smaller. Where a query makes 0 of an absence, it counts, and there is
none to count.
"""

from math import inf

from collections.abc import Mapping

from .. import health, variables
from ..board import Board, Row
from ..limits import limit, limits, thresholds
from ..panels import NO_MBEANS, NONE, OF_ROWS_CLUSTER, THIS, Column, Query, Text, board_url, lines, stat, states, table
from ..selectors import (
    ALL_TOPICS,
    AT_EACH_POINT,
    CLUSTER,
    NODE,
    OVER_THE_RANGE,
    RATE,
    Reading,
    least,
    maximum,
    of_cluster,
    of_node,
    rate,
    top,
    total,
)

_CHOSEN = 'consumergroup=~"$group"'
_OF_TOPIC = 'topic=~"$topic"'

_BY_GROUP = "by (cluster, consumergroup)"
_BY_GROUP_AND_TOPIC = "by (cluster, consumergroup, topic)"
_BY_PARTITION = "by (cluster, consumergroup, topic, partition)"
_GROUP = f"{CLUSTER}{{{{consumergroup}}}}"
_GROUP_AND_TOPIC = f"{_GROUP} {{{{topic}}}}"

_SHOW_GROUP = ("Show this group", board_url("kafka-vitals-groups", *OF_ROWS_CLUSTER, f"var-group={THIS}"))
_SHOW_TOPIC = ("Show this topic", board_url("kafka-vitals-topics", *OF_ROWS_CLUSTER, f"var-topic={THIS}"))

_NO_GROUPS = "no groups yet"

# Commits come in steps, and rebalances move lag about: over some minutes there is a trend.
_TREND = "[10m]"

# Who is not behind needs no estimate, and whose lag hardly falls has none.
_BEHIND = 30
_WEEK = 7 * 86400


def _all(metric: str, *matchers: str) -> str:
    """Of all groups, which the first part of the board shows."""
    return of_cluster(f"kafka_consumergroup_{metric}", *matchers)


def _chosen(metric: str, *matchers: str) -> str:
    """Of the chosen groups, on the chosen topics if the metric is by topic."""
    return of_cluster(f"kafka_consumergroup_{metric}", _CHOSEN, *matchers)


# The groups of which a commit or an end could not be read.
_UNKNOWN = f"(sum {_BY_GROUP} ({_all('lag_unknown_partitions')}) > 0 or {health.of_group('commits_unknown')} > 0)"


def _lag(of: Reading) -> str:
    """Of each group in records. Its sum lacks the topics whose lag is unknown: then the group's is not known either."""
    known = f"sum {_BY_GROUP} ({of.value(_all('lag_sum'))})"
    return known if of.whole_range else f"({known} unless {_UNKNOWN})"


def _of_objective(of: Reading) -> str:
    """Lag as a share of what is fine: in seconds or in records, whichever is more, where a group has objectives in both."""
    seconds = (
        f"max {_BY_GROUP} ({of.value(_all('lag_seconds_max'))}) / max {_BY_GROUP} ({of.value(_all('objective_seconds'))})"
    )
    records = f"{_lag(of)} / max {_BY_GROUP} ({of.value(_all('objective_records'))})"
    return (
        f'max {_BY_GROUP} (label_replace({seconds}, "of", "seconds", "", "") '
        f'or label_replace({records}, "of", "records", "", ""))'
    )


_LAG = _lag(AT_EACH_POINT)
_OF_OBJECTIVE = _of_objective(AT_EACH_POINT)
_LAG_SECONDS = health.of_group("lag_seconds_max")
_MEMBERS = health.of_group("members")
_OBJECTIVE = health.of_group("objective_seconds")
_UNMOVED = health.of_group("commit_unmoved_seconds")
_MARGIN = f"min {_BY_GROUP} ({_all('retention_margin_seconds')})"
_LOST = f"sum {_BY_GROUP} ({_all('lost_records')})"
_CHANGE = f"sum {_BY_GROUP} (deriv({_all('lag_sum')}{_TREND}))"
_STATES = f"count {_BY_GROUP} ({_all('state')})"

# What follows counts as the alerts of these names do, which have further conditions than a number: colours are by these.

_WITH_OBJECTIVE = health.of_group("objective_info")
# Nobody has said what is fine, and nobody was there for a week: the alerts look through all of it, this through the last day,
# and at the same time of the days before, which costs little.
_OF_LATE = " or ".join(
    [f"max_over_time({_all('members')}[1d]) > 0"]
    + [f"max_over_time({_all('members')}[15m] offset {days}d) > 0" for days in range(2, 8)]
)
_ON_ITS_OWN = f"({_MEMBERS} == 0 unless max {_BY_GROUP} ({_OF_LATE}) unless {_WITH_OBJECTIVE})"
# Topics that a group has given up: nobody in it reads them, while it reads others.
_OWNED = _all("assigned_partitions")
_GIVEN_UP = (
    f"(max {_BY_GROUP_AND_TOPIC} (max_over_time({_OWNED}[1h])) == 0 "
    f"and on (cluster, consumergroup) max {_BY_GROUP} ({_OWNED}) > 0)"
)
# KafkaConsumerGroupStuck: a group without members is not stuck but abandoned, and one with a record for each partition may
# stand before transaction markers.
_STUCK = (
    f"max {_BY_GROUP_AND_TOPIC} ({_all('commit_unmoved_seconds')}) > {limit('KafkaConsumerGroupStuck'):g} "
    f"and on (cluster, consumergroup) {_MEMBERS} > 0 "
    f"unless on (cluster, consumergroup, topic) sum {_BY_GROUP_AND_TOPIC} ({_all('lag_sum')}) "
    f"<= on (cluster, topic) group_left () max by (cluster, topic) ({of_cluster('kafka_topic_partitions')}) "
    f"unless {_GIVEN_UP}"
)
# KafkaConsumerGroupWithoutMembers. Those that assign partitions themselves have no members, and commits that move.
_WITHOUT_MEMBERS = f"(sum {_BY_GROUP} ({_all('lag_sum')}) > 0 and {_MEMBERS} == 0 unless {_UNMOVED} < 300)"
# KafkaConsumerGroupRebalancing.
_REBALANCING = (
    f"({health.of_group('state_seconds')} and max {_BY_GROUP} "
    f"""({_all("state", 'state=~"PreparingRebalance|CompletingRebalance|Assigning|Reconciling|NotReady"')}) == 1) """
    f"> {limit('KafkaConsumerGroupRebalancing'):g}"
)
# KafkaConsumerGroupLagUnknown.
_LAG_UNKNOWN = f"({_UNKNOWN} or sum {_BY_GROUP} ({_all('lag_seconds_unknown_partitions')}) > 0 and {_OBJECTIVE})"
# KafkaConsumerGroupRetentionMarginLow, without its limit.
_NEAR_LOSS = (
    f"(min {_BY_GROUP_AND_TOPIC} ({_all('retention_margin_seconds')}) < max {_BY_GROUP_AND_TOPIC} "
    f"({_all('lag_seconds')}) / 3 unless {_GIVEN_UP} unless on (cluster, consumergroup) {_ON_ITS_OWN})"
)
# KafkaConsumerGroupRecordsLost.
_LOST_BY_TOPIC = f"sum {_BY_GROUP_AND_TOPIC} ({_all('lost_records')})"
_HAS_LOST = f"(sum {_BY_GROUP} ({_LOST_BY_TOPIC} unless {_GIVEN_UP}) unless {_ON_ITS_OWN})"
# KafkaConsumerGroupBeyondEnd.
_BEYOND_END = f"sum {_BY_GROUP} ({_all('beyond_end_partitions')}) > 0"


def _nearer(severity: str) -> str:
    return f"{_NEAR_LOSS} < {limit('KafkaConsumerGroupRetentionMarginLow', severity):g}"


# What may be wrong with a group, the gravest last, in the words and colours of the column that the table is sorted by.
_TROUBLES: list[tuple[str, str, str]] = [
    ("no consumers", "yellow", f"{_WITHOUT_MEMBERS} and {_ON_ITS_OWN}"),
    ("lag unknown", "orange", _LAG_UNKNOWN),
    ("long in rebalance", "orange", _REBALANCING),
    ("beyond the end", "orange", _BEYOND_END),
    ("stuck", "orange", _STUCK),
    ("near loss", "orange", _nearer("warning")),
    ("no consumers", "orange", f"{_WITHOUT_MEMBERS} unless {_WITH_OBJECTIVE} unless {_ON_ITS_OWN}"),
    ("late", "orange", health.LATE_GROUPS),
    ("no consumers", "red", f"{_WITHOUT_MEMBERS} and {_WITH_OBJECTIVE}"),
    ("near loss", "red", _nearer("critical")),
    ("records lost", "red", f"{_HAS_LOST} > 0"),
]
# No group has as much lag: within a trouble the table is by lag.
_APART = 1e12
_IN_TROUBLE = " or ".join(
    f"{at * _APART:g} * group {_BY_GROUP} ({groups})"
    for at, (_, _, groups) in reversed(list(enumerate(_TROUBLES, start=1)))
)
_RANK = f"({_IN_TROUBLE} or 0 * {_STATES}) + ({_LAG} or 0 * {_STATES})"
_TROUBLE_TEXTS: Mapping[float, Text] = {
    0: ("none", "green"),
    **{at * _APART: (words, colour) for at, (words, colour, _) in enumerate(_TROUBLES, start=1)},
}

# The rows of the table: who is late, then whose lag is not known, then by lag. Other troubles are where lag is.
_WORST = (
    f"topk(100, 1e15 * group {_BY_GROUP} ({health.LATE_GROUPS}) or 1e12 * ({_UNKNOWN} > bool 0) or {_LAG} "
    f"or 0 * {_STATES})"
)


def _count(of: str, among: str) -> str:
    """How many; 0 where there are some to choose from and none fits."""
    return f"count({of}) or 0 * count({among})"


def _column(name: str, expr: str, unit: str = "short", **how: object) -> Column:
    return Column(name, f"({expr}) and {_WORST}", unit, **how)  # type: ignore[arg-type]


_STATE_TEXTS: dict[str, Text] = {
    "Empty": ("Empty", "blue"),
    "Stable": ("Stable", "green"),
    "PreparingRebalance": ("PreparingRebalance", "orange"),
    "CompletingRebalance": ("CompletingRebalance", "yellow"),
    "Assigning": ("Assigning", "orange"),
    "Reconciling": ("Reconciling", "yellow"),
    "NotReady": ("NotReady", "red"),
    "Unknown": ("Unknown", "purple"),
}
_STATE_COLOURS = {f"{state}$": colour for state, (_, colour) in _STATE_TEXTS.items()}
_NUMBERED = dict(enumerate(_STATE_TEXTS, start=1))
_STATE_NUMBER = f"max {_BY_GROUP} ({{}})".format(
    " or ".join(f"""{number} * {_chosen("state", f'state="{state}"')}""" for number, state in _NUMBERED.items())
)

_SUMMARY = [
    stat(
        "Groups",
        "Consumer groups that the exporter's principal may describe, whatever is chosen above: classic, consumer, share "
        "and streams groups, Connect's workers too. librdkafka sees classic and consumer groups only.",
        Query(f"count({_STATES})"),
        no_value=_NO_GROUPS,
    ),
    health.late_groups(),
    stat(
        "Stuck",
        "Groups with members and with a partition whose committed offset has not moved for longer than the alert "
        "KafkaConsumerGroupStuck allows, although there is lag. 0 is good; else a consumer hangs, fails on a record again "
        "and again, or nobody has the partition.",
        Query(_count(f"count {_BY_GROUP} ({_STUCK})", _STATES)),
        thresholds=thresholds([("green", None), ("orange", 1)]),
        texts=NONE,
        no_value=_NO_GROUPS,
    ),
    stat(
        "Abandoned",
        "Groups without members that have lag, and whose commits stand: all consumers are gone, and records wait. "
        "Without those that had no members at this time of the day before either, and have no objective: jobs that run "
        "now and then.",
        Query(_count(f"{_WITHOUT_MEMBERS} and {_WITH_OBJECTIVE}", _STATES), "with objective"),
        Query(_count(f"{_WITHOUT_MEMBERS} unless {_WITH_OBJECTIVE} unless {_ON_ITS_OWN}", _STATES), "others"),
        texts=NONE,
        colours={"with objective": "red", "others": "orange"},
        no_value=_NO_GROUPS,
    ),
    stat(
        "Long in rebalance",
        "Groups that have been rebalancing for longer than the alert KafkaConsumerGroupRebalancing allows. 0 is good; else "
        "a member does not come back from its poll, or members come and go all the time.",
        Query(_count(_REBALANCING, _STATES)),
        thresholds=thresholds([("green", None), ("orange", 1)]),
        texts=NONE,
        no_value=_NO_GROUPS,
    ),
    stat(
        "Lag unknown",
        "Groups whose lag cannot be told now: in records, as their commits or the end of a partition could not be read; in "
        "seconds, for those with an objective in seconds. 0 is good; the reasons are in the row on loss and unknown lag.",
        Query(_count(_LAG_UNKNOWN, _STATES)),
        thresholds=thresholds([("green", None), ("orange", 1)]),
        texts=NONE,
        no_value=_NO_GROUPS,
    ),
    stat(
        "Nearest to loss",
        "How long the group that is nearest to losing records has, if it stands still, until retention removes what it has "
        "not read. Of groups that have used up more than three quarters of the time that their topic is kept, as the alert "
        "counts them. None is good; below the limit let the group catch up, or raise the topic's retention, now.",
        Query(f"min({_NEAR_LOSS}) or 0 * count({_LAG_SECONDS}) + Inf"),
        unit="s",
        thresholds=limits("KafkaConsumerGroupRetentionMarginLow"),
        texts={inf: ("none is near", "green")},
        no_value="no groups, or not known",
    ),
    stat(
        "Records lost",
        "Records that retention removed before the groups had read them, of all groups together, as far as they have not "
        "gone on since. 0 is good; what is lost stays lost. Without jobs that run now and then, and read what is left.",
        Query(f"sum({_HAS_LOST}) or 0 * count({_LOST})"),
        thresholds=limits("KafkaConsumerGroupRecordsLost", counts=True),
        texts=NONE,
        no_value="no groups, or not known",
    ),
]

_TABLE = table(
    "All groups",
    "The gravest trouble comes first, and then what has most lag; of more than 100 groups those that are late, those "
    "whose lag is unknown, and those with most lag are here. A click on a group shows it below. Trouble: what an alert "
    "says if it lasts, in the alert's colour: records lost, near loss, late, no consumers, stuck, long in rebalance, or "
    "lag unknown. Lag in time: the age of the first record that is not read, give or take what ± says. Of objective: 100 "
    "% is the limit. To loss: how long until retention removes unread records. Trend: by how many records per second the "
    "lag grows; below 0 the group catches up, and in the time told if it goes on like that. Unmoved: for how long a "
    "commit has not moved although there is lag. A dash is nothing, or not known now.",
    {"cluster": "Cluster", "consumergroup": "Group", "team": "Team", "state": "State"},
    _column("Trouble", _RANK, least=_TROUBLE_TEXTS, width=130),
    _column("Members", _MEMBERS, width=80),
    _column("Lag", _LAG, bar=True, width=150),
    _column("Lag in time", _LAG_SECONDS, "s"),
    _column("±", health.of_group("lag_seconds_max_error"), "s", width=70),
    _column("Objective", _OBJECTIVE, "s"),
    # The objective itself is the limit, see the alert KafkaConsumerGroupLate.
    _column(
        "Of objective",
        _OF_OBJECTIVE,
        "percentunit",
        decimals=0,
        thresholds=thresholds([("green", None), ("orange", 1)]),
        width=105,
    ),
    _column("To loss", _MARGIN, "s"),
    _column("Trend", f"{_CHANGE} unless {_UNKNOWN}", "mps", decimals=1, width=100),
    _column("Caught up in", f"{_LAG} / -({_CHANGE} < 0) < {_WEEK} and {_LAG_SECONDS} > {_BEHIND}", "s"),
    _column("Unmoved", _UNMOVED, "s"),
    _column("Lost", _LOST),
    _column(
        "Unknown",
        f"sum {_BY_GROUP} ({_all('lag_unknown_partitions')})",
        thresholds=thresholds([("text", None), ("orange", 1)]),
    ),
    Column(
        "State is",
        f"max by (cluster, consumergroup, state) ({_all('state')}) == 1 and on (cluster, consumergroup) {_WORST}",
        hidden=True,
    ),
    Column(
        "Team is",
        f"max by (cluster, consumergroup, team) ({_all('objective_info')}) and on (cluster, consumergroup) {_WORST}",
        hidden=True,
    ),
    sort_by="Trouble",
    links={"Group": _SHOW_GROUP},
    widths={"Group": 200, "State": 130},
    no_value=_NO_GROUPS,
    height=11,
)

_TRENDS = [
    lines(
        "Lag in time",
        "The age of the first record that a group has not read: the 10 groups with most when last seen. Flat is good; a "
        "slope of one second per second is a group that reads nothing. A gap: not known then.",
        Query(top(10, lambda of: f"max {_BY_GROUP} ({of.value(_all('lag_seconds_max'))})"), _GROUP),
        unit="s",
        no_value=_NO_GROUPS,
        legend_right=True,
    ),
    lines(
        "Lag in records",
        "Records that a group has yet to read: the 10 groups with most when last seen. It should come back to near 0; what "
        "keeps growing cannot keep up. A gap: not known then.",
        Query(top(10, _lag), _GROUP),
        no_value=_NO_GROUPS,
        legend_right=True,
    ),
    lines(
        "Groups by state",
        "Stable and Empty are states of rest: with members, and without. Many that rebalance at a time point to a "
        "coordinator or a broker, not to the groups.",
        Query(f"sum by (cluster, state) ({_all('state')}) > 0", f"{CLUSTER}{{{{state}}}}"),
        stacked=True,
        colours=_STATE_COLOURS,
        no_value=_NO_GROUPS,
        legend_right=True,
    ),
    lines(
        "Lag against the objective",
        "Lag as a share of what the group's objective allows, in seconds or records, whichever is more: the 10 groups with "
        "most when last seen. Below 100 % is good.",
        Query(top(10, _of_objective), _GROUP),
        unit="percentunit",
        thresholds=thresholds([("green", None), ("orange", 1)]),
        no_value="no objectives: --group.objectives",
        legend_right=True,
    ),
]

_LAG_OF = _chosen("lag_sum", _OF_TOPIC)
_COMMITTED = _chosen("current_offset_sum", _OF_TOPIC)
_END = of_cluster("kafka_topic_partition_current_offset", _OF_TOPIC)


def _top_lines(count: int, metric: str, aggregation: str = "max") -> Query:
    selector = _chosen(metric, _OF_TOPIC)
    return Query(top(count, lambda of: f"{aggregation} {_BY_GROUP_AND_TOPIC} ({of.value(selector)})"), _GROUP_AND_TOPIC)


def _least_lines(count: int, metric: str) -> Query:
    selector = _chosen(metric, _OF_TOPIC)
    return Query(least(count, lambda of: f"min {_BY_GROUP_AND_TOPIC} ({of.value(selector)})"), _GROUP_AND_TOPIC)


def _with_most_lag(count: int, of: Reading) -> str:
    """Of the chosen groups those that are shown where only some have room."""
    return (
        f"topk({count}, max {_BY_GROUP} ({of.value(_chosen('lag_max'))}) "
        f"or 0 * max {_BY_GROUP} ({of.value(_chosen('commits_unknown'))}))"
    )


_MOST_LAG = _with_most_lag(20, OVER_THE_RANGE)
_SOME = _with_most_lag(100, AT_EACH_POINT)

# -1 stands for a partition without a commit.
_PARTITION_LAG = f"topk(100, max {_BY_PARTITION} ({_chosen('lag', _OF_TOPIC)}) >= 0)"

_TOPICS_WITH_MOST_LAG = (
    f"topk(100, sum {_BY_GROUP_AND_TOPIC} ({_LAG_OF}) "
    f"or 0 * max {_BY_GROUP_AND_TOPIC} ({_chosen('lag_unknown_partitions', _OF_TOPIC)}))"
)


def _for_transactions(of: Reading) -> str:
    """The two ends are read one after the other."""
    stable = of.value(_chosen("stable_lag_sum", _OF_TOPIC))
    return f"clamp_min(sum {_BY_GROUP_AND_TOPIC} ({of.value(_LAG_OF)}) - sum {_BY_GROUP_AND_TOPIC} ({stable}), 0)"


def _topic_column(name: str, aggregation: str, metric: str, unit: str = "short", **how: object) -> Column:
    expr = f"{aggregation} {_BY_GROUP_AND_TOPIC} ({_chosen(metric, _OF_TOPIC)}) and {_TOPICS_WITH_MOST_LAG}"
    return Column(name, expr, unit, **how)  # type: ignore[arg-type]


_DETAIL = Row(
    "Chosen groups: $group",
    [
        table(
            "Groups and topics",
            "The 100 pairs of a chosen group and a chosen topic with the most lag. Owned: partitions that a member has; 0 "
            "is a topic that nobody of the group reads any more. For a transaction: records that consumers with "
            "isolation.level=read_committed may not read yet.",
            {"cluster": "Cluster", "consumergroup": "Group", "topic": "Topic"},
            _topic_column("Lag", "sum", "lag_sum", bar=True),
            _topic_column("Lag in time", "max", "lag_seconds", "s"),
            _topic_column("±", "max", "lag_seconds_error", "s"),
            _topic_column("Owned", "sum", "assigned_partitions"),
            _topic_column("Unmoved", "max", "commit_unmoved_seconds", "s"),
            _topic_column("To loss", "min", "retention_margin_seconds", "s"),
            _topic_column("To loss, records", "min", "retention_margin_records"),
            Column(
                "For a transaction",
                f"{_for_transactions(AT_EACH_POINT)} and {_TOPICS_WITH_MOST_LAG}",
            ),
            sort_by="Lag",
            links={"Group": _SHOW_GROUP, "Topic": _SHOW_TOPIC},
            widths={"Group": 220, "Topic": 220},
            no_value=_NO_GROUPS,
            height=8,
        ),
        lines(
            "Lag in time by topic",
            "The age of the first record that the group has not read, of the topic's partitions the oldest: the 20 with "
            "most when last seen. Flat is good; a slope of one second per second is a group that reads nothing.",
            _top_lines(20, "lag_seconds"),
            unit="s",
            no_value=_NO_GROUPS,
            legend_right=True,
        ),
        lines(
            "Lag in records by topic",
            "Records between the commits and the ends of the partitions: the 20 with most when last seen.",
            _top_lines(20, "lag_sum", "sum"),
            no_value=_NO_GROUPS,
            legend_right=True,
        ),
        lines(
            "Read and written",
            "Records per second that a group commits, beside those that are written to its topics: the 10 of each with "
            "most in the range. Read below written is a group that falls behind. From committed offsets, so that it "
            "comes in steps as commits do.",
            Query(
                top(10, lambda of: f"clamp_min(sum {_BY_GROUP_AND_TOPIC} ({of.slope(_COMMITTED, RATE)}), 0)"),
                f"{_GROUP} reads {{{{topic}}}}",
            ),
            Query(
                top(
                    10,
                    lambda of: (
                        f"sum by (cluster, topic) ({of.rate(_END)}) and on (cluster, topic) "
                        f"{of.value(_chosen('lag_unknown_partitions', _OF_TOPIC))}"
                    ),
                ),
                f"{CLUSTER}{{{{topic}}}} is written",
            ),
            unit="mps",
            dashed="is written$",
            no_value=_NO_GROUPS,
        ),
        lines(
            "Caught up in",
            "When the lag will be gone if it goes on to fall as in the last 10 minutes, for groups that are more than 30 "
            "seconds behind: the 10 with most lag when last seen. Nothing is good where there is little lag; with much "
            "lag it is a group that does not catch up.",
            Query(
                f"sum {_BY_GROUP_AND_TOPIC} ({_LAG_OF}) / -(sum {_BY_GROUP_AND_TOPIC} (deriv({_LAG_OF}{_TREND})) < 0) < {_WEEK} "
                f"and max {_BY_GROUP_AND_TOPIC} ({_chosen('lag_seconds', _OF_TOPIC)}) > {_BEHIND} "
                f"and topk(10, sum {_BY_GROUP_AND_TOPIC} ({OVER_THE_RANGE.value(_LAG_OF)}))",
                _GROUP_AND_TOPIC,
            ),
            unit="s",
            no_value="nobody is behind and catches up",
        ),
        lines(
            "Margin to loss",
            "How long a group that stands still has until retention removes what it has not read: the 10 with least when "
            "last seen. Absent without lag, and where retention removes nothing. What falls towards 0 is about to lose "
            "records. The alert KafkaConsumerGroupRetentionMarginLow looks only at groups that have used up three "
            "quarters of the time that their topic is kept; the table of all groups says which.",
            _least_lines(10, "retention_margin_seconds"),
            unit="s",
            least_first=True,
            no_value="no lag, or not known",
        ),
        lines(
            "Commit has not moved for",
            "How long a partition's commit has stood although there was lag on it: the 10 longest when last seen. "
            "Seconds are good: commits come every 5 seconds by default; minutes are a consumer that hangs or fails again "
            "and again, or none at all.",
            _top_lines(10, "commit_unmoved_seconds"),
            unit="s",
            no_value=_NO_GROUPS,
        ),
        states(
            "State",
            "The states of the 20 chosen groups with the most lag. Long green is good; stripes are rebalances, which stop "
            "the reading of classic groups. Empty: no members.",
            Query(f"{_STATE_NUMBER} and on (cluster, consumergroup) {_MOST_LAG}", _GROUP),
            texts={number: _STATE_TEXTS[state] for number, state in _NUMBERED.items()},
            no_value=_NO_GROUPS,
            height=8,
        ),
        lines(
            "Rebalances seen",
            "Rebalances in 30 minutes: the 10 groups that had most in the range. A few at a deployment are good; one every "
            "few minutes is members that are thrown out (max.poll.interval.ms, session.timeout.ms) and come back. Of "
            "classic groups a lower bound, the coordinators' own count is below.",
            Query(
                f"sum by (cluster, consumergroup) (increase({_chosen('rebalances_observed_total')}[30m])) and topk(10, sum by "
                f"(cluster, consumergroup) (increase({_chosen('rebalances_observed_total')}[$__range] @ end())) > 0)",
                _GROUP,
            ),
            thresholds=limits("KafkaConsumerGroupRebalancingOften"),
            no_value="none seen",
        ),
        lines(
            "Members and partitions owned",
            "Of the 20 chosen groups with the most lag. A fall of members is an instance that is gone; fewer partitions "
            "owned than before is a rebalance, or a topic that nobody reads any more; more members than partitions are "
            "idle ones.",
            Query(
                f"max by (cluster, consumergroup) ({_chosen('members')}) and on (cluster, consumergroup) {_MOST_LAG}",
                f"{_GROUP} members",
            ),
            Query(
                f"sum by (cluster, consumergroup) ({_chosen('assigned_partitions', _OF_TOPIC)}) and on (cluster, consumergroup) {_MOST_LAG}",
                f"{_GROUP} partitions",
            ),
            no_value=_NO_GROUPS,
        ),
        table(
            "What they are",
            "Kind, protocol and assignor of the chosen groups, 100 at most. Protocol and assignor are empty without "
            "members, and where Kafka does not tell them.",
            {
                "cluster": "Cluster",
                "consumergroup": "Group",
                "type": "Type",
                "protocol": "Protocol",
                "assignor": "Assignor",
            },
            *(
                Column(
                    name,
                    f"max by ({labels}) ({_chosen(metric)}) and on (cluster, consumergroup) {_SOME}",
                    unit,
                    hidden=hidden,
                )
                for name, labels, metric, unit, hidden in (
                    ("Coordinator", "cluster, consumergroup", "coordinator", "none", False),
                    ("In state for", "cluster, consumergroup", "state_seconds", "s", False),
                    ("Info", "cluster, consumergroup, type, protocol, assignor", "info", "none", True),
                )
            ),
            sort_by="Group",
            ascending=True,
            no_value=_NO_GROUPS,
            widths={"Group": 220},
            width=12,
            height=8,
        ),
        table(
            "Partitions that lag most",
            "The 100 partitions of the chosen groups and topics with the most lag, and whose they are: client id and host "
            "of the member. One host on top of all others is a slow instance; one partition is a key that is too frequent. "
            "The owner is told of the partitions that lag most in the cluster (--group.owners), and empty where nobody has "
            "it; lag in time of partitions only with --series.granularity=lag_seconds=partition.",
            {
                "cluster": "Cluster",
                "consumergroup": "Group",
                "topic": "Topic",
                "partition": "Partition",
                "client_id": "Client id",
                "host": "Host",
            },
            Column("Lag", _PARTITION_LAG, bar=True),
            Column(
                "Lag in time",
                f"max {_BY_PARTITION} ({_chosen('partition_lag_seconds', _OF_TOPIC)}) and {_PARTITION_LAG}",
                "s",
            ),
            Column(
                "Committed",
                f"max {_BY_PARTITION} ({_chosen('current_offset', _OF_TOPIC)}) and {_PARTITION_LAG}",
                "none",
            ),
            Column(
                "Owner",
                "max by (cluster, consumergroup, topic, partition, client_id, host) "
                f"({_chosen('partition_owner', _OF_TOPIC)}) and on (cluster, consumergroup, topic, partition) "
                f"{_PARTITION_LAG}",
                hidden=True,
            ),
            sort_by="Lag",
            links={"Group": _SHOW_GROUP, "Topic": _SHOW_TOPIC},
            widths={"Group": 220, "Topic": 220, "Partition": 90, "Client id": 220, "Host": 160},
            no_value=_NO_GROUPS,
        ),
    ],
)

_LOSS = Row(
    "Chosen groups: loss and unknown lag",
    [
        lines(
            "Records lost",
            "Records between a group's commits and the start of the partitions: removed by retention before they were "
            "read. The 10 with most in the range. None is good, but for jobs that run now and then and read what is "
            "left.",
            Query(
                f"sum {_BY_GROUP_AND_TOPIC} ({_chosen('lost_records', _OF_TOPIC)}) and topk(10, sum {_BY_GROUP_AND_TOPIC} "
                f"(max_over_time({_chosen('lost_records', _OF_TOPIC)}[$__range] @ end())) > 0)",
                _GROUP_AND_TOPIC,
            ),
            no_value="none lost",
            width=8,
            height=6,
        ),
        lines(
            "Commits beyond the end",
            "Partitions whose committed offset lies beyond the end, after data loss, a topic made anew, or a wrong reset: "
            "the group reads nothing there until the end has caught up. None is good; else reset the offsets.",
            Query(
                f"sum {_BY_GROUP_AND_TOPIC} ({_chosen('beyond_end_partitions', _OF_TOPIC)}) and topk(10, sum {_BY_GROUP_AND_TOPIC} "
                f"(max_over_time({_chosen('beyond_end_partitions', _OF_TOPIC)}[$__range] @ end())) > 0)",
                _GROUP_AND_TOPIC,
            ),
            no_value="none",
            width=8,
            height=6,
        ),
        lines(
            "Timestamps in the future",
            "Partitions whose first unread record is from the future, so that it counts as 0 seconds old: a producer's "
            "clock is ahead. None is good.",
            Query(top(10, lambda of: f"max {_BY_GROUP} ({of.value(_chosen('lag_seconds_clamped_partitions'))})"), _GROUP),
            no_value="none",
            width=8,
            height=6,
        ),
        lines(
            "Unknown lag in records, by reason",
            "Partitions whose lag cannot be told. commit: it could not be read; metadata: that of the topic; else the "
            "error that asking for the end gave: unavailable is a partition without a leader, authorization a missing "
            "right.",
            Query(
                f"sum by (cluster, reason) ({_chosen('lag_unknown_reason_partitions', _OF_TOPIC)})",
                f"{CLUSTER}{{{{reason}}}}",
            ),
            no_value="none unknown",
            height=6,
        ),
        lines(
            "Unknown lag in seconds, by reason",
            "Partitions that keep the lag in seconds from being known. searching: it goes on with the next scrapes; lag: "
            "the lag in records is unknown too; lookup: the leader did not answer; no_timestamp, future_timestamp, "
            "compaction: the records do not tell.",
            Query(
                f"sum by (cluster, reason) ({_chosen('lag_seconds_unknown_partitions', _OF_TOPIC)})",
                f"{CLUSTER}{{{{reason}}}}",
            ),
            no_value="none unknown",
            height=6,
        ),
    ],
    collapsed=True,
)


_COORDINATOR = "kafka_server_group_coordinator_metrics"
_MANAGER = "kafka_coordinator_group_groupmetadatamanager"

_REBALANCES = " or ".join(
    f"""label_replace(increase({of_node(_COORDINATOR + metric)}[15m]), "kind", "{kind}", "", "")"""
    for kind, metric in (
        ("classic", "_group_completed_rebalance_count"),
        ("consumer", "_consumer_group_rebalance_count"),
        ("share", "_share_group_rebalance_count"),
        ("streams", "_streams_group_rebalance_count"),
    )
)
_NOT_AT_WORK = of_node(f"{_COORDINATOR}_num_partitions", 'state!="active"')

_COORDINATORS = Row(
    "Coordinators",
    [
        lines(
            "Groups by coordinator",
            "Groups that each broker looks after, by its own count, those that the exporter may not see included. About "
            "even is good; a broker's are those of the partitions of __consumer_offsets that it leads.",
            Query(f"{total(f'{_COORDINATOR}_group_count')} or {maximum(f'{_MANAGER}_numgroups')}", NODE),
            no_value=NO_MBEANS,
            width=8,
        ),
        lines(
            "Rebalances, by the coordinators' count",
            "Rebalances in 15 minutes per group (of 10 groups at least), by kind of group. None of them goes unseen. A few "
            "at deployments are good; above the limit the groups do little else: look for members that are thrown out, and "
            "for brokers that come and go.",
            Query(
                f"sum by (cluster, kind) ({_REBALANCES}) / on (cluster) group_left () clamp_min("
                f"{total(f'{_COORDINATOR}_group_count', by='by (cluster)')} or "
                f"{total(f'{_MANAGER}_numgroups', by='by (cluster)')}, 10)",
                f"{CLUSTER}{{{{kind}}}}",
            ),
            stacked=True,
            thresholds=limits("KafkaRebalanceStorm"),
            no_value=NO_MBEANS,
            width=8,
        ),
        lines(
            "Groups by state, by the coordinators' count",
            "Classic groups, and those of the consumer protocol. Many that rebalance at a time point to a coordinator or a "
            "broker, not to the groups.",
            *(
                Query(
                    f"{total(f'{_MANAGER}_numgroups{state.lower()}', by='by (cluster)')} > 0", f"{CLUSTER}classic {state}"
                )
                for state in ("Stable", "Empty", "PreparingRebalance", "CompletingRebalance", "Dead")
            ),
            Query(
                f"{total(f'{_COORDINATOR}_consumer_group_count', by='by (cluster, state)')} > 0",
                f"{CLUSTER}consumer {{{{state}}}}",
            ),
            stacked=True,
            no_value=NO_MBEANS,
            width=8,
        ),
        lines(
            "Offsets committed",
            "Committed offsets per second by coordinator, one for each partition of a commit. Very many are clients that "
            "commit after every record.",
            Query(rate(f"{_COORDINATOR}_offset_commit_count"), NODE),
            unit="ops",
            no_value=NO_MBEANS,
            width=8,
        ),
        lines(
            "Partitions of __consumer_offsets not at work",
            "Partitions that are being loaded, or have failed: their groups have no coordinator meanwhile. None is good, "
            "some for seconds after a broker has started.",
            Query(f"sum by (cluster, broker, instance, state) ({_NOT_AT_WORK}) > 0", f"{NODE} {{{{state}}}}"),
            no_value="none, or no MBeans",
            width=8,
        ),
        lines(
            "Time in the coordinator's queue (p99)",
            "Milliseconds that 99 % of events wait for the coordinator's thread (Kafka 4.0 and later). A few are good; "
            "hundreds slow all heartbeats and commits: more of group.coordinator.threads.",
            Query(maximum(f"{_COORDINATOR}_event_queue_time_ms_p99"), NODE),
            unit="ms",
            no_value="no MBeans, or Kafka before 4.0",
            width=8,
        ),
        lines(
            "Time to load __consumer_offsets",
            "Milliseconds that loading one of its partitions took at most, when the broker became its leader: so long "
            "its groups had no coordinator, and could neither commit nor rebalance. Seconds are good; minutes are a "
            "partition that is not compacted: see the cleaner on the board of logs.",
            # NaN until it has loaded one.
            Query(f"{maximum(f'{_COORDINATOR}_partition_load_time_max')} >= 0", NODE),
            unit="ms",
            no_value="none loaded of late, or no MBeans",
            width=24,
            height=6,
        ),
    ],
    collapsed=True,
)

_NO_SHARE = "no MBeans, or Kafka before 4.1"


def _requests(kind: str) -> str:
    return rate(f"kafka_server_brokertopicmetrics_{kind}requests_total", ALL_TOPICS, by="by (cluster)")


_SHARE = Row(
    "Share groups",
    [
        lines(
            "Share groups by state",
            "Share groups (queues) of all chosen brokers together, as their coordinators count them: Stable with "
            "members, Empty without, Dead while they are deleted. Many that are Empty are workers that are gone while "
            "records wait.",
            Query(total(f"{_COORDINATOR}_share_group_count", by="by (cluster, state)"), f"{CLUSTER}{{{{state}}}}"),
            stacked=True,
            no_value=_NO_SHARE,
            width=8,
        ),
        lines(
            "Acknowledgements",
            "Records acknowledged per second, by kind. Many of Release and Reject are consumers that cannot work on "
            "records.",
            Query(
                rate("kafka_server_sharegroupmetrics_recordacknowledgements_total", by="by (cluster, ackType)"),
                f"{CLUSTER}{{{{ackType}}}}",
            ),
            unit="ops",
            no_value=_NO_SHARE,
            width=8,
        ),
        lines(
            "Requests of share consumers",
            "ShareFetch requests and acknowledgements per second, and those that failed.",
            *(
                Query(_requests(name), f"{CLUSTER}{legend}")
                for legend, name in (
                    ("fetch", "totalsharefetch"),
                    ("fetch failed", "failedsharefetch"),
                    ("acknowledge", "totalshareacknowledgement"),
                    ("acknowledge failed", "failedshareacknowledgement"),
                )
            ),
            unit="reqps",
            no_value=_NO_SHARE,
            width=8,
        ),
    ],
    collapsed=True,
)

_TRANSACTIONS = Row(
    "Transactions",
    [
        lines(
            "Behind open transactions",
            "Records after the first open transaction, which read_committed consumers may not read yet, by chosen group "
            "and topic: the 10 with most when last seen. Seconds' worth is good; what grows on is a transaction that was "
            "left open.",
            Query(top(10, _for_transactions), _GROUP_AND_TOPIC),
            no_value=_NO_GROUPS,
            width=8,
        ),
        health.late_transactions(8),
        lines(
            "Producer ids",
            "Idempotent and transactional producers that each broker remembers. What grows without end is a client that "
            "makes a producer for every record.",
            Query(maximum("kafka_server_replicamanager_produceridcount"), NODE),
            no_value=NO_MBEANS,
            width=8,
        ),
        lines(
            "Verifications that failed",
            "Transactional writes per second that were refused because the transaction is not what the producer says. 0 is "
            "good.",
            Query(rate("kafka_server_addpartitionstotxnmanager_verificationfailurerate_count"), NODE),
            unit="ops",
            no_value=NO_MBEANS,
            width=8,
        ),
        lines(
            "Markers that wait",
            "Transaction markers whose broker is not known, and transactions whose end has to be written again. 0 is good.",
            Query(
                maximum("kafka_coordinator_transaction_transactionmarkerchannelmanager_unknowndestinationqueuesize"),
                f"{NODE} unknown broker",
            ),
            Query(
                maximum("kafka_coordinator_transaction_transactionmarkerchannelmanager_logappendretryqueuesize"),
                f"{NODE} write again",
            ),
            no_value=NO_MBEANS,
            width=8,
        ),
        lines(
            "Time to load __transaction_state",
            "Milliseconds that loading one of its partitions took at most: so long its producers had no coordinator.",
            # NaN until it has loaded one.
            Query(maximum("kafka_server_transaction_coordinator_metrics_partition_load_time_max") + " >= 0", NODE),
            unit="ms",
            no_value="none loaded, or no MBeans",
            width=8,
        ),
    ],
    collapsed=True,
)

BOARD = Board(
    uid="kafka-vitals-groups",
    title="Kafka consumer groups",
    description=(
        "Which groups need somebody; and of chosen ones how far they are behind, why, since when, and for how long that "
        "goes well."
    ),
    shows_nodes=True,
    variables=[variables.group(), variables.topic()],
    rows=[
        Row("", [*_SUMMARY, _TABLE, *_TRENDS]),
        _DETAIL,
        _LOSS,
        _COORDINATORS,
        _SHARE,
        _TRANSACTIONS,
    ],
)
