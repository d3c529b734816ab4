"""Hand spans and values to OpenTelemetry's exporters.

Providers of our own, never the global ones: what libraries would tell through those (Kiota puts
whole URLs into its spans) has no way out here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from shared.signals.table import METRICS, Metric, Shape
from shared.signals.told import Span, Value

if TYPE_CHECKING:
    from opentelemetry.metrics import Meter
    from opentelemetry.sdk.metrics.export import MetricReader
    from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
    from opentelemetry.trace import SpanContext

_NAME: Final = "firebreak"
_SECOND: Final = 1_000_000_000

type _Tell = Callable[[float, Mapping[str, Any]], None]


class OpenTelemetry:
    """A sink that speaks OpenTelemetry. Importing and making it takes some 100 ms."""

    def __init__(self, spans: SpanProcessor, metrics: MetricReader, *, instance: str = "") -> None:
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.resources import Resource

        told = {"service.name": _NAME, "service.instance.id": instance}
        self._resource = Resource.create(told)
        self._spans = spans
        self._meters = MeterProvider(
            metric_readers=[metrics], resource=self._resource, shutdown_on_exit=False
        )
        meter = self._meters.get_meter(_NAME)
        self._tell = {metric: _instrument(meter, metric) for metric in METRICS}

    def take(self, spans: tuple[Span, ...], values: tuple[Value, ...]) -> None:
        """Queue the spans and add up the values."""
        for span in spans:
            self._spans.on_end(self._readable(span))
        for value in values:
            self._tell[value.metric](value.value, value.facts)

    def close(self) -> None:
        """Send what is queued and end."""
        self._spans.shutdown()
        self._meters.shutdown()

    def _readable(self, span: Span) -> ReadableSpan:
        from opentelemetry.sdk.trace import ReadableSpan
        from opentelemetry.trace import Link, SpanKind, Status, StatusCode

        from shared.signals.trace import root_of

        inner = SpanKind.CLIENT if span.name == "call" else SpanKind.INTERNAL
        return ReadableSpan(
            name=span.name,
            context=_context(span.trace, span.id),
            parent=_context(span.trace, span.parent) if span.parent else None,
            resource=self._resource,
            attributes=dict(span.facts),
            links=[Link(_context(trace, root_of(trace))) for trace in span.links],
            kind=SpanKind.SERVER if span.begins else inner,
            status=Status(StatusCode.ERROR if span.failed else StatusCode.OK),
            start_time=round(span.began.timestamp() * _SECOND),
            end_time=round(span.ended.timestamp() * _SECOND),
        )


def _context(trace: str, span: str) -> SpanContext:
    from opentelemetry.trace import SpanContext, TraceFlags

    return SpanContext(
        int(trace, 16), int(span, 16), is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED)
    )


def _instrument(meter: Meter, metric: Metric) -> _Tell:
    meaning = METRICS[metric]
    name, unit = str(metric), meaning.unit
    match meaning.shape:
        case Shape.SPREAD:
            return meter.create_histogram(name, unit).record
        case Shape.COUNT:
            return meter.create_counter(name, unit).add
        case Shape.LEVEL:
            return meter.create_gauge(name, unit).set
