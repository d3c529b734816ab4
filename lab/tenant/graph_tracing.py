"""Message trace: who wrote to whom, one row for each recipient. No bodies."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from lab.tenant.answers import bad_request
from lab.tenant.defender import Delivery, SentMessage
from lab.tenant.filters import Clause, Field, clauses, keeps
from lab.tenant.limits import Service
from lab.tenant.operations import Ask, Json, Shape, operation
from lab.tenant.user_view import seconds

type _Row = tuple[SentMessage, Delivery]

_FIELDS: Final[Mapping[str, Field[Any]]] = MappingProxyType(
    {
        "id": lambda row: row[0].id,
        "senderAddress": lambda row: row[0].sender,
        "recipientAddress": lambda row: row[1].recipient,
        "receivedDateTime": lambda row: row[0].at,
    }
)
_WIDEST: Final = timedelta(days=10)
_KEPT: Final = timedelta(days=90)
_UNASKED: Final = timedelta(hours=48)


@operation(
    "GET",
    "/admin/exchange/tracing/messageTraces",
    any_of=("ExchangeMessageTrace.Read.All",),
    shape=Shape.MANY,
    returns="microsoft.graph.exchangeMessageTrace",
    service=Service.TRACING,
)
def list_traces(ask: Ask) -> Json:
    """List what was sent; without a time, of the last 48 hours."""
    wanted = clauses(ask, _FIELDS)
    start, end = _window(ask, wanted)
    rows: list[_Row] = [
        (message, delivery)
        for message in ask.world.state.sent.values()
        for delivery in message.deliveries
        if start <= message.at <= end and keeps(wanted, _FIELDS, (message, delivery))
    ]
    rows.sort(key=lambda row: (row[0].at, row[0].id, row[1].recipient), reverse=True)
    return ask.page(rows, _shown, context="admin/exchange/tracing/messageTraces")


def _window(ask: Ask, wanted: tuple[Clause, ...]) -> tuple[datetime, datetime]:
    times = {c.sign: c.value for c in wanted if c.field == "receivedDateTime"}
    start, end, now = times.get("ge"), times.get("le"), ask.world.now()
    if start is None and end is None:
        return now - _UNASKED, now
    if not isinstance(start, datetime) or not isinstance(end, datetime):
        raise bad_request("Both bounds of receivedDateTime must be given.", code="BadRequest")
    if end - start > _WIDEST or start < now - _KEPT or end > now:
        text = "The time range must be within 90 days and no wider than 10 days."
        raise bad_request(text, code="BadRequest")
    return start, end


def _shown(row: _Row) -> Json:
    message, delivery = row
    return {
        "id": message.id,
        "senderAddress": message.sender,
        "recipientAddress": delivery.recipient,
        "messageId": f"<{message.id}@contoso.example>",
        "receivedDateTime": seconds(message.at),
        "subject": message.subject,
        "size": message.size,
        "fromIP": message.ip,
        "toIP": "",
        "status": delivery.status,
    }
