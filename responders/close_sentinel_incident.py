"""Close the Sentinel incident that the alert came in, where it is about nobody else."""

from __future__ import annotations

import asyncio
import uuid
from contextlib import suppress
from typing import Final

from shared.clients.sentinel import ROLE, SETTING, SentinelIncident, Verdict
from shared.clients.tenant import Tenant
from shared.errors import Gone, Refused, Unavailable
from shared.model import Case, Difference, Phase, Value, digest
from shared.policy.at_the_source import (
    SENTINEL,
    SHARED,
    Verdicts,
    becomes,
    closing,
    comment,
    commented,
)
from shared.responder import Change, Impact, Responder

_CLOSED: Final = "Closed"
_COMPROMISED: Final = Verdict(
    status=_CLOSED, classification="TruePositive", reason="SuspiciousActivity"
)
_SAID: Final = Verdicts(
    compromise=_COMPROMISED,
    false_alarm=Verdict(
        status=_CLOSED, classification="FalsePositive", reason="IncorrectAlertLogic"
    ),
    over=frozenset({_CLOSED}),
)


class OpenIncident(Value):
    """An incident as it was; `shared` where it is not known to be about this account alone."""

    name: str
    title: str
    was: Verdict
    shared: bool


class SentinelClosed(Change):
    """The case's incidents that are open in Sentinel, and the comment each gets."""

    incidents: tuple[OpenIncident, ...]
    comment: str
    verdict: Verdict = _COMPROMISED

    def summary(self) -> str:
        """Say what will be done."""
        shared = sum(one.shared for one in self.incidents)
        done = closing(len(self.incidents), shared, _SAID.named(self.verdict))
        return f"In Microsoft Sentinel, {done}"

    def differences(self) -> tuple[Difference, ...]:
        """List each incident, and the comment, which undo leaves."""
        graded = tuple(
            Difference(
                what=f"Incident “{one.title}”",
                was=one.was.words,
                becomes=becomes(self.verdict.words, shared=one.shared),
            )
            for one in self.incidents
        )
        return (*graded, commented(self.comment))


class CloseSentinelIncident(Responder[SentinelClosed]):
    """Close the Sentinel incident that the alert came in, where it is about nobody else.

    Only in the workspace that is configured. An incident that names another account, or somebody it
    does not name for certain, gets a comment that says so and stays open. What a person has closed
    keeps that person's verdict; what the case closed itself is corrected when a person calls it a
    false alarm. Undo opens the incident again; the comment stays.
    """

    phase = Phase.CLOSE
    impact = Impact.NONE
    techniques = frozenset({"T1078.004"})
    azure_roles = frozenset({ROLE})

    async def plan(self, case: Case, tenant: Tenant) -> SentinelClosed | None:
        """Read the case's incidents; one that is not in the workspace is none of ours."""
        names = dict.fromkeys(o.native_id for o in case.origins if o.carrier in SENTINEL)
        if names and not tenant.sentinel.configured:
            raise Unavailable(
                "No Sentinel workspace is configured, so its incident stays open",
                steps=(f"Set {SETTING} to the workspace's Azure resource id",),
            )
        text = comment(case)
        found = await asyncio.gather(*(_open(name, case, text, tenant) for name in names))
        left = tuple(one for one in found if one is not None)
        if not left:
            return None
        return SentinelClosed(
            who=case.account.who, incidents=left, comment=text, verdict=_SAID.of(case)
        )

    async def apply(self, change: SentinelClosed, tenant: Tenant) -> None:
        """Comment and then close, and look once more whom each is about before it is closed."""
        for one in change.incidents:
            with suppress(Gone):
                now = await tenant.sentinel.read(one.name)
                if _SAID.given_since(now.verdict, one.was):
                    continue
                closes = not one.shared and now.only_about(change.who.object_id)
                text = change.comment if closes else change.comment + SHARED
                await tenant.sentinel.comment(one.name, _id(one.name, change.comment), text)
                if closes:
                    # A comment makes the incident another one than what was read.
                    await _close(await tenant.sentinel.read(one.name), one, change, tenant)

    async def undo(self, change: SentinelClosed, tenant: Tenant) -> None:
        """Open them again as they were, unless somebody has judged one since."""
        closed = [one for one in change.incidents if not one.shared]
        found = [(one, await _read(one.name, tenant)) for one in closed]
        for one, now in found:
            if now is not None and now.verdict not in (change.verdict, one.was):
                raise Refused(
                    f"The incident “{one.title}” was judged since ({now.verdict.words}); "
                    "all were left as they are now"
                )
        for one, now in found:
            if now is not None and now.verdict != one.was:
                await tenant.sentinel.judge(now, one.was)


async def _close(
    now: SentinelIncident, one: OpenIncident, change: SentinelClosed, tenant: Tenant
) -> None:
    if not _SAID.given_since(now.verdict, one.was) and now.only_about(change.who.object_id):
        await tenant.sentinel.judge(now, change.verdict)


async def _open(name: str, case: Case, text: str, tenant: Tenant) -> OpenIncident | None:
    found = await _read(name, tenant)
    if found is None or _SAID.settled(found.verdict, case):
        return None
    shared = not found.only_about(case.account.object_id)
    if shared and await tenant.sentinel.commented(name, _id(name, text)):
        return None
    return OpenIncident(name=name, title=found.title, was=found.verdict, shared=shared)


async def _read(name: str, tenant: Tenant) -> SentinelIncident | None:
    try:
        return await tenant.sentinel.read(name)
    except Gone:
        return None


def _id(incident: str, text: str) -> str:
    """Name the comment by what it says, so that a repeat is the same comment."""
    return str(uuid.UUID(digest(incident, text)))
