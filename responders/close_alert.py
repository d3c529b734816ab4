"""Close the alert at its source, with what was decided and where to read on."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from shared.clients import security_alerts
from shared.clients.security_alerts import COMPROMISED, Grading, SecurityAlert
from shared.clients.tenant import Tenant
from shared.errors import Gone, Refused
from shared.model import Case, Difference, Phase, Value, number_of
from shared.policy.at_the_source import DEFENDER, comment, commented, defender_alerts
from shared.responder import Change, Impact, Responder


class OpenAlert(Value):
    """An alert as it was before it was closed."""

    id: str
    title: str
    was: Grading


class AlertsClosed(Change):
    """The alerts of the case that were open at their source, and the comment each gets."""

    alerts: tuple[OpenAlert, ...]
    comment: str
    grading: Grading = COMPROMISED

    def summary(self) -> str:
        """Say what will be done."""
        closed = number_of(len(self.alerts), "alert")
        return f"Close {closed} in Defender as a {DEFENDER.named(self.grading)}"

    def differences(self) -> tuple[Difference, ...]:
        """List the grading of each alert and the comment, which undo cannot take back."""
        graded = tuple(
            Difference(what=f"Alert “{a.title}”", was=a.was.words, becomes=self.grading.words)
            for a in self.alerts
        )
        return (*graded, commented(self.comment))


class CloseAlert(Responder[AlertsClosed]):
    """Close the alert at its source, with what was decided and where to read on.

    Only alerts that came from Defender and are still open there: what a person has resolved keeps
    that person's verdict; what the case closed itself is corrected when a person calls it a false
    alarm. Undo opens them again; the comment stays, because Graph has no way to
    take one back.
    """

    phase = Phase.CLOSE
    impact = Impact.NONE
    techniques = frozenset({"T1078.004"})
    permissions = frozenset({security_alerts.SECURITY_ALERT_WRITE_ALL})

    async def plan(self, case: Case, tenant: Tenant) -> AlertsClosed | None:
        """Read the case's alerts where they came from; one that is gone there is closed enough."""
        ids = defender_alerts(case)
        found = await asyncio.gather(*(_read(alert, tenant) for alert in ids))
        still_open = tuple(
            OpenAlert(id=alert.id, title=alert.title, was=alert.grading)
            for alert in found
            if alert is not None and not DEFENDER.settled(alert.grading, case)
        )
        if not still_open:
            return None
        return AlertsClosed(
            who=case.account.who,
            alerts=still_open,
            comment=comment(case),
            grading=DEFENDER.of(case),
        )

    async def apply(self, change: AlertsClosed, tenant: Tenant) -> None:
        """Comment and then close, so that a closed alert always carries its comment, and once."""
        for alert in change.alerts:
            with suppress(Gone):
                found = await tenant.alerts.read(alert.id)
                if DEFENDER.given_since(found.grading, alert.was):
                    continue
                if change.comment not in found.comments:
                    await tenant.alerts.comment(alert.id, change.comment)
                await tenant.alerts.grade(alert.id, change.grading)

    async def undo(self, change: AlertsClosed, tenant: Tenant) -> None:
        """Open them again as they were, unless somebody has graded one since."""
        found = {alert.id: await _read(alert.id, tenant) for alert in change.alerts}
        for alert in change.alerts:
            now = found[alert.id]
            if now is not None and now.grading not in (change.grading, alert.was):
                raise Refused(
                    f"The alert “{alert.title}” was graded since ({now.grading.words}); "
                    "all were left as they are now"
                )
        for alert in change.alerts:
            now = found[alert.id]
            if now is not None and now.grading != alert.was:
                await tenant.alerts.grade(alert.id, alert.was)


async def _read(alert: str, tenant: Tenant) -> SecurityAlert | None:
    try:
        return await tenant.alerts.read(alert)
    except Gone:
        return None
