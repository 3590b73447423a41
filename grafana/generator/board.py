"""A dashboard from its rows of panels: what all boards share, and the panels' ids and places."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.models import dashboard as models

from . import marks, variables

# All boards link to each other by it.
TAG = "kafka-vitals"


@dataclass(frozen=True)
class Row:
    """Panels in their order; a line is full at 24 columns. A row without title is the top of the board, without a heading."""

    title: str
    panels: Sequence[builders.Panel]
    collapsed: bool = False


@dataclass(frozen=True)
class Board:
    """A dashboard; its file and its address are named for `uid`."""

    uid: str
    title: str
    description: str
    rows: Sequence[Row]
    shows_cluster: bool = True
    """Whether it shows what the exporter tells of the cluster: then the exporter can be chosen."""
    shows_nodes: bool = False
    """Whether it shows nodes' MBeans by node: then nodes can be chosen."""
    variables: Sequence[builders.QueryVariable] = field(default_factory=tuple)
    """What can be chosen beyond cluster, job, exporter and node."""
    time_from: str = "now-3h"

    def build(self) -> models.Dashboard:
        """The dashboard as Grafana's model."""
        board = (
            builders.Dashboard(self.title)
            .uid(self.uid)
            .description(self.description)
            .tags(["kafka", TAG])
            .readonly()
            .timezone("browser")
            .time(self.time_from, "now")
            .refresh("30s")
            .tooltip(models.DashboardCursorSync.CROSSHAIR)
            .link(_links())
            .variables([*self._common_variables(), *self.variables])
        )
        for row in self.rows:
            _add(board, row)
        built = board.build()
        built.annotations = models.AnnotationContainer(list_val=marks.ALL)
        _close_gaps(built)
        _number(built)
        return built

    def _common_variables(self) -> list[object]:
        exporter = variables.exporter() if self.shows_cluster else variables.hidden(variables.exporter())
        common = [variables.datasource(), variables.cluster(), variables.job(), exporter]
        return common + ([variables.instance(), variables.broker()] if self.shows_nodes else [])


def _add(board: builders.Dashboard, row: Row) -> None:
    if row.title:
        heading = builders.Row(row.title)
        if row.collapsed:
            for panel in row.panels:
                heading.with_panel(panel)
        board.with_row(heading)
    if not row.collapsed:
        for panel in row.panels:
            board.with_panel(panel)


def _close_gaps(board: models.Dashboard) -> None:
    """The builder leaves the room below a collapsed row that it takes when it is open."""
    gap = 0
    for panel in board.panels or []:
        inner = panel.panels if isinstance(panel, models.RowPanel) else []
        for each in (panel, *inner):
            each.grid_pos.y -= gap
        if inner:
            bottom = max(each.grid_pos.y + each.grid_pos.h for each in inner)
            gap += bottom - (panel.grid_pos.y + panel.grid_pos.h)


def _number(board: models.Dashboard) -> None:
    number = 0
    for panel in board.panels or []:
        number += 1
        panel.id_val = number
        for inner in panel.panels if isinstance(panel, models.RowPanel) else []:
            number += 1
            inner.id_val = number


def _links() -> builders.DashboardLink:
    link = builders.DashboardLink("Kafka").type(models.DashboardLinkType.DASHBOARDS).tags([TAG])
    return link.as_dropdown(True).include_vars(True).keep_time(True)
