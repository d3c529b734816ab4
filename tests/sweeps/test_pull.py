from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest

from lab.scenarios import spammer
from shared.model import AlertState, CaseStatus, PullName
from shared.sweeps.pull import FIRST
from tests.sweeps.pulling import PullBench

MINUTE = timedelta(minutes=1)
EVERY = tuple(PullName)
type Report = Callable[[PullBench], str]


@pytest.fixture
async def bench() -> AsyncIterator[PullBench]:
    async with PullBench(*EVERY) as made:
        made.tenant.state.detections.clear()
        yield made


async def test_nothing_is_fetched_unless_it_was_switched_on() -> None:
    async with PullBench() as bench:
        bench.detected(bench.clock.now())
        bench.alerted(bench.clock.now())
        await bench.pull()
        assert bench.alerts() == []
        assert bench.tenant.calls == []


async def test_a_pulled_detection_is_answered_like_one_that_was_sent(bench: PullBench) -> None:
    bench.detected(bench.clock.now() - MINUTE)
    await bench.pull()
    await bench.settle()
    (alert,) = bench.alerts()
    assert alert.state is AlertState.TRIAGED
    assert (alert.source, alert.carrier) == ("pull-risk_detections", "identity_protection")
    assert bench.the_case().account.object_id == bench.oid
    assert bench.the_case().status is CaseStatus.CONTAINED


async def test_what_was_sent_already_is_not_another_alert_when_it_is_pulled(
    bench: PullBench,
) -> None:
    await bench.tell()
    (sent,) = bench.alerts()
    bench.tenant.state.detections.clear()
    body = bench.scenario.alerts[0].body
    import json

    from lab.tenant.feeds import RiskDetection

    (detection,) = json.loads(body)["value"]
    bench.tenant.state.detections["x"] = RiskDetection(
        oid=bench.oid, updated_at=bench.clock.now(), body=detection
    )
    await bench.pull()
    assert [alert.id for alert in bench.alerts()] == [sent.id]


async def test_pages_of_a_feed_are_all_read_and_each_row_once(bench: PullBench) -> None:
    rows = {bench.alerted(bench.clock.now() - number * MINUTE) for number in range(7)}
    await bench.pull()
    assert set(bench.natives()) == rows
    calls = len(bench.tenant.calls)
    bench.clock.advance(60)
    await bench.pull()
    assert set(bench.natives()) == rows
    assert len(bench.tenant.calls) > calls


async def test_identity_protection_is_asked_once_in_a_run_because_cases_need_it_more(
    bench: PullBench,
) -> None:
    for number in range(5):
        bench.detected(bench.clock.now() - number * MINUTE)
    await bench.pull()
    asked = [call for call in bench.tenant.calls if "riskDetections" in call.path]
    assert len(asked) == 1
    assert len(bench.alerts()) == 2
    for _ in range(2):
        bench.clock.advance(60)
        await bench.pull()
    assert len(bench.alerts()) == 5


async def test_a_row_that_becomes_visible_late_is_not_skipped(bench: PullBench) -> None:
    await bench.pull()
    bench.clock.advance(1800)
    await bench.pull()
    late = bench.alerted(bench.clock.now() - 50 * MINUTE)
    bench.clock.advance(60)
    await bench.pull()
    assert bench.natives() == [late]


async def test_what_is_older_than_a_day_when_it_is_switched_on_stays_a_persons_business(
    bench: PullBench,
) -> None:
    bench.alerted(bench.clock.now() - FIRST - 2 * timedelta(hours=1))
    await bench.pull()
    assert bench.alerts() == []


async def test_an_alert_that_was_resolved_meanwhile_is_read_again_and_does_nothing(
    bench: PullBench,
) -> None:
    raised = bench.alerted(bench.clock.now())
    await bench.pull()
    await bench.settle()
    bench.clock.advance(600)
    bench.resolved(raised)
    await bench.pull()
    assert sorted(alert.state for alert in bench.alerts()) == ["ignored", "triaged"]


@pytest.mark.parametrize("status", [429, 503])
async def test_a_feed_that_cannot_be_read_now_loses_nothing_and_holds_up_no_other(
    bench: PullBench, status: int
) -> None:
    raised, found = bench.alerted(bench.clock.now()), bench.detected(bench.clock.now())
    bench.tenant.fail(match="GET /security/alerts_v2", status=status, times=1)
    await bench.pull()
    assert bench.natives() == [f"{found}:atRisk"]
    bench.clock.advance(60)
    await bench.pull()
    assert bench.natives() == sorted([f"{found}:atRisk", raised])


async def test_a_missing_permission_stops_one_feed_and_is_not_a_crash() -> None:
    async with PullBench(PullName.ALERTS, PullName.RISK_DETECTIONS) as bench:
        bench.tenant.state.detections.clear()
        bench.tenant.granted -= {"SecurityAlert.Read.All", "SecurityAlert.ReadWrite.All"}
        bench.alerted(bench.clock.now())
        found = bench.detected(bench.clock.now())
        await bench.pull()
        assert bench.natives() == [f"{found}:atRisk"]


async def test_a_link_that_has_lost_its_list_is_not_the_end_of_the_pass(bench: PullBench) -> None:
    rows = {bench.alerted(bench.clock.now() - number * MINUTE) for number in range(5)}
    bench.tenant.fail(match="GET /security/alerts_v2", status=410, skip=1, times=1)
    await bench.pull()
    assert set(bench.natives()) == rows


async def test_only_one_run_of_a_feed_is_at_work_at_a_time(bench: PullBench) -> None:
    import asyncio

    rows = {bench.alerted(bench.clock.now() - number * MINUTE) for number in range(3)}
    await asyncio.gather(bench.pull(), bench.pull(), bench.pull())
    assert set(bench.natives()) == rows
    asked = [call for call in bench.tenant.calls if call.path == "/security/alerts_v2"]
    assert len(asked) == 2


async def test_a_restricted_sender_is_pulled_once_though_it_stays_on_the_list() -> None:
    async with PullBench(PullName.RESTRICTED_SENDERS, story=spammer) as bench:
        for _ in range(3):
            await bench.pull()
            bench.clock.advance(60)
        (alert,) = bench.alerts()
        assert alert.kind == "outbound_spam"
        await bench.settle()
        assert bench.the_case().account.object_id == bench.oid


async def test_the_activity_feed_is_subscribed_to_and_read_within_its_windows(
    bench: PullBench,
) -> None:
    bench.published(bench.clock.now() - 10 * MINUTE)
    await bench.pull()
    assert bench.tenant.state.activity.started
    bench.clock.advance(60)
    await bench.pull()
    (named,) = [alert for alert in bench.alerts() if alert.account]
    assert (named.kind, named.account.upn if named.account else "") == (
        "outbound_spam",
        bench.tenant.users[bench.oid].upn,
    )


async def test_after_days_away_the_activity_feed_is_read_day_by_day_as_far_back_as_it_goes(
    bench: PullBench,
) -> None:
    await bench.pull()
    away = bench.clock.now()
    bench.clock.advance(timedelta(days=9).total_seconds())
    for hours in (3, 30, 60, 100, 200):
        bench.published(away + timedelta(hours=hours))
    await bench.pull()
    # What lies further back than seven days is not listed any more.
    assert len([alert for alert in bench.alerts() if alert.account]) == 3
    assert bench.mark(PullName.OFFICE_ACTIVITY).until == bench.clock.now()


async def test_audit_records_that_are_no_alerts_are_never_stored(bench: PullBench) -> None:
    record = {"Id": "1", "RecordType": 50, "Operation": "MailItemsAccessed", "Workload": "Exchange"}
    bench.published(bench.clock.now() - MINUTE, [record] * 3)
    blobs = set(bench.store.blobs())
    await bench.pull()
    assert bench.alerts() == []
    assert set(bench.store.blobs()) == blobs
