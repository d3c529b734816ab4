"""Run a function on its schedule, by the rules of the timer extension.

Source: Azure/azure-webjobs-sdk-extensions, TimerListener.cs. Left out: the schedule monitor, which
in Azure keeps the last run in a blob and makes up for a tick missed while the app was down. Here
nothing outlives the process, so `past_due` is never claimed.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from lab.errors import BadApp
from lab.host_config import resolve
from lab.host_runtime import Function, Runtime

_LOG = logging.getLogger("lab.host")
_WITH_SECONDS = 6


class Schedule:
    """An NCRONTAB expression: six fields, seconds first; five fields mean second zero. In UTC."""

    def __init__(self, expression: str) -> None:
        from croniter import croniter

        fields = expression.split()
        self._expression = expression if len(fields) == _WITH_SECONDS else f"0 {expression}"
        if len(fields) not in {5, _WITH_SECONDS} or not croniter.is_valid(
            self._expression, second_at_beginning=True
        ):
            raise BadApp(f"{expression!r} is not an NCRONTAB expression such as 0 */5 * * * *")

    def after(self, moment: datetime) -> datetime:
        """Return the first tick after a moment."""
        from croniter import croniter

        # NCRONTAB wants both the day of the month and the day of the week to fit, cron either.
        ticks = croniter(self._expression, moment, second_at_beginning=True, day_or=False)
        tick: datetime = ticks.get_next(datetime)
        return tick


class TimerListener:
    """Runs one function on time. A run that takes longer than a period skips the ticks in it."""

    def __init__(
        self,
        function: Function,
        *,
        runtime: Runtime,
        settings: Mapping[str, str],
        deliver: Callable[..., Any],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.function = function
        self._runtime = runtime
        self._deliver = deliver
        self._now = now
        try:
            self._schedule = Schedule(resolve(str(function.trigger["schedule"]), settings))
        except BadApp as error:
            raise BadApp(f"{function.name}: {error}") from error
        self._stop = asyncio.Event()
        self._last: datetime | None = None

    def stop(self) -> None:
        """Start no further run; `run` ends when a running one is done."""
        self._stop.set()

    async def run(self) -> None:
        """Run the function at each tick until told to stop."""
        if self.function.trigger.get("runOnStartup"):
            await self._invoke()
        while not self._stop.is_set():
            tick = self._schedule.after(self._now())
            if not await self._stopped_before(tick):
                await self._invoke()

    async def _stopped_before(self, tick: datetime) -> bool:
        # The loop's clock and the wall's drift apart, so a long wait looks at the wall again.
        while (seconds := (tick - self._now()).total_seconds()) > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(seconds, 60)):
                    await self._stop.wait()
            if self._stop.is_set():
                return True
        return False

    async def run_once(self, _text: str, _identity: str) -> None:
        """Run the function by hand; a timer has no input."""
        await self._invoke()

    async def _invoke(self) -> None:
        """Run the function once. A failure is not repeated: the next tick comes."""
        from azure_functions_runtime.bindings.datumdef import Datum

        now = self._now()
        status = {
            "Last": (self._last or now).isoformat(),
            "Next": self._schedule.after(now).isoformat(),
            "LastUpdated": (self._last or now).isoformat(),
        }
        data = {"Schedule": {"AdjustForDST": True}, "ScheduleStatus": status, "IsPastDue": False}
        self._last = now
        try:
            answer = await self._runtime.call(self.function, Datum(json.dumps(data), "json"))
            await self._deliver(self.function, answer)
        except Exception as error:  # noqa: BLE001 - whatever it raises, the next tick comes
            _LOG.error("%s", error or type(error).__name__)
