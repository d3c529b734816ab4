"""Lists of mailboxes, bit by bit: what an answer lacks is unknown, and a kept link leads home."""

from __future__ import annotations

import httpx
import pytest

from shared.clients.licences import ADVANCED_AUDITING
from shared.errors import Defect, Denied
from shared.model import ObjectId
from tests.clients.far_side import EXCHANGE, FarSide, clients, page

OID = "7d3c2f10-5b1e-4a7c-9c55-0d6d3a1b2c3d"
BARE = {"ExternalDirectoryObjectId": OID, "Name": "ada"}
SYSTEM = {"ExternalDirectoryObjectId": "", "Name": "SystemMailbox{bb558c35}"}
LINK = f"{EXCHANGE}/adminapi/beta/t/InvokeCommand?$skiptoken=2"


async def test_settings_that_exchange_does_not_tell_are_unknown_and_not_off() -> None:
    tenant = clients(FarSide(page(BARE))).mailboxes
    ((box,), _), ((doors,), _) = await tenant.boxes(size=9), await tenant.doors(size=9)
    assert (box.audited, box.kept_days, box.created_at) == (None, None, None)
    assert (doors.smtp_auth, doors.imap, doors.pop) == (None, None, None)
    ((account,), _) = await clients(FarSide(page(BARE))).mailboxes.unwritten(size=9)
    assert account.bypassed is None


async def test_the_organisations_own_mailboxes_are_nobodys() -> None:
    boxes, link = await clients(FarSide(page(SYSTEM, BARE, link=LINK))).mailboxes.boxes(size=9)
    assert ([box.object_id for box in boxes], link) == ([OID], LINK)


@pytest.mark.parametrize(
    ("text", "days"),
    [("90.00:00:00", 90), ("365.12:30:00", 365), ("12:00:00", 0), ("for ever", None), (None, None)],
)
async def test_a_span_of_time_is_read_in_whole_days(text: str | None, days: int | None) -> None:
    far = FarSide(page({**BARE, "AuditLogAgeLimit": text}))
    ((box,), _) = await clients(far).mailboxes.boxes(size=9)
    assert box.kept_days == days


async def test_a_page_is_asked_for_whole_lists_in_pages_of_the_size_that_is_wanted() -> None:
    far = FarSide(page(BARE, link=LINK), page(BARE))
    _, link = await clients(far).mailboxes.boxes(size=500)
    _, end = await clients(far).mailboxes.boxes(size=500, link=link)
    assert end is None
    first, second = far.requests
    assert second.url == httpx.URL(LINK)
    assert first.content == second.content
    assert b'"ResultSize":"Unlimited"' in first.content.replace(b" ", b"")
    assert {r.headers["Prefer"] for r in far.requests} == {"odata.maxpagesize=500"}


async def test_a_kept_link_to_elsewhere_is_not_followed() -> None:
    far = FarSide(page(BARE))
    with pytest.raises(Defect, match="not followed"):
        await clients(far).mailboxes.boxes(size=9, link="https://mallory.example/x")
    assert far.requests == []


async def test_a_page_that_leads_to_itself_is_no_list() -> None:
    with pytest.raises(Defect, match="no end"):
        await clients(FarSide(page(BARE, link=LINK))).mailboxes.boxes(size=9, link=LINK)


async def test_a_list_that_may_not_be_read_is_not_an_empty_one() -> None:
    with pytest.raises(Denied):
        await clients(FarSide(httpx.Response(403, json={}))).mailboxes.boxes(size=9)


async def test_licences_are_asked_for_fifteen_at_a_time_and_what_is_not_told_is_unknown() -> None:
    oids = [ObjectId(f"7d3c2f10-5b1e-4a7c-9c55-{number:012d}") for number in range(31)]
    plans = [
        {"servicePlanId": ADVANCED_AUDITING, "capabilityStatus": "Enabled"},
        {"servicePlanId": "gone", "capabilityStatus": "Suspended"},
    ]
    far = FarSide(page({"id": oids[0], "assignedPlans": plans}))
    found = await clients(far).licences.plans(oids)
    assert found == {oids[0]: {ADVANCED_AUDITING}}
    asked = [str(request.url.params["$filter"]).count("'") // 2 for request in far.requests]
    assert asked == [15, 15, 1]
