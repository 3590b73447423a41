"""The boards, one file each."""

from ..board import Board
from . import (
    brokers,
    cluster,
    exporter,
    groups,
    kafka_exporter_overview,
    kafka_overview,
    logs,
    replication,
    topics,
)

ALL: list[Board] = [
    cluster.BOARD,
    brokers.BOARD,
    replication.BOARD,
    topics.BOARD,
    logs.BOARD,
    groups.BOARD,
    exporter.BOARD,
    kafka_overview.BOARD,
    kafka_exporter_overview.BOARD,
]
