"""Look for tampering in the audit trail and the anchors, and read what the anchors say of cases."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import AsyncIterator
from datetime import date

from pydantic import ValidationError

from shared.model import AlertId, CaseId, TenantId
from shared.store.verbs import Row, Store
from shared.sweeps.anchor import Anchor, Anchored, ChainHead
from shared.sweeps.tampering import Tampered, at
from shared.tasks import keys
from shared.tasks.chain import GENESIS, broken_at, fingerprint
from shared.tasks.erased import erased_lines
from shared.tasks.trail import Head, Mark, Noted

type Heads = dict[CaseId, dict[tuple[int, str], ChainHead]]


class TrailWalk:
    """Walks the partition of the audit trail once."""

    def __init__(self, store: Store, tenant: TenantId) -> None:
        self._store = store
        self.at = keys.audit(tenant)
        self._marks: list[Mark] = []
        self._anchors: list[Anchor] = []
        self._head: Head | None = None
        self.intact = False
        """Whether the chain holds from its first line to its last."""
        self.heads: Heads = defaultdict(dict)
        """What anchors say of each case, the same thing once; some hundred bytes a case."""
        self.alerts: dict[AlertId, date] = {}
        """Alerts that had opened no case, and the last day whose anchor names each."""

    async def run(self) -> AsyncIterator[Tampered]:
        """Find what was changed, removed, inserted or moved."""
        async for row in self._store.scan(self.at):
            for fault in self._read(row):
                yield fault
        chain = self._chain_faults()
        self.intact = not chain
        for fault in [*chain, *self._anchor_faults()]:
            yield fault
        for anchor in self._anchors:
            async for fault in self._blob_faults(anchor):
                yield fault

    @property
    def vouched(self) -> tuple[Mark, ...]:
        """All lines, where the chain vouches for them."""
        return tuple(self._marks) if self.intact else ()

    def _read(self, row: Row) -> list[Tampered]:
        try:
            right = self._sorted(row)
        except ValidationError as error:
            said = f"cannot be read: {error.errors()[0]['msg']}"
            return [Tampered(where=at(self.at, row.key), what=said)]
        if right != row.key:
            said = f"holds what belongs under {right}"
            return [Tampered(where=at(self.at, row.key), what=said)]
        return []

    def _sorted(self, row: Row) -> str:
        if row.key == keys.HEAD:
            self._head = Head.model_validate(row.body)
            return keys.HEAD
        if row.key.startswith(keys.ANCHOR):
            self._anchors.append(Anchor.model_validate(row.body))
            return keys.anchor_row(self._anchors[-1].day)
        self._marks.append(Mark.model_validate(row.body))
        return keys.line_row(self._marks[-1].seq)

    def _chain_faults(self) -> list[Tampered]:
        """Compare the lines with one another and with the head."""
        head = self._head
        if head is None:
            if not self._marks:
                return []
            return [Tampered(where=at(self.at, keys.HEAD), what="the row was removed")]
        if head.own != head.fingerprint:
            return [Tampered(where=at(self.at, keys.HEAD), what="the row was changed")]
        broken = broken_at(self._marks, gone=erased_lines(self._marks))
        if broken is None and len(self._marks) != head.seq:
            broken = min(len(self._marks), head.seq) + 1
        if broken is None and self._marks and self._marks[-1].hash != head.hash:
            broken = head.seq
        if broken is None:
            return []
        said = "the chain does not hold here: changed, removed, inserted or moved"
        return [Tampered(where=at(self.at, keys.line_row(broken)), what=said)]

    def _anchor_faults(self) -> list[Tampered]:
        """Compare the anchors with the trail's lines about them; keep those that are vouched for.

        Where the trail itself was rewritten, each anchor still names the one before.
        """
        told = {str(m.data["day"]): m.data for m in self._marks if m.event is Noted.ANCHORED}
        kept = {anchor.day.isoformat(): anchor for anchor in self._anchors}
        faults, before = [], GENESIS
        for day in sorted(told.keys() | kept.keys()):
            anchor, line = kept.get(day), told.get(day, {})
            if anchor is None:
                said = "the anchor was removed"
            elif fingerprint(anchor.model_dump(mode="json")) != line.get("row"):
                said = "the anchor is not what the audit trail says"
                self._anchors.remove(anchor)
            elif anchor.before != before:
                said = "the anchor does not follow the one before"
            else:
                before = anchor.sha256
                continue
            before = str(line.get("anchor", before))
            faults.append(Tampered(where=at(self.at, f"{keys.ANCHOR}{day}"), what=said))
        return faults

    async def _blob_faults(self, anchor: Anchor) -> AsyncIterator[Tampered]:
        data = await self._store.fetch(anchor.kept)
        row = at(self.at, keys.anchor_row(anchor.day))
        if data is None:
            yield Tampered(where=anchor.kept, what=f"the blob was removed that {row} vouches for")
            return
        if hashlib.sha256(data).hexdigest() != anchor.sha256:
            yield Tampered(where=anchor.kept, what=f"the blob is not what {row} vouches for")
            return
        found = Anchored.model_validate_json(data)
        trail = {mark.seq: mark.hash for mark in self._marks[found.trail - 1 : found.trail]}
        if found.trail and trail.get(found.trail) != found.trail_head:
            where = at(self.at, keys.line_row(found.trail))
            yield Tampered(where=where, what="the line is not the one that was anchored")
        self.alerts |= dict.fromkeys(found.alerts, found.day)
        for one in found.cases:
            self.heads[one.case][one.writes, fingerprint_of(one)] = one


def fingerprint_of(one: ChainHead) -> str:
    """Tell two heads of one case apart."""
    return f"{one.seq}:{one.head}:{one.rows}"
