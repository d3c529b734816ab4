"""The parts that tell people and machines, wired."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from shared.front import Front
from shared.model import CaseId, ResponderName

if TYPE_CHECKING:
    from shared.notify_counter import NotifyCounter
    from shared.tasks.deliver import Deliver
    from shared.tasks.dispatch import Dispatch


class Heralds(Front):
    """Everything that tells, on top of what people see."""

    @cached_property
    def _dispatch(self) -> Dispatch:
        from shared.tasks.dispatch import Dispatch

        return Dispatch(
            store=self.store,
            queue=self.queue,
            clock=self._clock,
            tenant=self.settings.tenant,
            routes=self.policy.routes,
            channels=self.channels,
        )

    @cached_property
    def _deliver(self) -> Deliver:
        from shared.tasks.deliver import Deliver
        from shared.tasks.telling import Telling

        telling = Telling(
            self.store,
            self._clock,
            self.catalogue,
            pages=self.settings.pages_url,
            link=self._approval_link,
            house=self.settings.place.title if self.settings.place else "",
        )
        return Deliver(
            store=self.store,
            queue=self.queue,
            clock=self._clock,
            channels=self.channels,
            telling=telling,
            log=self.log,
        )

    @cached_property
    def _notify_counter(self) -> NotifyCounter:
        from shared.notify_counter import NotifyCounter
        from shared.tasks.told import Ledger

        told = Ledger(self.store, self.queue, self._clock, self.settings.tenant)
        return NotifyCounter(
            window=self._window,
            channels=self.channels,
            deliver=self._deliver,
            told=told,
            trail=self._trail,
            clock=self._clock,
            log=self.log,
        )

    def _approval_link(
        self, case: CaseId, responder: ResponderName, fingerprint: str, until: datetime
    ) -> str | None:
        return self.links.make(case, responder, fingerprint, until=until)
