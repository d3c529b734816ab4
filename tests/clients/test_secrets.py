from __future__ import annotations

import json
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from shared.clients.mailbox import Forwarding
from shared.clients.tenant import Tenant, random_password
from shared.errors import FirebreakError
from tests.clients.far_side import ADA, EXCHANGE, GRAPH, WHO, FarSide, clients, token_for

PASSWORD = "Password-canary-0123456789#abcdef"
CALLS: dict[str, Callable[[Tenant], Awaitable[object]]] = {
    "password": lambda tenant: tenant.directory.set_password(ADA, PASSWORD),
    "exchange": lambda tenant: tenant.mailbox.set_forwarding(WHO, Forwarding()),
}
SECRETS = (PASSWORD, token_for(GRAPH), token_for(EXCHANGE))


def parrot(request: httpx.Request, status: int, **more: Any) -> httpx.Response:
    """Answer with everything that was sent, as a careless or hostile server may."""
    heard = f"{request.headers['Authorization']} {PASSWORD} {request.content.decode()}"
    error = {"code": heard, "message": f"You sent {heard}", **more}
    return httpx.Response(status, json={"error": error}, headers={"X-Heard": token_for(GRAPH)})


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 409, 429, 500, 503])
@pytest.mark.parametrize("nested", ["message", "details", "innererror"])
async def test_no_error_repeats_the_secrets_a_server_repeats(
    name: str, status: int, nested: str
) -> None:
    inner = {
        "message": "",
        "internalException": {"message": f"|x|{PASSWORD} {token_for(EXCHANGE)}"},
    }
    shapes: dict[str, dict[str, Any]] = {
        "message": {},
        "details": {"details": [{"message": f"{'.' * 280}{PASSWORD}"}]},
        "innererror": {"message": "", "innererror": inner},
    }
    far = FarSide(lambda request: parrot(request, status, **shapes[nested]))
    with pytest.raises(FirebreakError) as caught:
        await CALLS[name](clients(far))
    told = str(caught.value) + "".join(traceback.format_exception(caught.value))
    sent = (PASSWORD, token_for(GRAPH)) if name == "password" else (token_for(EXCHANGE),)
    for secret in sent:
        assert secret not in told
        assert secret[:20] not in str(caught.value)


@pytest.mark.parametrize("lost", [httpx.ReadTimeout, httpx.ConnectError, httpx.RemoteProtocolError])
async def test_no_lost_answer_tells_what_was_asked(lost: type[httpx.TransportError]) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise lost(f"while sending {request.content!r}", request=request)

    with pytest.raises(FirebreakError) as caught:
        await CALLS["password"](clients(FarSide(fail)))
    assert not any(secret in str(caught.value) for secret in SECRETS)


def test_passwords_are_long_mixed_and_never_the_same() -> None:
    made = {random_password() for _ in range(200)}
    assert len(made) == 200
    for password in made:
        assert len(password) == 32
        assert any(c.islower() for c in password)
        assert any(c.isupper() for c in password)
        assert any(c.isdigit() for c in password)
        assert any(not c.isalnum() for c in password)
        assert password.isascii()
        assert json.dumps(password) == f'"{password}"'
