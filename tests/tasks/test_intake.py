from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import pytest

from lab.scenarios import false_alarm, spammer
from lab.workbench import SECRET
from shared.errors import Transient
from shared.model import AlertState, CaseStatus, TaskState
from shared.store.memory import MemoryStore
from shared.store.verbs import Drop, Put
from shared.tasks.intake import LARGEST
from shared.tasks.queue import TriageMessage
from tests.tasks.benches import Bench


class Failing(MemoryStore):
    """A store of which one verb is away."""

    def __init__(self, verb: str) -> None:
        super().__init__()
        self.verb = verb

    async def write(self, *changes: Put | Drop) -> tuple[str, ...]:
        self._fail("write")
        return await super().write(*changes)

    async def keep(self, name: str, data: bytes) -> None:
        self._fail("keep")
        await super().keep(name, data)

    def _fail(self, verb: str) -> None:
        if verb == self.verb:
            raise Transient("storage is away")


class Lost:
    """A queue that is away."""

    async def put(self, text: str, *, delay: float = 0) -> None:
        raise Transient("the queue is away")

    async def front(self) -> datetime | None:
        raise Transient("the queue is away")


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with Bench() as made:
        yield made


async def test_an_alert_is_answered_with_its_id_and_a_link_that_leads_to_its_case(
    bench: Bench,
) -> None:
    reply = await bench.tell()
    (told,) = reply.body["alerts"]
    (alert,) = bench.alerts()
    assert reply.status == 202
    assert told["id"] == alert.id
    path = told["case"].partition("/api/")[2]
    before = await bench.app.page(path, {})
    assert before.status in {200, 202}
    await bench.settle()
    after = await bench.app.page(path, {})
    assert after.status in {302, 303, 307}
    assert bench.the_case().id in after.headers["Location"]


async def test_alert_and_raw_body_are_stored_and_queued_before_the_answer(bench: Bench) -> None:
    await bench.tell()
    (alert,) = bench.alerts()
    assert bench.store.blobs()[alert.raw] == bench.scenario.alerts[0].body
    assert [body["due"] for body in bench.rows("todo:")] == [bench.clock.now().isoformat()]
    assert bench.waiting() == [TriageMessage(tenant=alert.tenant, alert=alert.id)]


@pytest.mark.parametrize("verb", ["keep", "write"])
async def test_what_cannot_be_stored_is_not_acknowledged_and_not_queued(verb: str) -> None:
    async with Bench(store=Failing(verb)) as bench:
        reply = await bench.tell()
        assert (reply.status, reply.retry_after) == (503, 5)
        assert "send it again" in reply.body["error"]
        assert bench.waiting() == []


async def test_what_cannot_be_queued_is_not_acknowledged_and_comes_back_all_the_same() -> None:
    async with Bench(queue=Lost()) as bench:
        assert (await bench.tell()).status == 503
        assert len(bench.rows("todo:")) == 1
        assert [alert.state for alert in bench.alerts()] == [AlertState.RECEIVED]


REFUSED = [
    pytest.param("nobody", {}, b"{}", 404, "No source named", id="404"),
    pytest.param("defender", {"Content-Type": "text/plain"}, b"{}", 415, "takes", id="415"),
    pytest.param("defender", {"Content-Type": ""}, b"{}", 415, "is missing", id="415 missing"),
    pytest.param("defender", {}, b" " * (LARGEST + 1), 413, "at most", id="413"),
    pytest.param(
        "defender", {"X-Firebreak-Signature": "0" * 64}, b"{}", 401, "does not match", id="401"
    ),
    pytest.param("defender", {"X-Firebreak-Timestamp": "1"}, b"{}", 401, "stale", id="401 stale"),
]


@pytest.mark.parametrize(("source", "headers", "body", "status", "reason"), REFUSED)
async def test_what_is_refused_is_refused_with_a_reason_and_leaves_nothing(
    bench: Bench, source: str, headers: dict[str, str], body: bytes, status: int, reason: str
) -> None:
    reply = await bench.post(source, body, **headers)
    assert reply.status == status
    assert reason in reply.body["error"]
    assert SECRET not in json.dumps(reply.body)
    assert bench.store.rows() == ()
    assert bench.store.blobs() == {}


async def test_a_body_of_the_largest_size_is_still_read(bench: Bench) -> None:
    body = bench.scenario.alerts[0].body
    padded = body + b" " * (LARGEST - len(body))
    assert (await bench.post("identity-protection", padded)).status == 202


@pytest.mark.parametrize("body", [b"not json", b"", b"\xff\xfe", b'{"x": 1}', b"[1, 2]"])
async def test_what_cannot_be_read_is_answered_with_422_and_kept_and_listed(
    bench: Bench, body: bytes
) -> None:
    reply = await bench.post("identity-protection", body)
    assert reply.status == 422
    (alert,) = bench.alerts()
    assert reply.body["kept"] == alert.id
    assert reply.body["error"] == alert.reason != ""
    assert (alert.state, bench.store.blobs()[alert.raw]) == (AlertState.UNREADABLE, body)
    page = await bench.app.page("alerts", {"accept": "application/json"})
    assert alert.id in page.body
    assert bench.waiting() == []


async def test_what_is_not_for_us_is_answered_with_its_reason_and_listed() -> None:
    async with Bench(story=false_alarm) as bench:
        reply = await bench.tell()
        await bench.settle()
        assert reply.status == 202
        assert reply.body["alerts"][0]["state"] == "ignored"
        assert reply.body["alerts"][0]["reason"]
        assert [alert.state for alert in bench.alerts()] == [AlertState.IGNORED]
        page = await bench.app.page("alerts", {"accept": "application/json"})
        assert bench.alerts()[0].id in page.body
        assert bench.written() == []
        assert bench.all_cases() == []


async def test_the_same_alert_twice_is_one_alert_and_one_case(bench: Bench) -> None:
    first, second = await bench.tell(), await bench.tell()
    assert first.body["alerts"][0]["id"] == second.body["alerts"][0]["id"]
    await bench.settle()
    third = await bench.tell()
    await bench.settle()
    assert third.status == 202
    assert len(bench.alerts()) == 1
    assert len(bench.the_case().alerts) == 1
    assert len(bench.written("/revokeSignInSessions")) == 1


async def test_the_same_alert_ten_times_at_once_is_one_alert(bench: Bench) -> None:
    replies = await asyncio.gather(*(bench.tell() for _ in range(10)))
    assert {reply.status for reply in replies} == {202}
    await bench.settle()
    assert len(bench.alerts()) == 1
    assert len(bench.all_cases()) == 1


async def test_a_crash_between_row_and_message_and_the_senders_retry_make_one_case() -> None:
    async with Bench(queue=Lost()) as bench:
        assert (await bench.tell()).status == 503
        # A new process, whose queue works, on the same store.
        bench.app = bench.under(bench.app.settings.policy)
        assert (await bench.tell()).status == 202
        await bench.settle()
        assert len(bench.alerts()) == 1
        assert bench.the_case().status is CaseStatus.CONTAINED
        assert bench.unfinished() == []


async def test_a_list_of_alerts_is_one_row_each_and_one_case_for_each_account(
    bench: Bench,
) -> None:
    (alert,) = bench.scenario.alerts
    page = json.loads(alert.body)
    found = page["value"][0]
    hanna = bench.tenant.users[bench.scenario.bystanders[0]]
    page["value"] = [
        found,
        found | {"id": "a" * 64},
        found | {"id": "b" * 64, "userId": hanna.id, "userPrincipalName": hanna.upn},
        {"neither": "this nor that"},
    ]
    reply = await bench.post(alert.source, page)
    assert reply.status == 202
    states = sorted(told["state"] for told in reply.body["alerts"])
    assert states == ["received", "received", "received", "unreadable"]
    await bench.settle()
    assert {case.account.object_id for case in bench.all_cases()} == {bench.oid, hanna.id}
    assert sorted(len(case.alerts) for case in bench.all_cases()) == [1, 2]


async def test_one_native_alert_from_another_carrier_is_another_alert(bench: Bench) -> None:
    await bench.tell()
    await bench.ask()
    assert len({alert.id for alert in bench.alerts()}) == 2


def confirmed(bench: Bench) -> dict[str, Any]:
    """What Identity Protection sends when an administrator (or we) confirmed the account."""
    page: dict[str, Any] = json.loads(bench.scenario.alerts[0].body)
    page["value"][0] |= {
        "id": "c" * 64,
        "riskEventType": "adminConfirmedUserCompromised",
        "riskState": "confirmedCompromised",
        "riskDetail": "adminConfirmedUserCompromised",
    }
    return page


async def test_our_own_confirmation_coming_back_is_ignored_with_a_reason(bench: Bench) -> None:
    await bench.tell()
    await bench.settle()
    before, lines = bench.tenant.snapshot(), len(bench.journal().entries)
    bench.clock.advance(120)
    assert (await bench.post("identity-protection", confirmed(bench))).status == 202
    await bench.settle()
    states = sorted(alert.state.value for alert in bench.alerts())
    assert states == ["ignored", "triaged"]
    ignored = next(alert for alert in bench.alerts() if alert.state is AlertState.IGNORED)
    assert "Our own" in ignored.reason
    assert ignored.case == bench.the_case().id
    assert bench.tenant.snapshot() == before
    assert len(bench.journal().entries) == lines


async def test_a_confirmation_by_somebody_else_is_an_alert(bench: Bench) -> None:
    await bench.post("identity-protection", confirmed(bench))
    await bench.settle()
    assert [alert.state for alert in bench.alerts()] == [AlertState.TRIAGED]
    assert len(bench.all_cases()) == 1


async def test_a_held_alert_goes_no_further_than_approve(bench: Bench) -> None:
    """A state nobody has documented says neither that the risk is live nor that it is closed."""
    page = json.loads(bench.scenario.alerts[0].body)
    page["value"][0]["riskState"] = "unknownFutureValue"
    before = bench.tenant.snapshot()
    await bench.post("identity-protection", page)
    await bench.settle()
    (alert,) = bench.alerts()
    assert alert.evidence["held"]
    assert bench.tasks()
    assert {task.state for task in bench.tasks().values()} <= {
        TaskState.WAITING,
        TaskState.SKIPPED,
        TaskState.OBSERVED,
    }
    assert any("held" in reason for reason in bench.the_case().reasons)
    assert bench.tenant.snapshot() == before


async def test_an_alert_of_the_future_is_believed_only_up_to_now() -> None:
    async with Bench(story=spammer) as bench:
        await bench.ask(since="2099-01-01T00:00:00Z")
        (alert,) = bench.alerts()
        assert alert.occurred_at == alert.received_at == bench.clock.now()


async def test_an_alert_without_a_time_says_that_its_receipt_is_meant(bench: Bench) -> None:
    await bench.ask()
    await bench.ask("2", since="2026-11-23T11:00:00Z")
    receipts = {alert.native_id: alert.occurred_at_is_receipt for alert in bench.alerts()}
    assert receipts == {"1": True, "2": False}
