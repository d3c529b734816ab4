"""The parts that people see, wired: the door, the desk and the counters."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING

from shared.desk import Desk, Page
from shared.door import Door
from shared.errors import Transient
from shared.model import Mode
from shared.wiring import Wiring

if TYPE_CHECKING:
    from shared.alert_counter import AlertCounter
    from shared.approval_counter import ApprovalCounter
    from shared.brake_counter import BrakeCounter
    from shared.counter import Counter
    from shared.erasure_counter import ErasureCounter
    from shared.links import Links
    from shared.pages.tenants_view import TenantLine
    from shared.policy.guards import Pause
    from shared.reception import Reception
    from shared.rehearsal import Rehearsal
    from shared.standing import Standing
    from shared.sweep_counter import SweepCounter
    from shared.verdict_counter import VerdictCounter
    from shared.window import Window
    from shared.witness import Witness


class Front(Wiring):
    """Everything that answers a person, on top of what works."""

    async def shown(self, answer: Awaitable[Page], headers: Mapping[str, str]) -> Page:
        """Wait for a page; where storage or Microsoft does not answer now, say that instead."""
        try:
            return await answer
        except Transient as error:
            self.log.warning("page.not_shown", reason=str(error))
            said = (
                f"{error}. What was running goes on by itself, and nothing that was taken in is "
                "lost; look again in a minute"
            )
            return self._window.problem(headers, HTTPStatus.SERVICE_UNAVAILABLE, "Not now", said)

    @cached_property
    def _counter(self) -> Counter:
        from shared.counter import Counter

        return Counter(window=self._window, undo=self._undo, tenant=self.settings.tenant)

    @cached_property
    def _alert_counter(self) -> AlertCounter:
        from shared.alert_counter import AlertCounter
        from shared.tasks.shown import Shown

        shown = Shown(
            store=self.store,
            queue=self.queue,
            clock=self._clock,
            tenant=self.settings.tenant,
            sources=self.sources,
        )
        return AlertCounter(
            window=self._window,
            shown=shown,
            trail=self._trail,
            clock=self._clock,
            log=self.log,
        )

    @cached_property
    def _approval_counter(self) -> ApprovalCounter:
        from shared.approval_counter import ApprovalCounter
        from shared.tasks.restart import Restart

        return ApprovalCounter(
            window=self._window,
            approvals=self._approvals,
            links=self.links,
            restart=Restart(store=self.store, queue=self.queue, clock=self._clock),
            clock=self._clock,
            tenant=self.settings.tenant,
        )

    @cached_property
    def _verdict_counter(self) -> VerdictCounter:
        from shared.tasks.false_alarm import FalseAlarms
        from shared.verdict_counter import VerdictCounter

        alarms = FalseAlarms(self.store, self.queue, self._clock)
        return VerdictCounter(window=self._window, alarms=alarms, tenant=self.settings.tenant)

    @cached_property
    def _reception(self) -> Reception:
        from shared.reception import Reception
        from shared.tasks.access_pass import AccessPasses
        from shared.tasks.restore import Restore

        restore = Restore(self.store, self.queue, self._clock)
        passes = AccessPasses(restore, self.tenant)
        return Reception(
            window=self._window, restore=restore, passes=passes, tenant=self.settings.tenant
        )

    @cached_property
    def _brake_counter(self) -> BrakeCounter:
        from shared.brake_counter import BrakeCounter

        return BrakeCounter(
            window=self._window,
            brakes=self._brakes,
            trail=self._trail,
            policy=self.policy,
            clock=self._clock,
            log=self.log,
        )

    @cached_property
    def _erasure_counter(self) -> ErasureCounter:
        from shared.erasure_counter import ErasureCounter

        return ErasureCounter(
            window=self._window, erasures=self._erasures, clock=self._clock, log=self.log
        )

    @cached_property
    def _standing(self) -> Standing:
        from shared.standing import Standing

        return Standing(
            window=self._window,
            desk=self._desk,
            settings=self.settings,
            checkups=lambda: self._checkups,
            clock=self._clock,
            policy=(self.policy, self._policy_text),
            catalogue=self.catalogue,
        )

    @cached_property
    def links(self) -> Links:
        """Signed links to what waits, for whoever tells people about it."""
        from shared.links import Links

        return Links(
            self.settings.link_keys,
            tenant=self.settings.tenant,
            base=self.settings.pages_url,
            clock=self._clock,
        )

    @cached_property
    def _sweep_counter(self) -> SweepCounter:
        from shared.score_board import ScoreBoard
        from shared.sweep_counter import SweepCounter
        from shared.sweep_desk import SweepDesk

        board = ScoreBoard(
            window=self._window,
            store=self.store,
            trail=self._trail,
            clock=self._clock,
            tenant=self.tenant,
        )
        return SweepCounter(
            window=self._window,
            trail=self._trail,
            engine=self._engine,
            collector=self._collector,
            board=board,
            desk=SweepDesk(
                window=self._window, engine=self._engine, board=board, clock=self._clock
            ),
            clock=self._clock,
        )

    def lets_in(self, headers: Mapping[str, str], body: bytes = b"") -> bool:
        """Whether this tenant's pages are open to a reader, or to the command line."""
        return not self._door.shut(headers) or self._door.knows(headers, body, self._clock())

    async def in_short(self) -> TenantLine:
        """Say in one line how this tenant stands, for a provider's list."""
        from shared.pages.tenants_view import TenantLine
        from shared.pages.view import FOR_PEOPLE
        from shared.tasks.listing import Listing

        pause = await self._brakes.pause()
        unsettled = (await Listing(self.store, self.settings.tenant).unsettled()).rows
        people = sum(row.status in FOR_PEOPLE for row in unsettled)
        place = self.settings.place
        return TenantLine(
            name=place.name if place else "",
            title=place.title if place else "",
            base=self.settings.base,
            people=people,
            running=len(unsettled) - people,
            ceiling=pause.ceiling if pause else Mode.ENFORCE,
            paused_by=pause.by if pause else "",
        )

    async def pause_all(self, ceiling: Mode, *, by: str, reason: str) -> Pause:
        """Set the provider's switch over all its tenants."""
        return await self._brakes.set_pause_for_all(ceiling, by=by, reason=reason)

    async def tell_of(self, pause: Pause) -> None:
        """Note and tell in this tenant that the provider moved the switch over all."""
        from shared.tasks.trail import Noted

        said = f"The provider set the kill switch over all tenants to {pause.ceiling}"
        await self._trail.note(Noted.SWITCHED, f"{said}: {pause.reason}")
        await self._brakes.announce(pause)

    @cached_property
    def _window(self) -> Window:
        from shared.window import Window

        return Window(door=self._door, clock=self._clock)

    @cached_property
    def _door(self) -> Door:
        return Door(self.settings, self.sources)

    @cached_property
    def _witness(self) -> Witness:
        from shared.witness import Witness

        return Witness(self._door, self._trail, self._clock)

    @cached_property
    def _rehearsal(self) -> Rehearsal:
        from shared.rehearsal import Rehearsal

        return Rehearsal(
            door=self._door,
            store=self.store,
            clock=self._clock,
            tenant_id=self.settings.tenant,
            tenant=lambda: self.tenant,
            brakes=self._brakes,
            in_force=(self.policy, self._guards),
            read=self._policed,
        )

    @cached_property
    def _desk(self) -> Desk:
        return Desk(
            settings=self.settings,
            door=self._door,
            store=self.store,
            clock=self._clock,
            policy=self.policy,
            # Loaded when the first case is shown, not when the door is opened.
            cards=lambda file: self._waiting.cards(file),  # noqa: PLW0108
        )
