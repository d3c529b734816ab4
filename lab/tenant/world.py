"""The tenant without its network side: state, time, identity, and who is told of a change."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from lab.clock import Clock
from lab.tenant.records import Call, Write
from lab.tenant.settings import AccessPolicy, Licence, TenantSettings
from lab.tenant.state import Domain, Group, Mailbox, Role, State, User

_EVERYDAY_ROLES: Final = frozenset(
    {
        "Directory Readers",
        "Groups Administrator",
        "Guest Inviter",
        "Helpdesk Administrator",
        "Message Center Reader",
        "Password Administrator",
        "Reports Reader",
        "Usage Summary Reports Reader",
        "User Administrator",
        "User Experience Success Manager",
    }
)
"""Roles whose holders a User Administrator may act on.

Source: https://learn.microsoft.com/entra/identity/role-based-access-control/privileged-roles-permissions
"""
_OVER_EVERYBODY: Final = frozenset({"Privileged Authentication Administrator"})
_OVER_EVERYDAY: Final = _OVER_EVERYBODY | {"User Administrator"}


class World:
    """State and its rules. Handlers and the intruder change it only through the verbs here."""

    def __init__(
        self, *, clock: Clock, seed: int, settings: TenantSettings, entra_roles: frozenset[str]
    ) -> None:
        self.clock = clock
        self.settings = settings
        self.state = State()
        self.entra_roles = entra_roles
        self.calls: list[Call] = []
        self.writes: list[Write] = []
        self.before_call: list[Callable[[Call], None]] = []
        """Called with each request before it does anything; may raise into the caller."""
        self.after_write: list[Callable[[Write], None]] = []
        """Called after each write took effect and was told to all; may raise into the caller."""
        self.dice: Final = random.Random(seed)
        self._guids = random.Random(f"guids {seed}")
        self._listeners: list[Callable[[Write], None]] = []
        self.tenant_id = self.guid()
        self.own_object_id = self.guid()
        self.own_app_id = self.guid()
        self.created_at = clock.now() - timedelta(days=2000)
        self.state.domains += [
            Domain(name="contoso.example", default=True),
            Domain(name="contoso-first.example", initial=True),
            Domain(name="fed.contoso.example", authentication="Federated"),
        ]

    def guid(self) -> str:
        """Draw the seed's next GUID."""
        return str(uuid.UUID(int=self._guids.getrandbits(128), version=4))

    def now(self) -> datetime:
        """Tell the lab's time."""
        return self.clock.now()

    def as_seen(self) -> datetime:
        """Tell the moment that readers of the directory are shown now."""
        return self.now() - timedelta(seconds=self.settings.directory_lag)

    def licensed(self, licence: Licence) -> bool:
        """Whether the tenant has paid for it."""
        return licence in self.settings.licences

    def on_write(self, listener: Callable[[Write], None]) -> None:
        """Tell `listener` of every change, after it took effect and before its caller knows."""
        self._listeners.append(listener)

    def wrote(self, *, method: str, path: str, actor: str, oid: str, what: str) -> None:
        """Record a change that took effect and tell everybody who listens."""
        write = Write(method=method, path=path, actor=actor, at=self.now(), oid=oid, what=what)
        self.writes.append(write)
        for listener in self._listeners:
            listener(write)
        for hook in tuple(self.after_write):
            hook(write)

    def change_user(self, oid: str, **changes: Any) -> User:
        """Change an account; lagging readers see it later."""
        user = replace(self.state.users[oid], **changes)
        self.state.users.put(oid, user, at=self.now())
        self.state.reindex(changes)
        return user

    def change_mailbox(self, oid: str, **changes: Any) -> Mailbox:
        """Change a mailbox."""
        self.state.mailboxes[oid] = replace(self.state.mailboxes[oid], **changes)
        return self.state.mailboxes[oid]

    def user(self, key: str, *, at: datetime | None = None) -> User | None:
        """Find an account by object id or UPN, as it was at `at`."""
        oids = [key.lower()] if key.lower() in self.state.users else self.state.where("upn", key)
        return self.state.users.seen(oids[0], at=at or self.now()) if oids else None

    def sign_in_blocked(self, oid: str) -> str | None:
        """Say which standing policy keeps an account from signing in, if one does."""
        memberships = {parent.id for parent in self.state.parents(oid, at=self.now())}
        if memberships & self.state.blocking_groups:
            return "Conditional Access blocks a group of this account"
        for rule in self.state.directory.rules.values():
            if rule.blocks(oid, memberships):
                return f"Conditional Access policy “{rule.name}” blocks this account"
        risk = self.state.risks.get(oid)
        policy = AccessPolicy.BLOCK_HIGH_USER_RISK
        if policy in self.settings.policies and risk is not None and risk.level == "high":
            return "Conditional Access blocks accounts with a high user risk"
        return None

    def may_act_on(self, oid: str) -> bool:
        """Whether our own Entra roles allow sensitive actions on this account."""
        user = self.state.users[oid]
        if user.restricted:
            # Tenant-wide rights end at a restricted management administrative unit.
            return False
        parents = self.state.parents(oid, at=self.now())
        roles = {parent.name for parent in parents if isinstance(parent, Role)}
        assignable = any(isinstance(p, Group) and p.role_assignable for p in parents)
        if assignable or roles - _EVERYDAY_ROLES:
            return bool(self.entra_roles & _OVER_EVERYBODY)
        return not roles or bool(self.entra_roles & _OVER_EVERYDAY)

    def sync_directory(self) -> list[str]:
        """Play one cycle of the directory synchronisation; says which accounts it overwrote.

        The directory on premises wins: an account disabled only in the cloud is enabled again.
        """
        overwritten = [
            oid
            for oid in self.state.users
            if (user := self.state.users[oid]).synced and user.enabled != user.on_premises_enabled
        ]
        for oid in overwritten:
            enabled = self.state.users[oid].on_premises_enabled
            self.change_user(oid, enabled=enabled)
            what = f"accountEnabled: {enabled} (as on premises)"
            self.wrote(method="SYNC", path="/users/{id}", actor="sync", oid=oid, what=what)
        return overwritten
