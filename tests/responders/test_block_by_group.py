from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from lab.registrations import QUARANTINE, Registrations
from lab.scenarios import guest, synced_user
from lab.tenant import TenantSettings
from lab.tenant.population import Population
from lab.tenant.settings import Licence
from responders.block_by_group import BlockByGroup
from responders.disable_sign_in import DisableSignIn
from shared.errors import Refused

FREE = TenantSettings.instant(licences=frozenset[Licence]())


def rewrite(place: Any, **wish: Any) -> None:
    """Change the policy that blocks."""
    rules = place.lab.state.directory.rules
    (rule,) = [rule for rule in rules.values() if rule.name == QUARANTINE]
    rules[rule.id] = replace(rule, **wish)


async def refusal(place: Any) -> Refused:
    with pytest.raises(Refused) as refused:
        await place.responder.plan(await place.case(), place.world)
    assert refused.value.steps
    assert place.ours() == []
    return refused.value


async def test_it_sticks_for_a_synced_account_where_the_cloud_disable_does_not(stand: Any) -> None:
    disabled = stand(DisableSignIn(), story=synced_user)
    await disabled.until_done(await disabled.case())
    disabled.lab.sync_directory()
    assert 21 in {foothold.number for foothold in disabled.scenario.intruder.living()}
    blocked = stand(BlockByGroup(), story=synced_user)
    await blocked.until_done(await blocked.case())
    blocked.lab.sync_directory()
    assert 21 not in {foothold.number for foothold in blocked.scenario.intruder.living()}
    assert blocked.lab.sign_in_blocked(blocked.scenario.oid)


async def test_an_undo_lets_the_account_in_again(stand: Any) -> None:
    place = stand(BlockByGroup())
    (change,) = await place.until_done(await place.case())
    assert place.lab.sign_in_blocked(place.scenario.oid)
    await place.responder.undo(change, place.world)
    assert place.lab.sign_in_blocked(place.scenario.oid) is None


async def test_a_member_stays_one_and_needs_nothing(stand: Any) -> None:
    place = stand(BlockByGroup())
    state, oid = place.lab.state, place.scenario.oid
    held = state.memberships[oid] | {place.world.block_group}
    state.memberships.seed(oid, held)
    assert await place.responder.plan(await place.case(), place.world) is None


async def test_a_member_whom_the_policy_no_longer_blocks_is_not_called_blocked(stand: Any) -> None:
    place = stand(BlockByGroup())
    await place.until_done(case := await place.case())
    rewrite(place, state="disabled")
    with pytest.raises(Refused, match="its state is disabled"):
        await place.responder.plan(case, place.world)


async def test_without_a_group_it_says_how_to_set_one_up(stand: Any) -> None:
    place = stand(BlockByGroup(), story=synced_user)
    world = replace(place.world, block_group=None)
    refused = await place.responder.refuse(await place.case(), world)
    assert "No group is configured" in str(refused)
    assert "Conditional Access" in " ".join(refused.steps)
    assert "on premises" in refused.steps[-1]


LOOSE: list[tuple[dict[str, Any], str]] = [
    ({"state": "disabled"}, "its state is disabled"),
    ({"state": "enabledForReportingButNotEnforced"}, "its state is enabledForReporting"),
    ({"controls": ("mfa",)}, "it does not block"),
    ({"groups": frozenset[str]()}, "none is for that group"),
    ({"apps": ("Office365",)}, r"all sign-ins \(applications\)"),
    ({"without_apps": ("Office365",)}, r"all sign-ins \(applications\)"),
    ({"clients": ("exchangeActiveSync", "other")}, r"all sign-ins \(clientAppTypes\)"),
    ({"user_risk": ("high",)}, r"all sign-ins \(userRiskLevels\)"),
]


@pytest.mark.parametrize(("wish", "why"), LOOSE, ids=[why for _, why in LOOSE])
async def test_a_policy_that_does_not_block_every_sign_in_is_no_block(
    stand: Any, wish: dict[str, Any], why: str
) -> None:
    place = stand(BlockByGroup())
    rewrite(place, **wish)
    assert re.search(why, str(await refusal(place)))


async def test_a_policy_that_leaves_the_account_out_is_no_block(stand: Any) -> None:
    place = stand(BlockByGroup())
    rewrite(place, without_users=frozenset({place.scenario.oid}))
    assert "leaves this account out" in str(await refusal(place))


async def test_a_policy_that_leaves_a_group_of_the_account_out_is_no_block(stand: Any) -> None:
    place = stand(BlockByGroup())
    group = Population(place.lab).group("No MFA", [place.scenario.oid])
    rewrite(place, without_groups=frozenset({group}))
    assert "leaves out a group" in str(await refusal(place))


async def test_groups_nobody_could_read_count_against_the_policy(stand: Any) -> None:
    place = stand(BlockByGroup())
    rewrite(place, without_groups=frozenset({Population(place.lab).group("Others", [])}))
    case = await place.case()
    unknown = case.account.model_copy(update={"groups": None})
    with pytest.raises(Refused, match="nobody knows"):
        await place.responder.plan(case.model_copy(update={"account": unknown}), place.world)
    assert await place.responder.plan(case, place.world) is not None


async def test_one_policy_that_blocks_is_enough(stand: Any) -> None:
    place = stand(BlockByGroup())
    rewrite(place, state="disabled")
    directory = Registrations(place.lab)
    directory.access_rule("Another", groups=frozenset({place.world.block_group}))
    change = await place.responder.plan(await place.case(), place.world)
    assert change.policy == "Another"


async def test_without_a_licence_nothing_is_promised(stand: Any) -> None:
    assert "no licence" in str(await refusal(stand(BlockByGroup(), settings=FREE)))


async def test_a_group_that_is_gone_is_not_an_account_that_is_gone(stand: Any) -> None:
    place = stand(BlockByGroup())
    del place.lab.state.groups[place.world.block_group]
    assert "does not exist" in str(await refusal(place))


async def test_adding_a_member_again_is_fine(stand: Any) -> None:
    place = stand(BlockByGroup())
    change = await place.responder.plan(await place.case(), place.world)
    await place.responder.apply(change, place.world)
    await place.responder.apply(change, place.world)
    assert len(place.ours()) == 1


async def test_a_guest_is_blocked_from_this_tenant(stand: Any) -> None:
    place = stand(BlockByGroup(), story=guest)
    await place.until_done(await place.case())
    assert place.lab.sign_in_blocked(place.scenario.oid)
