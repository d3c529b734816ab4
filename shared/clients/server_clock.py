"""What time it is at Graph, to compare our clock with."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from shared.clients.sending import sent
from shared.errors import Defect

if TYPE_CHECKING:
    import httpx


class ServerClock:
    """The clock of Graph's servers, to the second. Bound to one event loop."""

    def __init__(self, client: httpx.AsyncClient, base: str) -> None:
        self._http = client
        self._url = f"{base.rstrip('/')}/v1.0/"

    async def time(self) -> datetime:
        """Read the time; it is in every answer's head, whatever the answer, so no token is sent.

        Source: RFC 9110, 6.6.1.
        """
        request = self._http.build_request("GET", self._url)
        response = await sent(self._http, "Graph", request)
        try:
            told = parsedate_to_datetime(response.headers.get("Date", ""))
        except ValueError as error:
            raise Defect("Graph's answer does not say when it was made") from error
        return told if told.tzinfo else told.replace(tzinfo=UTC)
