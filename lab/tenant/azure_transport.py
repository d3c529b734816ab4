"""The way into the lab for Microsoft's own libraries, in the same process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from azure.core.pipeline.transport import AsyncHttpResponse, AsyncHttpTransport

from lab.tenant.transport import Reachable, TenantTransport

if TYPE_CHECKING:
    import httpx


class AzureTransport(AsyncHttpTransport[Any, Any]):
    """Sends what azure-core would send over a socket to simulated tenants."""

    def __init__(self, street: Reachable) -> None:
        self._inner = TenantTransport(street)

    async def send(self, request: Any, **_: Any) -> AsyncHttpResponse:
        """Send one request."""
        import httpx

        async with httpx.AsyncClient(transport=self._inner) as client:
            answer = await client.request(
                request.method, request.url, headers=dict(request.headers), data=request.data
            )
        return _Answered(request, answer)

    async def open(self) -> None:
        """Nothing to open."""

    async def close(self) -> None:
        """Nothing is open."""

    async def __aenter__(self) -> Self:
        """Nothing to open."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Nothing is open."""


class _Answered(AsyncHttpResponse):
    """An answer that was read as a whole."""

    def __init__(self, request: Any, answer: httpx.Response) -> None:
        super().__init__(request, answer)
        self.status_code = answer.status_code
        self.headers = dict(answer.headers)
        self.reason = answer.reason_phrase
        self.content_type = answer.headers.get("content-type")
        self._content = answer.content

    def body(self) -> bytes:
        """Give the body."""
        return self._content
