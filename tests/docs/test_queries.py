"""Every query, documented or in the workbook, asks for what the app really tells."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest

from scripts.generate import ROOT
from scripts.workbook import queries, workbook
from shared.signals.table import FACTS, METRICS, Metric, Seen, Shape
from shared.signals.told import Span

START = datetime(2026, 11, 23, tzinfo=UTC)
BOOK = json.loads((ROOT / "infra" / "workbook.json").read_text("utf-8"))
SHOWN = {p["content"]["title"]: p["content"]["query"] for p in BOOK["items"] if p["type"] == 3}
ASKED = queries()
EVERY = [*ASKED.items(), *SHOWN.items()]
LOGGED = {"event", "case", "task", "phase", "state", "trace", "responder", "mode", "attempts"}
"""What the log's lines about tasks say; tests/signals compares them with a played story."""


@pytest.mark.parametrize(("title", "query"), EVERY)
def test_a_query_names_metrics_that_are_measured(title: str, query: str) -> None:
    assert set(re.findall(r"firebreak\.\w+", query)) <= {str(metric) for metric in METRICS}


@pytest.mark.parametrize(("title", "query"), EVERY)
def test_a_query_names_facts_that_are_told(title: str, query: str) -> None:
    asked = set(re.findall(r"customDimensions\.(\w+)", query))
    assert asked <= {str(fact) for fact in FACTS}
    for name in re.findall(r'firebreak\.\w+(?=")', query):
        measured = {str(fact) for fact in METRICS[Metric(name)].by}
        assert asked <= measured or "in (" in query


@pytest.mark.parametrize(("title", "query"), EVERY)
def test_a_query_names_spans_that_are_made_and_in_the_right_table(title: str, query: str) -> None:
    table = query.partition("\n")[0].strip()
    for name in re.findall(r'where name == "(\w+)"', query):
        span = Span(Seen(name), "", "", None, START, START, {})
        assert table == ("requests" if span.begins else "dependencies")


@pytest.mark.parametrize(("title", "query"), EVERY)
def test_a_query_names_what_the_log_says(title: str, query: str) -> None:
    assert set(re.findall(r"said\.(\w+)", query)) <= LOGGED


@pytest.mark.parametrize(("title", "query"), EVERY)
def test_a_metric_is_put_together_as_its_shape_asks(title: str, query: str) -> None:
    named = [Metric(name) for name in re.findall(r'(firebreak\.\w+)(?=")', query)]
    if not all(METRICS[metric].shape is Shape.SPREAD for metric in named):
        assert "valueMax" not in query
        assert "valueCount" not in query


def test_every_metric_has_a_documented_query() -> None:
    text = "\n".join(ASKED.values())
    assert {metric for metric in Metric if f'"{metric}"' in text} == set(Metric)


def test_the_workbook_shows_what_has_to_be_seen() -> None:
    text = "\n".join(SHOWN.values())
    wanted = {Metric.TIME_TO_CONTAINED, Metric.QUEUE_AGE, Metric.GUARD_TRIPPED}
    wanted |= {Metric.THROTTLES, Metric.TASK_FAILED}
    assert {metric for metric in wanted if f'"{metric}"' in text} == wanted
    assert "Where cases stand" in SHOWN
    assert "In which phase tasks end" in SHOWN


def test_each_part_of_the_workbook_has_a_name_of_its_own() -> None:
    names = [part["name"] for part in BOOK["items"]]
    assert len(set(names)) == len(names)
    assert json.loads(workbook()) == BOOK
