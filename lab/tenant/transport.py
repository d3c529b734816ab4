"""The way into the tenant for a client in the same process."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Protocol

import httpx

from lab.tenant.faults import Dropped, Loss
from lab.tenant.front import response
from lab.tenant.visit import Incoming

if TYPE_CHECKING:
    from lab.tenant.answers import Answer
    from lab.tenant.settings import TenantSettings


class Reachable(Protocol):
    """A simulated tenant, or several behind one address."""

    async def answer(self, incoming: Incoming) -> Answer:
        """Answer one request. Raises `Dropped` where the answer is lost."""
        ...

    @property
    def settings(self) -> TenantSettings:
        """How its clock goes, among other things."""
        ...

    def now(self) -> datetime:
        """Tell the lab's time."""
        ...


class TenantTransport(httpx.AsyncBaseTransport):
    """Hands requests to the tenant without a socket or a server, whatever host they name.

    Dropped answers become httpx's own errors, and the client's read timeout is kept. An exception
    that a hook of the tenant raises comes out of the request: that is how crashes are made.
    """

    def __init__(self, tenant: Reachable) -> None:
        self._tenant = tenant

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request."""
        patience = request.extensions.get("timeout", {}).get("read")
        incoming = _incoming(request, await request.aread())
        try:
            async with asyncio.timeout(patience):
                answer = await self._tenant.answer(incoming)
        except TimeoutError as error:
            raise httpx.ReadTimeout("The answer took too long", request=request) from error
        except Dropped as error:
            if error.loss is Loss.CONNECT_ERROR:
                raise httpx.ConnectError("No connection", request=request) from error
            raise httpx.ReadTimeout("The answer never came", request=request) from error
        return self._outgoing(answer)

    def _outgoing(self, answer: Answer) -> httpx.Response:
        told = self._tenant.now() + timedelta(seconds=self._tenant.settings.clock_skew)
        sent = response(answer)
        sent.headers["Date"] = format_datetime(told, usegmt=True)
        return httpx.Response(
            sent.status_code, headers=sent.raw_headers, stream=httpx.ByteStream(bytes(sent.body))
        )


def _incoming(request: httpx.Request, body: bytes) -> Incoming:
    url = request.url
    return Incoming.arrived(
        method=request.method,
        host=f"{url.scheme}://{url.netloc.decode()}",
        target=url.raw_path,
        headers=request.headers.raw,
        body=body,
    )
