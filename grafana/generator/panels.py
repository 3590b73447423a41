"""The kinds of panels that the boards are made of, as Grafana's builders with the options that all of ours share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from grafana_foundation_sdk.builders import bargauge, common, dashboard, prometheus
from grafana_foundation_sdk.builders import stat as stat_panel
from grafana_foundation_sdk.builders import statetimeline, timeseries
from grafana_foundation_sdk.builders import table as table_panel
from grafana_foundation_sdk.builders import text as text_panel
from grafana_foundation_sdk.models import common as options
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models import text as text_options
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from .limits import no_limit
from .selectors import NODE
from .variables import DATASOURCE

Thresholds = dashboard.ThresholdsConfig
Text = tuple[str, str]
"""A text and the colour that it is shown in."""

# What Grafana calls the calculations of a legend.
_CALC_NAMES = {"lastNotNull": "Last *", "max": "Max", "mean": "Mean", "min": "Min"}

_Panel = TypeVar("_Panel", bound=dashboard.Panel)

# What `NODE` begins a legend with becomes "broker 1" or, without a label `broker`, the instance.
_NAME_NODES = [
    models.DataTransformerConfig(id_val="renameByRegex", options={"regex": regex, "renamePattern": name})
    for regex, name in ((r"/^([^|]+)\|[^|]*\|(.*)$/", "broker $1$2"), (r"/^\|([^|]*)\|(.*)$/", "$1$2"))
]


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
    width: int = 3,
    height: int = 4,
) -> dashboard.Panel:
    """A value for the eye. `texts` replaces single values by words, so that colour is not the only signal; `trend` draws its
    past behind it."""
    panel = (
        stat_panel.Panel()
        .graph_mode(options.BigValueGraphMode.AREA if trend else options.BigValueGraphMode.NONE)
        .color_mode(options.BigValueColorMode.VALUE if thresholds is None else options.BigValueColorMode.BACKGROUND)
        .text_mode(options.BigValueTextMode.AUTO)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).values(False))
        .thresholds(thresholds or no_limit())
        .mappings(value_texts(texts or {}))
        .no_value(no_value)
        .unit(unit)
    )
    if decimals is not None:
        panel.decimals(decimals)
    return _finish(panel, title, description, width, height, queries, instant=not trend)


def lines(
    title: str,
    description: str,
    *queries: Query,
    unit: str = "short",
    minimum: float | None = 0,
    maximum: float | None = None,
    decimals: int | None = None,
    stacked: bool = False,
    thresholds: Thresholds | None = None,
    below_zero: str | None = None,
    calcs: Sequence[str] = ("lastNotNull", "max"),
    no_value: str = "no data",
    width: int = 12,
    height: int = 8,
) -> dashboard.Panel:
    """Lines over time with a table of their last and highest values. `thresholds` are drawn as dashed lines; series whose
    name fits the expression `below_zero` are mirrored."""
    panel = (
        timeseries.Panel()
        .draw_style(options.GraphDrawStyle.LINE)
        .line_width(1)
        .fill_opacity(25 if stacked else 8)
        .show_points(options.VisibilityMode.AUTO)
        .stacking(
            common.StackingConfig().mode(options.StackingMode.NORMAL if stacked else options.StackingMode.NONE)
        )
        .legend(
            common.VizLegendOptions()
            .display_mode(options.LegendDisplayMode.TABLE)
            .placement(options.LegendPlacement.BOTTOM)
            .show_legend(True)
            .calcs(list(calcs))
            .sort_by(_CALC_NAMES[calcs[0]])
            .sort_desc(True)
        )
        .tooltip(
            common.VizTooltipOptions().mode(options.TooltipDisplayMode.MULTI).sort(options.SortOrder.DESCENDING)
        )
        .thresholds(thresholds or no_limit())
        .no_value(no_value)
        .unit(unit)
    )
    if thresholds is not None:
        panel.thresholds_style(
            common.GraphThresholdsStyleConfig().mode(options.GraphThresholdsStyleMode.DASHED)
        )
    if below_zero is not None:
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
    no_value: str = "",
    width: int = 24,
    height: int = 9,
) -> dashboard.Panel:
    """A row for each set of values of `keys` (label name to heading) that any column's query has.

    `links` makes the cells of a heading lead elsewhere: heading to (title, URL with Grafana's variables).
    """
    panel = (
        table_panel.Panel()
        .thresholds(no_limit())
        .sort_by([common.TableSortByFieldState().display_name(sort_by).desc(not ascending)])
        .no_value(no_value)
    )
    single = len(columns) == 1
    values = {("Value" if single else f"Value #{ref_id(at)}"): column.name for at, column in enumerate(columns)}
    headings = {**keys, **values}
    panel.transformations(
        [
            models.DataTransformerConfig(id_val="merge", options={}),
            models.DataTransformerConfig(
                id_val="organize",
                options={
                    "excludeByName": {"Time": True},
                    "indexByName": {name: at for at, name in enumerate(headings)},
                    "renameByName": headings,
                },
            ),
        ]
    )
    for column in columns:
        panel.override_by_name(column.name, _column_options(column))
    for heading, (link_title, url) in (links or {}).items():
        panel.override_by_name(
            heading, [models.DynamicConfigValue(id_val="links", value=[{"title": link_title, "url": url}])]
        )
    panel.title(title).description(description).datasource(DATASOURCE).span(width).height(height)
    for at, column in enumerate(columns):
        target = prometheus.Dataquery().expr(column.expr).instant().format(PromQueryFormat.TABLE)
        panel.with_target(target.ref_id(ref_id(at)).datasource(DATASOURCE))
    return panel


def text(title: str, description: str, markdown: str, *, width: int = 24, height: int = 3) -> dashboard.Panel:
    """A few words in Markdown."""
    panel = text_panel.Panel().mode(text_options.TextMode.MARKDOWN).content(markdown)
    return panel.title(title).description(description).span(width).height(height)


def value_texts(texts: Mapping[float, Text]) -> list[models.ValueMapping]:
    """Value mappings: each value's text and colour."""
    if not texts:
        return []
    results = {
        f"{value:g}": models.ValueMappingResult(text=words, color=colour, index=at)
        for at, (value, (words, colour)) in enumerate(texts.items())
    }
    return [models.ValueMap(options=results)]


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
    if any(query.legend.startswith(NODE) for query in queries):
        panel.transformations(_NAME_NODES)
    return panel


def _column_options(column: Column) -> list[models.DynamicConfigValue]:
    found: dict[str, object] = {"unit": column.unit}
    if column.decimals is not None:
        found["decimals"] = column.decimals
    if column.width is not None:
        found["custom.width"] = column.width
    if column.texts:
        found["mappings"] = value_texts(column.texts)
    if column.thresholds is not None:
        found["thresholds"] = column.thresholds.build()
    if column.bar:
        found["custom.cellOptions"] = {"type": "gauge", "mode": "basic", "valueDisplayMode": "text"}
        found["min"] = 0
    elif column.thresholds is not None or column.texts:
        found["custom.cellOptions"] = {"type": "color-text"}
    return [models.DynamicConfigValue(id_val=name, value=value) for name, value in found.items()]
