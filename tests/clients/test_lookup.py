"""Who an alert means is looked up in the simulated tenant: exactly one account, or nobody."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from lab.tenant.population import Population
from lab.tenant.state import User
from shared.errors import Gone
from shared.model import AccountRef
from tests.tasks.benches import Bench


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with Bench() as bench:
        yield bench


def dana(bench: Bench, **changes: Any) -> User:
    oid = Population(bench.tenant).synced("Dana Roth")
    return bench.tenant.change_user(oid, **changes)


async def found(bench: Bench, **named: Any) -> str:
    return (await bench.world.directory.find(AccountRef(**named))).object_id


@pytest.mark.parametrize(
    "name", ["CORP\\dana.roth", "corp\\Dana.Roth", "corp.contoso.example\\dana.roth"]
)
async def test_a_windows_name_is_the_one_account_of_that_domain(bench: Bench, name: str) -> None:
    user = dana(bench)
    assert await found(bench, windows_name=name) == user.id


@pytest.mark.parametrize(
    "name", ["OTHER\\dana.roth", "CONTOSO\\dana.roth", "CORP\\dana", "CORP\\nobody", "dana.roth"]
)
async def test_a_windows_name_of_another_domain_or_a_bare_one_is_nobody(
    bench: Bench, name: str
) -> None:
    dana(bench)
    with pytest.raises(Gone):
        await found(bench, windows_name=name)


async def test_the_same_name_in_two_domains_is_told_apart_by_the_domain(bench: Bench) -> None:
    here, there = dana(bench), dana(bench, on_premises_domain="emea.contoso.example")
    bench.tenant.change_user(there.id, sam_account_name="dana.roth")
    assert await found(bench, windows_name="CORP\\dana.roth") == here.id
    assert await found(bench, windows_name="EMEA\\dana.roth") == there.id


async def test_two_domains_of_one_short_name_are_never_guessed(bench: Bench) -> None:
    dana(bench)
    twin = dana(bench, on_premises_domain="corp.fabrikam.example")
    bench.tenant.change_user(twin.id, sam_account_name="dana.roth")
    with pytest.raises(Gone, match="2 accounts"):
        await found(bench, windows_name="CORP\\dana.roth")


async def test_an_on_premises_sid_is_the_one_account_that_has_it(bench: Bench) -> None:
    user = dana(bench)
    assert await found(bench, on_premises_sid=user.on_premises_sid) == user.id
    with pytest.raises(Gone, match="0 accounts"):
        await found(bench, on_premises_sid="S-1-5-21-9-9-9-1001")


async def test_a_stronger_name_is_believed_and_a_weaker_one_is_not_asked(bench: Bench) -> None:
    user, victim = dana(bench), bench.tenant.users[bench.oid]
    weak = {"on_premises_sid": user.on_premises_sid, "windows_name": "CORP\\dana.roth"}
    for strong in ({"object_id": victim.id}, {"upn": victim.upn}, {"mailbox": victim.mail}):
        assert await found(bench, **strong, **weak) == bench.oid
    with pytest.raises(Gone):
        await found(bench, mailbox="gone@contoso.example", **weak)


async def test_a_quote_in_a_name_cannot_rewrite_the_filter(bench: Bench) -> None:
    dana(bench)
    with pytest.raises(Gone, match="0 accounts"):
        await found(bench, windows_name="CORP\\x' or accountEnabled eq true or 'a' eq '")
