"""The boards, one file each."""

from ..board import Board
from . import kafka_exporter_overview

ALL: list[Board] = [
    kafka_exporter_overview.BOARD,
]
