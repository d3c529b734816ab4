"""Calls to the channels that we speak to ourselves; no address is ever in an error."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from shared.clients.answers import retry_after
from shared.errors import Transient
from shared.model import Json

if TYPE_CHECKING:
    import httpx


class NotThere(Transient):
    """It answered 404: what was asked for is not there."""


class Line:
    """An open line to one channel."""

    def __init__(self, client: httpx.AsyncClient, base: str) -> None:
        self._http = client
        self._base = base.rstrip("/")

    async def ask(
        self,
        method: str,
        path: str = "",
        *,
        content: bytes | None = None,
        json: Json | None = None,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
    ) -> Json:
        """Send a request. Raises `Transient` for whatever is no success, `NotThere` for a 404."""
        import httpx

        given: dict[str, Any] = {"content": content, "json": json, "params": params}
        try:
            response = await self._http.request(
                method, f"{self._base}{path}", headers=headers, **given
            )
        except httpx.HTTPError as error:
            said = f"It could not be reached ({type(error).__name__})"
            lost = not isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
            raise Transient(said, may_have_happened=lost) from None
        if not response.is_success:
            said = f"It answered {response.status_code}"
            what = NotThere if response.status_code == HTTPStatus.NOT_FOUND else Transient
            raise what(said, retry_after=retry_after(response))
        return _object(response)


@asynccontextmanager
async def line(base: str, *, auth: tuple[str, str] | None = None) -> AsyncIterator[Line]:
    """Open a line; a redirect is not followed, for it would take the secret along."""
    import httpx

    async with httpx.AsyncClient(auth=auth, timeout=10.0, follow_redirects=False) as client:
        yield Line(client, base)


def _object(response: httpx.Response) -> Json:
    try:
        found = response.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
