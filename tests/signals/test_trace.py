from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from lab.scenarios import Story, full_house, synced_user
from shared.signals.otel import OpenTelemetry
from shared.signals.table import METRICS, Fact, Metric, Seen
from shared.signals.trace import root_of
from shared.tasks.queue import WorkMessage, encode
from tests.signals.listening import Heard
from tests.tasks.benches import Bench

LOGGED = {"event", "case", "task", "phase", "state", "trace", "responder", "mode", "attempts"}
"""What a line of the log about a task says, for whoever queries it."""


async def until_the_last_look(bench: Bench) -> None:
    await bench.tell()
    await bench.settle(within=timedelta(days=8))


async def test_everything_from_the_webhook_to_the_last_look_is_in_one_trace() -> None:
    heard = Heard()
    async with Bench(signals=heard) as bench:
        await until_the_last_look(bench)
        case, (alert,) = bench.the_case(), bench.alerts()
    assert case.looks == 5
    assert {span.trace for span in heard.spans} == {alert.id}
    names = heard.names()
    assert names["received"] == 1
    assert names["triage"] == 1
    assert names["look"] == 5
    assert min(names[name] for name in ("work", "phase", "plan", "apply", "prove", "call")) > 0


async def test_every_span_hangs_under_the_receipt_of_the_alert() -> None:
    heard = Heard()
    async with Bench(signals=heard) as bench:
        await until_the_last_look(bench)
    by_id = {span.id: span for span in heard.spans}
    (root,) = [span for span in heard.spans if span.parent is None]
    assert root.name is Seen.RECEIVED
    assert all(span.parent in by_id for span in heard.spans if span is not root)


async def test_what_is_put_back_after_a_loss_lands_in_the_same_trace() -> None:
    heard = Heard()
    async with Bench(signals=heard) as bench:
        await bench.tell()
        for message in bench.messages.messages():
            await bench.messages.delete(message)
        bench.clock.advance(60)
        await bench.app.reconcile()
        await bench.settle(within=timedelta(days=8))
        (alert,) = bench.alerts()
    assert {span.trace for span in heard.spans} == {alert.id}
    assert heard.of(Metric.QUEUE_AGE)[0].value >= 60


async def test_an_alert_that_joins_a_case_has_a_trace_of_its_own_and_a_link_to_the_cases() -> None:
    heard = Heard()
    async with Bench(signals=heard) as bench:
        await bench.tell()
        await bench.settle(within=timedelta(minutes=1))
        await bench.detect(2)
        await bench.settle(within=timedelta(minutes=1))
        first, second = bench.the_case().alerts
    (triage,) = [s for s in heard.spans if s.name is Seen.TRIAGE and s.trace == second]
    assert triage.links == (first,)
    assert all(s.trace == first for s in heard.spans if s.name is Seen.WORK)


async def test_the_same_alert_twice_has_one_root() -> None:
    heard = Heard()
    async with Bench(signals=heard) as bench:
        await bench.tell()
        await bench.tell()
        (alert,) = bench.alerts()
    receipts = [span for span in heard.spans if span.name is Seen.RECEIVED]
    assert [span.id == root_of(alert.id) for span in receipts] == [True, False]
    assert {span.trace for span in receipts} == {alert.id}


async def test_times_are_measured_from_the_receipt_of_the_alert() -> None:
    heard = Heard()
    async with Bench(signals=heard) as bench:
        await bench.tell()
        bench.clock.advance(7)
        await bench.settle(within=timedelta(days=8))
        case = bench.the_case()
    (acted,) = heard.of(Metric.TIME_TO_FIRST_ACTION)
    (contained,) = heard.of(Metric.TIME_TO_CONTAINED)
    (proven,) = heard.of(Metric.TIME_TO_PROVEN)
    assert 7 <= acted.value <= contained.value
    assert case.contained_at is not None
    assert contained.value == 7 + (case.contained_at - case.opened_at).total_seconds()
    assert proven.value >= 65 * 60
    assert acted.facts == {Fact.KIND: "risky_sign_in", Fact.HANDS: "itself"}


async def test_each_look_for_what_was_forgotten_is_a_heartbeat() -> None:
    heard = Heard()
    async with Bench(signals=heard) as bench:
        await bench.app.reconcile()
        await bench.app.reconcile()
    assert heard.total(Metric.HEARTBEAT) == 2
    assert [value.value for value in heard.of(Metric.QUEUE_AGE)] == [0, 0]
    assert heard.spans == []


async def test_a_heart_that_cannot_reach_its_queue_does_not_beat() -> None:
    class Away:
        async def put(self, text: str, *, delay: float = 0) -> None:
            raise OSError(text, delay)

        async def front(self) -> datetime | None:
            return None

    heard = Heard()
    async with Bench(signals=heard, queue=Away()) as bench:
        with pytest.raises(OSError, match="triage"):
            await bench.tell()
        bench.clock.advance(60)
        with pytest.raises(OSError, match="triage"):
            await bench.app.reconcile()
    assert heard.total(Metric.HEARTBEAT) == 0


async def test_every_call_to_the_tenant_is_counted_and_has_a_span() -> None:
    heard = Heard()
    async with Bench(story=full_house, signals=heard) as bench:
        await bench.tell()
        await bench.settle(within=timedelta(minutes=5))
        calls = len(bench.tenant.calls)
    counted = [v for v in heard.of(Metric.CALLS) if v.facts[Fact.SERVICE] != "storage"]
    assert sum(value.value for value in counted) == calls
    assert heard.names()["call"] == calls
    assert {v.facts[Fact.SERVICE] for v in counted} >= {"graph", "exchange"}


async def test_a_poisoned_message_is_counted_by_what_it_was() -> None:
    heard = Heard()
    async with Bench(signals=heard) as bench:
        await bench.tell()
        await bench.settle(within=timedelta(minutes=1))
        case = bench.the_case()
        await bench.app.poison(encode(WorkMessage(tenant=case.tenant, case=case.id)))
        await bench.app.poison("no message of ours")
    kinds = [value.facts[Fact.KIND] for value in heard.of(Metric.POISON)]
    assert kinds == ["work", "unreadable"]


def test_every_metric_reaches_an_exporter_under_its_name_and_unit() -> None:
    spans, metrics = InMemorySpanExporter(), InMemoryMetricReader()
    sink = OpenTelemetry(SimpleSpanProcessor(spans), metrics)
    from shared.signals.told import Value

    sink.take((), tuple(Value(metric, 2.0, {}) for metric in METRICS))
    data = metrics.get_metrics_data()
    assert data is not None
    found = {
        metric.name: metric.unit
        for resource in data.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    }
    assert found == {str(metric): meaning.unit for metric, meaning in METRICS.items()}
    sink.close()


@pytest.mark.parametrize("story", [full_house, synced_user])
@pytest.mark.parametrize("granted", [None, frozenset({"User.Read.All"})])
async def test_nothing_exported_or_logged_says_who_it_was_about(
    story: Story, granted: frozenset[str] | None, caplog: pytest.LogCaptureFixture
) -> None:
    spans, metrics = InMemorySpanExporter(), InMemoryMetricReader()
    sink = OpenTelemetry(SimpleSpanProcessor(spans), metrics)
    caplog.set_level("DEBUG")
    async with Bench(story=story, signals=sink) as bench:
        await bench.tell()
        await bench.step()
        if granted is not None:
            bench.tenant.granted = granted
        await bench.settle(within=timedelta(days=8))
        await bench.app.reconcile()
        account = bench.the_case().account
        people = [bench.tenant.users[oid] for oid in bench.tenant.users]
        canaries = {
            text.lower()
            for user in people
            for text in (user.upn, user.id, user.upn.partition("@")[0])
        } | {account.display_name.lower()}
    told = metrics.get_metrics_data()
    exported = [json.loads(span.to_json()) for span in spans.get_finished_spans()]
    said = json.dumps(exported) + (told.to_json() if told else "")
    ours = "\n".join(r.getMessage() for r in caplog.records if r.name == "firebreak")
    assert len(exported) > 20
    assert ("firebreak.time_to_first_action" in said) is (granted is None)
    lines = [json.loads(line) for line in ours.splitlines()]
    tasks = [line for line in lines if line["event"] == "task"]
    assert tasks
    assert all(line.keys() >= LOGGED for line in tasks)
    for canary in canaries:
        assert canary not in said.lower()
        assert canary not in ours.lower()
    assert "http" not in said.lower().replace("http.", "")
    sink.close()
