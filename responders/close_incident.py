"""Close the Defender incident that the alerts belong to, where it is about nobody else."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from shared.clients.security_alerts import (
    COMPROMISED,
    OVER,
    SECURITY_ALERT_WRITE_ALL,
    Grading,
)
from shared.clients.security_incidents import SECURITY_INCIDENT_WRITE_ALL, SecurityIncident
from shared.clients.tenant import Tenant
from shared.errors import Gone, Refused
from shared.model import Case, Difference, Phase, Value
from shared.policy.at_the_source import (
    DEFENDER,
    SHARED,
    becomes,
    closing,
    comment,
    commented,
    defender_alerts,
)
from shared.responder import Change, Impact, Responder


class AlertBefore(Value):
    """An open alert of the incident: to resolve the incident resolves it as well."""

    id: str
    was: Grading


class OpenIncident(Value):
    """An incident as it was; `shared` where it is not known to be about this account alone."""

    id: str
    title: str
    was: Grading
    shared: bool
    alerts: tuple[AlertBefore, ...] = ()


class IncidentsClosed(Change):
    """The case's incidents that are open at their source, and the comment each gets."""

    incidents: tuple[OpenIncident, ...]
    comment: str
    grading: Grading = COMPROMISED

    def summary(self) -> str:
        """Say what will be done."""
        shared = sum(one.shared for one in self.incidents)
        done = closing(len(self.incidents), shared, DEFENDER.named(self.grading))
        return f"In Defender, {done}"

    def differences(self) -> tuple[Difference, ...]:
        """List each incident, and the comment, which undo cannot take back."""
        graded = tuple(
            Difference(
                what=f"Incident {one.id} “{one.title}”",
                was=one.was.words,
                becomes=becomes(self.grading.words, shared=one.shared),
            )
            for one in self.incidents
        )
        return (*graded, commented(self.comment))

    def covers(self, other: Change) -> bool:
        """Whether `other` closes none but these; its alerts may be closed by others meanwhile."""
        if not isinstance(other, IncidentsClosed) or other.who != self.who:
            return False
        mine = {(one.id, one.shared) for one in self.incidents}
        return mine >= {(one.id, one.shared) for one in other.incidents}


class CloseIncident(Responder[IncidentsClosed]):
    """Close the Defender incident that the alerts belong to, where it is about nobody else.

    An incident that names another account, or somebody it does not name for certain, gets a comment
    that says so and stays open. What a person has resolved keeps that person's verdict; what the
    case closed itself is corrected when a person calls it a false alarm. Undo opens the incident
    and its alerts again; the comment stays.
    """

    phase = Phase.CLOSE
    impact = Impact.NONE
    techniques = frozenset({"T1078.004"})
    permissions = frozenset({SECURITY_INCIDENT_WRITE_ALL, SECURITY_ALERT_WRITE_ALL})

    async def plan(self, case: Case, tenant: Tenant) -> IncidentsClosed | None:
        """Ask the case's alerts for their incidents; one that is gone is closed enough."""
        text = comment(case)
        ids = defender_alerts(case)
        belongs = await asyncio.gather(*(_incident_of(alert, tenant) for alert in ids))
        wanted = dict.fromkeys(filter(None, belongs))
        found = await asyncio.gather(*(_read(one, tenant) for one in wanted))
        left = tuple(
            _as_it_is(one, case.account.object_id)
            for one in found
            if one is not None and _left(one, case, text)
        )
        if not left:
            return None
        return IncidentsClosed(
            who=case.account.who, incidents=left, comment=text, grading=DEFENDER.of(case)
        )

    async def apply(self, change: IncidentsClosed, tenant: Tenant) -> None:
        """Comment and then close, and look once more whom each is about before it is closed."""
        for one in change.incidents:
            with suppress(Gone):
                now = await tenant.incidents.read(one.id)
                if DEFENDER.given_since(now.grading, one.was):
                    continue
                closes = not one.shared and now.only_about(change.who.object_id)
                text = change.comment if closes else change.comment + SHARED
                if text not in now.comments:
                    await tenant.incidents.comment(one.id, text)
                if closes:
                    await tenant.incidents.grade(one.id, change.grading)

    async def undo(self, change: IncidentsClosed, tenant: Tenant) -> None:
        """Open them again as they were, and the alerts that went with them, unless graded since."""
        found = [(one, await _read(one.id, tenant)) for one in change.incidents if not one.shared]
        for one, now in found:
            if now is not None and now.grading not in (change.grading, one.was):
                raise Refused(
                    f"The incident “{one.title}” was graded since ({now.grading.words}); "
                    "all were left as they are now"
                )
        for one, now in found:
            if now is not None:
                await _reopen(one, now, change.grading, tenant)


async def _reopen(one: OpenIncident, now: SecurityIncident, ours: Grading, tenant: Tenant) -> None:
    if now.grading != one.was:
        await tenant.incidents.grade(one.id, one.was)
    before = {alert.id: alert.was for alert in one.alerts}
    for alert in now.alerts:
        if alert.id in before and alert.grading == ours:
            await tenant.alerts.grade(alert.id, before[alert.id])


def _left(incident: SecurityIncident, case: Case, text: str) -> bool:
    if DEFENDER.settled(incident.grading, case):
        return False
    return incident.only_about(case.account.object_id) or text + SHARED not in incident.comments


def _as_it_is(incident: SecurityIncident, owner: str) -> OpenIncident:
    shared = not incident.only_about(owner)
    still_open = (alert for alert in incident.alerts if alert.grading.status not in OVER)
    return OpenIncident(
        id=incident.id,
        title=incident.title,
        was=incident.grading,
        shared=shared,
        alerts=()
        if shared
        else tuple(AlertBefore(id=alert.id, was=alert.grading) for alert in still_open),
    )


async def _incident_of(alert: str, tenant: Tenant) -> str | None:
    try:
        return (await tenant.alerts.read(alert)).incident
    except Gone:
        return None


async def _read(incident: str, tenant: Tenant) -> SecurityIncident | None:
    try:
        return await tenant.incidents.read(incident)
    except Gone:
        return None
