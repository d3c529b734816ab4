"""Read Rapid7 InsightIDR's alerts and investigations.

Source: docs.rapid7.com/insightidr, "Alert triage API". The assignee is an analyst; an investigation
names nobody at all.
"""

from __future__ import annotations

from typing import Final

from shared.alerts import identity
from shared.alerts.payload import Record
from shared.alerts.siem import SiemCarrier, State, Told, severity
from shared.alerts.text import name
from shared.errors import Undecodable
from shared.model import AccountRef

_ACCOUNT_KEYS: Final = frozenset({"account", "user", "user_principal_name", "upn"})
_LIVE: Final = frozenset(
    {"open", "investigating", "waiting", "undecided", "malicious", "unmapped", "suspicious"}
)
_OVER: Final = frozenset(
    {"closed", "benign", "falsepositive", "false_positive", "notapplicable", "not_applicable"}
)


class InsightIdr(SiemCarrier):
    """Read Rapid7 InsightIDR's alerts and investigations."""

    pages = ("alerts", "data")

    def told(self, item: Record) -> Told:
        """Take one alert or investigation apart."""
        # Investigations of the first API version have an id of their own and no resource name.
        native = item.text("rrn") or (item.text("id") if item.has("source", "status") else None)
        created = item.text("alerted_at", "created_at", "created_time")
        if not native or not created:
            raise Undecodable(
                "neither an alert nor an investigation of InsightIDR: no rrn and time of creation"
            )
        rule = item.record("rule")
        title = item.text("title") or "InsightIDR alert"
        return Told(
            native=name(native),
            title=title,
            rules=(item.text("type"), title, rule.text("name"), rule.text("rrn")),
            severity=severity(item.text("priority")),
            times=(item.value("first_alert_time"), created),
            accounts=(_account(item),),
            state=State(word=_state(item), live=_LIVE, over=_OVER),
            lines={
                "rule": title,
                "priority": item.text("priority"),
                "detected_by": item.text("external_source"),
                **{f"seen_{key}": value for key, value in _seen(item, {"source_ip", "result"})},
            },
        )


def _state(item: Record) -> str | None:
    """Read the verdict where there is one: a benign alert may stand open for a while."""
    status, verdict = item.text("status"), item.text("disposition")
    return verdict if verdict and verdict.lower() in _OVER else status


def _account(item: Record) -> AccountRef | None:
    """Find the one account among the keys the rule matched on; several are none."""
    named = {value for _, value in _seen(item, _ACCOUNT_KEYS)}
    return identity.written(named.pop()) if len(named) == 1 else None


def _seen(item: Record, wanted: set[str] | frozenset[str]) -> list[tuple[str, str]]:
    pairs = item.records("rule_keys_of_interest")
    return [
        (key, value)
        for pair in pairs
        if (key := pair.text("key")) in wanted and key
        for value in pair.texts("values")
    ]
