"""Read Panther's alerts as its webhook destination sends them.

Source: docs.panther.com, "Custom Webhook Destination". `alertContext` is what the operator's rule
puts there; `id` is the rule's, `alertId` the alert's.
"""

from __future__ import annotations

from typing import Final

from shared.alerts import identity
from shared.alerts.payload import Record
from shared.alerts.siem import SiemCarrier, State, Told, severity
from shared.alerts.text import name
from shared.errors import Undecodable
from shared.model import AccountRef

_FAILED: Final = frozenset({"rule_error", "scheduled_rule_error"})
_OVER: Final = _FAILED | {"resolved", "closed"}
_LIVE: Final = frozenset(
    {"open", "triaged", "rule", "scheduled_rule", "policy", "correlation_rule"}
)
_OBJECT_IDS: Final = ("userId", "aadUserId", "user_id")
_NAMES: Final = ("userPrincipalName", "actor_user")


class Panther(SiemCarrier):
    """Read Panther's alerts as its webhook destination sends them."""

    def told(self, item: Record) -> Told:
        """Take one alert apart; a rule that failed is none."""
        native, title = item.text("alertId"), item.text("title", "name")
        if not native or not title or not item.has("severity", "createdAt"):
            raise Undecodable(
                "not an alert of Panther: alertId, title, severity and createdAt are not all there"
            )
        context = item.record("alertContext")
        return Told(
            native=name(native),
            title=title,
            rules=(item.text("name"), item.text("id")),
            severity=severity(item.text("severity")),
            times=(item.value("createdAt"),),
            accounts=(_account(context),),
            state=State(word=_state(item), live=_LIVE, over=_OVER),
            places=(context.fields, context.value("event"), item.value("event")),
            lines={
                "rule": item.text("name", "id"),
                "ip": context.text("source_ip", "ipAddress"),
                "portal": item.text("link"),
            },
        )


def _state(item: Record) -> str | None:
    sort = item.text("type")
    return sort if (sort or "").lower() in _FAILED else item.text("status") or sort


def _account(context: Record) -> AccountRef | None:
    return identity.account(
        directory=context.text(*_OBJECT_IDS), upn=context.text(*_NAMES)
    ) or identity.written(context.text("user"))
