"""The other end of the wire: what it answers is written down by a test, what it is sent is kept."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Self

import httpx
from azure.core.credentials import AccessToken

from shared.clients.graph import Graph
from shared.clients.tenant import Tenant, connect
from shared.model import ObjectId, TenantId, Upn, Who

GRAPH = "https://graph.microsoft.com"
EXCHANGE = "https://outlook.office365.com"
ADA = ObjectId("0b6f7c1e-3f0e-4d5c-9a64-2f6f3d0c8a11")
WHO = Who(object_id=ADA, upn=Upn("ada@contoso.example"))
SCOPES = {"graph.microsoft.com": f"{GRAPH}/.default", "outlook.office365.com": EXCHANGE}

type Answer = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


class FarSide(httpx.AsyncBaseTransport):
    """Answers with what it was given, in order; the last answer is given again and again."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx.Response) else answer(request)

    @property
    def hosts(self) -> set[str]:
        return {request.url.host for request in self.requests}


class Tokens:
    """A credential whose tokens say for whom they were made."""

    def __init__(self, error: Exception | None = None) -> None:
        self.asked: list[str] = []
        self._error = error

    async def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        self.asked += scopes
        if self._error:
            raise self._error
        return AccessToken(token_for(scopes[0]), int(time.time()) + 3600)

    async def close(self) -> None:
        """Nothing is open."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Nothing to close."""


def token_for(scope: str) -> str:
    return f"token-canary-for-{scope.removeprefix('https://').partition('/')[0]}"


def clients(far: httpx.AsyncBaseTransport, tokens: Tokens | None = None, **wish: Any) -> Tenant:
    """Connect the real clients to a far side."""
    return connect(
        TenantId("tenant"),
        client=httpx.AsyncClient(transport=far),
        credential=tokens or Tokens(),
        **{"graph_base": GRAPH, "exchange_base": EXCHANGE, **wish},
    )


def graph(far: httpx.AsyncBaseTransport, tokens: Tokens | None = None, base: str = GRAPH) -> Graph:
    http = httpx.AsyncClient(transport=far)
    return Graph(client=http, credential=tokens or Tokens(), base=base)


def page(*items: Any, link: object = None) -> httpx.Response:
    """Make one page of a list."""
    return httpx.Response(
        200, json={"value": list(items), **({"@odata.nextLink": link} if link else {})}
    )


def domain(name: str) -> dict[str, Any]:
    return {"id": name, "isVerified": True, "authenticationType": "Managed"}


def user(**more: Any) -> httpx.Response:
    return httpx.Response(200, json={"id": ADA, "userPrincipalName": WHO.upn, **more})
