"""Mail as Defender for Office 365 sees it: one row for each copy, and removing copies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final

from lab.tenant.answers import Answer, GraphRefusal, bad_request
from lab.tenant.defender import Delivery, SentMessage
from lab.tenant.filters import Field, clauses, keeps
from lab.tenant.limits import Service
from lab.tenant.operations import Ask, Json, Shape, operation
from lab.tenant.settings import Licence
from lab.tenant.user_view import exact

type _Row = tuple[SentMessage, Delivery]

_ALL: Final = "/security/collaboration/analyzedEmails"
_WRITE: Final = ("SecurityAnalyzedMessage.ReadWrite.All",)
_READ: Final = ("SecurityAnalyzedMessage.Read.All", *_WRITE)
_FIELDS: Final[Mapping[str, Field[Any]]] = MappingProxyType(
    {
        "networkMessageId": lambda row: row[0].id,
        "recipientEmailAddress": lambda row: row[1].recipient,
    }
)
_REMOVABLE: Final = frozenset({"inbox_folder", "junkFolder"})
_BODY: Final[Mapping[str, type]] = MappingProxyType(
    {
        "displayName": str,
        "description": str,
        "severity": str,
        "action": str,
        "remediateSendersCopy": bool,
        "analyzedEmails": list,
    }
)
_NAMES: Final = {"networkMessageId", "recipientEmailAddress"}


@operation(
    "GET",
    _ALL,
    any_of=_READ,
    shape=Shape.MANY,
    returns="microsoft.graph.security.analyzedEmail",
    service=Service.SECURITY,
)
def list_copies(ask: Ask) -> Json:
    """List copies of messages."""
    _licensed(ask)
    wanted = clauses(ask, _FIELDS)
    start, end = ask.query.get("startTime", ""), ask.query.get("endTime", "~")
    rows: list[_Row] = [
        (message, delivery)
        for message in ask.world.state.sent.values()
        if start <= exact(message.at) <= end and message.id not in ask.world.state.not_analyzed
        for delivery in message.deliveries
        if keeps(wanted, _FIELDS, (message, delivery))
    ]
    context = "security/collaboration/analyzedEmails"
    return ask.page(rows, lambda row: _shown(ask, row), context=context)


@operation(
    "POST", f"{_ALL}/remediate", any_of=_WRITE, shape=Shape.ACCEPTED, service=Service.SECURITY
)
def remediate(ask: Ask) -> Answer:
    """Take an order to remove copies; it is carried out a little later."""
    _licensed(ask)
    fields = ask.fields()
    if {name: type(value) for name, value in fields.items()} != dict(_BODY):
        raise bad_request("All parameters must be given, and no others.", code="BadRequest")
    if fields["action"] != "softDelete":
        raise bad_request("The simulated tenant only knows softDelete.", code="BadRequest")
    for named in fields["analyzedEmails"]:
        if named.keys() - {"@odata.type"} != _NAMES:
            raise bad_request("A copy is named by message and recipient.", code="BadRequest")
        _remove(ask, named["networkMessageId"], named["recipientEmailAddress"])
    location = "https://security.microsoft.com/action-center/history"
    return Answer(202, headers={"Location": location})


def _remove(ask: Ask, name: str, recipient: str) -> None:
    message = ask.world.state.sent.get(name)
    if message is None:
        return
    now = ask.world.now()
    deliveries = tuple(
        replace(held, purged_at=now)
        if held.recipient == recipient and held.location in _REMOVABLE and held.purged_at is None
        else held
        for held in message.deliveries
    )
    if deliveries != message.deliveries:
        ask.world.state.sent[name] = replace(message, deliveries=deliveries)
        ask.wrote(message.oid, f"mail {message.subject!r}: a copy removed")


def _licensed(ask: Ask) -> None:
    if not ask.world.licensed(Licence.DEFENDER_OFFICE_P2):
        raise GraphRefusal(403, "Forbidden", "The tenant is not licensed for this feature.")


def _location(ask: Ask, delivery: Delivery) -> str:
    late = timedelta(seconds=ask.world.settings.purge_delay)
    gone = delivery.purged_at is not None and ask.world.now() >= delivery.purged_at + late
    return "deletedFolder" if gone else delivery.location


def _shown(ask: Ask, row: _Row) -> Json:
    message, delivery = row
    return {
        "id": f"{message.id}{delivery.recipient}",
        "loggedDateTime": exact(message.at),
        "networkMessageId": message.id,
        "internetMessageId": f"<{message.id}@contoso.example>",
        "senderDetail": {"fromAddress": message.sender, "ipv4": message.ip},
        "recipientEmailAddress": delivery.recipient,
        "subject": message.subject,
        "threatTypes": list(message.threats) or ["none"],
        "latestDelivery": {
            "action": "delivered",
            "location": _location(ask, delivery),
            "latestThreats": ", ".join(message.threats),
            "originalThreats": "",
        },
    }
