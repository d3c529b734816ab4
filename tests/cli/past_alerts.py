"""Alerts of the past, written to files as somebody would export them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from typer.testing import CliRunner

from cli.main import app

MAY = datetime(2026, 5, 4, 10, 0, tzinfo=UTC)


def typed(*words: str) -> tuple[int, str]:
    """Type a command; returns how it ended and all it said."""
    result = CliRunner().invoke(app, list(words))
    return result.exit_code, result.output


def told(*words: str) -> Any:
    """Type a command that ends well and says JSON; progress goes elsewhere."""
    result = CliRunner().invoke(app, [*words, "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def user(number: int) -> str:
    """Name a user by number."""
    return f"7d3c2f10-0000-4000-8000-{number:012}"


def detection(number: int, *, who: int | None = None, minutes: float = 0, **more: Any) -> Any:
    """Make a risk detection as Graph exports it."""
    at = f"{MAY + timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%SZ}"
    who = number if who is None else who
    return {
        "@odata.type": "#microsoft.graph.riskDetection",
        "id": f"{number:064x}",
        "riskEventType": "anonymizedIPAddress",
        "riskState": "atRisk",
        "riskLevel": "high",
        "riskDetail": "none",
        "activityDateTime": at,
        "detectedDateTime": at,
        "userId": user(who),
        "userPrincipalName": f"user{who}.roe@contoso.example",
    } | more


def lines(*alerts: Any) -> str:
    """Write alerts as NDJSON."""
    return "".join(json.dumps(alert) + "\n" for alert in alerts)
