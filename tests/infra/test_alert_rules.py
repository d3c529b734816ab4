"""Alert rules ask only for what the app emits, and each has a runbook that can be followed."""

from __future__ import annotations

import re
from typing import Any, Final

import pytest

from shared.signals.table import METRICS, Metric, Shape
from tests.infra.bicep_files import ROOT, parsed
from tests.infra.command_line import follow

RULES: Final[dict[str, dict[str, Any]]] = {
    rule["name"]: rule for rule in parsed("modules/alerts.bicep")["variables"]["rules"]["value"]
}
RUNBOOKS: Final = ROOT / "docs" / "runbooks"
COLUMNS: Final = {
    Shape.COUNT: ("sum(valueSum)", "Total"),
    Shape.SPREAD: ("max(valueMax)", "Maximum"),
    Shape.LEVEL: ("max(valueSum)", "Maximum"),
}
"""How a metric of each shape is put together again. The exporter gives least and most of histograms
only; of everything else the sum of a minute, which for a gauge is its last value.

Source: learn.microsoft.com/azure/azure-monitor/app/data-model-complete, "Metric telemetry"."""


def _metric(rule: dict[str, Any]) -> Metric:
    (name,) = re.findall(r'name == "([^"]+)"', rule["query"])
    return Metric(name)


@pytest.mark.parametrize("name", RULES)
def test_a_rule_asks_for_one_metric_that_the_app_emits(name: str) -> None:
    rule = RULES[name]
    shape = METRICS[_metric(rule)].shape
    column, aggregation = COLUMNS[shape]
    assert rule["query"].startswith("customMetrics | where name == ")
    assert rule["query"].endswith(f"| summarize {rule['column']} = {column}")
    assert rule["aggregation"] == aggregation


@pytest.mark.parametrize("name", RULES)
def test_a_rule_splits_only_by_what_the_metric_carries(name: str) -> None:
    split = set(re.findall(r"customDimensions\.(\w+)", RULES[name]["query"]))
    assert split <= {fact.value for fact in METRICS[_metric(RULES[name])].by}


def test_what_has_to_wake_somebody_has_a_rule() -> None:
    watched = {_metric(rule) for rule in RULES.values()}
    assert watched == {
        Metric.POISON,
        Metric.TIME_TO_CONTAINED,
        Metric.TASK_FAILED,
        Metric.QUEUE_AGE,
        Metric.GUARD_TRIPPED,
        Metric.HEARTBEAT,
    }


def test_silence_is_an_alert_and_not_the_absence_of_one() -> None:
    assert (RULES["no-heartbeat"]["operator"], RULES["no-heartbeat"]["threshold"]) == (
        "LessThan",
        1,
    )
    assert " by " not in RULES["no-heartbeat"]["query"], "nothing to count would give no row at all"


def test_each_rule_has_its_runbook_and_each_runbook_its_rule() -> None:
    assert {path.stem for path in RUNBOOKS.glob("*.md")} == set(RULES)


@pytest.mark.parametrize("name", RULES)
def test_a_runbook_says_what_to_look_at_what_to_press_and_whom_to_wake(name: str) -> None:
    text = (RUNBOOKS / f"{name}.md").read_text(encoding="utf-8")
    rule = RULES[name]
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == [
        "What it means",
        "Look first",
        "Press",
        "Wake",
        "It is over",
    ]
    assert f"**Rule** `{name}`, severity {rule['severity']}" in text
    assert f"`{_metric(rule)}`" in text


@pytest.mark.parametrize("name", RULES)
def test_a_runbook_names_only_metrics_facts_and_commands_there_are(name: str) -> None:
    text = (RUNBOOKS / f"{name}.md").read_text(encoding="utf-8")
    assert set(re.findall(r"`(firebreak\.\w+)`", text)) <= {metric.value for metric in Metric}
    for command in re.findall(r"`firebreak ([^`]+)`", text):
        follow(command.split())
