"""Which conditions of a Conditional Access policy leave sign-ins uncovered."""

from __future__ import annotations

from typing import Any

import pytest

from shared.errors import Throttled
from tests.clients.far_side import ADA, FarSide, clients, page

ALL: dict[str, Any] = {
    "applications": {"includeApplications": ["All"], "excludeApplications": []},
    "clientAppTypes": ["all"],
    "users": {"includeGroups": ["g"]},
}


async def narrowed(**conditions: Any) -> tuple[str, ...]:
    found = {
        "id": "p",
        "displayName": "Block",
        "state": "enabled",
        "conditions": {**ALL, **conditions},
        "grantControls": {"builtInControls": ["block"]},
    }
    (policy,) = await clients(FarSide(page(found))).access_policies.all()
    return policy.narrowed


WIDE: list[dict[str, Any]] = [
    {},
    {"platforms": None, "locations": None, "devices": None},
    {"userRiskLevels": [], "signInRiskLevels": [], "insiderRiskLevels": None},
    {"platforms": {"includePlatforms": ["all"], "excludePlatforms": []}},
    {"locations": {"includeLocations": ["All"], "excludeLocations": []}},
    {"locations@odata.context": "something about it"},
]
NARROW: list[tuple[dict[str, Any], str]] = [
    ({"locations": {"includeLocations": ["All"], "excludeLocations": ["HQ"]}}, "locations"),
    ({"locations": {"includeLocations": ["HQ"]}}, "locations"),
    ({"platforms": {"includePlatforms": ["android"]}}, "platforms"),
    ({"platforms": {"includePlatforms": ["all"], "excludePlatforms": ["iOS"]}}, "platforms"),
    ({"devices": {"deviceFilter": {"mode": "exclude", "rule": "x"}}}, "devices"),
    ({"userRiskLevels": ["high"]}, "userRiskLevels"),
    ({"signInRiskLevels": ["high"]}, "signInRiskLevels"),
    ({"authenticationFlows": {"transferMethods": "deviceCodeFlow"}}, "authenticationFlows"),
    ({"somethingNew": {"x": ["y"]}}, "somethingNew"),
    ({"clientAppTypes": []}, "clientAppTypes"),
    ({"clientAppTypes": ["browser"]}, "clientAppTypes"),
    ({"applications": {"includeApplications": ["Office365"]}}, "applications"),
    ({"applications": {"includeUserActions": ["urn:user:registerdevice"]}}, "applications"),
    ({"applications": None}, "applications"),
    (
        {"applications": {"includeApplications": ["All"], "excludeApplications": ["x"]}},
        "applications",
    ),
    (
        {"applications": {"includeApplications": ["All"], "applicationFilter": {"rule": "x"}}},
        "applications",
    ),
]


@pytest.mark.parametrize("conditions", WIDE)
async def test_a_policy_without_real_conditions_covers_every_sign_in(
    conditions: dict[str, Any],
) -> None:
    assert await narrowed(**conditions) == ()


@pytest.mark.parametrize(("conditions", "name"), NARROW)
async def test_a_condition_that_picks_out_some_sign_ins_is_named(
    conditions: dict[str, Any], name: str
) -> None:
    assert await narrowed(**conditions) == (name,)


async def test_policies_and_risk_share_one_limit_and_plans_share_one_reading() -> None:
    far = FarSide(page())
    world = clients(far)
    view = world.remembering().access_policies
    assert await view.all() == await view.all()
    assert len(far.requests) == 1
    with pytest.raises(Throttled, match="one request a second") as early:
        await world.risk.of(ADA)
    assert early.value.retry_after
    assert len(far.requests) == 1
