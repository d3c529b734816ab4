"""What the triggers call: one method each, which does nothing else."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable, Mapping
from contextlib import suppress

from shared.alerts.call import Call
from shared.desk import Page
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


class App(Heralds):
    """Firebreak, put together."""

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

    async def show_sweep(self, rest: str, headers: Mapping[str, str]) -> Page:
        """Show the sweeps, one of them, its findings or its trend."""
        return await self._sweep_counter.show(rest, headers)

    async def move_sweep(
        self, sweep: str, what: str, headers: Mapping[str, str], body: bytes
    ) -> Page:
        """Take a request about a sweep: run it, accept a finding, ask for it to be mended."""
        answer = self._sweep_counter.move(sweep, what, headers, body)
        return await self._witness.watch("move a sweep", headers, answer)

    async def page(
        self, path: str, headers: Mapping[str, str], query: Mapping[str, str] | None = None
    ) -> Page:
        """Show a page, or its JSON."""
        if path == "alerts":
            return await self.alerts(headers, query or {})
        return await self._desk.show(path, headers, query or {})

    async def alerts(self, headers: Mapping[str, str], query: Mapping[str, str]) -> Page:
        """List the alerts that opened no case."""
        return await self._alert_counter.show(headers, query)

    async def why(self, alert: str, headers: Mapping[str, str]) -> Page:
        """Show one alert, and why it was read as it was."""
        return await self._alert_counter.why(alert, headers)

    async def read_again(self, alert: str, headers: Mapping[str, str], body: bytes) -> Page:
        """Have an alert read again."""
        answer = self._alert_counter.again(alert, headers, body)
        return await self._witness.watch(f"have alert {alert} read again", headers, answer)

    async def show_undo(self, case: str, headers: Mapping[str, str]) -> Page:
        """Show what would be put back."""
        return await self._counter.show_undo(case, headers)

    async def ask_undo(self, case: str, headers: Mapping[str, str], body: bytes) -> Page:
        """Take the request to put back what a case changed."""
        answer = self._counter.ask_undo(case, headers, body)
        return await self._witness.watch(
            f"put back what a case changed in case {case}", headers, answer
        )

    async def rehearse(self, what: str, headers: Mapping[str, str], body: bytes) -> Page:
        """Say what a policy would do."""
        answer = self._rehearsal.hear(what, headers, body)
        return await self._witness.watch("say what a policy would do", headers, answer)

    async def approvals(
        self, headers: Mapping[str, str], query: Mapping[str, str] | None = None
    ) -> Page:
        """List what waits for a person."""
        return await self._approval_counter.show(headers, query or {})

    async def by_link(self, token: str, headers: Mapping[str, str]) -> Page:
        """Show the change that a signed link leads to."""
        return await self._approval_counter.by_link(token, headers)

    async def approve(self, case: str, headers: Mapping[str, str], body: bytes) -> Page:
        """Take a person's yes to a change."""
        answer = self._approval_counter.approve(case, headers, body)
        return await self._witness.watch("approve a change", headers, answer)

    async def decline(self, case: str, headers: Mapping[str, str], body: bytes) -> Page:
        """Take a person's no to a change."""
        answer = self._approval_counter.decline(case, headers, body)
        return await self._witness.watch("decline a change", headers, answer)

    async def since(self, case: str, headers: Mapping[str, str], body: bytes) -> Page:
        """Take a person's word on when the compromise began."""
        answer = self._approval_counter.since(case, headers, body)
        return await self._witness.watch(
            f"say when a compromise began in case {case}", headers, answer
        )

    async def judge(self, what: str, headers: Mapping[str, str], body: bytes) -> Page:
        """Take a person's word that cases were false alarms, or that they were none."""
        answer = self._verdict_counter.hear(what, headers, body)
        return await self._witness.watch("judge a case", headers, answer)

    async def guards(self, headers: Mapping[str, str]) -> Page:
        """Show the brakes."""
        return await self._brake_counter.show(headers)

    async def move_guard(self, what: str, headers: Mapping[str, str], body: bytes) -> Page:
        """Move a brake."""
        answer = self._brake_counter.move(what, headers, body)
        return await self._witness.watch("move a brake", headers, answer)

    async def erasures(self, headers: Mapping[str, str]) -> Page:
        """List what is being erased and what was."""
        return await self._erasure_counter.show(headers)

    async def erase(self, what: str, headers: Mapping[str, str], body: bytes) -> Page:
        """Plan or start to erase a person."""
        answer = self._erasure_counter.ask(what, headers, body)
        return await self._witness.watch("erase a person", headers, answer)

    async def confirm(self, case: str, headers: Mapping[str, str], body: bytes) -> Page:
        """Take a person's word that a line of the checklist is done."""
        answer = self._reception.confirm(case, headers, body)
        return await self._witness.watch(
            f"confirm a line of the checklist in case {case}", headers, answer
        )

    async def restore(self, case: str, headers: Mapping[str, str], body: bytes) -> Page:
        """Take the request to let the owner back in."""
        answer = self._reception.restore(case, headers, body)
        return await self._witness.watch("let an owner back in", headers, answer)

    async def access_pass(self, case: str, headers: Mapping[str, str], body: bytes) -> Page:
        """Make an access pass for the owner and show it once."""
        answer = self._reception.access_pass(case, headers, body)
        return await self._witness.watch("make an access pass", headers, answer)

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

    async def notifications(self, headers: Mapping[str, str]) -> Page:
        """Show what is being told, and what could not be."""
        return await self._notify_counter.show(headers)

    async def notify(self, what: str, headers: Mapping[str, str], body: bytes) -> Page:
        """Try a channel, or send again what it did not take."""
        answer = self._notify_counter.ask(what, headers, body)
        return await self._witness.watch("try a channel", headers, answer)

    async def show_policy(self, headers: Mapping[str, str]) -> Page:
        """Show the policy in force."""
        return await self._standing.policy(headers)

    async def health(self, headers: Mapping[str, str] | None = None) -> Page:
        """Say whether the app can do its work."""
        return await self._standing.health(headers or {})

    async def examined(self, headers: Mapping[str, str]) -> Page:
        """Say what every check of the deployment finds."""
        return await self._standing.examined(headers)
