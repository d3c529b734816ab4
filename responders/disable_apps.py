"""Disable, for the whole organisation, the apps that the account let in since the compromise."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

from shared.clients import audit, consents
from shared.clients.audit import DirectoryAudit
from shared.clients.consents import App, AppState
from shared.clients.licences import Plan
from shared.clients.tenant import Tenant
from shared.errors import Gone
from shared.model import Case, Difference, Foothold, ObjectId, Phase, Utc, Value
from shared.policy.app_consents import of_microsoft
from shared.responder import Change, Impact, Responder

_LET_IN: Final = "Add service principal"
"""What the audit log calls the first consent of anybody to an app: it is new in the tenant."""


class NewApp(Value):
    """An app, and when it came into the tenant."""

    app: App
    at: Utc

    @property
    def label(self) -> str:
        """Name it for a person."""
        publisher = f"by {self.app.publisher}" if self.app.publisher else "of no verified publisher"
        return f"app “{self.app.name}”, {publisher}"


class AppsDisabled(Change):
    """The apps as found."""

    apps: tuple[NewApp, ...]

    def summary(self) -> str:
        """Say what will be done."""
        names = ", ".join(f"“{new.app.name}”" for new in self.apps)
        return f"Disable {names} for the whole organisation"

    def differences(self) -> tuple[Difference, ...]:
        """List the apps; nothing of them is deleted, so that they can be examined."""
        becomes = "disabled: nobody in the organisation can use it"
        return tuple(
            Difference(what=new.label, was="enabled", becomes=becomes) for new in self.apps
        )

    def footholds(self) -> tuple[Foothold, ...]:
        """Name each app and how it came in."""
        return tuple(
            Foothold(kind="app", label=new.label, reasons=(_when(new),)) for new in self.apps
        )


class DisableApps(Responder[AppsDisabled]):
    """Disable, for the whole organisation, the apps that the account let in since the compromise.

    Taking back this account's consent leaves the app there for whoever is tempted next. Only an app
    that was new in the tenant when this account let it in is disabled: one that others used before
    is theirs too. Never one of Microsoft's or of this organisation's own. It concerns everybody, so
    it is meant for approval; disabled, not deleted, as Microsoft advises, and enabled by an undo.
    """

    phase = Phase.EVICT
    impact = Impact.NONE
    techniques = frozenset({"T1528", "T1098.001"})
    permissions = frozenset({consents.APPLICATION_WRITE_ALL, audit.AUDIT_LOG_READ_ALL})
    licences = frozenset({Plan.ENTRA_P1})

    async def plan(self, case: Case, tenant: Tenant) -> AppsDisabled | None:
        """Read which apps came in by this account since, and what they are."""
        who = case.account.who
        changes = await tenant.audit.changes_by(who.object_id, since=case.compromised_since)
        let_in = _let_in(changes)
        found = await asyncio.gather(*(_read(client, tenant) for client in sorted(let_in)))
        theirs = tuple(
            NewApp(app=app, at=let_in[app.object_id])
            for app in found
            if app.enabled and app.home not in (None, tenant.id) and not of_microsoft(app)
        )
        return AppsDisabled(who=who, apps=theirs) if theirs else None

    async def apply(self, change: AppsDisabled, tenant: Tenant) -> None:
        """Disable them; one that is gone is fine."""
        for new in change.apps:
            with suppress(Gone):
                await tenant.consents.set_app_state(new.app.object_id, AppState.DISABLED)

    async def undo(self, change: AppsDisabled, tenant: Tenant) -> None:
        """Enable them again; one that was deleted stays deleted."""
        for new in change.apps:
            now = await _read(new.app.object_id, tenant)
            if now.enabled is False:
                with suppress(Gone):
                    await tenant.consents.set_app_state(now.object_id, AppState.ENABLED)


def _let_in(changes: tuple[DirectoryAudit, ...]) -> dict[ObjectId, Utc]:
    """Tell when each app came in, of what the audit log shows."""
    return {
        ObjectId(target.id): change.at
        for change in changes
        if change.activity == _LET_IN and change.result != "failure"
        for target in change.targets
        if target.id
    }


async def _read(client: ObjectId, tenant: Tenant) -> App:
    return await tenant.consents.app(client, permission=consents.APPLICATION_WRITE_ALL)


def _when(new: NewApp) -> str:
    return f"Let in {new.at:%Y-%m-%d %H:%M} UTC by this account, after the compromise began"
