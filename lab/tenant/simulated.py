"""The simulated tenant: Graph, Exchange and the token endpoint in one application."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from starlette.applications import Starlette

from lab.clock import Clock
from lab.tenant.answers import Answer
from lab.tenant.catalogue import cmdlets, operations
from lab.tenant.control import Command, Control
from lab.tenant.entra import Entra
from lab.tenant.faults import Fault, Faults, Loss, When
from lab.tenant.front import Front
from lab.tenant.records import Write
from lab.tenant.sentinel import Workspace
from lab.tenant.serve_activity import FEED_READ, ActivityService
from lab.tenant.serve_arm import ArmService
from lab.tenant.serve_exchange import MANAGE_AS_APP, ExchangeService
from lab.tenant.serve_graph import GraphService
from lab.tenant.settings import TenantSettings
from lab.tenant.snapshot import snapshot
from lab.tenant.state import Group, Mailbox, User
from lab.tenant.tokens import (
    ACTIVITY,
    ARM,
    EXCHANGE,
    EXCHANGE_OF_TOKENS,
    Minter,
    Rejected,
    audience,
)
from lab.tenant.versioned import Versioned
from lab.tenant.visit import Incoming, Service
from lab.tenant.world import World


class SimulatedTenant(World):
    """A Microsoft 365 tenant that keeps state and refuses what Graph and Exchange refuse.

    `granted` are the application permissions in our own tokens and `exchange_roles` our management
    roles; `None` means all there are. `entra_roles` are the directory roles of our identity.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        seed: int = 1,
        granted: frozenset[str] | None = None,
        exchange_roles: frozenset[str] | None = None,
        entra_roles: frozenset[str] = frozenset(),
        settings: TenantSettings | None = None,
    ) -> None:
        settings = settings or TenantSettings()
        super().__init__(clock=clock, seed=seed, settings=settings, entra_roles=entra_roles)
        known = operations()
        everything = frozenset[str]().union(*(op.any_of for op in known))
        everything |= {MANAGE_AS_APP, FEED_READ}
        self.granted = everything if granted is None else granted
        self.gives_tokens = True
        """Whether the token endpoint answers."""
        self.faults = Faults()
        self.reports: dict[str, Callable[[], dict[str, Any]]] = {}
        """What `/lab/state` shows beside the tenant's own numbers, by name."""
        key = self.dice.randbytes(32)
        self._minter = Minter(key=key, tenant=self.tenant_id, life=settings.own_token_life)
        graph = GraphService(self, minter=self._minter, operations=known)
        self.exchange = ExchangeService(
            self, minter=self._minter, cmdlets=cmdlets(), roles=exchange_roles
        )
        self.workspace = Workspace.of(self.tenant_id)
        arm = ArmService(self, minter=self._minter, workspace=self.workspace)
        self._control = Control(self)
        self.entra = Entra(self, self.mint)
        activity = ActivityService(self, minter=self._minter)
        services: dict[str, Service] = {
            "v1.0": graph,
            "beta": graph,
            "adminapi": self.exchange,
            "subscriptions": arm,
            self.tenant_id: self.entra,
            "api": activity,
        }
        self._front = Front(self, services=services, control=self._control, faults=self.faults)

    @property
    def app(self) -> Starlette:
        """The ASGI application."""
        return self._front.app

    async def answer(self, incoming: Incoming) -> Answer:
        """Answer one request without a server. Raises `Dropped` where the answer is lost."""
        return await self._front.answer(incoming)

    @property
    def commands(self) -> dict[str, Command]:
        """What can be posted to `/lab/{name}`; the stack adds its own."""
        return self._control.commands

    @property
    def users(self) -> Versioned[User]:
        """Accounts by object id."""
        return self.state.users

    @property
    def mailboxes(self) -> Mapping[str, Mailbox]:
        """Mailboxes by their owner's object id."""
        return self.state.mailboxes

    @property
    def groups(self) -> Mapping[str, Group]:
        """Groups by object id."""
        return self.state.groups

    def token(self, resource: str) -> str:
        """Make a token of our own identity for a resource or a `/.default` scope."""
        return self.mint(resource)[0]

    def mint(self, resource: str) -> tuple[str, datetime]:
        """Make a token of our own identity and say when it expires."""
        elsewhere = {EXCHANGE: {MANAGE_AS_APP}, ACTIVITY: {FEED_READ}, ARM: set[str]()}
        ours = elsewhere.get(audience(resource))
        others = self.granted.difference(*elsewhere.values())
        roles = others if ours is None else self.granted & ours
        return self._minter.mint(
            resource=resource,
            oid=self.own_object_id,
            app_id=self.own_app_id,
            roles=roles,
            directory_roles=self.entra_roles,
            at=self.now(),
        )

    def vouches(self, assertion: str) -> bool:
        """Whether our managed identity says so, in a token for an exchange of tokens."""
        try:
            said = self._minter.read(
                f"Bearer {assertion}", resource=EXCHANGE_OF_TOKENS, at=self.now()
            )
        except (Rejected, ValueError, KeyError):
            return False
        return said.oid == self.own_object_id

    def fail(
        self,
        *,
        match: str = "*",
        status: int = 503,
        times: int = 1,
        skip: int = 0,
        retry_after: float | None = None,
        when: When = When.BEFORE_EFFECT,
    ) -> Fault:
        """Order refusals: the calls named like `match`, after `skip` of them, `times` times."""
        return self.faults.order(
            Fault(
                match=match,
                status=status,
                times=times,
                skip=skip,
                retry_after=retry_after,
                when=when,
            )
        )

    def drop(
        self,
        *,
        match: str = "*",
        loss: Loss = Loss.READ_TIMEOUT,
        times: int = 1,
        skip: int = 0,
        when: When = When.BEFORE_EFFECT,
    ) -> Fault:
        """Order lost answers; with `When.AFTER_EFFECT` the write has happened all the same."""
        return self.faults.order(Fault(match=match, loss=loss, times=times, skip=skip, when=when))

    def crash_after_write(self, k: int, error: BaseException) -> None:
        """Raise `error` into our own caller right after its `k`-th write (from 1) took effect."""
        left = iter(range(k, 0, -1))

        def count(write: Write) -> None:
            if write.actor == self.own_object_id and next(left, 0) == 1:
                raise error

        self.after_write.append(count)

    def snapshot(self, *, without: str | None = None) -> dict[str, Any]:
        """Show all that a responder could change, as JSON; `without` leaves one account out."""
        shown = snapshot(self.state, without=without)
        incidents = self.workspace.incidents.values()
        shown["sentinel"] = {
            one.name: {**self.workspace.view(one)["properties"], "comments": one.comments}
            for one in incidents
            if without is None or one.oid != without
        }
        return shown
