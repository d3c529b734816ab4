"""Records that come in streams: joined, routed, kept, and passed over."""

from __future__ import annotations

import itertools
import json
from datetime import timedelta
from typing import Any

import pytest

from lab.carrier_alerts import restricted_from_sending
from lab.tenant.feeds import Content
from lab.workbench import SECRET
from shared.model import AlertState, Json
from tests.tasks.benches import NOON, Bench

ALERT = "ad0a4e50-0000-4000-8000-000000000001"
LONG = timedelta(minutes=40)


def row(table: str, **fields: Any) -> Json:
    return {
        "operationName": "Publish",
        "category": f"AdvancedHunting-{table}",
        "properties": {"Timestamp": NOON.isoformat(), "AlertId": ALERT, **fields},
    }


def info(**changes: Any) -> Json:
    fields = {"Title": "Malicious IP address", "Severity": "High"}
    return row("AlertInfo", **(fields | {"ServiceSource": "AAD Identity Protection"} | changes))


def evidence(bench: Bench, **changes: Any) -> Json:
    fields = {"EntityType": "User", "EvidenceRole": "Impacted", "AccountObjectId": bench.oid}
    return row("AlertEvidence", **(fields | changes))


def event(*records: Json) -> bytes:
    return json.dumps({"records": records}).encode()


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
async def test_rows_of_one_alert_that_come_apart_and_twice_open_one_case_whatever_their_order(
    order: tuple[int, ...],
) -> None:
    async with Bench() as bench:
        machine = evidence(bench, EntityType="Machine", AccountObjectId=None)
        rows = [info(), evidence(bench), machine]
        for place in (*order, *order):
            await bench.app.stream([event(rows[place])])
        await bench.settle(within=LONG)
        assert bench.the_case().account.object_id == bench.oid
        assert {alert.state for alert in bench.alerts()} == {AlertState.TRIAGED}


async def test_evidence_that_comes_minutes_later_is_waited_for() -> None:
    async with Bench() as bench:
        await bench.app.stream([event(info())])
        await bench.settle(within=timedelta(minutes=5))
        assert bench.all_cases() == []
        await bench.app.stream([event(evidence(bench))])
        await bench.settle(within=timedelta(minutes=10))
        assert bench.the_case().account.object_id == bench.oid


async def test_evidence_that_says_all_waits_for_nothing() -> None:
    async with Bench() as bench:
        said = {"Title": "Malicious IP address", "ServiceSource": "AAD Identity Protection"}
        await bench.app.stream([event(evidence(bench, **said))])
        await bench.settle(within=timedelta(seconds=1))
        assert bench.the_case().account.object_id == bench.oid


async def test_an_alert_whose_evidence_never_comes_is_a_persons() -> None:
    async with Bench() as bench:
        await bench.app.stream([event(info())])
        await bench.settle(within=LONG)
        (alert,) = bench.alerts()
        assert alert.state is AlertState.UNRESOLVED
        assert bench.rows("shown:")


async def test_evidence_of_an_alert_that_is_not_ours_is_called_off_by_it() -> None:
    async with Bench() as bench:
        other = info(Title="Suspicious service launched", ServiceSource="Microsoft Defender ATP")
        await bench.app.stream([event(evidence(bench)), event(other)])
        await bench.settle(within=LONG)
        assert {alert.state for alert in bench.alerts()} == {AlertState.IGNORED}
        assert bench.all_cases() == []


async def test_rows_that_a_webhook_forwards_are_joined_with_those_of_the_stream() -> None:
    auth = {"scheme": "hmac", "secrets": [SECRET]}
    source = {"name": "xdr", "carrier": "defender_streaming", "auth": auth}
    async with Bench(settings={"sources": (source,)}) as bench:
        assert (await bench.post("xdr", info())).status == 202
        await bench.app.stream([event(evidence(bench))])
        await bench.settle(within=LONG)
        assert bench.the_case().account.object_id == bench.oid


async def test_a_broken_record_in_the_middle_costs_no_other_and_is_shown() -> None:
    async with Bench() as bench:
        risky = {"riskState": "atRisk", "riskLevel": "high", "id": bench.oid}
        good = {"category": "RiskyUsers", "properties": {**risky, "userPrincipalName": ""}}
        lines = [json.dumps({**good, "n": n}) for n in range(2)]
        batch = [b"\xff\xfe", "\n".join([lines[0], '{"category":', lines[1]]).encode(), b"[]"]
        await bench.app.stream(batch)
        states = sorted(alert.state for alert in bench.alerts())
        assert states == ["ignored", "received", "unreadable", "unreadable"]


async def test_harmless_sign_ins_by_the_thousand_leave_no_trace() -> None:
    async with Bench() as bench:
        quiet = {"riskState": "none", "riskLevelDuringSignIn": "none", "userId": bench.oid}
        record = {"category": "SignInLogs", "properties": quiet}
        await bench.app.stream([event(*[record] * 100)] * 10)
        assert bench.store.rows() == ()
        assert bench.store.blobs() == {}


def pointer(content: str) -> Json:
    uri = "https://mallory.example/elsewhere"
    return {"contentType": "Audit.General", "contentId": content, "contentUri": uri}


async def test_content_that_a_notification_names_is_fetched_by_its_id_and_answered() -> None:
    async with Bench() as bench:
        user = bench.tenant.users[bench.oid]
        records = json.loads(restricted_from_sending(bench.tenant, user, at=NOON).body)
        noise = {"RecordType": 50, "Operation": "MailItemsAccessed", "Workload": "Exchange"}
        kept = Content(id="2026$1$Audit_General", created_at=NOON, records=(noise, *records))
        bench.tenant.state.activity.contents.append(kept)
        body = json.dumps([pointer(kept.id)]).encode()
        assert (await bench.post("office365", body)).status == 202
        await bench.settle()
        assert bench.the_case().account.object_id == bench.oid


async def test_content_without_alerts_is_ignored_and_content_that_expired_is_a_persons() -> None:
    async with Bench() as bench:
        kept = Content(id="2026$1$Audit_General", created_at=NOON, records=())
        bench.tenant.state.activity.contents.append(kept)
        body = json.dumps([pointer(kept.id), pointer("2026$2$Audit_General")]).encode()
        await bench.post("office365", body)
        await bench.settle()
        assert sorted(alert.state for alert in bench.alerts()) == ["ignored", "unresolved"]


async def test_the_validation_of_a_webhook_is_answered_only_with_its_own_secret() -> None:
    async with Bench() as bench:
        code = {"Webhook-ValidationCode": "any-code"}
        body = b'{"validationCode":"any-code"}'
        reply = await bench.post("office365", body, **code)
        assert (reply.status, bench.alerts()) == (200, [])
        headers = {"Content-Type": "application/json", **code}
        assert (await bench.app.receive("office365", headers, body)).status == 401
