"""A deployment in which everything is well, and one thing that is not, at wish."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from lab.registrations import Registrations
from lab.tenant.population import Population
from lab.workbench import SECRET
from shared.errors import Transient
from shared.model import Json, Severity
from shared.policy.notify import Told
from shared.store.account import Account, StorageConnection
from shared.store.azure import AzureStore
from shared.store.queues import StorageQueue
from shared.tasks.delivery import TRIES, Delivery, end, enter, put_off
from shared.tasks.outbox import Notice
from tests.tasks.benches import Bench, other, policy

PROTECTED = '[protected]\naccounts = ["{other}"]\n'
BLOCK = '[block]\ngroup = "{blocked}"\n'
NOTIFY = '[[notify]]\nchannels = ["hook"]\n'
RULE = """
[[rule]]
name = "own"
[rule.responders]
disable_sign_in = "enforce"
stop_forwarding = "approve"
confirm_compromised = "enforce"
"""
BLOCKS = 'block_by_group = "approve"\n'
WELL = PROTECTED + BLOCK + NOTIFY + RULE + BLOCKS
OPERATOR: Json = {
    "name": "operator",
    "carrier": "admin_request",
    "auth": {"scheme": "hmac", "secrets": [SECRET]},
}
NOWHERE = (
    "DefaultEndpointsProtocol=http;AccountName=nobody;AccountKey=bm9ib2R5;"
    "BlobEndpoint=http://127.0.0.1:9/nobody;QueueEndpoint=http://127.0.0.1:9/nobody;"
    "TableEndpoint=http://127.0.0.1:9/nobody;"
)
"""A storage account at a port where nobody listens."""


def source(*secrets: str, **more: Any) -> Json:
    """Configure the one sender of the story."""
    auth = {"scheme": "hmac", "secrets": list(secrets or (SECRET,)), **more.pop("auth", {})}
    return {"name": "identity-protection", "carrier": "identity_protection", "auth": auth, **more}


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What differs from the deployment in which all is well."""

    policy: str = WELL
    settings: Json = field(default_factory=dict)
    first: Callable[[Clinic], None] | None = None
    """Done before the app is made."""
    then: Callable[[Clinic], Awaitable[None] | None] | None = None
    """Done when all is well."""
    used: bool = True
    """Whether an alert came in, a feed was read and somebody was told."""


class Clinic(Bench):
    """The deployment; `examined` runs one check of it."""

    def __init__(self, folder: Path, wish: Wish) -> None:
        settings = {
            "sources": (source(), OPERATOR),
            "channels": (HOOK,),
            "pull": ("alerts_v2",),
            **wish.settings,
        }
        super().__init__(settings=settings)
        self._account: Account | None = None
        self.folder, self.wish = folder, wish
        self.people = Population(self.tenant)
        self.blocked = Registrations(self.tenant).quarantine()
        self.empty = self.people.group("Nobody", [])
        text = wish.policy
        for name, value in {
            "other": other(self),
            "blocked": self.blocked,
            "empty": self.empty,
            "ourselves": self.tenant.own_object_id,
        }.items():
            text = text.replace(f"{{{name}}}", value)
        if wish.first:
            wish.first(self)
        self.app = self.under(policy(folder, text))
        rights = self.app._deployment().rights
        self.tenant.granted = frozenset(rights.permissions)
        self.tenant.exchange.roles = frozenset(rights.exchange_roles)
        self.tenant.entra_roles = frozenset({"User Administrator"})

    async def settled(self) -> None:
        """Let the deployment be used, then let happen what is wished."""
        if self.wish.used:
            await self.tell()
            await self.settle()
            await self.app.pull()
            await end(self.store, await self.delivery(), self.clock.now())
        if self.wish.then and (waiting := self.wish.then(self)):
            await waiting

    async def delivery(self, *, failed: int = 0) -> Delivery:
        """Enter something to be told, and let it fail so often."""
        notice = Notice(
            what=Told.CONTAINED,
            at=self.clock.now(),
            tenant=self.app.settings.tenant,
            severity=Severity.HIGH,
            occasion=str(failed),
        )
        delivery = Delivery(notice=notice, channel="hook", due=self.clock.now())
        await enter(self.store, delivery)
        for _ in range(failed):
            (row,) = [one for one in self.store.rows() if one.key == delivery.row]
            why = Transient("it answered 500")
            delivery = await put_off(self.store, row, delivery, why, self.clock.now())
        return delivery

    def nowhere(self) -> None:
        """Let storage be where nobody listens, with the real clients."""
        account = self._account = Account(StorageConnection(connection_string=NOWHERE))
        self.app = self.under(self.app.settings.policy)
        self.app._store = AzureStore(account)
        self.app._queues = lambda name: StorageQueue(account, name)

    async def __aexit__(self, *error: object) -> None:
        """Close the connections."""
        await super().__aexit__(*error)
        if self._account:
            await self._account.aclose()

    async def weeks(self, count: int) -> None:
        """Let weeks pass."""
        self.clock.advance(timedelta(weeks=count).total_seconds())


GIVEN_UP = TRIES
HOOK: Json = {
    "kind": "webhook",
    "name": "hook",
    "url": "http://127.0.0.1:9/hook",
    "secret": "lab-only-webhook-secret-0123456789abcdef",
}
