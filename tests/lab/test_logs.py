"""The logs of the simulated tenant: what they tell, to whom, how late and how often."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from lab.plants import sign_ins
from lab.stage import Stage
from lab.tenant import TenantSettings
from lab.tenant.defender import Delivery, SentMessage
from lab.tenant.logbook import AuditRecord
from lab.tenant.settings import Licence, Throttling
from tests.lab.tenancy import NOON, Desk, code, make

SEARCHES = "/security/auditLog/queries"
TRACES = "/admin/exchange/tracing/messageTraces"


def when(minutes: float) -> str:
    return (NOON - timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def told(desk: Desk) -> str:
    stage = Stage(desk.tenant)
    oid = stage.people.person("Ada Brandt")
    sign_ins.plant(stage, oid)
    return oid


def wrote(desk: Desk, minutes: float, *, service: str = "OneDrive", upn: str = "a@b.c") -> str:
    record = AuditRecord(
        id=desk.tenant.guid(),
        at=NOON - timedelta(minutes=minutes),
        operation="AnonymousLinkCreated",
        service=service,
        kind="SharePointSharingOperation",
        upn=upn,
        object_id="https://contoso.example/x",
        ip="192.0.2.66",
    )
    desk.tenant.state.logbook.records.append(record)
    return record.id


async def search(desk: Desk, **fields: Any) -> str:
    answer = await desk.graph("POST", SEARCHES, {"displayName": "test", **fields})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def test_sign_ins_are_those_of_the_account_since_the_moment() -> None:
    async with Desk(make()) as desk:
        oid = told(desk)
        told(desk)
        found = await desk.every(
            f"/auditLogs/signIns?$filter=userId eq '{oid}' and createdDateTime ge {when(60)}"
        )
        assert [(one["ipAddress"], one["status"]["errorCode"]) for one in found] == [
            ("192.0.2.66", 0),
            ("192.0.2.66", 50126),
        ]
        assert {one["userId"] for one in found} == {oid}


@pytest.mark.parametrize(
    "condition", ["shoeSize eq 'x'", "userId eq ada", "createdDateTime ge 2026-11-23", "userId"]
)
async def test_a_filter_that_graph_does_not_take_is_refused(condition: str) -> None:
    async with Desk(make()) as desk:
        answer = await desk.graph("GET", f"/auditLogs/signIns?$filter={condition}")
        assert answer.status_code == 400


async def test_sign_ins_need_a_premium_licence() -> None:
    async with Desk(make(TenantSettings.instant(licences=frozenset()))) as desk:
        answer = await desk.graph("GET", "/auditLogs/signIns")
        assert answer.status_code == 403
        assert code(answer) == "Authentication_RequestFromNonPremiumTenantOrB2CTenant"
    async with Desk(make(TenantSettings.instant(licences=frozenset({Licence.ENTRA_P1})))) as desk:
        assert (await desk.graph("GET", "/auditLogs/signIns")).status_code == 200


async def test_the_sixth_request_in_ten_seconds_has_to_wait() -> None:
    settings = TenantSettings.instant(throttling=Throttling.PUBLISHED)
    async with Desk(make(settings)) as desk:
        for _ in range(5):
            assert (await desk.graph("GET", "/auditLogs/signIns")).status_code == 200
        over = await desk.graph("GET", "/auditLogs/signIns")
        assert over.status_code == 429
        assert 1 <= int(over.headers["Retry-After"]) <= 11
        desk.tenant.clock.advance(int(over.headers["Retry-After"]))
        assert (await desk.graph("GET", "/auditLogs/signIns")).status_code == 200


async def test_a_search_waits_runs_and_only_then_has_records() -> None:
    async with Desk(make(TenantSettings.instant(audit_search=100.0))) as desk:
        record = wrote(desk, 5)
        name = await search(desk)
        seen = []
        for _ in range(3):
            seen.append((await desk.graph("GET", f"{SEARCHES}/{name}")).json()["status"])
            if seen[-1] != "succeeded":
                early = await desk.graph("GET", f"{SEARCHES}/{name}/records")
                assert early.status_code == 400
            desk.tenant.clock.advance(50)
        assert seen == ["notStarted", "running", "succeeded"]
        assert [one["id"] for one in await desk.every(f"{SEARCHES}/{name}/records")] == [record]


async def test_a_search_finds_what_its_filters_let_through() -> None:
    async with Desk(make()) as desk:
        wanted = wrote(desk, 5)
        wrote(desk, 90)
        wrote(desk, 5, upn="other@b.c")
        name = await search(
            desk,
            filterStartDateTime=when(60),
            filterEndDateTime=when(0),
            userPrincipalNameFilters=["A@B.C"],
            operationFilters=["AnonymousLinkCreated", "SecureLinkCreated"],
        )
        assert [one["id"] for one in await desk.every(f"{SEARCHES}/{name}/records")] == [wanted]


async def test_a_right_to_one_service_shows_that_service_and_does_not_say_that_there_is_more() -> (
    None
):
    tenant = make(granted=frozenset({"AuditLogsQuery-OneDrive.Read.All"}))
    async with Desk(tenant) as desk:
        seen = wrote(desk, 5)
        wrote(desk, 5, service="SharePoint")
        name = await search(desk)
        assert [one["id"] for one in await desk.every(f"{SEARCHES}/{name}/records")] == [seen]


async def test_rows_come_late_and_a_later_search_finds_them() -> None:
    async with Desk(make(TenantSettings.instant(audit_lag=3600.0))) as desk:
        record = wrote(desk, 5)
        early = await search(desk)
        desk.tenant.clock.advance(3600)
        late = await search(desk)
        assert await desk.every(f"{SEARCHES}/{early}/records") == []
        assert [one["id"] for one in await desk.every(f"{SEARCHES}/{late}/records")] == [record]


async def test_a_search_is_not_counted_as_a_change() -> None:
    async with Desk(make()) as desk:
        before = desk.tenant.snapshot()
        await search(desk)
        assert desk.tenant.writes == []
        assert desk.tenant.snapshot() == before


def sent(desk: Desk, days: float, *recipients: str) -> SentMessage:
    oid = desk.people.person("Ada Brandt")
    message = SentMessage(
        id=desk.tenant.guid(),
        oid=oid,
        sender=str(desk.tenant.users[oid].mail),
        at=NOON - timedelta(days=days),
        subject="Invoice",
        ip="192.0.2.66",
        deliveries=tuple(Delivery(recipient=one) for one in recipients),
    )
    desk.tenant.state.sent[message.id] = message
    return message


async def test_the_trace_has_a_row_for_each_recipient_of_the_sender() -> None:
    async with Desk(make()) as desk:
        message = sent(desk, 1, "x@one.example", "y@two.example")
        sent(desk, 1, "z@three.example")
        found = await desk.every(f"{TRACES}?$filter=senderAddress eq '{message.sender}'")
        assert {one["recipientAddress"] for one in found} == {"x@one.example", "y@two.example"}
        assert {one["id"] for one in found} == {message.id}


@pytest.mark.parametrize(
    ("start", "end", "status"),
    [(9, 0, 200), (11, 0, 400), (95, 91, 400), (1, -1, 400), (None, 0, 400), (89, 80, 200)],
)
async def test_the_trace_refuses_a_window_it_does_not_keep(
    start: float | None, end: float, status: int
) -> None:
    async with Desk(make()) as desk:
        parts = [f"receivedDateTime le {when(end * 1440)}"]
        if start is not None:
            parts.append(f"receivedDateTime ge {when(start * 1440)}")
        answer = await desk.graph("GET", f"{TRACES}?$filter={' and '.join(parts)}")
        assert answer.status_code == status
