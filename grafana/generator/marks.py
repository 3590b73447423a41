"""Marks in all graphs of all boards: what began, and what changed."""

from grafana_foundation_sdk.models import dashboard as models

from .selectors import FIRING_ALERTS, of_cluster, of_nodes
from .variables import DATASOURCE

# No closer than rules are evaluated and targets scraped. For a long range Grafana makes it longer: `$__interval` is what it
# makes of it.
_STEP = "60s"


class _Mark(models.AnnotationQuery):
    """The model knows `expr` only; Prometheus' annotations have a title too, and values that may be their times (in ms)."""

    def __init__(self, name: str, expr: str, colour: str, title: str, *, value_is_time: bool = False) -> None:
        super().__init__(name=name, datasource=DATASOURCE, icon_color=colour, expr=expr)
        self.title_format = title
        self.value_is_time = value_is_time

    def to_json(self) -> dict[str, object]:
        of_prometheus = {"titleFormat": self.title_format, "step": _STEP, "useValueForTime": self.value_is_time}
        return {**super().to_json(), **of_prometheus}


def _alerts() -> _Mark:
    # Where each begins: one that fires for days would colour every graph. Short ones are between two points of a long range.
    began = f"present_over_time({FIRING_ALERTS}[$__interval]) unless {FIRING_ALERTS} offset $__interval"
    return _Mark("Alerts", f"max by (alertname, severity) ({began})", "red", "{{alertname}} ({{severity}}) fires")


def _restarts() -> _Mark:
    # Marked where they were, however long the node was away. Processes of others have such series too.
    started = f"1000 * {of_nodes('process_start_time_seconds')}"
    started = f"{started} and on (cluster, job, instance, broker) {of_nodes('kafka_broker_build_info')}"
    # On the single page the instance is the exporter's.
    named = f'label_replace({started}, "node", "$1", "instance", "(.+)")'
    named = f'label_replace({named}, "node", "broker $1", "broker", "(.+)")'
    return _Mark("Restarts", named, "blue", "{{cluster}} {{node}} started", value_is_time=True)


def _controller_changes() -> _Mark:
    def leader(at: str = "") -> str:
        return f"max by (cluster) ({of_nodes('kafka_server_raftmetrics_current_leader')}{at})"

    def named(of: str) -> str:
        return f'count_values by (cluster) ("leader", {of} >= 0)'

    before = leader(" offset $__interval")
    changed = f"{named(leader())} unless {named(before)} and on (cluster) {before}"
    return _Mark("Controller changes", changed, "purple", "{{cluster}} node {{leader}} leads the quorum now")


def _reloads() -> _Mark:
    read = f"1000 * {of_cluster('kafka_vitals_config_last_reload_success_timestamp_seconds')}"
    return _Mark("Reloads", read, "green", "{{instance}} read its rules and objectives", value_is_time=True)


ALL = [_alerts(), _restarts(), _controller_changes(), _reloads()]
