"""The workbook of Application Insights, made of the queries in docs/queries.md."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

QUERIES: Final = Path(__file__).resolve().parents[1] / "docs" / "queries.md"
_QUERY: Final = re.compile(
    r"^## (?P<title>.+?)\n.*?^```kusto\n(?P<query>.*?)^```$", re.MULTILINE | re.DOTALL
)
_SHOWN: Final = {
    "How long does it take to contain an account": "table",
    "Where cases stand": "piechart",
    "In which phase tasks end": "table",
    "Does work wait": "timechart",
    "Does the heart beat": "timechart",
    "Which brakes tripped": "table",
    "Which tasks were given up": "table",
    "Which messages failed too often": "table",
    "Who makes us wait": "table",
    "How calls to a service end": "table",
}
"""What the workbook shows, in this order, and how."""


def queries() -> dict[str, str]:
    """Read the documented queries, by what they answer."""
    text = QUERIES.read_text(encoding="utf-8")
    return {found["title"]: found["query"].strip() for found in _QUERY.finditer(text)}


def workbook() -> str:
    """Give infra/workbook.json; its parts are named as the queries are.

    Source: learn.microsoft.com/azure/azure-monitor/visualize/workbooks-automate.
    """
    asked = queries()
    parts = [_span(), *(_part(title, asked[title], how) for title, how in _SHOWN.items())]
    book = {
        "version": "Notebook/1.0",
        "items": parts,
        "fallbackResourceIds": [],
        "$schema": (
            "https://github.com/Microsoft/Application-Insights-Workbooks/blob/master/"
            "schema/workbook.json"
        ),
    }
    return json.dumps(book, indent=2) + "\n"


def _span() -> dict[str, Any]:
    """Let the reader choose the time looked at."""
    choices = [{"durationMs": hours * 3_600_000} for hours in (1, 4, 24, 24 * 7, 24 * 30)]
    parameter = {
        "id": "7a1f0c52-5f0e-4a56-9d7a-3f1f5a0c7b11",
        "version": "KqlParameterItem/1.0",
        "name": "Span",
        "label": "Time",
        "type": 4,
        "value": {"durationMs": 24 * 3_600_000},
        "typeSettings": {"selectableValues": choices, "allowCustom": True},
    }
    content = {"version": "KqlParameterItem/1.0", "parameters": [parameter], "style": "pills"}
    return {"type": 9, "content": content, "name": "span"}


def _part(title: str, query: str, how: str) -> dict[str, Any]:
    content = {
        "version": "KqlItem/1.0",
        "query": query.replace("\n| render timechart", ""),
        "size": 0,
        "title": title,
        "timeContextFromParameter": "Span",
        "queryType": 0,
        "resourceType": "microsoft.insights/components",
        "visualization": how,
    }
    return {"type": 3, "content": content, "name": title.lower().replace(" ", "-")}
