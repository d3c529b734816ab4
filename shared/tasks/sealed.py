"""Evidence under seal: kept under the name of its hash, and given out only where that still fits.

The journal carries the hash, and each of its lines the hash of the one before, so that nobody can
swap a piece of evidence later without being found out: what was altered is named and withheld.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from shared.model import Case, Entry, Event, Json, Utc, Value
from shared.store.verbs import Store
from shared.tasks.journal import Journal

VOUCHING: Final = frozenset({Event.EVIDENCE, Event.SEARCHED})
"""Journal lines that vouch for something kept."""


class Seal(StrEnum):
    """Whether what is kept is what the journal vouches for."""

    INTACT = "intact"
    ALTERED = "altered"
    MISSING = "missing"
    ERASED = "erased"
    """It was kept as long as the policy says; the journal says when it was erased."""
    UNVOUCHED = "unvouched"
    """The journal itself was altered, so that its hash proves nothing."""


ACCOUNTED: Final = frozenset({Seal.INTACT, Seal.ERASED})
"""Seals of what is as the journal says."""
EVIDENCE_UNTIL: Final = "evidence_until"
"""What a line about an erasure calls the last line whose evidence is gone."""


class Kept(Value):
    """One piece of evidence as it is given out; `content` only where the seal is intact."""

    at: Utc
    what: str
    sha256: str
    seal: Seal
    content: Json | None = None


class Evidences(Value):
    """All that was kept of a case; `intact` only if every single piece is."""

    intact: bool
    pieces: tuple[Kept, ...]


async def seal(value: Value, store: Store, *, case: Case) -> Json:
    """Keep a value under the name of its hash; gives what the journal must say of it."""
    said = value.model_dump(mode="json")
    data = json.dumps(said, sort_keys=True, separators=(",", ":")).encode()
    sha256 = hashlib.sha256(data).hexdigest()
    name = f"evidence/{case.tenant}/{case.id}/{sha256}"
    await store.keep(name, data)
    return {"kept": name, "sha256": sha256}


async def open_all(journal: Journal, store: Store) -> Evidences:
    """Give out all evidence of a case, each piece compared with its hash in the journal."""
    vouched = journal.broken_at() is None
    lines = [e for e in journal.entries if e.event in VOUCHING and "sha256" in e.data]
    until = evidence_erased_until(journal.entries) if vouched else 0
    pieces = tuple([await open_one(e, store, vouched=vouched, erased_until=until) for e in lines])
    return Evidences(intact=all(p.seal in ACCOUNTED for p in pieces), pieces=pieces)


def evidence_erased_until(entries: Iterable[Entry]) -> int:
    """Tell the last line whose evidence a line behind it says was erased; 0 where none was."""
    said = (e for e in entries if e.event is Event.ERASED)
    return max((min(int(e.data.get(EVIDENCE_UNTIL, 0)), e.seq - 1) for e in said), default=0)


async def open_one(entry: Entry, store: Store, *, vouched: bool, erased_until: int = 0) -> Kept:
    """Give out what a journal line vouches for; `vouched` where the journal is intact.

    What lines up to `erased_until` vouch for may be gone.
    """
    data = await store.fetch(entry.data["kept"])
    state, content = Seal.ERASED if entry.seq <= erased_until else Seal.MISSING, None
    if data is not None and hashlib.sha256(data).hexdigest() != entry.data["sha256"]:
        state = Seal.ALTERED
    elif data is not None:
        state = Seal.INTACT if vouched else Seal.UNVOUCHED
        content = json.loads(data) if vouched else None
    return Kept(
        at=entry.at, what=entry.text, sha256=entry.data["sha256"], seal=state, content=content
    )
