"""The composition root: settings and responders in, one app out. Nothing is wired anywhere else.

Each part is made when it is first needed: the function that takes alerts in never loads what talks
to Graph.
"""

from __future__ import annotations

from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING

from shared.clients.entra_keys import SigningKeys
from shared.foundation import Foundation
from shared.model import digest
from shared.tasks.gate import Gate
from shared.tasks.intake import Intake

if TYPE_CHECKING:
    from shared.doctor.absence import Absence
    from shared.doctor.deployment import Deployment
    from shared.doctor.examine import Doctor
    from shared.doctor.last import LastCheckup
    from shared.sweeps.anchor import Anchoring
    from shared.sweeps.engine import Engine
    from shared.sweeps.erasure import Erasures
    from shared.sweeps.pull import Pull
    from shared.sweeps.raw_retention import Bodies
    from shared.sweeps.retention import Keeping
    from shared.sweeps.upgrade import Upgrade
    from shared.tasks.approvals import Approvals
    from shared.tasks.brakes import Brakes
    from shared.tasks.collect import Collector
    from shared.tasks.runner import Runner
    from shared.tasks.trail import Trail
    from shared.tasks.triage import Triage
    from shared.tasks.undo import Undo
    from shared.tasks.waiting import Waiting


class Wiring(Foundation):
    """The parts that work, each made on first use."""

    async def aclose(self) -> None:
        """Close every connection of this event loop."""
        if "_checkups" in self.__dict__:
            await self._checkups.aclose()
        await super().aclose()

    @cached_property
    def _intake(self) -> Intake:
        return Intake(
            store=self.store,
            queue=self.queue,
            clock=self._clock,
            tenant=self.settings.tenant,
            pages=self.settings.pages_url,
            gate=Gate(self.sources, self._signing_keys, self._clock),
        )

    @cached_property
    def _signing_keys(self) -> SigningKeys:
        return SigningKeys(
            authority=str(self.settings.entra_url),
            tenant=self.settings.tenant,
            clock=self._clock,
        )

    @cached_property
    def _collector(self) -> Collector:
        from shared.tasks.collect import Collector
        from shared.tasks.inbox import Inbox

        return Collector(
            store=self.store,
            inbox=Inbox(self.store, self.queue, self.settings.tenant),
            clock=self._clock,
            tenant=self.settings.tenant,
        )

    @cached_property
    def _pull(self) -> Pull:
        from shared.sweeps.pull import Pull

        return Pull(
            store=self.store,
            collector=self._collector,
            clock=self._clock,
            tenant=self.settings.tenant,
            log=self.log,
        )

    @cached_property
    def _triage(self) -> Triage:
        from shared.tasks.triage import Triage

        return Triage(
            store=self.store,
            queue=self.queue,
            clock=self._clock,
            tenant=self.tenant,
            policy=self.policy,
            guards=self._guards,
            brakes=self._brakes,
            log=self.log,
        )

    @cached_property
    def _brakes(self) -> Brakes:
        from shared.tasks.brakes import Brakes

        return Brakes(
            self.store,
            self._clock,
            self.settings.tenant,
            self.policy.guards,
            size=lambda: self.tenant.directory.size(),  # noqa: PLW0108 - opened when first needed
            provider=self.settings.place.home if self.settings.place else None,
        )

    @cached_property
    def _trail(self) -> Trail:
        from shared.tasks.trail import Trail

        return Trail(self.store, self._clock, self.settings.tenant)

    @cached_property
    def _upgrade(self) -> Upgrade:
        from shared.sweeps.upgrade import Upgrade

        return Upgrade(self.store, self._clock, self.settings.tenant)

    @cached_property
    def _anchoring(self) -> Anchoring:
        from shared.sweeps.anchor import Anchoring

        return Anchoring(self.store, self._clock, self.settings.tenant)

    @cached_property
    def _keeping(self) -> Keeping:
        from shared.sweeps.retention import Keeping

        return Keeping(
            self.store, self.queue, self._clock, self.settings.tenant, self.policy.retention
        )

    @cached_property
    def _bodies(self) -> Bodies:
        from shared.sweeps.raw_retention import Bodies

        return Bodies(self.store, self._clock, self.settings.tenant, self.policy.retention)

    @cached_property
    def _erasures(self) -> Erasures:
        from shared.sweeps.erasure import Erasures

        return Erasures(self.store, self.queue, self._clock, self.settings.tenant)

    @cached_property
    def _runner(self) -> Runner:
        from shared.tasks.runner import Runner

        return Runner(
            store=self.store,
            queue=self.queue,
            clock=self._clock,
            tenant=self.tenant,
            catalogue=self.catalogue,
            guards=self._guards,
            brakes=self._brakes,
            terms=self.policy.approvals,
            limits=self.policy.guards,
            log=self.log,
        )

    @cached_property
    def _undo(self) -> Undo:
        from shared.tasks.undo import Undo

        return Undo(
            store=self.store,
            queue=self.queue,
            clock=self._clock,
            tenant=self.tenant,
            catalogue=self.catalogue,
            log=self.log,
        )

    @cached_property
    def _approvals(self) -> Approvals:
        from shared.tasks.approvals import Approvals

        return Approvals(
            store=self.store,
            queue=self.queue,
            clock=self._clock,
            catalogue=self.catalogue,
            waiting=self._waiting,
        )

    @cached_property
    def _waiting(self) -> Waiting:
        from shared.tasks.waiting import Waiting

        return Waiting(
            self.store,
            self._clock,
            self.catalogue,
            terms=self.policy.approvals,
            four_eyes=self.policy.guards.four_eyes,
        )

    @cached_property
    def _doctor(self) -> Doctor:
        from shared.doctor.checks import checks
        from shared.doctor.examine import Doctor

        return Doctor(self._deployment, checks(), self.log)

    @cached_property
    def _checkups(self) -> LastCheckup:
        from shared.doctor.last import LastCheckup

        return LastCheckup(self._doctor, self._clock)

    @cached_property
    def _absence(self) -> Absence:
        from shared.doctor.absence import Absence

        return Absence(
            self._doctor, self.store, self._clock, self.settings.tenant, self.policy.protected
        )

    def _deployment(self) -> Deployment:
        """Give everything as it stands now, for one examination."""
        from shared.doctor.deployment import Deployment, chosen
        from shared.doctor.holdings import Holdings
        from shared.rights import rights

        switched_on = chosen(self.settings, self.sources)
        return Deployment(
            settings=self.settings,
            policy=self.policy,
            policy_text=self._written,
            sources=self.sources,
            channels=self.channels,
            rights=rights(self.policy, self.catalogue, switched_on),
            chosen=switched_on,
            store=self.store,
            queues=self.side_queue,
            tenant=self.tenant,
            holdings=Holdings(self.tenant),
            clock=self._clock,
        )

    @cached_property
    def _engine(self) -> Engine:
        from shared.sweeps.engine import Engine
        from shared.sweeps.posture import sweeps

        return Engine(
            store=self.store,
            queue=self.queue,
            clock=self._clock,
            tenant=self.tenant,
            sweeps=self._sweeps if self._sweeps is not None else sweeps(),
            log=self.log,
            protected=self.policy.protected.accounts,
            terms=self.policy.sweeps,
        )

    async def _lost_runs(self) -> int:
        """Send again what was lost of the sweeps; the look itself needs no client of the tenant."""
        from shared.sweeps.floor import Floor

        floor = Floor(self.store, self._clock, self.settings.tenant)
        return await floor.put_back(self.queue)

    async def _on_record(self) -> None:
        """Note once what policy and settings this process works under, where they are new."""
        if self._noted:
            return
        said = sha256(self._written.encode()).hexdigest()
        what = {"policy": said, "settings": self.settings.shown(), "sources": self.sources.shown()}
        if place := self.settings.place:
            protected, limits = self.policy.protected, self.policy.guards.model_dump_json()
            own = (*sorted(protected.accounts), *sorted(protected.groups), limits)
            what["place"] = place.model_dump(mode="json")
            what["laid_over"] = digest(*own, length=64)
        await self._trail.in_force(what, f"In force: policy {said[:12]}, as of this start")
        self._noted = True
