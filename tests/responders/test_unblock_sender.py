from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from lab.scenarios import token_thief
from lab.tenant import TenantSettings
from lab.tenant.faults import Loss, When
from lab.tenant.population import Population
from lab.workbench import lab_client, lab_tenant
from responders.unblock_sender import UnblockSender
from shared.clients.blocked_senders import BlockedSenders, Releases
from shared.errors import Conflict, Refused, Transient
from shared.model import TenantId
from shared.store.memory import MemoryStore

SLOW = TenantSettings.instant(unblock_delay=timedelta(days=3).total_seconds())
HOUR = 3600.0
DAY = 24 * HOUR


def released(place: Any) -> int:
    """How often Microsoft has let the account go."""
    return sum(place.lab.state.unblocked.values())


def restrict(place: Any) -> None:
    """Put the account on the list, now."""
    Population(place.lab).restrict_sender(place.scenario.oid, "again")


async def plan(place: Any) -> Any:
    return await place.responder.plan(await place.case(), place.world)


async def test_an_account_whose_password_is_as_old_as_the_compromise_stays_restricted(
    stand: Any,
) -> None:
    place = stand(UnblockSender())
    case = await place.case()
    refused = await place.responder.refuse(case, place.world)
    assert refused is not None
    assert "password" in str(refused)
    place.lab.change_user(place.scenario.oid, password_changed_at=case.seen_until)
    assert await place.responder.refuse(case, place.world) is None
    place.lab.change_user(
        place.scenario.oid, password_changed_at=case.seen_until - timedelta(seconds=1)
    )
    assert await place.responder.refuse(case, place.world) is not None


async def test_while_it_settles_nothing_is_asked_for_again(stand: Any) -> None:
    place = stand(UnblockSender(), settings=SLOW)
    case = await place.case()
    change = await plan(place)
    await place.responder.apply(change, place.world)
    for _ in range(23):
        place.clock.advance(HOUR)
        with pytest.raises(Transient, match="takes up to a day") as later:
            await place.responder.plan(case, place.world)
        assert later.value.retry_after == HOUR
        await place.responder.apply(change, place.world)
    assert released(place) == 1


async def test_it_is_proven_when_the_account_has_left_the_list(stand: Any) -> None:
    place = stand(UnblockSender(), settings=TenantSettings.instant(unblock_delay=2.5 * HOUR))
    case = await place.case()
    await place.responder.apply(await plan(place), place.world)
    for _ in range(2):
        with pytest.raises(Transient):
            await place.responder.plan(case, place.world)
        place.clock.advance(HOUR)
    place.clock.advance(HOUR)
    assert await place.responder.plan(case, place.world) is None
    assert released(place) == 1


async def test_a_restart_does_not_forget_what_was_asked_for(stand: Any) -> None:
    place = stand(UnblockSender())
    store = MemoryStore()
    case = await place.case()
    for _ in range(2):
        async with lab_client(place.lab) as client:
            place.world = lab_tenant(place.lab, client, store=store)
            await place.until_done(case)
    assert released(place) == 1


async def test_after_a_day_on_the_list_a_person_is_asked_and_nothing_is_repeated(
    stand: Any,
) -> None:
    place = stand(UnblockSender(), settings=SLOW)
    case = await place.case()
    await place.responder.apply(await plan(place), place.world)
    place.clock.advance(DAY)
    with pytest.raises(Refused, match="still restricted 24 hours"):
        await place.responder.plan(case, place.world)
    assert released(place) == 1


async def test_one_that_is_restricted_again_within_the_day_is_still_sending(stand: Any) -> None:
    place = stand(UnblockSender())
    await place.until_done(await place.case())
    place.clock.advance(2 * HOUR)
    assert await plan(place) is None
    restrict(place)
    with pytest.raises(Refused, match="something still sends"):
        await plan(place)
    place.clock.advance(DAY)
    change = await plan(place)
    assert [line.was for line in change.differences()][1] == "1"


async def test_past_microsofts_limit_only_its_support_can_help(stand: Any) -> None:
    place = stand(UnblockSender(), settings=TenantSettings.instant(unblock_limit=0))
    change = await plan(place)
    with pytest.raises(Refused, match="Contact Microsoft support") as refused:
        await place.responder.apply(change, place.world)
    assert any("support request" in step for step in refused.value.steps)
    assert released(place) == 0


async def test_what_was_refused_before_it_took_effect_is_asked_for_again(stand: Any) -> None:
    place = stand(UnblockSender())
    place.lab.fail(match="Remove-BlockedSenderAddress", status=429)
    changes = await place.until_done(await place.case())
    assert len(changes) == 2
    assert released(place) == 1


async def test_what_may_have_happened_is_not_asked_for_twice(stand: Any) -> None:
    place = stand(UnblockSender())
    cmdlet = "Remove-BlockedSenderAddress"
    place.lab.fail(match=cmdlet, status=504, when=When.AFTER_EFFECT)
    change = await plan(place)
    with pytest.raises(Transient):
        await place.responder.apply(change, place.world)
    await place.responder.apply(change, place.world)
    assert released(place) == 1


async def test_what_never_arrived_is_asked_for_anew_when_a_day_has_shown_it(stand: Any) -> None:
    place = stand(UnblockSender())
    place.lab.drop(match="Remove-BlockedSenderAddress", loss=Loss.READ_TIMEOUT)
    begun = place.clock.now()
    await place.until_done(await place.case())
    assert released(place) == 1
    assert place.clock.now() - begun >= timedelta(days=1)


async def test_one_that_has_left_the_list_meanwhile_uses_nothing_up(stand: Any) -> None:
    place = stand(UnblockSender())
    change = await plan(place)
    place.lab.state.blocked.clear()
    await place.responder.apply(change, place.world)
    restrict(place)
    again = await plan(place)
    assert again.sender.released == ()


async def test_an_address_that_only_looks_like_the_accounts_is_not_let_go(stand: Any) -> None:
    place = stand(UnblockSender())
    (held,) = place.lab.state.blocked.values()
    place.lab.state.blocked.clear()
    for address in (f"x{held.address}", f"{held.address}.evil.example"):
        place.lab.state.blocked[address] = replace(held, address=address)
    assert await plan(place) is None


async def test_the_list_may_write_an_address_as_it_likes(stand: Any) -> None:
    place = stand(UnblockSender())
    ((key, held),) = place.lab.state.blocked.items()
    place.lab.state.blocked[key] = replace(held, address=held.address.upper())
    await place.until_done(await place.case())
    assert released(place) == 1


async def test_without_a_memory_nothing_is_let_go(stand: Any) -> None:
    place = stand(UnblockSender())
    senders = BlockedSenders(place.world.exchange, releases=None, clock=place.clock.now)
    place.world = replace(place.world, senders=senders)
    with pytest.raises(Refused, match="not remembered"):
        await plan(place)
    assert place.ours() == []


async def test_two_who_ask_at_once_are_told_apart(stand: Any) -> None:
    place = stand(UnblockSender())
    releases = Releases(MemoryStore(), TenantId("t"))
    at = place.clock.now()
    await releases._write("a@b.example", (at,), None)
    with pytest.raises(Conflict):
        await releases._write("a@b.example", (at,), None)
    assert await releases.of("a@b.example") == (at,)


async def test_an_account_that_is_not_restricted_needs_no_person_however_old_its_password(
    stand: Any,
) -> None:
    place = stand(UnblockSender(), story=token_thief)
    assert await place.responder.refuse(await place.case(), place.world) is None
    assert await plan(place) is None
