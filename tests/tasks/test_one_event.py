"""One event through several carriers is one case, and what is done is not done again.

Shapes and times are those of a real detection that came four ways: the ids differ, the account's
object id and the activity's time agree, and the user principal name differs in case.
"""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta

import pytest

from lab.tenant.sentinel import account_entity
from lab.workbench import SECRET, sources
from shared.model import AlertKind, AlertState, Json
from tests.tasks.benches import NOON, Bench

HAPPENED = NOON - timedelta(minutes=5)
CARRIERS = {"streamed-risk": "entra_diagnostics", "streamed-alerts": "defender_streaming"}


def written(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"


def risk_event(oid: str, upn: str) -> Json:
    """Entra's diagnostic record of the detection."""
    properties = {
        "id": "a3f515c8" * 8,
        "riskEventType": "maliciousIPAddress",
        "riskState": "atRisk",
        "riskLevel": "high",
        "riskDetail": "none",
        "activityDateTime": written(HAPPENED),
        "detectedDateTime": written(HAPPENED + timedelta(minutes=2)),
        "userId": oid,
        "userPrincipalName": upn,
    }
    envelope = {"category": "UserRiskEvents", "time": written(NOON), "resourceId": "/tenants/x"}
    return envelope | {"properties": properties}


def streamed(oid: str, upn: str) -> Json:
    """Defender's streamed row about the account."""
    row = {
        "Timestamp": written(HAPPENED),
        "AlertId": "ad645062",
        "Title": "Malicious IP address",
        "Severity": "High",
        "ServiceSource": "AAD Identity Protection",
        "EntityType": "User",
        "EvidenceRole": "Impacted",
        "AccountObjectId": oid,
        "AccountUpn": upn.lower(),
    }
    envelope = {"operationName": "Publish", "category": "AdvancedHunting-AlertEvidence"}
    return envelope | {"time": written(NOON), "properties": row}


def graph_alert(oid: str, upn: str) -> Json:
    """Graph's alert, with the name in capitals."""
    user = {"azureAdUserId": oid, "userPrincipalName": upn.upper()}
    return {
        "@odata.type": "#microsoft.graph.security.alert",
        "id": "ad645062",
        "status": "new",
        "severity": "high",
        "serviceSource": "azureAdIdentityProtection",
        "title": "Malicious IP address",
        "createdDateTime": written(NOON),
        "firstActivityDateTime": written(HAPPENED),
        "evidence": [
            {"@odata.type": "#microsoft.graph.security.userEvidence", "userAccount": user}
        ],
    }


def sentinel(oid: str, _: str) -> Json:
    """Sentinel's incident, whose account is an object id and nothing else."""
    properties = {
        "title": "Malicious IP address involving one user",
        "severity": "High",
        "status": "New",
        "incidentNumber": 7,
        "firstActivityTimeUtc": written(HAPPENED),
        "createdTimeUtc": written(NOON + timedelta(minutes=4)),
        "additionalData": {"alertProductNames": ["Azure Active Directory Identity Protection"]},
        "relatedEntities": [account_entity(oid, aadUserId=oid)],
    }
    name = "afbd324f-6c48-459c-8710-8d1e1cd03812"
    return {"name": name, "type": "Microsoft.SecurityInsights/Incidents", "properties": properties}


type Telling = Callable[[str, str], Json]
WAYS: dict[str, Telling] = {
    "streamed-risk": risk_event,
    "streamed-alerts": streamed,
    "defender": graph_alert,
    "sentinel": sentinel,
}
ORDERS = [order for order in itertools.permutations(WAYS) if order[0] < order[1]][::2]


def without_times(node: Json) -> Json:
    """The same alert with every time corrupt, as one carrier has sent it."""
    return {
        key: "2025-09-18T15:14:17+0530577Z"
        if isinstance(value, str) and value.endswith("0Z")
        else without_times(value)
        if isinstance(value, dict)
        else value
        for key, value in node.items()
    }


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    auth = {"scheme": "hmac", "secrets": [SECRET]}
    more = tuple({"name": name, "carrier": c, "auth": auth} for name, c in CARRIERS.items())
    async with Bench(settings={"sources": (*sources(), *more)}) as made:
        yield made


async def tell(bench: Bench, way: str, *, times: bool = True) -> None:
    told = WAYS[way](bench.oid, bench.tenant.users[bench.oid].upn)
    reply = await bench.post(way, told if times else without_times(told))
    assert [each["state"] for each in reply.body["alerts"]] == [AlertState.RECEIVED]


@pytest.mark.parametrize("order", ORDERS, ids=" ".join)
async def test_told_one_after_another_it_is_one_case_and_nothing_is_done_twice(
    bench: Bench, order: tuple[str, ...]
) -> None:
    await tell(bench, order[0])
    await bench.settle(within=timedelta(minutes=1))
    done, states = bench.written(), bench.states()
    tasks = {name: task.finished_at for name, task in bench.tasks().items()}
    assert done
    for way in order[1:]:
        bench.clock.advance(120)
        await tell(bench, way)
        await bench.settle(within=timedelta(minutes=1))
    case = bench.the_case()
    assert len(case.alerts) == len(WAYS)
    assert case.kinds == {AlertKind.RISKY_SIGN_IN}
    assert {alert.case for alert in bench.alerts()} == {case.id}
    assert (bench.written(), bench.states()) == (done, states)
    assert {name: task.finished_at for name, task in bench.tasks().items()} == tasks


async def test_told_by_all_at_once_it_is_one_case(bench: Bench) -> None:
    for way in WAYS:
        await tell(bench, way)
    await bench.settle(within=timedelta(minutes=1))
    assert len(bench.the_case().alerts) == len(WAYS)
    assert len(bench.written("/revokeSignInSessions")) == 1


@pytest.mark.parametrize("late", [way for way in WAYS if way != "streamed-risk"])
async def test_a_slow_carrier_that_cannot_say_when_repeats_nothing(bench: Bench, late: str) -> None:
    await tell(bench, "streamed-risk")
    await bench.settle(within=timedelta(minutes=1))
    done, seen = bench.written(), bench.the_case().seen_until
    bench.clock.advance(600)
    await tell(bench, late, times=False)
    await bench.settle(within=timedelta(minutes=1))
    assert bench.written() == done
    assert bench.the_case().seen_until == seen


async def test_what_is_told_without_a_time_long_after_is_news(bench: Bench) -> None:
    await tell(bench, "streamed-risk")
    await bench.settle(within=timedelta(minutes=1))
    seen = bench.the_case().seen_until
    bench.clock.advance(2 * 3600)
    await tell(bench, "defender", times=False)
    await bench.settle(within=timedelta(minutes=1))
    assert bench.the_case().seen_until > seen
    assert len(bench.written("/revokeSignInSessions")) == 2


async def test_another_detection_after_containment_is_news(bench: Bench) -> None:
    await tell(bench, "defender")
    await bench.settle(within=timedelta(minutes=1))
    bench.clock.advance(600)
    told = graph_alert(bench.oid, "") | {"id": "ad700000"}
    later = written(bench.clock.now())
    await bench.post("defender", told | {"firstActivityDateTime": later})
    await bench.settle(within=timedelta(minutes=1))
    assert len(bench.the_case().alerts) == 2
    assert len(bench.written("/revokeSignInSessions")) == 2
