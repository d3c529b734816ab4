"""The page about metrics, spans and facts, made from the table that the app itself goes by."""

from __future__ import annotations

from shared.signals.table import FACTS, METRICS, SPANS

_HEAD = """# What Firebreak says about itself

Generated from `shared/signals/table.py`; nothing else is exported. Metrics and spans go to
Application Insights where `APPLICATIONINSIGHTS_CONNECTION_STRING` is set, and nowhere otherwise.
No address, name, object id, URL or body is in any of them.

The trace of a case is the id of the alert that opened it, so the page of an alert and its trace
carry the same name, and whatever is put back on the queue after a crash lands in the same trace.
"""

_WHERE_SPANS_ARE = """\
In `requests` what the queue or a sender began, in `dependencies` what came of it;
`operation_Id` is the trace.
"""
_WHERE_FACTS_ARE = """\
In `customDimensions` of metrics and spans. A value that looks like an address, or is longer than
100 characters, is withheld.
"""


def telemetry_page() -> str:
    """Give docs/telemetry.md."""
    metrics = [
        f"| `{metric}` | {one.shape} | {one.unit} | {_listed(one.by)} | {one.says} |"
        for metric, one in METRICS.items()
    ]
    spans = [f"| `{name}` | {says} |" for name, says in SPANS.items()]
    facts = [f"| `{name}` | {says} |" for name, says in FACTS.items()]
    parts = (
        _HEAD,
        "## Metrics\n",
        "Summed up each minute; in `customMetrics` under their names, split by the facts named.\n",
        "| metric | shape | unit | split by | what it says |",
        "| --- | --- | --- | --- | --- |",
        *metrics,
        "\n## Spans\n",
        _WHERE_SPANS_ARE,
        "| span | what it is |",
        "| --- | --- |",
        *spans,
        "\n## Facts\n",
        _WHERE_FACTS_ARE,
        "| fact | what it says |",
        "| --- | --- |",
        *facts,
    )
    return "\n".join(parts) + "\n"


def _listed(facts: tuple[str, ...]) -> str:
    return ", ".join(f"`{fact}`" for fact in facts) or "-"
