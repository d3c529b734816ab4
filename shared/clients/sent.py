"""What a mailbox sent: subjects and how many received it. Never a body, never an address."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from shared.clients.audit import graph_time, moment_in
from shared.clients.graph import Graph
from shared.model import Json, Utc, Value, now

if TYPE_CHECKING:
    from kiota_abstractions.request_information import RequestInformation
    from msgraph.graph_service_client import GraphServiceClient

MESSAGE_TRACE_READ_ALL: Final = "ExchangeMessageTrace.Read.All"

_KEPT: Final = timedelta(days=90) - timedelta(minutes=1)
_WIDEST: Final = timedelta(days=10)


class SentMessage(Value):
    """One message by its network message id, and how many recipients it went to."""

    id: str
    at: Utc
    subject: str
    recipients: int


class SentMail:
    """Message trace: seen minutes after sending, and kept for 90 days.

    It takes 100 requests in five minutes per tenant (learn.microsoft.com/graph/throttling-limits).
    """

    def __init__(self, source: Graph, *, clock: Callable[[], datetime] = now) -> None:
        self._graph = source
        self._clock = clock

    async def by(self, sender: str, *, since: datetime) -> tuple[SentMessage, ...]:
        """List what an address sent since a moment, or in the 90 days that are kept, oldest first.

        Source: GET /admin/exchange/tracing/messageTraces, one row for each recipient.
        """
        rows: dict[str, list[Json]] = {}
        for start, end in _windows(since, self._clock()):
            async for row in self._rows(sender, start, end):
                rows.setdefault(str(row["id"]), []).append(row)
        found = (_message(name, of) for name, of in rows.items())
        return tuple(sorted(found, key=lambda message: (message.at, message.id)))

    def _rows(self, sender: str, start: datetime, end: datetime) -> AsyncIterator[Json]:
        quoted = sender.replace("'", "''")
        condition = (
            f"senderAddress eq '{quoted}' and receivedDateTime ge {graph_time(start)}"
            f" and receivedDateTime le {graph_time(end)}"
        )

        def build(g: GraphServiceClient) -> RequestInformation:
            from kiota_abstractions.base_request_configuration import RequestConfiguration
            from msgraph.generated.admin.exchange.tracing.message_traces.message_traces_request_builder import (  # noqa: E501
                MessageTracesRequestBuilder,
            )

            query = MessageTracesRequestBuilder.MessageTracesRequestBuilderGetQueryParameters(
                filter=condition
            )
            return g.admin.exchange.tracing.message_traces.to_get_request_information(
                RequestConfiguration(query_parameters=query)
            )

        return self._graph.pages(build, permission=MESSAGE_TRACE_READ_ALL)


def _windows(since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Cut a time into parts as wide as one request may ask for."""
    start = max(since, until - _KEPT)
    while start < until:
        end = min(start + _WIDEST, until)
        yield start, end
        start = end


def _message(name: str, rows: list[Json]) -> SentMessage:
    # A message on the seam of two windows is told by both of them.
    recipients = {str(row.get("recipientAddress") or "").lower() for row in rows}
    return SentMessage(
        id=name,
        at=moment_in(rows[0], "receivedDateTime"),
        subject=str(rows[0].get("subject") or ""),
        recipients=len(recipients),
    )
