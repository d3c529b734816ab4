"""Read Datadog's security signals: by webhook with our template, or as its API gives them.

Source: docs.datadoghq.com/integrations/webhooks (variables) and the API's "Get a signal". The
template keeps the variables' names as keys: `{"security_signal_id": "$SECURITY_SIGNAL_ID", ...}`.
"""

from __future__ import annotations

from typing import Final

from shared.alerts import identity
from shared.alerts.payload import Record, parse
from shared.alerts.siem import SiemCarrier, State, Told, severity
from shared.alerts.text import name
from shared.errors import Undecodable
from shared.model import AccountRef

_LIVE: Final = frozenset({"open", "underreview", "under_review", "triggered", "re-triggered"})
_OVER: Final = frozenset({"archived", "recovered"})


class Datadog(SiemCarrier):
    """Read Datadog's security signals: by webhook with our template, or as its API gives them."""

    pages = ("data",)

    def told(self, item: Record) -> Told:
        """Take one signal apart."""
        if item.has("security_signal_id"):
            return _webhook(item)
        signal = item.record("data") if item.has("data") else item
        if (signal.text("type") or "").startswith("signal") and signal.has("id", "attributes"):
            return _signal(signal)
        raise Undecodable(
            "not a security signal of Datadog: neither security_signal_id of the template nor type"
            " signal and attributes of the API"
        )


def _webhook(item: Record) -> Told:
    attributes = _attributes(item.value("security_signal_attributes"))
    return Told(
        native=name(item.text("security_signal_id")),
        title=item.text("security_signal_title", "security_rule_name") or "Datadog signal",
        rules=(item.text("security_rule_name"), item.text("security_rule_id")),
        severity=severity(item.text("security_signal_severity")),
        times=(item.value("date"), item.value("last_updated")),
        accounts=(_account(attributes),),
        state=State(word=item.text("alert_transition"), live=_LIVE, over=_OVER),
        places=_places(attributes),
        lines={
            "rule": item.text("security_rule_name"),
            "ip": attributes.path("network.client.ip"),
            "portal": item.text("link"),
        },
    )


def _signal(signal: Record) -> Told:
    told = signal.record("attributes")
    attributes = told.record("custom") if told.has("custom") else told.record("attributes")
    rule = attributes.under("workflow.rule")
    title = attributes.text("title") or rule.text("name") or "Datadog signal"
    return Told(
        native=name(signal.text("id")),
        title=title,
        rules=(rule.text("name"), rule.text("id")),
        severity=severity(attributes.text("status") or told.text("status")),
        times=(told.value("timestamp"),),
        accounts=(_account(attributes),),
        state=State(word=attributes.path("workflow.triage.state"), live=_LIVE, over=_OVER),
        places=_places(attributes),
        lines={"rule": rule.text("name"), "ip": attributes.path("network.client.ip")},
    )


def _attributes(value: object) -> Record:
    """Read the attributes, which a template puts there as an object or as JSON text."""
    if isinstance(value, str):
        try:
            value = parse(value) if value.strip() else None
        except Undecodable:
            return Record({})
    return Record(value if isinstance(value, dict) else {})


def _account(attributes: Record) -> AccountRef | None:
    """Find the one user of a signal; several make a list, and then nobody is taken."""
    user = attributes.under("usr")
    if not user.fields:
        user = attributes.under("@usr")
    return identity.account(directory=user.path("id"), upn=user.path("email")) or identity.written(
        user.path("name")
    )


def _places(attributes: Record) -> tuple[object, ...]:
    samples = (sample.value("content") for sample in attributes.records("samples"))
    return (attributes.fields, attributes.value("evt.original"), *samples)
