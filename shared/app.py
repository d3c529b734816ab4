"""The composition root: settings and responders in, one app out. Nothing is wired anywhere else.

What is light is made at once, so that a wrong setting or policy stops start-up. What is heavy is
made when it is first needed: the function that takes alerts in never loads what talks to Graph.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from shared.alerts.call import Call
from shared.alerts.source import Sources
from shared.clients.entra_keys import SigningKeys
from shared.desk import Desk, Page
from shared.door import Door
from shared.errors import Transient
from shared.model import ResponderName, now
from shared.policy.brakes import standing_guards
from shared.policy.document import Policy, ResponderTraits, load
from shared.policy.guards import Guard, OwnIdentity
from shared.responder import Responder
from shared.settings import Settings
from shared.store.account import Account, StorageConnection
from shared.store.azure import AzureStore
from shared.store.queues import StorageQueue
from shared.store.verbs import Queue, Store
from shared.sweeps.reconcile import Reconcile
from shared.tasks.gate import Gate
from shared.tasks.intake import Intake, Reply
from shared.tasks.ledger import Clock
from shared.tasks.poison import Poison
from shared.tasks.queue import QUEUE_NAME, TriageMessage, UndoMessage, WorkMessage, decode
from shared.telemetry import Log, open_log

if TYPE_CHECKING:
    from shared.approval_counter import ApprovalCounter
    from shared.clients.tenant import Tenant
    from shared.counter import Counter
    from shared.rehearsal import Rehearsal
    from shared.tasks.approvals import Approvals
    from shared.tasks.brakes import Brakes
    from shared.tasks.runner import Runner
    from shared.tasks.triage import Triage
    from shared.tasks.undo import Undo
    from shared.window import Window

AGAIN: float = 5.0
"""Seconds after which a message comes back that met a passing failure of our own storage."""

type Catalogue = Mapping[ResponderName, Responder[Any]]


class App:
    """Firebreak, put together. Each trigger calls one of its methods and does nothing else."""

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
    ) -> None:
        self.settings = settings
        self.catalogue = catalogue
        self.sources = Sources.model_validate(settings.sources)
        text = settings.policy.read_text(encoding="utf-8")
        self.policy, self._guards = self._policed(text, file=settings.policy.name)
        self._store, self._queue, self._tenant = store, queue, tenant
        self._clock = clock
        self.log = log or open_log()

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
        return await self._intake.receive(source, call)

    async def work(self, text: str) -> None:
        """Take a message off the queue; what cannot be done now goes back on it, with a delay."""
        message = decode(text)
        try:
            match message:
                case TriageMessage():
                    await self._triage.triage(message)
                case WorkMessage():
                    await self._runner.work(message)
                case UndoMessage():
                    await self._undo.run(message)
        except Transient as error:
            self.log.warning("message.delayed", reason=str(error))
            await self.queue.put(text, delay=error.retry_after or AGAIN)

    async def poison(self, text: str) -> None:
        """Take care of a message that failed too often."""
        await Poison(
            store=self.store,
            queue=self.queue,
            clock=self._clock,
            tenant=self.settings.tenant,
            log=self.log,
        ).take(text)

    async def reconcile(self) -> None:
        """Put back on the queue whatever was forgotten."""
        sweep = Reconcile(self.store, self.queue, self._clock, self.settings.tenant)
        if found := await sweep.run():
            self.log.warning("reconciled", messages=found)

    async def page(self, path: str, headers: Mapping[str, str]) -> Page:
        """Show a page, or its JSON."""
        return await self._desk.show(path, headers)

    async def show_undo(self, case: str, headers: Mapping[str, str]) -> Page:
        """Show what would be put back."""
        return await self._counter.show_undo(case, headers)

    async def ask_undo(self, case: str, headers: Mapping[str, str], body: bytes) -> Page:
        """Take the request to put back what a case changed."""
        return await self._counter.ask_undo(case, headers, body)

    async def rehearse(self, what: str, headers: Mapping[str, str], body: bytes) -> Page:
        """Say what a policy would do."""
        return await self._rehearsal.hear(what, headers, body)

    async def approvals(self, headers: Mapping[str, str]) -> Page:
        """List what waits for a person."""
        return await self._approval_counter.show(headers)

    async def approve(self, case: str, headers: Mapping[str, str], body: bytes) -> Page:
        """Take a person's yes to a change."""
        return await self._approval_counter.approve(case, headers, body)

    async def decline(self, case: str, headers: Mapping[str, str], body: bytes) -> Page:
        """Take a person's no to a change."""
        return await self._approval_counter.decline(case, headers, body)

    async def since(self, case: str, headers: Mapping[str, str], body: bytes) -> Page:
        """Take a person's word on when the compromise began."""
        return await self._approval_counter.since(case, headers, body)

    async def health(self) -> Page:
        """Say whether the app can do its work."""
        return await self._desk.health()

    async def aclose(self) -> None:
        """Close every connection of this event loop."""
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
            public_url=str(self.settings.public_url),
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
        )

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
            terms=self.policy.approvals,
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
    def _counter(self) -> Counter:
        from shared.counter import Counter

        return Counter(window=self._window, undo=self._undo, tenant=self.settings.tenant)

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
    def _approval_counter(self) -> ApprovalCounter:
        from shared.approval_counter import ApprovalCounter
        from shared.tasks.restart import Restart

        return ApprovalCounter(
            window=self._window,
            approvals=self._approvals,
            restart=Restart(store=self.store, queue=self.queue, clock=self._clock),
            clock=self._clock,
            tenant=self.settings.tenant,
        )

    @cached_property
    def _window(self) -> Window:
        from shared.window import Window

        return Window(door=self._door, clock=self._clock)

    @cached_property
    def _door(self) -> Door:
        return Door(self.settings, self.sources)

    def _policed(self, text: str, *, file: str = "policy") -> tuple[Policy, tuple[Guard, ...]]:
        """Read a policy and set up its guards; raises `PolicyError` with all that is wrong."""
        policy = load(text, responders=ResponderTraits.of(self.catalogue), file=file)
        own = OwnIdentity(object_id=self.settings.own_id, app_id=self.settings.client_id)
        return policy, standing_guards(policy, own)

    @cached_property
    def _rehearsal(self) -> Rehearsal:
        from shared.rehearsal import Rehearsal

        return Rehearsal(
            door=self._door,
            store=self.store,
            clock=self._clock,
            tenant_id=self.settings.tenant,
            tenant=lambda: self.tenant,
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
            cards=lambda file: self._approvals.cards(file),  # noqa: PLW0108
        )
