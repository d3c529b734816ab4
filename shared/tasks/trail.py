"""The audit trail of what is no case's: brakes moved, the policy in force, actions refused.

tenant|audit    line:00000001   one line, chained to the one before
                head            where the chain ends, so that removing its end is seen, too

A line and the new head are one write. What changes something is written here before it is done.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from datetime import date
from enum import StrEnum

from shared.errors import Conflict
from shared.model import Actor, Chained, Json, TenantId, Value
from shared.store.verbs import Put, Row, Store
from shared.tasks import keys
from shared.tasks.chain import GENESIS, erased, fingerprint, fresh_salt, linked
from shared.tasks.journal import WORKER
from shared.tasks.ledger import Clock


class Noted(StrEnum):
    """What a line of the audit trail records."""

    SWITCHED = "switched"
    """The kill switch was set."""
    RELEASED = "released"
    """A rule that was held may act again."""
    ACCEPTED = "accepted"
    """A finding of a sweep was accepted as it is."""
    DECIDED = "decided"
    """Microsoft is told what was decided about a control of Secure Score."""
    IN_FORCE = "in_force"
    """A policy and settings were seen at start-up that were not in force before."""
    ASKED = "asked"
    """Somebody asked for work that changes no account: read again, told again, looked for again."""
    REFUSED = "refused"
    """Somebody signed in asked for something that they may not."""
    ERASED = "erased"
    """What is kept of a person was erased, or what was kept as long as the policy says."""
    ANCHORED = "anchored"
    """The chains were anchored."""


class Mark(Chained):
    """One line of the audit trail."""

    event: Noted


class Head(Value):
    """Where the trail and its anchors end."""

    seq: int = 0
    hash: str = GENESIS
    anchored: date | None = None
    anchor: str = GENESIS
    """The hash of the last anchor."""
    in_force: str = ""
    """What policy and settings were seen last, by their fingerprint."""
    own: str = ""
    """The fingerprint of all that."""

    @property
    def fingerprint(self) -> str:
        """What `own` has to be."""
        return fingerprint(self.model_dump(mode="json", exclude={"own"}))


class Trail:
    """Writes and reads the audit trail of one tenant."""

    def __init__(self, store: Store, clock: Clock, tenant: TenantId) -> None:
        self._store = store
        self._clock = clock
        self._at = keys.audit(tenant)

    async def note(
        self, event: Noted, text: str, *, actor: Actor | None = None, data: Json | None = None
    ) -> None:
        """Write a line, behind whatever another worker wrote meanwhile."""
        while True:
            head, row = await self.head()
            try:
                await self._add(head, row, self._line(head, event, text, actor, data))
            except Conflict:
                continue
            return

    async def in_force(self, what: Json, text: str) -> None:
        """Write a line about the policy and settings, unless the last such line says the same."""
        seen = fingerprint(what)
        while True:
            head, row = await self.head()
            if head.in_force == seen:
                return
            line = self._line(head, Noted.IN_FORCE, text, None, what)
            try:
                await self._add(head.model_copy(update={"in_force": seen}), row, line)
            except Conflict:
                continue
            return

    async def anchored(self, row: Row | None, head: Head, put: Put, text: str) -> None:
        """Write an anchor, its line and the new head together; raises `Conflict` for a second."""
        anchor = put.body["sha256"]
        data: Json = {"anchor": anchor, "day": put.body["day"], "row": fingerprint(put.body)}
        moved = {"anchored": date.fromisoformat(put.body["day"]), "anchor": anchor}
        line = self._line(head, Noted.ANCHORED, text, None, data)
        await self._add(head.model_copy(update=moved), row, line, put)

    async def head(self) -> tuple[Head, Row | None]:
        """Read where it ends."""
        row = await self._store.read(self._at, keys.HEAD)
        return (Head.model_validate(row.body) if row else Head()), row

    async def lines(self) -> AsyncIterator[Mark]:
        """Read all lines, oldest first."""
        async for row in self._store.scan(self._at, prefix=keys.LINE):
            yield Mark.model_validate(row.body)

    async def erase(self, numbers: Collection[int]) -> None:
        """Take out what some lines say, which a later line has to say; their hashes stay."""
        for seq in sorted(numbers):
            key = keys.line_row(seq)
            row = await self._store.read(self._at, key)
            if row is not None:
                blank = erased(Mark.model_validate(row.body)).model_dump(mode="json")
                await self._store.write(Put(self._at, key, blank, row.etag))

    def _line(
        self, head: Head, event: Noted, text: str, actor: Actor | None, data: Json | None
    ) -> Mark:
        told = {**(data or {}), **({"actor": actor.id} if actor else {})}
        return linked(
            Mark(
                seq=head.seq + 1,
                at=self._clock(),
                event=event,
                actor=actor.name if actor else WORKER,
                text=text,
                data=told,
                salt=fresh_salt(),
                said="",
                before=head.hash,
                hash="",
            )
        )

    async def _add(self, head: Head, row: Row | None, line: Mark, *more: Put) -> None:
        blank = head.model_copy(update={"seq": line.seq, "hash": line.hash})
        after = blank.model_copy(update={"own": blank.fingerprint})
        await self._store.write(
            Put(self._at, keys.line_row(line.seq), line.model_dump(mode="json")),
            Put(self._at, keys.HEAD, after.model_dump(mode="json"), row.etag if row else None),
            *more,
        )
