"""Switch off an automatic reply that phishes whoever writes."""

from __future__ import annotations

import asyncio

from shared.clients import graph
from shared.clients.auto_replies import AutoReply, Moment, ReplyStatus
from shared.clients.tenant import Tenant
from shared.errors import Refused
from shared.model import Case, Difference, Foothold, Phase
from shared.policy.auto_replies import JudgedReply, judge
from shared.responder import Change, Impact, Responder


class AutoRepliesStopped(Change):
    """Status and schedule as found, what tells of the text without saying it, and the reasons."""

    was: AutoReply
    judged: JudgedReply

    def summary(self) -> str:
        """Say what will be done."""
        return "Switch off the automatic reply"

    def differences(self) -> tuple[Difference, ...]:
        """List the one setting that changes; the text stays in the mailbox."""
        was = "on"
        if self.was.status is ReplyStatus.SCHEDULED:
            was = f"on from {_when(self.was.starts)} to {_when(self.was.ends)}"
        return (Difference(what="Automatic reply", was=was, becomes="off"),)

    def footholds(self) -> tuple[Foothold, ...]:
        """Name the reply and why it is the intruder's."""
        label = f"Automatic reply of {self.was.text_length} characters"
        return (Foothold(kind="auto_reply", label=label, reasons=self.judged.reasons),)


class StopAutoReplies(Responder[AutoRepliesStopped]):
    """Switch off an automatic reply that phishes whoever writes.

    Nobody keeps the time when it was switched on, so its content is judged: a reply that says when
    the owner is back stays. The text is a message body and stays in the mailbox; all that is kept
    of it is its SHA-256, so that it is switched on again only if it is still the same.
    """

    phase = Phase.EVICT
    impact = Impact.SETTING
    techniques = frozenset({"T1566.002", "T1534"})
    permissions = frozenset({graph.MAILBOX_SETTINGS_WRITE, graph.DOMAIN_READ_ALL})

    async def plan(self, case: Case, tenant: Tenant) -> AutoRepliesStopped | None:
        """Read the reply and judge it where it is on; one in doubt is for a person to read."""
        who = case.account.who
        found, domains = await asyncio.gather(
            tenant.auto_replies.of(who.object_id), tenant.directory.domains()
        )
        if found.setting.status is ReplyStatus.DISABLED:
            return None
        judged = judge(
            found.setting,
            found.text,
            since=case.compromised_since,
            own_domains=domains.verified,
        )
        if judged.suspicious:
            return AutoRepliesStopped(who=who, was=found.setting, judged=judged)
        if judged.doubtful:
            raise Refused(
                f"The automatic reply may or may not be the intruder's: it "
                f"{', '.join(judged.reasons)}",
                steps=(
                    "Read the automatic reply in the mailbox's settings together with the owner",
                    "Switch it off there if the owner did not write it",
                ),
            )
        return None

    async def apply(self, change: AutoRepliesStopped, tenant: Tenant) -> None:
        """Switch it off."""
        off = change.was.model_copy(update={"status": ReplyStatus.DISABLED})
        await tenant.auto_replies.set_status(change.who.object_id, off)

    async def undo(self, change: AutoRepliesStopped, tenant: Tenant) -> None:
        """Switch it on as it was, unless its text or its status was changed since."""
        now = (await tenant.auto_replies.of(change.who.object_id)).setting
        if now.status is change.was.status:
            return
        if now.status is not ReplyStatus.DISABLED or now.text_sha256 != change.was.text_sha256:
            raise Refused("The automatic reply was changed since; it was left as it is now")
        await tenant.auto_replies.set_status(change.who.object_id, change.was)


def _when(moment: Moment | None) -> str:
    return f"{moment.date_time} {moment.time_zone or ''}".rstrip() if moment else "unknown"
