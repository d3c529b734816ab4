"""Take back the consents to applications that were given since the compromise."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from shared.clients import audit, consents
from shared.clients.answers import unlicensed
from shared.clients.consents import Grant
from shared.clients.tenant import Tenant
from shared.errors import Denied, Gone, Refused
from shared.model import Case, Difference, Foothold, ObjectId, Phase, Utc, number_of
from shared.policy.app_consents import JudgedConsent, judge_by_content, judge_by_time
from shared.responder import Change, Impact, Responder

_GIVEN = frozenset({"Consent to application", "Add delegated permission grant"})
"""What the audit log calls a consent: by its dialogue, or by a call to Graph."""
_DISABLE = (
    "Ask whoever approves it to disable the app for all (Entra admin center, Enterprise "
    "applications, Properties, Enabled for users to sign in: No); do not delete it"
)


class AppConsentsRevoked(Change):
    """The grants exactly as found, each with its application and why it is the intruder's."""

    choices = "consents"
    consents: tuple[JudgedConsent, ...]

    def summary(self) -> str:
        """Say what will be done."""
        names = sorted({judged.app.name for judged in self.consents})
        return f"Take back the consent to {', '.join(f'“{name}”' for name in names)}"

    def differences(self) -> tuple[Difference, ...]:
        """List the grants that are taken back, and the apps that stay enabled for others."""
        apps = {judged.app.object_id: judged.app for judged in self.consents}
        return (
            *(Difference(what=j.label, was="granted", becomes="revoked") for j in self.consents),
            *(
                Difference(
                    what=f"App “{app.name}” for the rest of the organisation",
                    was="enabled" if app.enabled else "unknown",
                    becomes="unchanged: a person decides whether to disable it",
                )
                for app in apps.values()
                if app.enabled is not False
            ),
        )

    def footholds(self) -> tuple[Foothold, ...]:
        """Name each app and why its consent is the intruder's."""
        return tuple(
            Foothold(kind="app_consent", label=judged.label, reasons=judged.reasons)
            for judged in self.consents
        )


class RevokeAppConsents(Responder[AppConsentsRevoked]):
    """Take back the consents to applications that were given since the compromise.

    Neither a new password nor an end to all sessions ends a consent. Graph does not tell when one
    was given, so the directory's audit log does; where the tenant has no licence for that log, only
    what everything speaks against is taken back and the rest is reported. The application itself
    stays enabled: disabling it concerns the whole organisation and is a person's decision.
    """

    phase = Phase.EVICT
    impact = Impact.NONE
    dated = True
    techniques = frozenset({"T1528", "T1550.001"})
    permissions = frozenset(
        {consents.GRANT_WRITE_ALL, consents.APPLICATION_READ_ALL, audit.AUDIT_LOG_READ_ALL}
    )

    async def plan(self, case: Case, tenant: Tenant) -> AppConsentsRevoked | None:
        """Read the grants and when consent was given, and judge each."""
        who = case.account.who
        grants, given = await asyncio.gather(
            tenant.consents.of(who.object_id), _given_since(case, tenant)
        )
        if isinstance(given, Denied):
            found = await _judged(grants, tenant)
        else:
            found = await _judged([g for g in grants if g.client in given], tenant, given)
        theirs = tuple(judged for judged in found if judged.reasons)
        if theirs:
            return AppConsentsRevoked(who=who, consents=theirs)
        if isinstance(given, Denied):
            _hand_over(found, given)
            return None
        await _report_everybody(given, tenant)
        return None

    async def apply(self, change: AppConsentsRevoked, tenant: Tenant) -> None:
        """Take them back; one that is gone is fine."""
        for judged in change.consents:
            with suppress(Gone):
                await tenant.consents.revoke(judged.grant)

    async def undo(self, change: AppConsentsRevoked, tenant: Tenant) -> None:
        """Grant exactly the same again, unless something else was granted since."""
        now = {grant.id: grant for grant in await tenant.consents.of(change.who.object_id)}
        missing = [judged for judged in change.consents if judged.grant.id not in now]
        changed = [j for j in change.consents if now.get(j.grant.id, j.grant) != j.grant]
        if changed:
            raise Refused(
                f"{changed[0].label} was given anew since, with other permissions; "
                "it was left as it is now"
            )
        for judged in missing:
            await tenant.consents.give(judged.grant)


async def _given_since(case: Case, tenant: Tenant) -> dict[ObjectId, Utc] | Denied:
    """Find when each app was consented to since the compromise, or say why that is unknown."""
    try:
        changes = await tenant.audit.changes_by(
            case.account.object_id, since=case.compromised_since
        )
    except Denied as error:
        return error
    found: dict[ObjectId, Utc] = {}
    for change in sorted(changes, key=lambda change: change.at, reverse=True):
        given = change.activity in _GIVEN and change.result != "failure"
        if given and not case.owners(change.at):
            found |= {ObjectId(str(target.id)): change.at for target in change.targets if target.id}
    return found


async def _judged(
    grants: tuple[Grant, ...] | list[Grant],
    tenant: Tenant,
    given: dict[ObjectId, Utc] | None = None,
) -> list[JudgedConsent]:
    clients = sorted({grant.client for grant in grants})
    read = await asyncio.gather(*(tenant.consents.app(client) for client in clients))
    apps = dict(zip(clients, read, strict=True))
    own = tenant.id
    if given is None:
        return [judge_by_content(g, apps[g.client], own=own) for g in grants]
    return [judge_by_time(g, apps[g.client], given_at=given[g.client], own=own) for g in grants]


def _hand_over(left: list[JudgedConsent], denied: Denied) -> None:
    """Report consents whose time nobody knows: unknown is not "older than the compromise"."""
    if not unlicensed(denied):
        raise denied
    if left:
        raise Refused(
            f"Nobody can tell when {number_of(len(left), 'consent was', 'consents were')} given: "
            "the tenant has no licence for the directory's audit log",
            steps=(
                "Ask the owner which of these apps they use",
                "Remove the others in the Entra admin center, under the user's Applications",
                *(judged.label for judged in left),
            ),
        )


async def _report_everybody(given: dict[ObjectId, Utc], tenant: Tenant) -> None:
    """Report apps that this account let in since and that may act for the whole organisation."""
    clients = sorted(given)
    found = await asyncio.gather(*(tenant.consents.for_everybody(c) for c in clients))
    wide = [grants[0].client for grants in found if grants]
    if not wide:
        return
    apps = await asyncio.gather(*(tenant.consents.app(client) for client in wide))
    names = ", ".join(f"“{app.name}”" for app in apps)
    raise Refused(
        f"This account consented since the compromise to {names}, which may act for the whole "
        "organisation; taking that back concerns everybody",
        steps=(f"Review what {names} may do for the whole organisation", _DISABLE),
    )
