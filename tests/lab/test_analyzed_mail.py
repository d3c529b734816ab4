"""Defender for Office 365 in the simulated tenant: what it refuses, and when mail is gone."""

from __future__ import annotations

from typing import Any

import pytest

from lab.tenant import TenantSettings
from lab.tenant.settings import Licence
from tests.lab.furnished import furnish
from tests.lab.tenancy import NOON, Desk, make

MAIL = "/security/collaboration/analyzedEmails"
TO = "hanna.weiss@contoso.example"


def order(message: str, **wish: Any) -> dict[str, Any]:
    copies = [{"networkMessageId": message, "recipientEmailAddress": TO}]
    return {
        "displayName": "Clean up",
        "description": "Phish",
        "severity": "high",
        "action": "softDelete",
        "remediateSendersCopy": False,
        "analyzedEmails": copies,
        **wish,
    }


async def sent(desk: Desk) -> str:
    return furnish(desk, desk.people.person("Ada Brandt"))["{message}"]


async def location(desk: Desk, message: str) -> str:
    (row,) = await desk.every(f"{MAIL}?$filter=networkMessageId eq '{message}'")
    return str(row["latestDelivery"]["location"])


async def test_an_order_is_taken_at_once_and_carried_out_later() -> None:
    async with Desk(make(TenantSettings.instant(purge_delay=60.0))) as desk:
        message = await sent(desk)
        answer = await desk.graph("POST", f"{MAIL}/remediate", order(message))
        assert (answer.status_code, answer.content) == (202, b"")
        assert answer.headers["Location"]
        assert await location(desk, message) == "inbox_folder"
        desk.tenant.clock.advance(60)
        assert await location(desk, message) == "deletedFolder"


@pytest.mark.parametrize(
    "wrong",
    [
        {"action": "vanish"},
        {"remediateSendersCopy": "false"},
        {"analyzedEmails": [{"networkMessageId": "x"}]},
        {"more": 1},
    ],
)
async def test_an_order_that_is_not_complete_is_refused(wrong: dict[str, Any]) -> None:
    async with Desk(make()) as desk:
        message = await sent(desk)
        answer = await desk.graph("POST", f"{MAIL}/remediate", order(message, **wrong))
        assert answer.status_code == 400
        assert await location(desk, message) == "inbox_folder"


async def test_without_plan_two_there_is_neither_sight_nor_removal() -> None:
    licences = frozenset(Licence) - {Licence.DEFENDER_OFFICE_P2}
    async with Desk(make(TenantSettings.instant(licences=licences))) as desk:
        message = await sent(desk)
        assert (await desk.graph("GET", MAIL)).status_code == 403
        refused = await desk.graph("POST", f"{MAIL}/remediate", order(message))
        assert refused.status_code == 403
        assert desk.tenant.writes == []


async def test_copies_are_looked_for_around_a_time() -> None:
    async with Desk(make()) as desk:
        await sent(desk)
        day = f"{NOON:%Y-%m-%d}"
        within = f"{MAIL}?startTime={day}T11:00:00Z&endTime={day}T13:00:00Z"
        before = f"{MAIL}?startTime={day}T01:00:00Z&endTime={day}T02:00:00Z"
        assert len(await desk.every(within)) == 1
        assert await desk.every(before) == []
