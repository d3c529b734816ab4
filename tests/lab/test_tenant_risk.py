from __future__ import annotations

from typing import Any

import pytest

from lab.tenant import TenantSettings
from lab.tenant.settings import Licence
from tests.lab.tenancy import Desk, make, message

RISKY = "/identityProtection/riskyUsers"


async def test_who_never_was_at_risk_has_no_record() -> None:
    async with Desk(make()) as desk:
        oid = desk.people.person("Ada Brandt")
        assert (await desk.graph("GET", f"{RISKY}/{oid}")).status_code == 404


async def test_confirming_raises_the_risk_and_dismissing_takes_it_back() -> None:
    async with Desk(make()) as desk:
        oid = desk.people.person("Ada Brandt")
        desk.people.risk(oid, "medium")
        seen = []
        for action in ("confirmCompromised", "dismiss"):
            answer = await desk.graph("POST", f"{RISKY}/{action}", {"userIds": [oid]})
            assert (answer.status_code, answer.content) == (204, b"")
            record = (await desk.graph("GET", f"{RISKY}/{oid}")).json()
            seen.append((record["riskState"], record["riskLevel"], record["riskDetail"]))
        assert seen == [
            ("confirmedCompromised", "high", "adminConfirmedUserCompromised"),
            ("dismissed", "none", "adminDismissedAllRiskForUser"),
        ]


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_without_the_licence_identity_protection_is_closed(method: str) -> None:
    settings = TenantSettings.instant(licences=frozenset({Licence.ENTRA_P1}))
    async with Desk(make(settings)) as desk:
        oid = desk.people.person("Ada Brandt")
        path = f"{RISKY}/{oid}" if method == "GET" else f"{RISKY}/confirmCompromised"
        body = None if method == "GET" else {"userIds": [oid]}
        answer = await desk.graph(method, path, body)
        assert answer.status_code == 403
        assert "licensed" in message(answer)
        assert not desk.tenant.state.risks


@pytest.mark.parametrize("body", [{"userIds": []}, {"userIds": "x"}, {"users": ["x"]}, {}])
async def test_a_verdict_without_proper_user_ids_is_refused(body: dict[str, Any]) -> None:
    async with Desk(make()) as desk:
        answer = await desk.graph("POST", f"{RISKY}/confirmCompromised", body)
        assert answer.status_code == 400


async def test_reading_risk_does_not_allow_judging_it() -> None:
    async with Desk(make(granted=frozenset({"IdentityRiskyUser.Read.All"}))) as desk:
        oid = desk.people.person("Ada Brandt")
        answer = await desk.graph("POST", f"{RISKY}/dismiss", {"userIds": [oid]})
        assert answer.status_code == 403
