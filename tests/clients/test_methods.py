from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import httpx
import pytest

from lab.clock import Clock
from lab.tenant import SimulatedTenant, TenantSettings
from lab.tenant.population import Population
from lab.tenant.settings import AccessPass
from lab.workbench import lab_client, lab_tenant
from shared.clients import graph
from shared.clients.methods import TemporaryPass
from shared.errors import Defect, Denied, Refused, Transient
from shared.model import ObjectId
from tests.contracts.recording import NOON

WHERE = "POST /users/{id}/authentication/temporaryAccessPassMethods"


def tenant(**settings: Any) -> SimulatedTenant:
    return SimulatedTenant(clock=Clock.frozen(NOON), settings=TenantSettings.instant(**settings))


async def issue(lab: SimulatedTenant, *, minutes: int = 60, oid: str = "") -> TemporaryPass:
    who = ObjectId(oid or Population(lab).person("Ada Brandt"))
    async with lab_client(lab) as client:
        return await lab_tenant(lab, client).methods.issue_pass(who, minutes=minutes)


async def test_a_pass_comes_with_its_end_and_hides_itself(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    lab = tenant()
    made = await issue(lab, minutes=90)
    secret = made.value.get_secret_value()
    assert len(secret) == 8
    assert made.valid_until == NOON + timedelta(minutes=90)
    hidden = repr(made) + made.model_dump_json() + str(made.model_dump()) + caplog.text
    assert secret not in hidden


async def test_where_passes_are_off_the_refusal_says_what_to_do() -> None:
    with pytest.raises(Refused, match="policy") as refused:
        await issue(tenant(access_pass=AccessPass.OFF))
    assert refused.value.steps


async def test_a_guest_has_to_be_let_in_at_home() -> None:
    lab = tenant()
    with pytest.raises(Refused, match="home tenant"):
        await issue(lab, oid=Population(lab).guest("Eli Stern"))


async def test_its_own_right_is_enough_and_is_named_when_it_is_missing() -> None:
    lab = tenant()
    lab.granted = frozenset({graph.TEMPORARY_PASS_WRITE_ALL})
    assert (await issue(lab)).value
    lab.granted = frozenset({graph.USER_READ_ALL})
    with pytest.raises(Denied, match="UserAuthMethod-TAP"):
        await issue(lab)


async def test_a_lost_answer_may_have_made_a_pass_that_nobody_knows() -> None:
    lab = tenant()
    lab.fail(match=WHERE, status=504)
    with pytest.raises(Transient) as lost:
        await issue(lab)
    assert lost.value.may_have_happened


@pytest.mark.parametrize("missing", ["temporaryAccessPass", "lifetimeInMinutes", "startDateTime"])
async def test_an_answer_that_cannot_be_read_repeats_nothing_of_it(missing: str) -> None:
    lab = tenant()
    oid = ObjectId(Population(lab).person("Ada Brandt"))
    answer = {
        "temporaryAccessPass": "Canary-Pass-1",
        "lifetimeInMinutes": 60,
        "startDateTime": "2026-11-23T12:00:00Z",
    }
    del answer[missing]
    answered = httpx.MockTransport(lambda _: httpx.Response(201, json=answer))
    async with httpx.AsyncClient(transport=answered) as client:
        with pytest.raises(Defect) as defect:
            await lab_tenant(lab, client).methods.issue_pass(oid, minutes=60)
    assert "Canary" not in str(defect.value) + repr(defect.value.__cause__)
