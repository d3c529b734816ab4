"""What the queue, the timers and the senders of alerts call: one method each."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable, Mapping
from contextlib import suppress

from shared.alerts.call import Call
from shared.errors import Transient, Undecodable
from shared.heralds import Heralds
from shared.signals.table import Fact, Metric, Seen
from shared.signals.trace import measured
from shared.sweeps.reconcile import Reconcile
from shared.tasks.intake import Reply
from shared.tasks.poison import Poison
from shared.tasks.queue import (
    Message,
    NotifyMessage,
    SweepMessage,
    TriageMessage,
    UndoMessage,
    WorkMessage,
    about,
    decode,
)

AGAIN: float = 5.0
"""Seconds after which a message comes back that met a passing failure of our own storage."""


class Worker(Heralds):
    """Takes in what comes, and does what is due."""

    async def receive(
        self,
        source: str,
        headers: Mapping[str, str],
        body: bytes,
        *,
        method: str = "POST",
        query: Mapping[str, str] | None = None,
    ) -> Reply:
        """Take an alert in, or answer a sender that asks whether it may send."""
        call = Call(method=method, headers=headers, query=query or {}, body=body)
        with self._watched(Seen.REQUEST) as note:
            reply = await self._received(source, call)
            note.say(
                {
                    Fact.SOURCE: source if self.sources.named(source) else None,
                    Fact.STATUS: reply.status,
                }
            )
        return reply

    async def _received(self, source: str, call: Call) -> Reply:
        try:
            return await self._intake.receive(source, call)
        except Transient as error:
            self.log.warning("alert.not_taken", reason=str(error))
            said = "Storage cannot be reached, so this is not acknowledged: send it again"
            return Reply(status=503, body={"error": said}, retry_after=math.ceil(AGAIN))

    async def work(self, text: str) -> None:
        """Take a message off the queue; what cannot be done now goes back on it, with a delay."""
        message = decode(text)
        if message.tenant != self.settings.tenant:
            # One tenant's work is never done with another's rights.
            raise Undecodable("The message is another tenant's")
        with self._watched(Seen(message.do), of=about(message)):
            try:
                await self._handle(message)
            except Transient as error:
                self.log.warning("message.delayed", reason=str(error))
                await self.queue.put(text, delay=error.retry_after or AGAIN)

    async def _handle(self, message: Message) -> None:
        match message:
            case TriageMessage():
                await self._triage.triage(message)
            case WorkMessage():
                await self._runner.work(message)
            case UndoMessage():
                await self._undo.run(message)
            case SweepMessage():
                await self._engine.go_on(message)
            case NotifyMessage():
                await self._deliver.run(message)

    async def poison(self, text: str) -> None:
        """Take care of a message that failed too often."""
        poison = Poison(
            store=self.store,
            queue=self.queue,
            clock=self._clock,
            tenant=self.settings.tenant,
            log=self.log,
        )
        with self._watched(Seen.POISONED), suppress(Undecodable):
            await poison.take(text)
            if isinstance(message := decode(text), SweepMessage):
                await self._engine.abandon(message, "Its queue message failed too often")

    async def reconcile(self) -> None:
        """Put back on the queue whatever was forgotten."""
        with self._watched(Seen.REQUEST, quiet=True):
            sweep = Reconcile(self.store, self.queue, self._clock, self.settings.tenant)
            if found := await sweep.run() + await self._lost_runs():
                self.log.warning("reconciled", messages=found)
            if brought := await self._upgrade.run():
                self.log.warning("upgraded", lines=brought)
            await self._on_record()
            if anchor := await self._anchoring.run():
                self.log.info("anchored", day=anchor.day.isoformat(), cases=anchor.cases)
            if absent := await self._absence.run():
                self.log.error("guard.absent", lines=len(absent))
            await self._dispatch.run()
            await self._erase()
            measured(Metric.HEARTBEAT)

    async def _erase(self) -> None:
        """Erase what was kept long enough, and go on with what people asked to be erased."""
        if gone := await self._keeping.run():
            self.log.info("retention.erased", evidence=gone.evidence, cases=gone.cases)
        if bodies := await self._bodies.run():
            self.log.info("retention.bodies_erased", bodies=bodies)
        if ended := await self._erasures.run():
            self.log.info("erasures.ended", orders=ended)

    async def start_sweeps(self) -> None:
        """Begin every sweep of the tenant whose time has come."""
        await self._engine.start_due()

    async def pull(self) -> None:
        """Fetch what is new from each feed that is switched on."""
        names = self.settings.pull
        if not names:
            return
        from shared.sweeps.feeds import feeds

        with self._watched(Seen.PULL):
            results = await asyncio.gather(
                *(self._pull.run(feed) for feed in feeds(self.tenant, names)),
                return_exceptions=True,
            )
        # Each feed has had its turn before the failure of one is told.
        for error in results:
            if isinstance(error, BaseException):
                raise error

    async def stream(self, events: Iterable[bytes]) -> None:
        """Take in a batch of records from the Event Hub."""
        with self._watched(Seen.STREAM):
            await self._collector.stream(events)
