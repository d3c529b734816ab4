"""Read Graph change notifications: pointers, behind each of which the object itself is fetched.

Only what our own client can fetch by collection and id is followed; an address out of a
notification is never asked.

Source: learn.microsoft.com/graph/change-notifications-delivery-webhooks
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Final

from shared.alerts.call import Call, Greeting
from shared.alerts.carrier import Incomplete, JsonCarrier, NotForUs, Reading, Unreadable
from shared.alerts.graph_alerts_v2 import GraphAlertsV2
from shared.alerts.graph_incidents import GraphIncidents
from shared.alerts.identity_protection import IdentityProtection
from shared.alerts.payload import Record
from shared.alerts.text import clean, name, notes
from shared.errors import Undecodable
from shared.model import AlertDraft, AlertKind, Awaited, Place, Severity

_LONGEST: Final = 2_000
"""Characters of a validation token; Graph sends some hundred."""
_RESOURCE: Final = re.compile(
    r"/?(?P<collection>[A-Za-z]{1,40}/[A-Za-z0-9_]{1,40})"
    r"(?:/(?P<id>[A-Za-z0-9_-]{1,128})|\('(?P<quoted>[A-Za-z0-9_-]{1,128})'\))",
    re.ASCII,
)
_PLACES: Final = {
    "security/alerts_v2": Place.GRAPH_ALERT,
    "security/alerts": Place.GRAPH_ALERT,
    "security/incidents": Place.GRAPH_INCIDENT,
    "identityprotection/riskdetections": Place.GRAPH_RISK_DETECTION,
    "identityprotection/riskyusers": Place.GRAPH_RISKY_USER,
}
_LIFECYCLE: Final = {
    "reauthorizationrequired": "Graph asks to reauthorise it, or it ends: renew the subscription",
    "subscriptionremoved": "Graph has removed it and sends nothing more: subscribe again",
    "missed": "Graph could not deliver some of it: look for alerts since then",
}
_CLIENT_STATE: Final = re.compile(rb'("clientState"\s*:\s*)"(?:[^"\\]|\\.)*"', re.IGNORECASE)


class GraphNotifications(JsonCarrier):
    """Read Graph change notifications; what each points to is fetched from the tenant."""

    envelope = "value"
    tenant_key = "tenantId"

    def greet(self, call: Call) -> Greeting | None:
        """Give a validation token back, as Graph asks before it sends anything."""
        token = call.query.get("validationToken", "")
        if call.method != "POST" or not token or len(token) > _LONGEST:
            return None
        # Escaped, so that nobody can have us serve a page of his making.
        return Greeting(text=html.escape(token), proven=False)

    def compose(self, call: Call) -> bytes:
        """Take every clientState out of what is kept; it has been checked by now."""
        return without_client_states(call.body)

    def read_again(self, body: bytes) -> tuple[Reading, ...]:
        """Read the object that was fetched, as the carrier of its kind does."""
        readings: tuple[Reading, ...] = ()
        for carrier in (GraphAlertsV2(), GraphIncidents(), IdentityProtection()):
            readings = carrier.read(body)
            if not all(isinstance(reading, Unreadable) for reading in readings):
                break
        return readings

    def read_one(self, item: Record) -> Iterator[Reading]:
        """Say what one item points to."""
        subscription = item.text("subscriptionId")
        if not subscription:
            raise Undecodable("not a change notification: it names no subscription")
        if event := item.text("lifecycleEvent"):
            yield _lifecycle(subscription, event)
        elif (item.text("changeType") or "").startswith("Validation:"):
            yield NotForUs(reason="Graph tests whether it can deliver here")
        else:
            yield _pointer(item)


def without_client_states(body: bytes) -> bytes:
    """Replace the value of every clientState in a JSON text."""
    return _CLIENT_STATE.sub(rb'\1"(secret)"', body)


def _lifecycle(subscription: str, event: str) -> Reading:
    told = _LIFECYCLE.get(event.lower(), f"Graph says {clean(event, 40)} of it")
    reason = f"subscription {clean(subscription, 60)}: {told}"
    return NotForUs(reason=reason, native_id=name(subscription, event))


def _pointer(item: Record) -> Reading:
    resource = item.text("resource") or ""
    found = _RESOURCE.fullmatch(resource)
    place = _PLACES.get(found["collection"].lower()) if found else None
    if found is None or place is None:
        reason = f"it points to {clean(resource, 120) or 'nothing'}, which is no alert we fetch"
        return NotForUs(reason=reason, native_id=name(item.text("id"), resource))
    known = found["id"] or found["quoted"]
    change = item.text("changeType") or "unknown"
    native = name(place, known, item.text("id"), item.record("resourceData").text("@odata.etag"))
    if change.lower() == "deleted":
        return NotForUs(reason="what it points to was deleted", native_id=native)
    draft = AlertDraft(
        native_id=native,
        kind=AlertKind.UNSUPPORTED,
        title=f"Graph reports a change of {found['collection']}",
        severity=Severity.UNKNOWN,
        evidence=notes(change=change, subscription=item.text("subscriptionId")),
    )
    return Incomplete(draft=draft, awaits=Awaited(place=place, id=known))
