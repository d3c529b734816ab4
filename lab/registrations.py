"""How apps, devices and roles come to be before a story begins: nothing of it is a write."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from lab.tenant.directory_state import (
    AccessRule,
    AppKey,
    Application,
    Device,
    Grant,
    Registration,
    RoleTerm,
)
from lab.tenant.graph_applications import described
from lab.tenant.graph_directory_audits import record
from lab.tenant.population import Population
from lab.tenant.world import World

GRAPH: Final = "Microsoft Graph"
QUARANTINE: Final = "Block compromised accounts"
_OF_REGISTRATION: Final = "Update application – Certificates and secrets management "  # noqa: RUF001
"""As the log writes it, with a dash and a blank at its end."""
_KEYS: Final = "KeyDescription"
_MICROSOFT: Final = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"
"""The tenant that Microsoft's own applications are registered in."""


class Registrations:
    """Fills the directory of one tenant."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._held = world.state.directory

    def app(self, name: str, *, home: str | None = None, **wish: Any) -> str:
        """Let an application in; without a home, some other organisation registered it.

        With `let_in_by` and `let_in_at` the audit log knows who brought it, and when.
        """
        at: datetime | None = wish.pop("let_in_at", None)
        app = Application(
            id=self._world.guid(),
            app_id=self._world.guid(),
            name=name,
            home=home or self._world.guid(),
            **wish,
        )
        self._held.apps[app.id] = app
        if app.let_in_by and at:
            targets = (("ServicePrincipal", app.id),)
            record(self._world, "Add service principal", by=app.let_in_by, targets=targets, at=at)
        return app.id

    def consent(self, oid: str | None, app: str, scope: str, *, at: datetime | None) -> Grant:
        """Grant permissions to Microsoft Graph; the audit log forgets what is too long ago.

        `oid` is who alone grants, `None` grants for everybody; `at` `None` is long ago.
        """
        grant = Grant(client=app, resource=self._graph(), principal=oid, scope=scope)
        self._held.grants[grant.id] = grant
        if at is not None and oid is not None:
            self.log_consent(oid, app, at=at)
        return grant

    def log_consent(self, oid: str, app: str, *, at: datetime) -> None:
        """Write down that an account went through the consent dialogue."""
        target = (("ServicePrincipal", app),)
        record(self._world, "Consent to application", by=oid, targets=target, at=at)

    def register(self, name: str) -> str:
        """Register an application in this tenant; gives the registration's object id."""
        made = Registration(id=self._world.guid(), app_id=self._world.guid(), name=name)
        self._held.registered[made.id] = made
        return made.id

    def give_key(self, holder: str, name: str, *, by: str, at: datetime, **wish: Any) -> AppKey:
        """Give an application, or its service principal, a key; the audit log says who did."""
        ends = at + timedelta(days=180)
        key = AppKey(id=self._world.guid(), name=name, begins=at, ends=ends, **wish)
        self._rekey(holder, (*self._holder(holder).keys, key), by=by, at=at)
        return key

    def take_key(self, holder: str, key: AppKey, *, by: str) -> None:
        """Remove a key, as a person does in the Entra admin center."""
        left = tuple(each for each in self._holder(holder).keys if each != key)
        self._rekey(holder, left, by=by, at=self._world.now())
        what = f"key {key.name!r} removed"
        self._world.wrote(method="PATCH", path="/applications", actor=by, oid=holder, what=what)

    def _holder(self, oid: str) -> Application | Registration:
        return self._held.apps.get(oid) or self._held.registered[oid]

    def _rekey(self, oid: str, keys: tuple[AppKey, ...], *, by: str, at: datetime) -> None:
        before, kind = self._holder(oid).keys, "Application"
        activity = _OF_REGISTRATION
        if oid in self._held.apps:
            self._held.apps[oid] = replace(self._held.apps[oid], keys=keys)
            verb = "Add" if len(keys) > len(before) else "Remove"
            kind, activity = "ServicePrincipal", f"{verb} service principal credentials"
        else:
            self._held.registered[oid] = replace(self._held.registered[oid], keys=keys)
        record(
            self._world,
            activity,
            by=by,
            targets=((kind, oid),),
            at=at,
            changed={_KEYS: described(keys)},
            before={_KEYS: described(before)},
        )

    def device(self, oid: str, name: str, *, at: datetime | None, **wish: Any) -> Device:
        """Register a device; `at` `None` is a time that Graph does not tell."""
        device = Device(
            id=self._world.guid(),
            device_id=self._world.guid(),
            name=name,
            owner=oid,
            registered_at=at,
            **wish,
        )
        self._held.devices[device.id] = device
        return device

    def activate(self, oid: str, role: str, **term: Any) -> str:
        """Give a directory role by its name; `term` says since when, until when and how."""
        rid = Population(self._world).role(role, [oid])
        if term:
            self._held.active[oid, rid] = RoleTerm(principal=oid, role=rid, **term)
        return rid

    def make_eligible(self, oid: str, role: str, **term: Any) -> str:
        """Let an account activate a role whenever it wants to."""
        rid = Population(self._world).role(role, [])
        self._held.eligible[oid, rid] = RoleTerm(principal=oid, role=rid, **term)
        return rid

    def role_group(self, oid: str, group: str, role: str, *, at: datetime) -> str:
        """Let an account into a group that holds a role; gives the role."""
        gid = self.join(oid, group, at=at, role_assignable=True)
        return Population(self._world).role(role, [gid])

    def join(self, oid: str, name: str, *, at: datetime | None, **wish: Any) -> str:
        """Let an account into a new group; the audit log forgets what is too long ago (`None`)."""
        gid = Population(self._world).group(name, [oid], **wish)
        if at is not None:
            targets = (("User", oid), ("Group", gid))
            by = self._world.own_object_id
            record(self._world, "Add member to group", by=by, targets=targets, at=at)
        return gid

    def access_rule(self, name: str, **wish: Any) -> AccessRule:
        """Set up a Conditional Access policy."""
        rule = AccessRule(id=self._world.guid(), name=name, **wish)
        self._held.rules[rule.id] = rule
        return rule

    def quarantine(self) -> str:
        """Find the group whose members a policy blocks, or set both up."""
        known = [rule for rule in self._held.rules.values() if rule.name == QUARANTINE]
        if known:
            return next(iter(known[0].groups))
        group = Population(self._world).group("Blocked accounts", [])
        self.access_rule(QUARANTINE, groups=frozenset({group}))
        return group

    def _graph(self) -> str:
        known = [app.id for app in self._held.apps.values() if app.name == GRAPH]
        return known[0] if known else self.app(GRAPH, home=_MICROSOFT, publisher="Microsoft")
