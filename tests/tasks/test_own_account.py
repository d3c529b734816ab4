"""Nobody decides in the case about their own account: the intruder may be signed in with it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import urlencode

import pytest

from shared.model import TaskState
from tests.tasks.approving import AZURE, Person, signed_in

READER = signed_in("reader")
ASKED = {
    "approve": {},
    "decline": {"reason": "it was me"},
    "since": {"since": "2026-11-23T11:59:00"},
    "ask_undo": {},
    "confirm": {"check": "owner_asked"},
    "restore": {"override": "it was me"},
    "access_pass": {},
}


@pytest.fixture
async def bench() -> AsyncIterator[Person]:
    async with Person(settings=AZURE) as made:
        yield made


@pytest.mark.parametrize("what", ASKED)
async def test_the_owner_is_refused_whatever_role_the_account_has(bench: Person, what: str) -> None:
    card = (await bench.asked(as_=READER))["stop_forwarding"]
    fields = {"responder": "stop_forwarding", "fingerprint": card["fingerprint"], **ASKED[what]}
    owner = signed_in("administrator", oid=bench.oid.upper(), name="The Owner")
    before = bench.store.rows()
    take = getattr(bench.app, what)
    page = await take(bench.the_case().id, owner, urlencode(fields).encode())
    assert page.status == 409
    assert "let another person decide" in page.body
    assert bench.store.rows() == before


async def test_anybody_else_of_the_role_is_heard(bench: Person) -> None:
    card = (await bench.asked(as_=READER))["stop_forwarding"]
    named = {"responder": "stop_forwarding", "fingerprint": card["fingerprint"]}
    assert (await bench.form("approve", signed_in("approver"), **named)).status == 303
    assert bench.tasks()["stop_forwarding"].state is TaskState.QUEUED
