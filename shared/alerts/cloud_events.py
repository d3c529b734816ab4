"""Read CloudEvents and Event Grid's own events: envelopes, whose data another carrier reads.

Source: github.com/cloudevents/spec (http-webhook.md, bindings/http-protocol-binding.md) and
learn.microsoft.com/azure/event-grid/end-point-validation-event-grid-events-schema
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import unquote

from shared.alerts.call import Call, Greeting
from shared.alerts.carrier import Carrier, JsonCarrier, NotForUs, Reading
from shared.alerts.graph_notifications import without_client_states
from shared.alerts.payload import Record, entries, parse
from shared.alerts.text import clean, name
from shared.errors import Undecodable
from shared.model import Json

_ORIGIN: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?(?::[0-9]{1,5})?")
_VALIDATION: Final = "Microsoft.EventGrid.SubscriptionValidationEvent"
_CODE: Final = re.compile(r"[A-Za-z0-9-]{1,128}")
_VERSIONS: Final = frozenset({"1.0", "0.3"})
_ATTRIBUTES: Final = ("specversion", "type", "source", "id", "subject", "time")


class CloudEvents(JsonCarrier):
    """Read CloudEvents and Event Grid events; the source names the carrier of their data."""

    content_types = JsonCarrier.content_types | {
        "application/cloudevents+json",
        "application/cloudevents-batch+json",
    }

    def __init__(self, inner: Carrier | None = None) -> None:
        self._inner = inner

    def greet(self, call: Call) -> Greeting | None:
        """Answer both handshakes: an OPTIONS request, and Event Grid's validation event."""
        if call.method == "OPTIONS":
            return _allowed(call.header("WebHook-Request-Origin"))
        if call.header("aeg-event-type").lower() == "subscriptionvalidation":
            return _validated(call.body)
        return None

    def compose(self, call: Call) -> bytes:
        """Put a binary-mode event together: its attributes are headers, its data the body."""
        body = without_client_states(call.body)
        if not call.header("ce-specversion"):
            return body
        told = {key: unquote(call.header(f"ce-{key}")) for key in _ATTRIBUTES}
        event: Json = {key: text for key, text in told.items() if text}
        try:
            data = parse(body.decode("utf-8-sig"))
        except (Undecodable, UnicodeDecodeError):
            return body
        return json.dumps(event | {"data": data}).encode()

    def tenants(self, body: bytes) -> frozenset[str]:
        """Ask the carrier of what is in the envelopes."""
        try:
            events = [item for item in self.entries(body) if isinstance(item, Record)]
            held = [json.dumps(_data(event)).encode() for event in events]
        except Undecodable:
            return frozenset()
        inner = self._inner
        return frozenset[str]().union(*(inner.tenants(data) for data in held if inner))

    def read_one(self, item: Record) -> Iterable[Reading]:
        """Open one envelope and hand on what is in it."""
        if item.text("eventType") == _VALIDATION:
            return (NotForUs(reason="Event Grid asks whether it may deliver here"),)
        _check_shape(item)
        if self._inner is None:
            raise Undecodable("this source does not name the carrier of what its events hold")
        return self._inner.read(json.dumps(_data(item)).encode())


def _allowed(origin: str) -> Greeting | None:
    """Agree to an origin. It proves nothing: every event must prove itself all the same."""
    if not _ORIGIN.fullmatch(origin):
        return None
    headers = {"WebHook-Allowed-Origin": origin, "WebHook-Allowed-Rate": "*", "Allow": "POST"}
    return Greeting(text="", headers=headers, proven=False)


def _validated(body: bytes) -> Greeting | None:
    """Echo the code; the address that comes with it is never asked."""
    try:
        (event,) = entries(body)
    except (Undecodable, ValueError):
        return None
    code = event.record("data").text("validationCode") if isinstance(event, Record) else None
    if not code or not _CODE.fullmatch(code):
        return None
    answer = json.dumps({"validationResponse": code})
    return Greeting(text=answer, media="application/json", proven=True)


def _check_shape(item: Record) -> None:
    version = item.text("specversion")
    if version and version not in _VERSIONS:
        raise Undecodable(f"CloudEvents version {clean(version, 20)!r} is not one we read")
    if version and item.has("id", "source", "type"):
        return
    if item.has("id", "eventType", "eventTime", "subject"):
        return
    named = name(item.text("id"))
    raise Undecodable(f"neither a CloudEvent nor an Event Grid event {clean(named, 60)}".rstrip())


def _data(item: Record) -> object:
    encoded = item.text("data_base64")
    if encoded is None:
        data = item.value("data")
        return parse(data) if isinstance(data, str) else data
    try:
        return parse(base64.b64decode(encoded, validate=True).decode("utf-8-sig"))
    except (binascii.Error, ValueError):
        raise Undecodable("data_base64 is not JSON in base64") from None
