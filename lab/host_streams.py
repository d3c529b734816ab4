"""Stand in for an Event Hub: batches are handed over by hand, and come again until they are taken.

`POST /admin/functions/NAME` with a JSON list of texts as its input is one batch of events. Source
of the rules: the extension stores its checkpoint after a call, whether it failed or not, so only a
retry policy makes a batch come again (learn.microsoft.com/azure/azure-functions, Event Hubs
trigger and retry policies). Left out: partitions, checkpoints, consumer groups.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from types import SimpleNamespace

from lab.errors import BadApp
from lab.host_runtime import Function, InvocationFailed, Runtime

_LOG = logging.getLogger("lab.host")
_PAUSE = 0.2
"""Seconds between two tries here; in Azure as long as the policy says."""


class StreamListener:
    """Runs one function for each batch it is given."""

    def __init__(
        self, function: Function, *, runtime: Runtime, settings: Mapping[str, str]
    ) -> None:
        self.function = function
        self._runtime = runtime
        self._stop = asyncio.Event()
        connection = str(function.trigger.get("connection") or "")
        names = {connection, f"{connection}__fullyQualifiedNamespace"}
        if not names & settings.keys():
            raise BadApp(f"{function.name}: the app setting {connection!r} is missing")
        tries = (function.retries or {}).get("max_retry_count")
        self._again = function.retries is not None
        self._most = None if tries in (None, -1, "-1") else int(str(tries))

    def stop(self) -> None:
        """Start no further try."""
        self._stop.set()

    async def run(self) -> None:
        """Wait until told to stop: nothing arrives by itself here."""
        await self._stop.wait()

    async def run_once(self, text: str, _identity: str) -> None:
        """Hand one batch over, again and again where the function's policy says so."""
        events = [str(event).encode() for event in json.loads(text or "[]")]
        failed = 0
        while not await self._taken(events):
            failed += 1
            if not self._again or (self._most is not None and failed > self._most):
                return
            if self._stop.is_set():
                return
            await asyncio.sleep(_PAUSE)

    async def _taken(self, events: list[bytes]) -> bool:
        from azure_functions_runtime.bindings.datumdef import Datum

        at = datetime.now(UTC).isoformat()
        told = [{"EnqueuedTimeUtc": at, "SequenceNumber": n} for n, _ in enumerate(events)]
        metadata = {"SystemPropertiesArray": Datum(json.dumps(told), "json")}
        batch = Datum(SimpleNamespace(bytes=events), "collection_bytes")
        try:
            await self._runtime.call(self.function, batch, metadata)
        except InvocationFailed as error:
            _LOG.error("%s", error)
            return False
        return True
