"""No URL of a payload is ever followed: each carrier's cases come with addresses that listen."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from lab.scenarios import token_thief
from shared.tasks.inbox import Delivery, Inbox
from tests.alerts.read_cases import Case, cases
from tests.tasks.benches import Bench

OURS = {"graph.microsoft.com", "outlook.office365.com", "management.azure.com", "manage.office.com"}


class Capture:
    """A server that is told to nobody but in payloads."""

    def __init__(self) -> None:
        self.visits = 0

    async def __call__(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.visits += 1
        writer.close()


@pytest.fixture
async def capture() -> AsyncIterator[tuple[Capture, str]]:
    seen = Capture()
    server = await asyncio.start_server(seen, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    yield seen, f"http://127.0.0.1:{port}/canary"
    server.close()
    await server.wait_closed()


def baited(node: Any, url: str) -> Any:
    """The same with every address swapped for the listening one, and more beside it."""
    if isinstance(node, list):
        return [baited(member, url) for member in node]
    if isinstance(node, dict):
        more = {"alertUrl": url, "incidentUrl": url, "callback": url, "@odata.nextLink": url}
        return more | {key: baited(value, url) for key, value in node.items()}
    if isinstance(node, str) and "://" in node and not node.startswith(("{", "[")):
        return url
    return node


@pytest.mark.parametrize("carrier", sorted({case.carrier for case in cases()}))
async def test_nothing_that_a_carrier_sends_makes_us_call_an_address_of_the_senders(
    carrier: str, capture: tuple[Capture, str]
) -> None:
    seen, url = capture
    visited: set[str] = set()

    async def watch(request: httpx.Request) -> None:
        visited.add(request.url.host)

    sent = 0
    async with Bench(story=token_thief) as bench:
        bench.client.event_hooks = {"request": [watch]}
        for case in (case for case in cases() if case.carrier == carrier):
            sent += await _send(bench, case, url)
        await bench.settle()
    assert sent
    assert seen.visits == 0
    assert visited <= OURS


async def _send(bench: Bench, case: Case, url: str) -> bool:
    try:
        body = json.dumps(baited(json.loads(case.body), url)).encode()
    except ValueError:
        return False
    # Through the parser and the store, as intake does, whatever proof the carrier's sender gives.
    inbox = Inbox(bench.store, bench.messages, bench.app.settings.tenant)
    raw = f"raw/{bench.app.settings.tenant}/{case.slug}"
    delivery = Delivery(source="bait", carrier=case.carrier, raw=raw, at=bench.clock.now())
    await bench.store.keep(raw, body)
    alerts = inbox.alerts(case.reader().read(body), delivery)
    await inbox.keep(alerts)
    await inbox.announce(alerts)
    return True
