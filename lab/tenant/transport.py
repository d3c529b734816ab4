"""The way into the tenant for a client in the same process."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Protocol

import httpx

from lab.tenant.faults import Dropped, Loss
from lab.tenant.front import IN_PROCESS

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from lab.tenant.settings import TenantSettings


class Reachable(Protocol):
    """A simulated tenant, or several behind one address."""

    @property
    def app(self) -> ASGIApp:
        """The ASGI app."""
        ...

    @property
    def settings(self) -> TenantSettings:
        """How its clock goes, among other things."""
        ...

    def now(self) -> datetime:
        """Tell the lab's time."""
        ...


class TenantTransport(httpx.AsyncBaseTransport):
    """Sends requests to the tenant without a socket, whatever host they name.

    Dropped answers become httpx's own errors, and the client's read timeout is kept. An exception
    that a hook of the tenant raises comes out of the request: that is how crashes are made.
    """

    def __init__(self, tenant: Reachable) -> None:
        self._tenant = tenant
        self._app = tenant.app
        self._inner = httpx.ASGITransport(app=self._marked)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request."""
        patience = request.extensions.get("timeout", {}).get("read")
        try:
            async with asyncio.timeout(patience):
                response = await self._inner.handle_async_request(request)
        except TimeoutError as error:
            raise httpx.ReadTimeout("The answer took too long", request=request) from error
        except Dropped as error:
            if error.loss is Loss.CONNECT_ERROR:
                raise httpx.ConnectError("No connection", request=request) from error
            raise httpx.ReadTimeout("The answer never came", request=request) from error
        told = self._tenant.now() + timedelta(seconds=self._tenant.settings.clock_skew)
        response.headers["Date"] = format_datetime(told, usegmt=True)
        return response

    async def _marked(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[IN_PROCESS] = True
        await self._app(scope, receive, send)
