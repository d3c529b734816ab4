"""What everything of one deployment stands on: its settings and policy, storage, and the tenant.

What is light is made at once, so that a wrong setting or policy stops start-up. What is heavy is
made when it is first needed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from shared.alerts.source import Sources
from shared.channels.configured import Channels
from shared.model import ResponderName, now
from shared.policy.brakes import standing_guards
from shared.policy.document import Policy, ResponderTraits
from shared.policy.guards import Guard, OwnIdentity
from shared.policy.reading import load
from shared.responder import Responder
from shared.settings import Settings
from shared.signals.table import Seen
from shared.signals.told import Facts, Sink
from shared.signals.trace import Note, triggered
from shared.store.account import Account, StorageConnection
from shared.store.azure import AzureStore
from shared.store.queues import StorageQueue
from shared.store.verbs import Queue, SideQueue, Store
from shared.tasks.ledger import Clock
from shared.tasks.queue import QUEUE_NAME
from shared.telemetry import Log, open_log

if TYPE_CHECKING:
    from shared.clients.tenant import Tenant
    from shared.sweeps.posture import Sweeps

type Adapt = Callable[[Policy], Policy]
"""Lays over a policy what is special about one tenant."""
type Catalogue = Mapping[ResponderName, Responder[Any]]


def _as_written(policy: Policy) -> Policy:
    return policy


class Foundation:
    """Settings, policy, storage and the tenant's clients; what is heavy is made on first use."""

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
