from __future__ import annotations

import logging
import subprocess
import sys
import threading
import uuid
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.clients.sending import shape
from shared.signals.azure_monitor import Behind
from shared.signals.table import FACTS, METRICS, SPANS, Fact, Metric, Seen
from shared.signals.told import Sink, Span, Value, shown
from shared.telemetry import open_log
from tests.signals.listening import Heard

ROOT = Path(__file__).parents[2]
WITHHELD = {Fact.WHAT: "[withheld]"}
ONE = (Value(Metric.HEARTBEAT, 1, {}),)

IN_ITS_OWN_PROCESS = """
import asyncio
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
spans, provider = InMemorySpanExporter(), TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(spans))
trace.set_tracer_provider(provider)
from tests.tasks.benches import Bench

async def play():
    async with Bench() as bench:
        await bench.tell()
        await bench.settle()

asyncio.run(play())
print("\\n".join(span.to_json() for span in spans.get_finished_spans()))
"""


def test_every_metric_span_and_fact_is_explained() -> None:
    assert set(METRICS) == set(Metric)
    assert set(SPANS) == set(Seen)
    assert set(FACTS) == set(Fact)
    assert all(set(meaning.by) <= set(Fact) for meaning in METRICS.values())


@settings(max_examples=30, deadline=None)
@given(st.emails())
def test_an_address_is_withheld(address: str) -> None:
    assert shown({Fact.WHAT: address}) == WITHHELD
    assert address not in shape(f"/users/{address}/mailFolders")


@settings(max_examples=30, deadline=None)
@given(st.uuids())
def test_an_object_id_is_withheld(oid: uuid.UUID) -> None:
    assert shown({Fact.WHAT: str(oid)}) == WITHHELD
    assert shape(f"/users/{oid}/mailFolders/inbox") == "users/{}/mailFolders/inbox"


@pytest.mark.parametrize(
    "said", ["Ada Brandt", "Zoë", "two\nlines", "x" * 101, "https://a.example"]
)
def test_what_is_no_plain_name_is_withheld(said: str) -> None:
    assert shown({Fact.WHAT: said}) == WITHHELD


@pytest.mark.parametrize("said", ["users/{}/authentication/methods", "Get-Mailbox", "429"])
def test_plain_names_are_told(said: str) -> None:
    assert shown({Fact.WHAT: said}) == {Fact.WHAT: said}


@settings(max_examples=30, deadline=None)
@given(st.emails())
def test_no_address_that_somebody_quotes_is_logged(address: str) -> None:
    records: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            records.append(record.getMessage())

    handler = Keep()
    logging.getLogger("firebreak").addHandler(handler)
    try:
        open_log().warning("message.delayed", reason=f"Graph answered 404: '{address}' is gone")
    finally:
        logging.getLogger("firebreak").removeHandler(handler)
    assert "@" not in records[0]
    assert "Graph answered 404" in records[0]


def test_the_sdks_own_tracing_tells_no_url_to_whoever_listens_globally() -> None:
    done = subprocess.run(
        [sys.executable, "-c", IN_ITS_OWN_PROCESS],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "convert_to_native" in done.stdout
    assert "url.full" not in done.stdout
    assert "https://graph.microsoft.com/v1.0/users" not in done.stdout
    assert "contoso.example" not in done.stdout


def test_what_was_taken_before_the_exporter_is_loaded_is_handed_on_in_order() -> None:
    heard, loaded = Heard(), threading.Event()

    def make() -> Sink:
        loaded.wait(5)
        return heard

    behind = Behind(make, after=0)
    behind.take((), ONE)
    behind.take((), (Value(Metric.POISON, 1, {}),))
    assert heard.values == []
    loaded.set()
    behind.wait()
    assert [value.metric for value in heard.values] == [Metric.HEARTBEAT, Metric.POISON]


def test_an_exporter_that_cannot_be_made_stops_nothing_and_is_said_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def make() -> Sink:
        raise ImportError

    behind = Behind(make, after=0)
    behind.take((), ONE)
    behind.take((), ONE)
    behind.wait()
    assert [record.getMessage() for record in caplog.records] == [
        '{"event": "signals.lost", "error": "ImportError"}'
    ]


def test_a_sink_that_fails_once_is_given_the_next(caplog: pytest.LogCaptureFixture) -> None:
    class Moody(Heard):
        def take(self, spans: tuple[Span, ...], values: tuple[Value, ...]) -> None:
            super().take(spans, values)
            if len(self.values) == 1:
                raise OSError

    moody = Moody()
    behind = Behind(lambda: moody, after=0)
    behind.take((), ONE)
    behind.take((), ONE)
    behind.wait()
    assert len(moody.values) == 2
    assert len(caplog.records) == 1
