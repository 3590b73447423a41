"""Thresholds of panels. The alerting rules are the one place where a limit stands: a panel takes its colours from there."""

import math
import re
from functools import cache
from pathlib import Path

import yaml
from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.models import dashboard as models

RULES = Path(__file__).parents[2] / "prometheus" / "rules" / "alerts.yml"

_COLOURS = {"critical": "red", "warning": "orange", "info": "yellow"}
_MILDEST_FIRST = list(reversed(_COLOURS.values()))
_LIMIT = re.compile(r"(?P<comparison>[<>])=?\s*(?P<number>-?[\d.]+(?:e[+-]?\d+)?)\s*$")


def limits(alert: str, *, counts: bool = False, scale: float = 1) -> builders.ThresholdsConfig:
    """Threshold steps of all severities of an alert, whose expression must end in a comparison with a number.

    `counts`: the panel shows whole numbers, so that "more than 0" begins at 1. `scale`: the panel shows the alert's
    value times this.
    """
    found = [_limit(rule) for rule in _named(alert)]
    comparisons = {comparison for comparison, _, _ in found}
    if len(comparisons) != 1:
        raise ValueError(f"{alert} compares in both directions")
    found.sort(key=lambda limit: (limit[1], _MILDEST_FIRST.index(limit[2])))
    # Where only lasting makes it worse, the colour is the mildest.
    found = [limit for at, limit in enumerate(found) if limit[1] not in {number for _, number, _ in found[:at]}]
    # Grafana colours what is at a step or above it.
    if comparisons == {">"}:
        steps = [("green", None)] + [(c, math.floor(n) + 1 if counts else n * scale) for _, n, c in found]
    else:
        colours = [colour for _, _, colour in found] + ["green"]
        steps = list(zip(colours, [None] + [number * scale for _, number, _ in found]))
    return thresholds(steps)


def limit(alert: str, severity: str = "warning") -> float:
    """The number that an alert of this severity compares with, for a query that counts what is beyond it."""
    found = [number for _, number, colour in map(_limit, _named(alert)) if colour == _COLOURS[severity]]
    if len(found) != 1:
        raise LookupError(f"{RULES} has not one limit of severity {severity} for {alert}, but {len(found)}")
    return found[0]


def thresholds(steps: list[tuple[str, float | None]]) -> builders.ThresholdsConfig:
    """Threshold steps of colour and lowest value; the first has none."""
    return (
        builders.ThresholdsConfig()
        .mode(models.ThresholdsMode.ABSOLUTE)
        .steps([models.Threshold(color=colour, value=value) for colour, value in steps])
    )


def as_lines(config: builders.ThresholdsConfig) -> builders.ThresholdsConfig:
    """The same steps for a graph, which draws a line at each step in the step's colour: with limits from below that were the
    colour of what is better."""
    steps = config.build().steps
    colours = [step.color for step in steps]
    from_below = colours[-1] == "green"
    drawn = zip(colours[:-1] if from_below else colours[1:], (step.value for step in steps[1:]))
    return thresholds([("transparent", None), *drawn])


def no_limit() -> builders.ThresholdsConfig:
    """For what is neither good nor bad. Grafana's own default would colour 80 red."""
    return thresholds([("text", None)])


def _limit(rule: dict[str, object]) -> tuple[str, float, str]:
    expression = str(rule["expr"])
    found = _LIMIT.search(expression)
    if found is None:
        raise ValueError(f"{RULES}: {rule['alert']} does not end in a comparison with a number: {expression}")
    severity = str(rule["labels"]["severity"])  # type: ignore[index]
    return found["comparison"], float(found["number"]), _COLOURS[severity]


def _named(alert: str) -> list[dict[str, object]]:
    found = [rule for rule in _alerts() if rule["alert"] == alert]
    if not found:
        raise LookupError(f"{RULES} has no alert {alert}")
    return found


@cache
def _alerts() -> list[dict[str, object]]:
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"] if "alert" in rule]
