"""The composition root: settings and responders in, one app out. Nothing is wired anywhere else.

What is light is made at once, so that a wrong setting or policy stops start-up. What is heavy is
made when it is first needed: the function that takes alerts in never loads what talks to Graph.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from shared.alerts.source import Sources
from shared.channels.configured import Channels
from shared.clients.entra_keys import SigningKeys
from shared.model import ResponderName, digest, now
from shared.policy.brakes import standing_guards
from shared.policy.document import Policy, ResponderTraits, load
from shared.policy.guards import Guard, OwnIdentity
from shared.responder import Responder
from shared.settings import Settings
from shared.signals.table import Seen
from shared.signals.told import Facts, Sink
from shared.signals.trace import Note, triggered
from shared.store.account import Account, StorageConnection
from shared.store.azure import AzureStore
from shared.store.queues import StorageQueue
from shared.store.verbs import Queue, SideQueue, Store
from shared.tasks.gate import Gate
from shared.tasks.intake import Intake
from shared.tasks.ledger import Clock
from shared.tasks.queue import QUEUE_NAME
from shared.telemetry import Log, open_log

if TYPE_CHECKING:
    from shared.clients.tenant import Tenant
    from shared.doctor.absence import Absence
    from shared.doctor.deployment import Deployment
    from shared.doctor.examine import Doctor
    from shared.doctor.last import LastCheckup
    from shared.sweeps.anchor import Anchoring
    from shared.sweeps.engine import Engine
    from shared.sweeps.erasure import Erasures
    from shared.sweeps.posture import Sweeps
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

type Adapt = Callable[[Policy], Policy]
"""Lays over a policy what is special about one tenant."""
type Catalogue = Mapping[ResponderName, Responder[Any]]


def _as_written(policy: Policy) -> Policy:
    return policy


class Wiring:
    """The parts that work: storage, tenant, and whatever runs on them; each made on first use."""

    def __init__(  # noqa: PLR0913 - what is not given is made from the settings
        self,
        settings: Settings,
        catalogue: Catalogue,
        *,
        store: Store | None = None,
        queue: Queue | None = None,
        tenant: Tenant | None = None,
        clock: Clock = now,
        log: Log | None = None,
        sweeps: Sweeps | None = None,
        signals: Sink | None = None,
        queues: Callable[[str], SideQueue] | None = None,
        adapt: Adapt = _as_written,
    ) -> None:
        self.settings = settings
        self.catalogue = catalogue
        self.sources = Sources.model_validate(settings.sources)
        self.channels = Channels.model_validate(settings.channels)
        self.channels.check_sources(frozenset(source.name for source in self.sources.root))
        self._adapt = adapt
        text = settings.policy.read_text(encoding="utf-8")
        self.policy, self._guards = self._policed(text, file=settings.policy.name)
        self._policy_text = text
        self._written, self._noted = text, False
        self._store, self._queue, self._tenant = store, queue, tenant
        self._clock = clock
        self._sweeps = sweeps
        self._queues = queues
        self.log = log or open_log()
        self._signals = signals or _signals(settings)

    def _watched(
        self, name: Seen, facts: Facts | None = None, *, of: str | None = None, quiet: bool = False
    ) -> AbstractContextManager[Note]:
        """Note what comes of one trigger; see shared.signals.trace."""
        return triggered(self._signals, self._clock, name, facts, of=of, quiet=quiet)

    async def aclose(self) -> None:
        """Close every connection of this event loop."""
        if "_checkups" in self.__dict__:
            await self._checkups.aclose()
        if "_account" in self.__dict__:
            await self._account.aclose()
        if "_wire" in self.__dict__:
            await self._wire.aclose()

    @cached_property
    def store(self) -> Store:
        """Rows and blobs."""
        return self._store or AzureStore(self._account)

    @cached_property
    def queue(self) -> Queue:
        """The one queue."""
        return self._queue or StorageQueue(self._account, name=QUEUE_NAME)

    def side_queue(self, name: str) -> SideQueue:
        """Give a queue beside the one: to count it, or to try one out."""
        return self._queues(name) if self._queues else StorageQueue(self._account, name=name)

    @cached_property
    def tenant(self) -> Tenant:
        """The tenant's clients."""
        return self._tenant or self._wire.tenant

    @cached_property
    def _account(self) -> Account:
        return Account(StorageConnection.from_env(self.settings.storage))

    @cached_property
    def _wire(self) -> Any:
        from shared.clients.wire import Wire

        return Wire(
            self.settings,
            self.store,
            block_group=self.policy.block.group,
            acts_on_premises=self.policy.on_premises.defender_for_identity,
        )

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

    def _policed(self, text: str, *, file: str = "policy") -> tuple[Policy, tuple[Guard, ...]]:
        """Read a policy and set up its guards; raises `PolicyError` with all that is wrong."""
        traits = ResponderTraits.of(self.catalogue)
        policy = self._adapt(load(text, responders=traits, file=file, channels=self.channels.names))
        own = OwnIdentity(object_id=self.settings.own_id, app_id=self.settings.client_id)
        return policy, standing_guards(policy, own)


def _signals(settings: Settings) -> Sink | None:
    """Give where signals go; nowhere without a connection string."""
    if settings.application_insights is None:
        return None
    from shared.signals.azure_monitor import application_insights

    return application_insights(
        settings.application_insights.get_secret_value(),
        client_id=settings.client_id,
        managed=settings.managed_identity,
        instance=settings.website or "",
    )
