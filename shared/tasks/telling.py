"""Turn a notice into words, from the case as it stands now; say nothing where that was overtaken.

What is told names the account and what happened to it. Titles of alerts, names of rules and
whatever else comes out of a mailbox stay on the case's page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from shared.channels.configured import Channel, Webhook
from shared.channels.message import Message
from shared.channels.texts import written
from shared.errors import Transient
from shared.model import (
    CaseId,
    CaseStatus,
    Event,
    Json,
    ResponderName,
    Severity,
    Task,
    TaskState,
    TenantId,
)
from shared.policy.notify import PAGES, Told
from shared.responder import Responder
from shared.store.verbs import Store
from shared.tasks.delivery import Delivery
from shared.tasks.ledger import CaseFile, Clock
from shared.tasks.outbox import UNWRITTEN, Notice

type MakeLink = Callable[[CaseId, ResponderName, str, datetime], str | None]

_STATUS: Final = {
    Told.CONTAINED: CaseStatus.CONTAINED,
    Told.NEEDS_PERSON: CaseStatus.NEEDS_PERSON,
    Told.CLOSED: CaseStatus.CLOSED,
}
_WANTED: Final = frozenset({Told.APPROVAL_WANTED, Told.ESCALATED})
_WHERE: Final = {Told.GUARD_TRIPPED: "guards", Told.GUARD_ABSENT: "health"}
_NOBODY: Final = TenantId("test")
_SOON: Final = 10.0
"""Seconds until a case is looked at again that does not say yet what the notice says."""


class Telling:
    """Finds the words."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        catalogue: Mapping[ResponderName, Responder[Any]],
        *,
        pages: str,
        link: MakeLink,
        house: str = "",
    ) -> None:
        self._store = store
        self._clock = clock
        self._catalogue = catalogue
        self._pages = pages
        self._link = link
        self._house = house

    async def message(self, notice: Notice, channel: Channel) -> Message | None:
        """Write what a channel is told; `None` where it was overtaken.

        Where there are several tenants its title begins with whose it is. Raises `Transient`
        where the case may be about to say it.
        """
        found = await self._message(notice, channel)
        if found is None or not self._house:
            return found
        return found.model_copy(update={"title": f"{self._house}: {found.title}"})

    async def _message(self, notice: Notice, channel: Channel) -> Message | None:
        if notice.case is None:
            return self._about_no_case(notice)
        file = await CaseFile.load(self._store, self._clock, notice.tenant, notice.case)
        if file.exists and file.case.erased_at is not None:
            return None
        if not file.exists or not _stands(notice, file):
            if self._clock() - notice.at < UNWRITTEN:
                raise Transient("The case does not say so yet", retry_after=_SOON)
            return None
        return self._about(notice, file, channel)

    def digest(self, deliveries: list[Delivery], messages: list[Message]) -> Message:
        """Put several into one."""
        lines = [f"{m.at:%Y-%m-%d %H:%M} {m.title}" for m in messages]
        title, text = written("digest", count=len(lines), lines=lines)
        first = deliveries[0].notice
        return Message(
            event="digest",
            key=first.event,
            thread=first.event,
            title=title,
            text=text,
            link=f"{self._pages}/cases",
            link_words="Open the cases",
            at=self._clock(),
            facts={"events": [m.facts for m in messages]},
        )

    def test(self, by: str) -> Message:
        """Write a message that says nothing but that the channel works."""
        said = f"{by} asked whether this channel works. It does."
        notice = Notice(what=Told.CONTAINED, at=self._clock(), tenant=_NOBODY, said=said)
        return self._plainly("test", notice, Severity.INFORMATIONAL)

    def _about_no_case(self, notice: Notice) -> Message:
        return self._plainly(notice.what, notice, notice.severity)

    def _plainly(self, event: str, notice: Notice, severity: Severity) -> Message:
        title, text = written(event, said=notice.said)
        where = _WHERE.get(notice.what, "cases")
        return Message(
            event=event,
            key=notice.event,
            thread=notice.event,
            title=title,
            text=text,
            link=f"{self._pages}/{where}",
            link_words=f"Open the page of {where}" if where == "health" else f"Open the {where}",
            severity=severity,
            urgent=notice.what in PAGES,
            at=notice.at,
            facts={"event": event, "said": notice.said},
        )

    def _about(self, notice: Notice, file: CaseFile, channel: Channel) -> Message:
        case, task = file.case, file.tasks.get(notice.responder or ResponderName(""))
        name = case.account.display_name
        title, text = written(
            notice.what,
            upn=case.account.upn,
            who=f"{name}, {case.account.upn}" if name else case.account.upn,
            kinds=", ".join(sorted(kind.replace("_", " ") for kind in case.kinds)),
            severity=case.severity,
            status=case.status,
            false_alarm=case.false_alarm,
            responder=self._said_of(task),
            until=_said(task.wait.expires_at) if task and task.wait else "then",
            contained=_said(case.contained_at),
        )
        page = f"{self._pages}/cases/{case.id}"
        own = self._approval(task, channel) if task and notice.what in _WANTED else None
        return Message(
            event=notice.what,
            key=notice.event,
            thread=case.id,
            title=title,
            text=text,
            link=own or page,
            link_words="Look at it and answer" if own else "Open the case",
            severity=case.severity,
            urgent=notice.what in PAGES,
            at=notice.at,
            facts=_facts(notice, file, channel, page),
        )

    def _approval(self, task: Task, channel: Channel) -> str | None:
        """Make the link to the one change; a machine cannot answer and gets none."""
        if task.wait is None or task.fingerprint is None or isinstance(channel, Webhook):
            return None
        return self._link(task.case, task.responder, task.fingerprint, task.wait.expires_at)

    def _said_of(self, task: Task | None) -> str:
        known = self._catalogue.get(task.responder) if task else None
        return known.summary if known else ""


def _stands(notice: Notice, file: CaseFile) -> bool:
    """Whether the case says what the notice says."""
    task = file.tasks.get(notice.responder or ResponderName(""))
    match notice.what:
        case Told.APPROVAL_WANTED | Told.ESCALATED:
            waits = task is not None and task.state is TaskState.WAITING
            return waits and task is not None and task.fingerprint == notice.fingerprint
        case Told.EXPIRED:
            return task is not None and task.state is TaskState.REFUSED
        case Told.CONTAINED | Told.NEEDS_PERSON | Told.CLOSED:
            return file.case.status is _STATUS[notice.what]
        case Told.PROVEN:
            whole = file.case.status is CaseStatus.CONTAINED
            return whole and file.case.proven_at is not None
        case Told.CAME_BACK:
            looks = (e for e in file.journal.entries if e.event is Event.LOOKED)
            return any("back" in e.data and e.at >= notice.at for e in looks)
        case _:
            return True


def _facts(notice: Notice, file: CaseFile, channel: Channel, page: str) -> Json:
    """Say it to a machine; a source is told which of its own alerts it is about."""
    case = file.case
    source = channel.source if isinstance(channel, Webhook) else None
    origins = [o.native_id for o in case.origins if source in (None, o.source)]
    return {
        "event": notice.what,
        "case": case.id,
        "status": case.status,
        "judgement": case.judgement,
        "account": {"object_id": case.account.object_id, "upn": case.account.upn},
        "alerts": origins,
        "responder": notice.responder,
        "opened_at": case.opened_at.isoformat(),
        "contained_at": case.contained_at.isoformat() if case.contained_at else None,
        "proven_at": case.proven_at.isoformat() if case.proven_at else None,
        "page": page,
    }


def _said(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else "a time that is not known"
