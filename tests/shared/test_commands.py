"""What the command line signed is good for the place it was signed for, and for no other."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest

from cli.exits import CommandError
from cli.remote import Remote
from lab.practice import secret_of
from lab.workbench import SECRET, as_operator
from shared.alerts.authenticate import HmacAuth, sign
from shared.model import TaskState
from shared.paths import Ask, find
from tests.contracts.needed_roles import NEEDED
from tests.provider.practices import ACME, GLOBEX
from tests.provider.practices import Bench as Practice
from tests.tasks.approving import AZURE, Person, signed_in

NIA: Final = signed_in("approver")


@pytest.fixture
async def bench() -> AsyncIterator[Person]:
    async with Person(settings=AZURE) as made:
        yield made


async def post(bench: Person, path: str, headers: dict[str, str], body: bytes) -> tuple[int, str]:
    """Send a request to a path below `/api/`."""
    found = find("POST", path)
    assert found is not None
    answer, values = found
    page = await answer(bench.app, Ask(headers, {}, body), values)
    return page.status, page.body


def without_a_place(bench: Person, body: bytes) -> dict[str, str]:
    """Sign as command lines did before: time and body."""
    auth = HmacAuth.model_validate({"secrets": [SECRET]})
    return {"accept": "application/json", **sign(auth, body=body, now=bench.clock.now())}


@pytest.mark.parametrize("path", NEEDED)
async def test_what_was_signed_for_another_place_is_refused_everywhere(
    bench: Person, path: str
) -> None:
    await bench.asked(as_=NIA)
    place = path.format(case=bench.the_case().id, alert=bench.alerts()[0].id)
    before = bench.store.rows()
    for elsewhere in (f"{place}x", "cases/0123456789abcdef/decline", f"tenants/acme/{place}"):
        headers = as_operator(elsewhere, b"{}", bench.clock.now())
        status, said = await post(bench, place, headers, b"{}")
        assert (status, "signed for another place" in said) == (403, True)
        assert f"POST /api/{place}" in said
    assert bench.store.rows() == before
    answered, _ = await post(bench, place, as_operator(place, b"{}", bench.clock.now()), b"{}")
    assert answered not in {401, 403}


async def test_a_yes_that_was_captured_releases_nothing_in_another_case(bench: Person) -> None:
    card = (await bench.asked(as_=NIA))["stop_forwarding"]
    wish = {"responder": card["responder"], "fingerprint": card["fingerprint"]}
    body = json.dumps({"by": "Nia", "changes": [wish]}).encode()
    captured = as_operator("cases/0123456789abcdef/approve", body, bench.clock.now())
    moved = captured | as_operator(f"cases/{card['case']}/approve", b"other", bench.clock.now())
    swapped = captured | {"x-firebreak-place": moved["x-firebreak-place"]}
    for headers in (captured, swapped, {k: v for k, v in captured.items() if "place" not in k}):
        assert (await bench.app.approve(card["case"], headers, body)).status == 403
    assert bench.tasks()["stop_forwarding"].state is TaskState.WAITING


@pytest.mark.parametrize("path", NEEDED)
async def test_an_older_command_line_is_told_to_be_updated(bench: Person, path: str) -> None:
    await bench.asked(as_=NIA)
    place = path.format(case=bench.the_case().id, alert=bench.alerts()[0].id)
    status, said = await post(bench, place, without_a_place(bench, b"{}"), b"{}")
    assert status == 403
    assert "update the command line to the app's release" in said


async def test_what_was_signed_for_one_tenant_is_good_for_no_other(tmp_path: Path) -> None:
    async with Practice(tmp_path, settings=AZURE) as bench:
        body = json.dumps({"by": "Nia", "ceiling": "observe", "reason": "a drill"}).encode()
        for place in ("guards/switch", f"tenants/{GLOBEX}/guards/switch"):
            signed = as_operator(place, body, bench.clock.now(), secret=secret_of(ACME))
            page = await bench.app.at("POST", f"{ACME}/guards/switch", Ask(signed, {}, body))
            assert (page.status, "signed for another place" in page.body) == (403, True)


async def test_a_signature_that_an_app_does_not_know_is_explained_by_the_command_line() -> None:
    async def strange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        said = b'{"error": "Sign in first"}'
        head = f"HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: {len(said)}\r\n\r\n"
        writer.write(head.encode() + said)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(strange, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, Remote(f"http://127.0.0.1:{port}", secret=SECRET) as remote:
        with pytest.raises(CommandError, match="older than this command line"):
            await remote.move_guard("switch", {})
