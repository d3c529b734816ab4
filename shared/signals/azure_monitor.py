"""Send signals to Application Insights, by a thread of its own that starts after the first answer.

Loading OpenTelemetry and Azure Monitor's exporter takes half a second; on the event loop the first
alert would wait for it.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final

from shared.signals.otel import OpenTelemetry
from shared.signals.told import Sink, Span, Value

_AFTER: Final = 1.0
"""Seconds from the first signal until the exporter is loaded: the first answer has gone by then."""


class Behind:
    """A sink behind a thread: what it takes is handed to a sink that the thread makes."""

    def __init__(self, make: Callable[[], Sink], *, after: float = _AFTER) -> None:
        self._make = make
        self._after = after
        self._sink: Sink | None = None
        self._broken = False
        self._thread: ThreadPoolExecutor | None = None

    def take(self, spans: tuple[Span, ...], values: tuple[Value, ...]) -> None:
        """Leave it for the thread."""
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "signals")
        self._thread.submit(self._hand_on, spans, values)

    def wait(self) -> None:
        """Wait until everything taken was handed on."""
        if self._thread is not None:
            self._thread.shutdown()
            self._thread = None

    def _hand_on(self, spans: tuple[Span, ...], values: tuple[Value, ...]) -> None:
        if self._broken:
            return
        try:
            if self._sink is None:
                time.sleep(self._after)
                self._sink = self._make()
            self._sink.take(spans, values)
        except Exception as error:  # noqa: BLE001 - whatever fails here must stop nothing else
            self._broken = self._sink is None
            said = {"event": "signals.lost", "error": type(error).__name__}
            logging.getLogger("firebreak").warning(json.dumps(said))


def application_insights(
    connection: str, *, client_id: str | None, managed: bool, instance: str
) -> Behind:
    """Give the sink for a connection string; signs in with the managed identity where there is one.

    Source: learn.microsoft.com/azure/azure-monitor/app/azure-ad-authentication.
    """
    make = partial(_made, connection, client_id=client_id, managed=managed, instance=instance)
    return Behind(make)


def _made(connection: str, *, client_id: str | None, managed: bool, instance: str) -> OpenTelemetry:
    from azure.monitor.opentelemetry.exporter import (
        AzureMonitorMetricExporter,
        AzureMonitorTraceExporter,
    )
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    logging.getLogger("opentelemetry").setLevel(logging.WARNING)
    told: dict[str, Any] = {"connection_string": connection, "disable_offline_storage": True}
    if managed:
        from azure.identity import ManagedIdentityCredential

        told["credential"] = ManagedIdentityCredential(client_id=client_id)
    return OpenTelemetry(
        BatchSpanProcessor(AzureMonitorTraceExporter(**told)),
        PeriodicExportingMetricReader(AzureMonitorMetricExporter(**told)),
        instance=instance,
    )
