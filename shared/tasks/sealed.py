"""Evidence under seal: kept under the name of its hash, and given out only where that still fits.

The journal carries the hash, and each of its lines the hash of the one before, so that nobody can
swap a piece of evidence later without being found out: what was altered is named and withheld.
"""

from __future__ import annotations

import hashlib
import json
from enum import StrEnum
from typing import Final

from shared.model import Case, Entry, Event, Json, Utc, Value
from shared.store.verbs import Store
from shared.tasks.erased import erased_evidence
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
    name = f"{home_of(case)}{sha256}"
    await store.keep(name, data)
    return {"kept": name, "sha256": sha256}


def home_of(case: Case) -> str:
    """Say how the names of all that is kept of a case begin."""
    return f"evidence/{case.tenant}/{case.id}/"


async def open_all(journal: Journal, store: Store) -> Evidences:
    """Give out all evidence of a case, each piece compared with its hash in the journal."""
    vouched = journal.broken_at() is None
    lines = [e for e in journal.entries if e.event in VOUCHING and "sha256" in e.data]
    gone = erased_evidence(journal.entries) if vouched else frozenset[int]()
    pieces = tuple([await open_one(e, store, vouched=vouched, erased=e.seq in gone) for e in lines])
    return Evidences(intact=all(p.seal in ACCOUNTED for p in pieces), pieces=pieces)


async def open_one(entry: Entry, store: Store, *, vouched: bool, erased: bool = False) -> Kept:
    """Give out what a journal line vouches for; `vouched` where the journal is intact.

    `erased` where a line behind it says that it may be gone.
    """
    data = await store.fetch(entry.data["kept"])
    state, content = Seal.ERASED if erased else Seal.MISSING, None
    if data is not None and hashlib.sha256(data).hexdigest() != entry.data["sha256"]:
        state = Seal.ALTERED
    elif data is not None:
        state = Seal.INTACT if vouched else Seal.UNVOUCHED
        content = json.loads(data) if vouched else None
    return Kept(
        at=entry.at, what=entry.text, sha256=entry.data["sha256"], seal=state, content=content
    )
