"""The boards, one file each."""

from ..board import Board
from . import brokers, cluster, kafka_exporter_overview, kafka_overview, replication

ALL: list[Board] = [
    cluster.BOARD,
    brokers.BOARD,
    replication.BOARD,
    kafka_overview.BOARD,
    kafka_exporter_overview.BOARD,
]
