"""What every responder promises. A new one is judged here without a line being added."""

from __future__ import annotations

import importlib
import json
import logging
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from lab.scenarios import false_alarm, guest, synced_user
from lab.stand import Stand
from lab.tenant import TenantSettings
from lab.tenant.faults import Loss, When
from responders import catalogue
from shared.clients import exchange
from shared.errors import Denied, Refused, Transient
from shared.model import Json, ResponderName
from shared.responder import Responder

RESPONDERS = list(catalogue().values())
REVERSIBLE = [responder for responder in RESPONDERS if responder.reversible]
PRECAUTIONS = ("block_legacy_mail",)
"""Evictions that shut a door of which nobody can say who used it, so they find one everywhere."""
each = pytest.mark.parametrize("responder", RESPONDERS, ids=lambda r: r.name)
each_reversible = pytest.mark.parametrize("responder", REVERSIBLE, ids=lambda r: r.name)


class Killed(BaseException):
    """The worker was killed; no handler of ours sees it."""


def in_effect(snapshot: Json) -> Json:
    """The tenant, with a dismissed risk counted as what it is in effect: not confirmed.

    A comment below an alert or an incident stays for ever: what counts is how it is graded.
    """
    text = json.dumps(snapshot, default=str, sort_keys=True)
    for state in ("atRisk", "none", "dismissed"):
        text = text.replace(f'"state": "{state}"', '"state": "open"')
    found: Json = json.loads(text)
    for risk in found.get("risks", {}).values():
        risk.pop("detail", None), risk.pop("level", None), risk.pop("updated_at", None)
    told = [*found.get("alerts", {}).values(), *found.get("incidents", {}).values()]
    for one in [each for owned in told for each in owned.values()]:
        one.pop("comments"), one.pop("updated_at")
    for one in found.get("sentinel", {}).values():
        one.pop("comments")
    return found


@each
async def test_plan_never_writes(responder: Responder[Any], stand: Any) -> None:
    place = stand(responder)
    await responder.plan(await place.case(), place.world)
    assert place.ours() == []


@each
async def test_the_compromised_account_gets_a_plan_and_apply_leaves_nothing(
    responder: Responder[Any], stand: Any
) -> None:
    place = stand(responder)
    case = await place.case()
    change = await responder.plan(case, place.world)
    assert change is not None
    place.clock.advance(1)
    await responder.apply(change, place.world)
    assert await responder.plan(case, place.world) is None


@each
async def test_the_plan_over_an_unmoved_tenant_has_the_same_fingerprint_twenty_minutes_later(
    responder: Responder[Any], stand: Any
) -> None:
    """What a person approves after twenty minutes is still what was shown."""
    place = stand(responder)
    case = await place.case()
    plans = []
    for minutes in (0, 20):
        place.clock.advance(minutes * 60)
        plans += [await responder.plan(case, place.world) for _ in range(2)]
    prints = [plan.fingerprint() for plan in plans if plan is not None]
    assert len(prints) == len(plans)
    assert len(set(prints)) == 1


@each
async def test_the_change_survives_json(responder: Responder[Any], stand: Any) -> None:
    place = stand(responder)
    change = await responder.plan(await place.case(), place.world)
    assert change is not None
    assert responder.revive(json.loads(change.model_dump_json())) == change
    assert change.summary()
    assert change.differences()


@each_reversible
async def test_undo_restores_the_tenant_and_undo_twice_is_undo_once(
    responder: Responder[Any], stand: Any
) -> None:
    place = stand(responder)
    case = await place.case()
    before = in_effect(place.lab.snapshot())
    change = await responder.plan(case, place.world)
    await responder.apply(change, place.world)
    assert in_effect(place.lab.snapshot()) != before
    await responder.undo(change, place.world)
    assert in_effect(place.lab.snapshot()) == before
    await responder.undo(change, place.world)
    assert in_effect(place.lab.snapshot()) == before


@each
async def test_without_an_undo_undo_refuses(responder: Responder[Any], stand: Any) -> None:
    if responder.reversible:
        return
    place = stand(responder)
    change = await responder.plan(await place.case(), place.world)
    with pytest.raises(Refused, match="cannot be undone"):
        await responder.undo(change, place.world)


@each
async def test_a_crash_after_any_write_heals_and_undo_still_restores(
    responder: Responder[Any], stand: Any
) -> None:
    for k in range(1, 20):
        place = stand(responder)
        case = await place.case()
        before = in_effect(place.lab.snapshot())
        place.lab.crash_after_write(k, Killed())
        change = await responder.plan(case, place.world)
        place.clock.advance(1)
        try:
            await responder.apply(change, place.world)
        except Killed:
            made = [change, *await place.until_done(case)]
        else:
            assert k > 1
            return
        assert await responder.plan(case, place.world) is None
        if responder.reversible:
            for one in reversed(made):
                await responder.undo(one, place.world)
            assert in_effect(place.lab.snapshot()) == before
    pytest.fail("apply never came to its end")


REFUSALS = [
    pytest.param({"status": 503}, "each call", id="503"),
    pytest.param({"status": 429, "retry_after": 3}, "each kind of call", id="429"),
    pytest.param({"status": 429}, "each kind of call", id="429 without Retry-After"),
    pytest.param({"status": 504, "when": When.AFTER_EFFECT}, "each call", id="504 after the write"),
]
"""One refusal strikes at each call there is; how another is worded is read in one place for all,
so it strikes at the first and the last call of each kind."""
LOSSES = [
    pytest.param(Loss.READ_TIMEOUT, When.BEFORE_EFFECT, "each call", id="no answer"),
    pytest.param(Loss.READ_TIMEOUT, When.AFTER_EFFECT, "each call", id="no answer to a write"),
    pytest.param(Loss.CONNECT_ERROR, When.BEFORE_EFFECT, "each kind of call", id="no connection"),
    pytest.param(
        Loss.CONNECT_ERROR, When.AFTER_EFFECT, "each call", id="no connection after a write"
    ),
]


def aims(place: Stand, when: When, at: str) -> list[dict[str, Any]]:
    """Where a fault can strike, after all that was called.

    Once it took effect, only a write has one: a read that failed late is a read that failed.
    """
    called = [call.name for call in place.lab.calls]
    if when is When.AFTER_EFFECT:
        called = [name for name in called if not name.startswith(("GET ", "Get-"))]
    return [
        {"match": name, "skip": skip}
        for name, times in Counter(called).items()
        for skip in (range(times) if at == "each call" else {0, times - 1})
    ]


@each
@pytest.mark.parametrize(("fault", "at"), REFUSALS)
async def test_a_refusal_at_any_call_only_delays(
    responder: Responder[Any], stand: Any, fault: dict[str, Any], at: str
) -> None:
    place = stand(responder)
    await place.until_done(await place.case())
    for aim in aims(place, fault.get("when", When.BEFORE_EFFECT), at):
        place = stand(responder)
        case = await place.case()
        place.lab.fail(**aim, **fault)
        await place.until_done(case)  # which ends only when nothing is left to plan
        assert place.lab.faults.left == 0
        assert place.scenario.losses() == []


@each
@pytest.mark.parametrize(("loss", "when", "at"), LOSSES)
async def test_a_lost_answer_at_any_call_only_delays(
    responder: Responder[Any], stand: Any, loss: Loss, when: When, at: str
) -> None:
    place = stand(responder)
    await place.until_done(await place.case())
    for aim in aims(place, when, at):
        place = stand(responder)
        case = await place.case()
        place.lab.drop(**aim, loss=loss, when=when)
        await place.until_done(case)
        assert place.lab.faults.left == 0
        assert place.scenario.losses() == []


def declared(responder: Responder[Any]) -> frozenset[str]:
    return responder.permissions


@each
async def test_the_declared_permissions_are_enough(responder: Responder[Any], stand: Any) -> None:
    place = stand(responder, granted=declared(responder), roles=responder.exchange_roles)
    case = await place.case()
    place.clock.advance(1)
    assert await place.until_done(case)


@each
async def test_each_declared_permission_is_needed_and_named_when_it_is_missing(
    responder: Responder[Any], stand: Any
) -> None:
    for missing in declared(responder):
        place = stand(
            responder, granted=declared(responder) - {missing}, roles=responder.exchange_roles
        )
        case = await place.case()
        place.clock.advance(1)
        with pytest.raises(Denied) as denied:
            await place.until_done(case)
        assert missing in str(denied.value)


@each
async def test_each_declared_exchange_role_is_needed(responder: Responder[Any], stand: Any) -> None:
    for missing in responder.exchange_roles:
        place = stand(
            responder, granted=declared(responder), roles=responder.exchange_roles - {missing}
        )
        case = await place.case()
        with pytest.raises(Denied):
            await place.until_done(case)
    if exchange.MANAGE_AS_APP in responder.permissions:
        assert responder.exchange_roles, "a cmdlet needs a management role"


@each
async def test_each_declared_azure_role_is_needed_and_named_when_it_is_missing(
    responder: Responder[Any], stand: Any
) -> None:
    for missing in responder.azure_roles:
        place = stand(responder)
        case = await place.case()
        place.lab.workspace.roles -= {missing}
        with pytest.raises(Denied, match=missing):
            await place.until_done(case)


@each
async def test_nobody_else_is_touched(responder: Responder[Any], stand: Any) -> None:
    place = stand(responder)
    before = place.others()
    await place.until_done(await place.case())
    assert place.others() == before
    assert place.scenario.losses() == []


@each
async def test_a_healthy_account_keeps_its_rules_and_its_forwarding(
    responder: Responder[Any], stand: Any
) -> None:
    """Containment is a precaution; eviction touches only what an intruder left."""
    place = stand(responder, story=false_alarm)
    for oid in (place.scenario.oid, *place.scenario.bystanders):
        case = await place.case(oid)
        if responder.phase == "evict" and responder.name not in PRECAUTIONS:
            assert await responder.plan(case, place.world) is None


@pytest.mark.parametrize("name", PRECAUTIONS)
def test_a_precaution_can_be_taken_back(name: str) -> None:
    assert catalogue()[ResponderName(name)].reversible


@each
async def test_nothing_on_page_two_is_missed(responder: Responder[Any], stand: Any) -> None:
    whole = stand(responder, settings=TenantSettings.instant(page_size=100))
    paged = stand(responder, settings=TenantSettings.instant(page_size=1))
    one = await responder.plan(await whole.case(), whole.world)
    other = await responder.plan(await paged.case(), paged.world)
    assert one == other


@each
@pytest.mark.parametrize("story", [synced_user, guest], ids=lambda s: s.__name__)
async def test_other_kinds_of_account_are_planned_or_refused_with_a_reason(
    responder: Responder[Any], stand: Any, story: Any
) -> None:
    place = stand(responder, story=story)
    case = await place.case()
    refused = await responder.refuse(case, place.world)
    if refused is not None:
        assert len(str(refused)) > 20
        assert refused.steps


@each
async def test_no_secret_reaches_a_log_or_a_change(
    responder: Responder[Any], stand: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    place = stand(responder)
    canary = "Canary-0123456789-Secret!"
    object.__setattr__(place.world, "new_password", lambda: canary)
    made = await place.until_done(await place.case())
    said = caplog.text + "".join(change.model_dump_json() for change in made)
    said += "".join(write.what for write in place.lab.writes)
    assert canary not in said
    assert place.lab.token("https://graph.microsoft.com") not in said


@each
def test_module_class_and_test_agree_in_name(responder: Responder[Any]) -> None:
    module = type(responder).__module__
    name = module.rpartition(".")[2]
    assert responder.name == name
    assert type(responder).__name__ == "".join(word.title() for word in name.split("_"))
    assert (Path(__file__).parents[1] / "responders" / f"test_{name}.py").is_file()
    first = (importlib.import_module(module).__doc__ or "").partition("\n")[0]
    assert first == responder.summary


@each
def test_a_responder_says_what_it_needs_and_what_it_costs(responder: Responder[Any]) -> None:
    assert responder.permissions or responder.azure_roles
    assert responder.techniques
    assert responder.impact
    assert responder.summary.endswith(".")


async def test_transient_is_never_mistaken_for_nothing_to_do(stand: Any) -> None:
    for responder in RESPONDERS:
        place = stand(responder)
        case = await place.case()
        place.lab.fail(times=99)
        with pytest.raises(Transient):
            await responder.plan(case, place.world)


CHOOSABLE = [responder for responder in RESPONDERS if responder.change_type.choices]


@pytest.mark.parametrize("responder", CHOOSABLE, ids=lambda r: r.name)
async def test_each_foothold_can_be_taken_out_and_then_stays(
    responder: Responder[Any], stand: Any
) -> None:
    place = stand(responder)
    case = await place.case()
    change: Any = await responder.plan(case, place.world)
    assert len(change.pieces) == len(change.footholds())
    spared = frozenset(change.pieces[:1])
    chosen = change.without(spared)
    if chosen is None:
        assert len(set(change.pieces)) == 1
        return
    assert change.covers(chosen)
    assert not chosen.covers(change)
    await responder.apply(chosen, place.world)
    left: Any = await responder.plan(case, place.world)
    assert set(left.pieces) == spared
    assert left.without(spared) is None
