"""The boards, one file each."""

from ..board import Board
from . import exporter, groups, kafka_exporter_overview, logs, topics

ALL: list[Board] = [
    topics.BOARD,
    logs.BOARD,
    groups.BOARD,
    exporter.BOARD,
    kafka_exporter_overview.BOARD,
]
