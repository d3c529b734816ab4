"""Signed links: to one change, for a time, once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from shared.errors import Refused
from shared.links import Links
from shared.model import CaseId, Json, ResponderName, TaskState, TenantId
from tests.tasks.approving import AZURE, Person, signed_in

OLD, NEW = "an old key of thirty-two letters..", "a new key of thirty-two letters..."
TENANT = TenantId("3272ea75-4e08-474e-9784-d97c611e591f")
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
NIA = signed_in("approver")


def links(*keys: str, at: datetime = NOON) -> Links:
    made = [SecretStr(key) for key in keys]
    return Links(made, tenant=TENANT, base="https://firebreak.example/api", clock=lambda: at)


def token(*keys: str, until: datetime = NOON + timedelta(hours=1)) -> str:
    made = links(*keys).make(CaseId("c" * 16), ResponderName("x"), "f" * 32, until=until)
    assert made is not None
    return made.removeprefix("https://firebreak.example/api/approve/")


def test_a_link_is_read_back_as_it_was_made() -> None:
    link = links(NEW).read(token(NEW))
    assert (link.case, link.responder, link.fingerprint) == ("c" * 16, "x", "f" * 32)


def test_an_old_key_is_read_while_a_new_one_signs_and_not_after() -> None:
    old = token(OLD)
    assert links(NEW, OLD).read(old)
    assert links(NEW).read(token(NEW, OLD))
    with pytest.raises(Refused, match="not ours"):
        links(NEW).read(old)


def test_no_key_no_links() -> None:
    assert links().make(CaseId("c"), ResponderName("x"), "f", until=NOON) is None
    with pytest.raises(Refused, match="no key"):
        links().read(token(NEW))


def test_a_link_runs_out() -> None:
    with pytest.raises(Refused, match="ran out at 2026-11-23 13:00"):
        links(NEW, at=NOON + timedelta(hours=1)).read(token(NEW))


@pytest.mark.parametrize("place", range(0, 160, 13))
def test_a_letter_changed_anywhere_is_seen(place: int) -> None:
    good = token(NEW)
    letter = "A" if good[place] != "A" else "B"
    with pytest.raises(Refused, match="not ours"):
        links(NEW).read(good[:place] + letter + good[place + 1 :])


@pytest.fixture
async def bench() -> AsyncIterator[Person]:
    async with Person(settings={**AZURE, "link_keys": (NEW,)}) as made:
        yield made


async def linked(bench: Person) -> tuple[str, Json]:
    card = (await bench.asked(as_=NIA))["stop_forwarding"]
    made = bench.app.links.make(
        CaseId(card["case"]),
        ResponderName(card["responder"]),
        card["fingerprint"],
        until=datetime.fromisoformat(card["expires_at"]),
    )
    assert made is not None
    return made.rpartition("/")[2], card


def fields(found: str, card: Json, **more: Any) -> dict[str, Any]:
    named = {"responder": card["responder"], "fingerprint": card["fingerprint"]}
    return {**named, "link": found, **more}


async def test_a_link_opens_its_card_as_often_as_one_likes_and_releases_once(
    bench: Person,
) -> None:
    found, card = await linked(bench)
    for _ in range(3):
        page = await bench.app.by_link(found, NIA)
        assert page.status == 200
        assert card["summary"] in page.body
        assert found in page.body
    assert bench.tasks()["stop_forwarding"].state is TaskState.WAITING
    assert (await bench.form("approve", NIA, **fields(found, card))).status == 303
    await bench.settle()
    assert bench.box.forwarding_smtp is None
    for page in (
        await bench.app.by_link(found, NIA),
        await bench.form("approve", NIA, **fields(found, card)),
    ):
        assert page.status == 409
        assert "was used, by Nia Okafor" in page.body
    [said] = [e for e in bench.journal().entries if e.event == "released"]
    assert said.data["link"]
    assert found not in str(bench.journal().entries)


async def test_a_link_needs_somebody_signed_in_with_the_role(bench: Person) -> None:
    found, card = await linked(bench)
    assert (await bench.app.by_link(found, {})).status == 403
    page = await bench.form("approve", signed_in("reader"), **fields(found, card))
    assert page.status == 403
    assert bench.tasks()["stop_forwarding"].state is TaskState.WAITING


async def test_a_link_releases_its_own_change_and_no_other(bench: Person) -> None:
    found, _ = await linked(bench)
    other = (await bench.cards(NIA))["disable_sign_in"]
    page = await bench.form("approve", NIA, **fields(found, other))
    assert page.status == 409
    assert "another change" in page.body


async def test_a_link_to_what_moved_or_ran_out_says_what_to_do(bench: Person) -> None:
    found, _ = await linked(bench)
    later = bench.the_case().compromised_since - timedelta(hours=1)
    bench.forward("elsewhere@mallory.example")
    asked = {"since": f"{later:%Y-%m-%dT%H:%M:%S}"}
    assert (await bench.form("since", NIA, **asked)).status == 303
    await bench.settle()
    page = await bench.app.by_link(found, NIA)
    assert page.status == 409
    assert "planned again" in page.body
    bench.clock.advance(24 * 3600 + 60)
    page = await bench.app.by_link(found, NIA)
    assert "ran out" in page.body


async def test_a_key_is_in_no_text_of_the_settings(bench: Person) -> None:
    assert NEW not in repr(bench.app.settings)
    assert NEW not in str(bench.app.settings.model_dump())
