"""What is found wrong with stored rows, and with one case. Pure.

Every finding names the row or blob that is not as we wrote it, as `partition/key`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from shared.model import Case, Entry, Event, Task, Value
from shared.pages.lists import CaseRow
from shared.store.verbs import Partition, Row
from shared.sweeps.anchor import ChainHead
from shared.tasks import keys
from shared.tasks.case_seal import CaseSeal
from shared.tasks.chain import fingerprint
from shared.tasks.erased import erased_lines
from shared.tasks.journal import Journal
from shared.tasks.roll import row_of


class Tampered(Value):
    """One stored thing that is not as Firebreak wrote it."""

    where: str
    what: str


class CaseRows(Value):
    """The rows of one case, sorted and read."""

    case: Case | None = None
    tasks: tuple[Task, ...] = ()
    journal: tuple[Entry, ...] = ()
    seal: CaseSeal | None = None


def at(partition: Partition, key: str) -> str:
    """Name a row."""
    return f"{partition}/{key}"


def read_case(rows: Sequence[Row]) -> tuple[CaseRows, list[Tampered]]:
    """Read a case's rows; what is not one of ours is a finding."""
    found: dict[str, list[Any]] = {"case": [], "tasks": [], "journal": [], "seal": []}
    wrong: list[Tampered] = []
    for row in rows:
        kind, model = _kind(row.key)
        try:
            if model is not None:
                found[kind].append(model.model_validate(row.body))
                continue
            said = "Firebreak writes no such row"
        except ValidationError as error:
            said = f"cannot be read: {error.errors()[0]['msg']}"
        wrong.append(Tampered(where=at(row.partition, row.key), what=said))
    return (
        CaseRows(
            case=next(iter(found["case"]), None),
            tasks=tuple(found["tasks"]),
            journal=tuple(found["journal"]),
            seal=next(iter(found["seal"]), None),
        ),
        wrong,
    )


def _kind(key: str) -> tuple[str, type[Value] | None]:
    if key == keys.CASE:
        return "case", Case
    if key == keys.SEAL:
        return "seal", CaseSeal
    if key.startswith(keys.TASK):
        return "tasks", Task
    return ("journal", Entry) if key.startswith(keys.JOURNAL) else ("", None)


def journal_faults(rows: Sequence[Row], read: CaseRows) -> Iterator[Tampered]:
    """Compare the journal's lines with one another and with their places."""
    home = rows[0].partition
    for row in rows:
        seq = row.body.get("seq")
        if row.key.startswith(keys.JOURNAL) and (
            not isinstance(seq, int) or row.key != keys.journal_row(seq)
        ):
            yield Tampered(where=at(home, row.key), what=f"holds line {seq}, which is another's")
    broken = Journal(read.journal).broken_at()
    if broken is not None:
        said = f"the chain does not hold at line {broken}: changed, removed, inserted or moved"
        yield Tampered(where=at(home, keys.journal_row(broken)), what=said)


def seal_faults(rows: Sequence[Row], read: CaseRows) -> Iterator[Tampered]:
    """Compare the case's rows with what its seal says of them."""
    home, seal = rows[0].partition, read.seal
    if seal is None and Journal(read.journal).unsalted:
        # Written by the first version and not touched since: it made no seals.
        return
    if seal is None or seal.own != seal.fingerprint:
        said = "the case has no seal" if seal is None else "the seal was changed"
        yield Tampered(where=at(home, keys.SEAL), what=said)
        return
    yield from _end_faults(home, seal, read.journal)
    stored = {row.key: row.body for row in rows if _sealed(row.key)}
    for key in sorted(stored.keys() | seal.rows.keys()):
        if key not in stored:
            yield Tampered(where=at(home, key), what="the row was removed")
        elif key not in seal.rows:
            yield Tampered(where=at(home, key), what="the row was added")
        elif fingerprint(stored[key]) != seal.rows[key]:
            yield Tampered(where=at(home, key), what="the row is not what was written last")


def _end_faults(home: Partition, seal: CaseSeal, journal: Sequence[Entry]) -> Iterator[Tampered]:
    """Compare the journal's end with the seal: no chain shows that its end was cut off."""
    last = max((entry.seq for entry in journal), default=0)
    for seq in range(last + 1, seal.seq + 1):
        yield Tampered(where=at(home, keys.journal_row(seq)), what="the line was removed")
    for entry in journal:
        where = at(home, keys.journal_row(entry.seq))
        if entry.seq > seal.seq:
            yield Tampered(where=where, what="the line was added behind the last one")
        elif entry.seq == seal.seq and entry.hash != seal.head:
            yield Tampered(where=where, what="the last line is not the one that was written")


def _sealed(key: str) -> bool:
    return key == keys.CASE or key.startswith(keys.TASK)


def anchor_faults(
    home: Partition, read: CaseRows, anchored: Sequence[ChainHead]
) -> Iterator[Tampered]:
    """Compare a case with what the anchors say of it."""
    lines = {entry.seq: entry.hash for entry in read.journal}
    for one in anchored:
        if one.seq and lines.get(one.seq) != one.head:
            where = at(home, keys.journal_row(one.seq))
            yield Tampered(where=where, what="the line is not the one that was anchored")
        seal = read.seal
        if seal is None or seal.writes > one.writes:
            continue
        if seal.writes < one.writes or fingerprint(seal.rows) != one.rows:
            said = "the seal is not the one that was anchored"
            yield Tampered(where=at(home, keys.SEAL), what=said)


def list_faults(listed: Row, read: CaseRows) -> Iterator[Tampered]:
    """Compare a case with its line in the list of cases."""
    if read.case is None:
        yield Tampered(
            where=at(listed.partition, listed.key), what="lists a case that is not there"
        )
        return
    try:
        said = CaseRow.model_validate(listed.body)
    except ValidationError:
        yield Tampered(where=at(listed.partition, listed.key), what="cannot be read")
        return
    right = row_of(read.case, read.tasks, read.journal, at=said.updated_at)
    if said != right or listed.key != keys.list_row(read.case):
        told = "says something else than the case"
        yield Tampered(where=at(listed.partition, listed.key), what=told)


def vouched_alerts(journal: Sequence[Entry]) -> Mapping[str, tuple[int, str]]:
    """Read off a journal what it vouches for: by alert, the line and what the alert said.

    What it says was erased it vouches for no more.
    """
    gone = erased_lines(journal)
    return {
        entry.data["alert"]: (entry.seq, entry.data.get("said", ""))
        for entry in journal
        if entry.event in {Event.OPENED, Event.JOINED}
        and "alert" in entry.data
        and entry.seq not in gone
    }
