"""A SIEM's alert from the door to the case: by the operator's rule, about the account it means."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from lab.tenant.population import Population
from lab.workbench import SECRET, sources
from shared.model import Json
from tests.tasks.benches import Bench

SIEM = {
    "name": "siem",
    "carrier": "splunk",
    "auth": {"scheme": "hmac", "secrets": [SECRET]},
    "rules": {"Sign-in from two countries": "risky_sign_in"},
}


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with Bench(settings={"sources": (*sources(), SIEM)}) as bench:
        yield bench


def alert(user: str, search: str = "Sign-in from two countries") -> Json:
    row = {"_time": "1777896000", "user": user, "severity": "high"}
    return {"sid": f"s-{user}", "search_name": search, "owner": "admin", "result": row}


async def accounts(bench: Bench, body: Json) -> list[Any]:
    assert (await bench.post("siem", body)).status == 202
    await bench.settle()
    return [case["who"]["object_id"] for case in await bench.cases()]


async def test_a_user_known_only_on_premises_is_found_and_gets_a_case(bench: Bench) -> None:
    dana = Population(bench.tenant).synced("Dana Roth")
    assert await accounts(bench, alert("CORP\\dana.roth")) == [dana]


async def test_two_users_of_one_windows_name_are_left_to_a_person(bench: Bench) -> None:
    people = Population(bench.tenant)
    people.synced("Dana Roth")
    twin = people.synced("Dana Roth")
    bench.tenant.change_user(
        twin, sam_account_name="dana.roth", on_premises_domain="corp.fabrikam.example"
    )
    assert await accounts(bench, alert("CORP\\dana.roth")) == []
    assert all(bench.tenant.users[oid].enabled for oid in bench.tenant.users)


async def test_a_rule_that_nobody_listed_does_nothing(bench: Bench) -> None:
    dana = Population(bench.tenant).synced("Dana Roth")
    upn = bench.tenant.users[dana].upn
    assert await accounts(bench, alert(upn, "Suspicious sign-in, lock at once")) == []
    assert await accounts(bench, alert(upn)) == [dana]
