from __future__ import annotations

import json
from collections.abc import Awaitable, Callable

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.clients.answers import read_answer
from shared.clients.directory import SignIn
from shared.clients.mailbox import Forwarding
from shared.clients.tenant import Tenant
from shared.errors import (
    Conflict,
    Defect,
    Denied,
    FirebreakError,
    Gone,
    Refused,
    Throttled,
    Transient,
)
from tests.clients.far_side import ADA, WHO, FarSide, clients

CLASSES = {
    401: Denied,
    403: Denied,
    404: Gone,
    408: Transient,
    409: Conflict,
    410: Gone,
    412: Conflict,
    423: Transient,
    429: Throttled,
}
"""Everything else is a `Transient` from 500 up and a `Defect` below."""

type Call = Callable[[Tenant], Awaitable[object]]
READ: Call = lambda tenant: tenant.directory.account(ADA)  # noqa: E731 - a table of calls
CALLS: dict[str, Call] = {
    "account": READ,
    "domains": lambda tenant: tenant.directory.domains(),
    "memberships": lambda tenant: tenant.directory.memberships(ADA),
    "inbox rules": lambda tenant: tenant.inbox.all(ADA),
    "block sign-in": lambda tenant: tenant.directory.set_sign_in(ADA, SignIn.BLOCKED),
    "set password": lambda tenant: tenant.directory.set_password(ADA, "a canary"),
    "revoke": lambda tenant: tenant.directory.revoke_sessions(ADA),
    "confirm": lambda tenant: tenant.risk.confirm_compromised(ADA),
    "forwarding": lambda tenant: tenant.mailbox.forwarding(WHO),
    "set forwarding": lambda tenant: tenant.mailbox.set_forwarding(WHO, Forwarding()),
    "all rules": lambda tenant: tenant.mailbox.rules(WHO),
}
WRITES = {"block sign-in", "set password", "revoke", "confirm", "set forwarding"}


async def failure(call: Call, *answers: httpx.Response | Exception) -> FirebreakError:
    with pytest.raises(FirebreakError) as caught:
        await call(clients(FarSide(*answers)))
    return caught.value


@pytest.mark.parametrize("status", range(400, 600))
async def test_every_failure_is_exactly_one_error(status: int) -> None:
    body = {"error": {"code": "Some_Code", "message": "in so many words"}}
    error = await failure(READ, httpx.Response(status, json=body))
    assert type(error) is CLASSES.get(status, Transient if status >= 500 else Defect)
    assert f"Graph answered {status} Some_Code: in so many words" in str(error)


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("status", [401, 403])
async def test_a_refusal_is_never_an_empty_answer(name: str, status: int) -> None:
    error = await failure(CALLS[name], httpx.Response(status))
    assert isinstance(error, Denied)
    assert error.permission


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("status", [429, 500, 503, 504])
async def test_trouble_passes_whatever_was_asked(name: str, status: int) -> None:
    assert isinstance(await failure(CALLS[name], httpx.Response(status)), Transient)


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>Service Unavailable</body></html>",
        b"\xff\xfe\x00",
        b"[]",
        b'"no"',
        b"null",
        b'{"error":null}',
        b'{"error":"text"}',
        b'{"error":{"details":[7]}}',
        b"[" * 100_000,
    ],
    ids=lambda body: repr(body[:20]),
)
async def test_a_failure_that_cannot_be_read_is_still_that_failure(name: str, body: bytes) -> None:
    error = await failure(CALLS[name], httpx.Response(503, content=body))
    assert isinstance(error, Transient)
    assert str(error).endswith("answered 503")


@pytest.mark.parametrize("name", sorted(CALLS.keys() - WRITES))
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Sign in</html>",
        b"[]",
        b"null",
        b"{}",
        b'{"value":null}',
        b'{"value":{}}',
        b"[" * 100_000,
    ],
    ids=lambda body: repr(body[:20]),
)
async def test_a_success_that_cannot_be_read_is_not_an_empty_one(name: str, body: bytes) -> None:
    assert isinstance(await failure(CALLS[name], httpx.Response(200, content=body)), Defect)


@pytest.mark.parametrize("name", sorted(WRITES))
async def test_a_write_needs_no_words_back(name: str) -> None:
    await CALLS[name](clients(FarSide(httpx.Response(204))))
    await CALLS[name](clients(FarSide(httpx.Response(200, json={}))))


@pytest.mark.parametrize("name", sorted(WRITES))
@pytest.mark.parametrize(
    "lost",
    [httpx.ReadTimeout("late"), httpx.RemoteProtocolError("cut"), httpx.WriteError("broken")],
    ids=lambda lost: type(lost).__name__,
)
async def test_a_write_whose_answer_is_lost_may_have_happened(name: str, lost: Exception) -> None:
    error = await failure(CALLS[name], lost)
    assert isinstance(error, Transient)
    assert error.may_have_happened


@pytest.mark.parametrize("name", sorted(WRITES))
@pytest.mark.parametrize("status", [429, 500, 503, 504])
async def test_a_write_that_fails_may_have_happened_unless_it_was_throttled(
    name: str, status: int
) -> None:
    error = await failure(CALLS[name], httpx.Response(status))
    assert isinstance(error, Transient)
    assert error.may_have_happened is (status != 429)


@pytest.mark.parametrize(
    "lost", [httpx.ReadTimeout("late"), httpx.Response(503)], ids=["no", "503"]
)
async def test_a_read_through_graph_changes_nothing_even_when_lost(
    lost: httpx.Response | Exception,
) -> None:
    error = await failure(READ, lost)
    assert isinstance(error, Transient)
    assert not error.may_have_happened


async def test_an_answer_packed_wrongly_is_no_answer() -> None:
    broken = httpx.Response(
        200, headers={"Content-Encoding": "gzip"}, stream=httpx.ByteStream(b"no")
    )
    assert isinstance(await failure(READ, broken), Transient)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["error", "code", "message", "details", "innererror", "internalException"]
            ),
            inner,
            max_size=4,
        )
    ),
)


@given(status=st.integers(400, 599), body=JSON.map(json.dumps).map(str.encode) | st.binary())
def test_no_body_breaks_the_error_it_explains(status: int, body: bytes) -> None:
    request = httpx.Request("PATCH", "https://graph.microsoft.com/v1.0/users/x", json={})
    with pytest.raises(FirebreakError) as caught:
        read_answer("Graph", httpx.Response(status, content=body, request=request), permission="X")
    assert len(str(caught.value)) < 1500


async def test_a_missing_right_names_the_right_and_a_missing_licence_the_licence() -> None:
    def told(message: str) -> httpx.Response:
        return httpx.Response(403, json={"error": {"code": "x", "message": message}})

    denied = await failure(READ, told("Insufficient privileges"))
    assert "User.Read.All" in str(denied)
    licence = await failure(READ, told("Your tenant is not licensed for this feature."))
    assert "licence" in str(licence)
    assert "User.Read.All" not in str(licence)


async def test_what_the_directory_on_premises_owns_is_refused_with_what_to_do() -> None:
    words = "Unable to update the specified properties for on-premises mastered objects"
    answer = httpx.Response(400, json={"error": {"code": "Request_BadRequest", "message": words}})
    error = await failure(CALLS["set password"], answer)
    assert isinstance(error, Refused)
    assert error.steps
