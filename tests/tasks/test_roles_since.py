"""What an account holds is read again before a change is made that people released."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest

from lab.tenant.population import Population
from shared.model import TaskState
from tests.shared.principals import OLGA
from tests.tasks.approving import AZURE, Person, signed_in
from tests.tasks.benches import POLICY

NIA_ = signed_in("approver")
OLGA_ = signed_in("approver", oid=OLGA, name="Olga Berg")
MEMBERSHIPS: Final = "GET /users/{id}/transitiveMemberOf"


@pytest.fixture
async def bench() -> AsyncIterator[Person]:
    async with Person() as made:
        yield made


async def test_whoever_was_given_a_role_after_the_case_was_opened_waits_for_a_second_person() -> (
    None
):
    async with Person(settings=AZURE) as bench:
        card = (await bench.asked(as_=NIA_))["stop_forwarding"]
        named = {"responder": card["responder"], "fingerprint": card["fingerprint"]}
        assert not card["four_eyes"]
        Population(bench.tenant).role("Global Administrator", [bench.oid])
        assert (await bench.form("approve", NIA_, **named)).status == 303
        await bench.settle()
        assert bench.tasks()["stop_forwarding"].state is TaskState.WAITING
        assert bench.box.forwarding_smtp
        assert bench.the_case().account.roles == frozenset({"Global Administrator"})
        again = (await bench.cards(NIA_))["stop_forwarding"]
        assert (again["four_eyes"], again["approved_by"]) == (True, ["Nia Okafor"])
        assert "holds a directory role (Global Administrator)" in again["note"]
        assert (await bench.form("approve", NIA_, **named)).status == 409
        assert (await bench.form("approve", OLGA_, **named)).status == 303
        await bench.settle()
        assert bench.box.forwarding_smtp is None
        assert bench.tasks()["stop_forwarding"].state is TaskState.VERIFIED


async def test_the_yes_of_the_command_line_counts_for_nobody_once_it_takes_two(
    bench: Person,
) -> None:
    card = (await bench.asked())["stop_forwarding"]
    Population(bench.tenant).role("Global Administrator", [bench.oid])
    assert (await bench.approve(card))[0] == 202
    await bench.settle()
    again = (await bench.cards())["stop_forwarding"]
    assert again["approved_by"] == []
    assert "two people, each signed in" in again["note"]
    assert bench.box.forwarding_smtp


async def test_roles_that_cannot_be_read_when_a_release_is_carried_out_count_as_held() -> None:
    async with Person(settings=AZURE) as bench:
        card = (await bench.asked(as_=NIA_))["stop_forwarding"]
        named = {"responder": card["responder"], "fingerprint": card["fingerprint"]}
        bench.tenant.fail(match=MEMBERSHIPS, status=403, times=1)
        assert (await bench.form("approve", NIA_, **named)).status == 303
        await bench.settle()
        assert bench.tasks()["stop_forwarding"].state is TaskState.WAITING
        assert bench.box.forwarding_smtp
        assert "could not be read" in (await bench.cards(NIA_))["stop_forwarding"]["note"]
        assert (await bench.form("approve", OLGA_, **named)).status == 303
        await bench.settle()
        assert bench.box.forwarding_smtp is None


async def test_a_directory_that_is_busy_only_delays_what_was_released(bench: Person) -> None:
    card = (await bench.asked())["stop_forwarding"]
    bench.tenant.fail(match=MEMBERSHIPS, status=503, times=1)
    assert (await bench.approve(card))[0] == 202
    await bench.settle()
    assert bench.box.forwarding_smtp is None
    assert bench.events("stop_forwarding") == [
        "waiting",
        "released",
        "delayed",
        "change",
        "applied",
        "verified",
    ]


async def test_an_account_that_is_protected_by_now_is_left_alone_though_it_was_released(
    tmp_path: Path,
) -> None:
    async with Person() as bench:
        group = Population(bench.tenant).group("Break glass", [])
        policy = tmp_path / "policy.toml"
        protected = f'[protected]\ngroups = ["{group}"]\n\n[[rule]]'
        policy.write_text(POLICY.read_text().replace("[[rule]]", protected, 1))
        card = (await bench.asked())["stop_forwarding"]
        held = bench.tenant.state.memberships.get(bench.oid) or frozenset()
        bench.tenant.state.memberships.seed(bench.oid, held | {group})
        assert (await bench.approve(card))[0] == 202
        bench.app = bench.under(policy)
        await bench.settle()
        task = bench.tasks()["stop_forwarding"]
        assert (task.state, bool(bench.box.forwarding_smtp)) == (TaskState.OBSERVED, True)
        assert "is in a protected group" in task.reason


async def test_one_reading_of_what_the_account_holds_counts_for_all_that_was_released(
    bench: Person,
) -> None:
    cards = await bench.asked()
    bench.tenant.fail(match=MEMBERSHIPS, status=403, times=1)
    assert (await bench.approve(*cards.values()))[0] == 202
    await bench.settle()
    waiting = {name for name, t in bench.tasks().items() if t.state is TaskState.WAITING}
    assert waiting == set(cards)
