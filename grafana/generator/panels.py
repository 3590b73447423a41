"""The kinds of panels that the boards are made of, as Grafana's builders with the options that all of ours share."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from grafana_foundation_sdk.builders import bargauge, common, dashboard, prometheus
from grafana_foundation_sdk.builders import stat as stat_panel
from grafana_foundation_sdk.builders import statetimeline, timeseries
from grafana_foundation_sdk.builders import table as table_panel
from grafana_foundation_sdk.models import common as options
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from .limits import as_lines, no_limit
from .selectors import CLUSTER, NODE
from .variables import DATASOURCE

Thresholds = dashboard.ThresholdsConfig
Text = tuple[str, str]
"""A text and the colour that it is shown in."""

# A grey for what is neither good nor bad that letters can be read on, and that can be read itself.
NEITHER = "#7b8087"

# An empty cell. What `no_value` of a table says is for one without rows.
_NOTHING = "–"

# What Grafana calls the calculations of a legend.
_CALC_NAMES = {"lastNotNull": "Last *", "max": "Max", "mean": "Mean", "min": "Min"}

_Panel = TypeVar("_Panel", bound=dashboard.Panel)

# What `NODE` begins a legend with becomes "broker 1" or, without a label `broker`, the instance, after the cluster's name.
_NAME_NODES = [
    (r"/^([^|]*)\|([^|]+)\|[^|]*\|(.*)$/", "$1 broker $2$3"),
    (r"/^([^|]*)\|\|([^|]*)\|(.*)$/", "$1 $2$3"),
]
# Without a cluster's name nothing stands before what is after it.
_NAME_CLUSTERS = [(r"/^ +(.*)$/", "$1")]


# What a number says that is 0 when all is well.
NONE: Mapping[float, Text] = {0.0: ("none", "green")}

# What panels of MBeans say when they are empty.
NO_MBEANS = "no MBeans: Jolokia not configured or not reachable"

# A column that is there for the links of others. Grafana 12 has renamed the option.
_NOT_SHOWN = [
    models.DynamicConfigValue(id_val="custom.hidden", value=True),
    models.DynamicConfigValue(id_val="custom.hideFrom", value={"viz": True, "legend": False, "tooltip": False}),
]

# Where an axis ends at the least, so that lines at zero do not make one to 100 (or to 10000 %).
_LOWEST_TOP = {"percentunit": 0.01, "s": 0.001, "ops": 0.1, "reqps": 0.1, "mps": 0.1, "Bps": 1000, "bytes": 1000}


@dataclass(frozen=True)
class Query:
    """A query with the legend of its series."""

    expr: str
    legend: str = ""


@dataclass(frozen=True)
class Column:
    """A column of a table: the value of a query, whose labels are the table's keys."""

    name: str
    expr: str
    unit: str = "short"
    decimals: int | None = None
    thresholds: Thresholds | None = None
    texts: Mapping[float, Text] = field(default_factory=dict)
    bar: bool = False
    """Draws the value as a bar in its cell."""
    width: int | None = None
    least: Mapping[float, Text] = field(default_factory=dict)
    """Texts for all that is as much or more, up to the next."""
    hidden: bool = False
    """The query is there for its labels: they fill headings of `keys` that no other column's query has."""


def stat(
    title: str,
    description: str,
    *queries: Query,
    unit: str = "short",
    thresholds: Thresholds | None = None,
    texts: Mapping[float, Text] | None = None,
    no_value: str = "no data",
    decimals: int | None = None,
    trend: bool = False,
    named: bool = False,
    colours: Mapping[str, str] | None = None,
    leads_to: tuple[str, str] | None = None,
    width: int = 3,
    height: int = 4,
) -> dashboard.Panel:
    """A value for the eye. `texts` replaces single values by words, so that colour is not the only signal; `trend` draws its
    past behind it; `named` shows the legend beside it even where there is one value only; `colours` are those of series whose
    name fits an expression; `leads_to` is a title and a URL."""
    coloured = thresholds is not None or colours is not None
    panel = (
        stat_panel.Panel()
        .graph_mode(options.BigValueGraphMode.AREA if trend else options.BigValueGraphMode.NONE)
        .color_mode(options.BigValueColorMode.BACKGROUND if coloured else options.BigValueColorMode.VALUE)
        .text_mode(options.BigValueTextMode.VALUE_AND_NAME if named else options.BigValueTextMode.AUTO)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).values(False))
        .thresholds(thresholds or no_limit())
        .mappings([*value_texts(texts or {}), _absent(no_value)])
        .no_value(no_value)
        .unit(unit)
    )
    if decimals is not None:
        panel.decimals(decimals)
    for name, colour in (colours or {}).items():
        panel.override_by_regexp(f"/{name}/", [_fixed(colour)])
    if leads_to is not None:
        panel.data_links([dashboard.DashboardLink(leads_to[0]).url(leads_to[1])])
    return _finish(panel, title, description, width, height, queries, instant=not trend)


def lines(
    title: str,
    description: str,
    *queries: Query,
    unit: str = "short",
    minimum: float | None = 0,
    maximum: float | None = None,
    lowest_top: float | None = None,
    decimals: int | None = None,
    stacked: bool = False,
    colours: Mapping[str, str] | None = None,
    thresholds: Thresholds | None = None,
    below_zero: str | None = None,
    dashed: str | None = None,
    least_first: bool = False,
    legend_right: bool = False,
    calcs: Sequence[str] | None = None,
    no_value: str = "no data",
    width: int = 12,
    height: int = 8,
) -> dashboard.Panel:
    """Lines over time with a table of their last and highest values. `colours` are those of series whose name fits an
    expression; `thresholds` are drawn as dashed lines; series whose name fits the expression `below_zero` are mirrored, those
    that fit `dashed` are what others are compared with; `lowest_top` is where the axis ends at the least. `legend_right` gives
    many names more room in a wide panel; `least_first` is for what is bad when it is low."""
    calcs = calcs or ("lastNotNull", "min" if least_first else "max")
    if lowest_top is None:
        lowest_top = 5 if decimals == 0 else _LOWEST_TOP.get(unit, 1)
    panel = (
        timeseries.Panel()
        .axis_soft_max(lowest_top)
        .draw_style(options.GraphDrawStyle.LINE)
        .line_width(1)
        .fill_opacity(25 if stacked else 8)
        .show_points(options.VisibilityMode.AUTO)
        .stacking(common.StackingConfig().mode(options.StackingMode.NORMAL if stacked else options.StackingMode.NONE))
        .legend(
            common.VizLegendOptions()
            .display_mode(options.LegendDisplayMode.TABLE)
            .placement(options.LegendPlacement.RIGHT if legend_right else options.LegendPlacement.BOTTOM)
            .show_legend(True)
            .calcs(list(calcs))
            .sort_by(_CALC_NAMES[calcs[0]])
            .sort_desc(not least_first)
        )
        .tooltip(common.VizTooltipOptions().mode(options.TooltipDisplayMode.MULTI).sort(options.SortOrder.DESCENDING))
        .thresholds(as_lines(thresholds) if thresholds else no_limit())
        .no_value(no_value)
        .unit(unit)
    )
    if thresholds is not None:
        panel.thresholds_style(common.GraphThresholdsStyleConfig().mode(options.GraphThresholdsStyleMode.DASHED))
    for name, colour in (colours or {}).items():
        panel.override_by_regexp(f"/{name}/", [_fixed(colour)])
    if dashed is not None:
        style = models.DynamicConfigValue(id_val="custom.lineStyle", value={"fill": "dash", "dash": [8, 8]})
        unfilled = models.DynamicConfigValue(id_val="custom.fillOpacity", value=0)
        panel.override_by_regexp(f"/{dashed}/", [style, unfilled])
    if below_zero is not None:
        panel.axis_soft_min(-lowest_top)
        panel.override_by_regexp(
            f"/{below_zero}/", [models.DynamicConfigValue(id_val="custom.transform", value="negative-Y")]
        )
    elif minimum is not None:
        panel.min(minimum)
    if maximum is not None:
        panel.max(maximum)
    if decimals is not None:
        panel.decimals(decimals)
    return _finish(panel, title, description, width, height, queries, instant=False)


def bars(
    title: str,
    description: str,
    *queries: Query,
    unit: str = "short",
    minimum: float = 0,
    maximum: float | None = None,
    thresholds: Thresholds | None = None,
    no_value: str = "no data",
    width: int = 12,
    height: int = 8,
) -> dashboard.Panel:
    """One horizontal bar for each series of instant queries, to compare them."""
    panel = (
        bargauge.Panel()
        .orientation(options.VizOrientation.HORIZONTAL)
        .display_mode(options.BarGaugeDisplayMode.BASIC)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).values(False))
        .thresholds(thresholds or no_limit())
        .no_value(no_value)
        .text(common.VizTextDisplayOptions().title_size(14).value_size(16))
        .min(minimum)
        .unit(unit)
    )
    if thresholds is None:
        panel.color_scheme(dashboard.FieldColor().mode(models.FieldColorModeId.FIXED).fixed_color("blue"))
    if maximum is not None:
        panel.max(maximum)
    return _finish(panel, title, description, width, height, queries, instant=True)


def states(
    title: str,
    description: str,
    *queries: Query,
    texts: Mapping[float, Text],
    no_value: str = "no data",
    width: int = 12,
    height: int = 6,
) -> dashboard.Panel:
    """A band for each series, coloured by its value, which `texts` translates."""
    panel = (
        statetimeline.Panel()
        .show_value(options.VisibilityMode.AUTO)
        .row_height(0.8)
        .merge_values(True)
        .legend(
            common.VizLegendOptions()
            .display_mode(options.LegendDisplayMode.LIST)
            .placement(options.LegendPlacement.BOTTOM)
            .show_legend(True)
        )
        .thresholds(no_limit())
        .mappings(value_texts(texts))
        .no_value(no_value)
        .unit("short")
    )
    return _finish(panel, title, description, width, height, queries, instant=False)


def table(
    title: str,
    description: str,
    keys: Mapping[str, str],
    *columns: Column,
    sort_by: str,
    ascending: bool = False,
    links: Mapping[str, tuple[str, str]] | None = None,
    words: Mapping[str, Mapping[str, str]] | None = None,
    widths: Mapping[str, int] | None = None,
    no_value: str = "",
    width: int = 24,
    height: int = 9,
) -> dashboard.Panel:
    """A row for each set of values of `keys` (label name to heading) that any column's query has.

    `links` makes the cells of a heading lead elsewhere: heading to (title, URL with Grafana's variables). `words` colours
    values of a key: heading to value to colour. `widths` are those of keys; one of 0 is there for links and not shown.
    """
    panel = (
        table_panel.Panel()
        .min_width(60)
        .thresholds(no_limit())
        .sort_by([common.TableSortByFieldState().display_name(sort_by).desc(not ascending)])
        .no_value(no_value)
    )
    single = len(columns) == 1
    values = {("Value" if single else f"Value #{ref_id(at)}"): column for at, column in enumerate(columns)}
    hidden = {value: True for value, column in values.items() if column.hidden}
    headings = {**keys, **{value: column.name for value, column in values.items() if not column.hidden}}
    panel.transformations(
        [
            models.DataTransformerConfig(id_val="merge", options={}),
            models.DataTransformerConfig(
                id_val="organize",
                options={
                    "excludeByName": {"Time": True, **hidden},
                    "indexByName": {name: at for at, name in enumerate(headings)},
                    "renameByName": headings,
                },
            ),
        ]
    )
    for column in columns:
        if not column.hidden:
            panel.override_by_name(column.name, _column_options(column))
    for heading in keys.values():
        panel.override_by_name(heading, [models.DynamicConfigValue(id_val="noValue", value=_NOTHING)])
    for heading, (link_title, url) in (links or {}).items():
        panel.override_by_name(
            heading, [models.DynamicConfigValue(id_val="links", value=[{"title": link_title, "url": url}])]
        )
    for heading, colours in (words or {}).items():
        texts = {word: models.ValueMappingResult(text=word, color=colour) for word, colour in colours.items()}
        panel.override_by_name(
            heading,
            [
                models.DynamicConfigValue(id_val="mappings", value=[models.ValueMap(options=texts)]),
                models.DynamicConfigValue(id_val="custom.cellOptions", value={"type": "color-text"}),
            ],
        )
    for heading, pixels in (widths or {}).items():
        shown = models.DynamicConfigValue(id_val="custom.width", value=pixels)
        panel.override_by_name(heading, [shown] if pixels else _NOT_SHOWN)
    panel.title(title).description(description).datasource(DATASOURCE).span(width).height(height)
    for at, column in enumerate(columns):
        target = prometheus.Dataquery().expr(column.expr).instant().format(PromQueryFormat.TABLE)
        panel.with_target(target.ref_id(ref_id(at)).datasource(DATASOURCE))
    return panel


# What a link from a table's row keeps: all but the cluster, which is the row's.
OF_ROWS_CLUSTER = (
    "${datasource:queryparam}",
    "var-cluster=${__data.fields.Cluster:percentencode}",
    "${job:queryparam}",
    "${exporter:queryparam}",
)
# The value of the cell that is clicked.
THIS = "${__value.raw:percentencode}"


def board_url(uid: str, *parameters: str) -> str:
    """The address of another board with the same time range; without parameters with the same choices too."""
    return f"/d/{uid}?" + "&".join(("${__url_time_range}", *(parameters or ("${__all_variables}",))))


def value_texts(texts: Mapping[float, Text]) -> list[models.ValueMapping]:
    """Value mappings: each value's text and colour."""
    if not texts:
        return []
    results = {
        _as_grafana_writes(value): models.ValueMappingResult(text=words, color=colour, index=at)
        for at, (value, (words, colour)) in enumerate(texts.items())
    }
    return [models.ValueMap(options=results)]


def _range_texts(texts: Mapping[float, Text]) -> list[models.ValueMapping]:
    """Value mappings of all values from a number on. The highest comes first, as the first that fits counts."""
    starts = sorted(texts, reverse=True)
    ends: list[float | None] = [None, *starts[:-1]]
    return [
        models.RangeMap(
            options=models.DashboardRangeMapOptions(
                from_val=start,
                to=end,
                result=models.ValueMappingResult(text=texts[start][0], color=texts[start][1], index=at),
            )
        )
        for at, (start, end) in enumerate(zip(starts, ends))
    ]


def _as_grafana_writes(value: float) -> str:
    return "Infinity" if value == math.inf else f"{value:g}"


def _fixed(colour: str) -> models.DynamicConfigValue:
    value = {"mode": models.FieldColorModeId.FIXED.value, "fixedColor": colour}
    return models.DynamicConfigValue(id_val="color", value=value)


def _absent(words: str) -> models.SpecialValueMap:
    """What is not known is neither good nor bad: without this it had the colour of the lowest threshold."""
    result = models.ValueMappingResult(text=words, color=NEITHER)
    match = models.SpecialValueMatch.NULL_AND_NAN
    return models.SpecialValueMap(options=models.DashboardSpecialValueMapOptions(match=match, result=result))


def ref_id(at: int) -> str:
    """The name of the query at a position, as Grafana counts them: A, B, C."""
    return chr(ord("A") + at)


def _finish(
    panel: _Panel, title: str, description: str, width: int, height: int, queries: Sequence[Query], *, instant: bool
) -> _Panel:
    panel.title(title).description(description).datasource(DATASOURCE).span(width).height(height)
    for at, query in enumerate(queries):
        target = prometheus.Dataquery().expr(query.expr).legend_format(query.legend or "__auto")
        target = target.instant() if instant else target.range()
        panel.with_target(target.ref_id(ref_id(at)).datasource(DATASOURCE))
    renamed = [
        *(_NAME_NODES if any(query.legend.startswith(NODE) for query in queries) else []),
        *(_NAME_CLUSTERS if any(query.legend.startswith((CLUSTER, NODE)) for query in queries) else []),
    ]
    if renamed:
        panel.transformations(
            [
                models.DataTransformerConfig(id_val="renameByRegex", options={"regex": regex, "renamePattern": name})
                for regex, name in renamed
            ]
        )
    return panel


def _column_options(column: Column) -> list[models.DynamicConfigValue]:
    found: dict[str, object] = {
        "unit": column.unit,
        "noValue": _NOTHING,
        "mappings": [*value_texts(column.texts), *_range_texts(column.least), _absent(_NOTHING)],
    }
    if column.decimals is not None:
        found["decimals"] = column.decimals
    if column.width is not None:
        found["custom.width"] = column.width
    if column.thresholds is not None:
        found["thresholds"] = column.thresholds.build()
    if column.bar:
        found["custom.cellOptions"] = {"type": "gauge", "mode": "basic", "valueDisplayMode": "text"}
        found["min"] = 0
        # Its own, not that of all columns.
        found["fieldMinMax"] = True
    elif column.thresholds is not None or column.texts or column.least:
        found["custom.cellOptions"] = {"type": "color-text"}
    return [models.DynamicConfigValue(id_val=name, value=value) for name, value in found.items()]
