"""Read any JSON alert by a field mapping that the operator wrote down.

Nothing is hunted for: a field that the mapping does not name is not read, and a string that looks
like an address is nobody's address.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from shared.alerts import identity
from shared.alerts.carrier import JsonCarrier, NotForUs, Reading, Recognised, guest_mark
from shared.alerts.kinds import Irrelevant
from shared.alerts.payload import Record, entries
from shared.alerts.text import clean, fold, name, notes
from shared.alerts.times import moment
from shared.errors import Undecodable
from shared.model import AccountRef, AlertDraft, AlertKind, Severity, Value

_DEEPEST: Final = 16
"""Segments of a path."""

Path = Annotated[
    str, StringConstraints(max_length=200, pattern=r"^[^.\s]+( [^.\s]+)*(\.[^.\s]+( [^.\s]+)*)*$")
]
"""Names joined by dots; a number picks from an array. `a.b` also finds a key spelt `"a.b"`."""

Word = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]


def _unambiguous[T](table: dict[str, T]) -> dict[str, T]:
    if len({fold(word) for word in table}) != len(table):
        raise ValueError("two words of the table differ only in case or spaces")
    return table


class KindFrom(Value):
    """The kind by the value of a field. A value that is not in the table is not for us."""

    path: Path
    table: Annotated[dict[Word, AlertKind], Field(min_length=1), AfterValidator(_unambiguous)]


class SeverityFrom(Value):
    """The severity by the value of a field. A value that is not in the table is unknown."""

    path: Path
    table: Annotated[dict[Word, Severity], Field(min_length=1), AfterValidator(_unambiguous)]


class StateFrom(Value):
    """Which values of a field mean that the alert is still open. Any other is not for us."""

    path: Path
    live: tuple[Word, ...] = Field(min_length=1)


class GenericMapping(Value):
    """Where an operator's alerts keep what we need, checked at start-up.

    `items` leads to the array of alerts where a body holds several; `evidence` names what an
    analyst wants to read. An alert without `native_id`, or without the field of the kind or state,
    is unreadable; one without an account goes to a person.
    """

    native_id: Path
    object_id: Path | None = None
    upn: Path | None = None
    mailbox: Path | None = None
    kind: AlertKind | KindFrom
    severity: Severity | SeverityFrom
    occurred_at: Path
    title: Path | None = None
    items: Path | None = None
    state: StateFrom | None = None
    evidence: dict[Word, Path] = Field(default={}, max_length=30)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if not (self.object_id or self.upn or self.mailbox):
            raise ValueError("name the path of object_id, upn or mailbox: who is it about?")
        kinds = {self.kind} if isinstance(self.kind, AlertKind) else set(self.kind.table.values())
        if AlertKind.UNSUPPORTED in kinds:
            raise ValueError("no alert is mapped to the kind unsupported; leave it out")
        paths = (self.native_id, self.object_id, self.upn, self.mailbox, self.occurred_at)
        if any(path and path.count(".") >= _DEEPEST for path in paths):
            raise ValueError(f"a path has at most {_DEEPEST} segments")
        return self


class Generic(JsonCarrier):
    """Read any JSON alert by a field mapping that the operator wrote down."""

    def __init__(self, mapping: GenericMapping | None = None) -> None:
        self._mapping = mapping

    def entries(self, body: bytes) -> list[Record | Undecodable]:
        """Find the alerts of a body, at the mapping's `items` if it has one."""
        path = self._mapped().items
        found = entries(body)
        return [entry for each in found for entry in _items(each, path)] if path else found

    def read_one(self, item: Record) -> Iterable[Reading]:
        """Say what one object is, by the mapping and nothing else."""
        mapping = self._mapped()
        native = name(_required(item, mapping.native_id))
        if mapping.state:
            state = _required(item, mapping.state.path)
            if fold(state) not in {fold(word) for word in mapping.state.live}:
                reason = f"its state is {clean(state, 80)!r}, which the mapping does not call live"
                return (NotForUs(reason=reason, native_id=name(native, state)),)
        kind = _kind(item, mapping.kind)
        if isinstance(kind, Irrelevant):
            return (NotForUs(reason=kind.reason, native_id=native),)
        return (_recognised(item, mapping, native, kind),)

    def _mapped(self) -> GenericMapping:
        if not self._mapping:
            raise Undecodable("the generic carrier has no field mapping for this source")
        return self._mapping


def _recognised(item: Record, mapping: GenericMapping, native: str, kind: AlertKind) -> Recognised:
    account = _account(item, mapping)
    title = _text(item, mapping.title) or kind.value.replace("_", " ").capitalize()
    lines = {label: _text(item, path) for label, path in mapping.evidence.items()}
    return Recognised(
        draft=AlertDraft(
            native_id=native,
            kind=kind,
            title=clean(title),
            severity=_severity(item, mapping.severity),
            occurred_at=moment(_at(item.fields, mapping.occurred_at)),
            account=account,
            evidence=notes(**lines) | guest_mark(account),
        )
    )


def _account(item: Record, mapping: GenericMapping) -> AccountRef | None:
    return identity.account(
        directory=_text(item, mapping.object_id),
        upn=_text(item, mapping.upn),
        mailbox=_text(item, mapping.mailbox),
    )


def _kind(item: Record, kind: AlertKind | KindFrom) -> AlertKind | Irrelevant:
    if isinstance(kind, AlertKind):
        return kind
    word = _required(item, kind.path)
    table = {fold(listed): meant for listed, meant in kind.table.items()}
    other = f"{kind.path} is {clean(word, 120)!r}, which the mapping does not list"
    return table.get(fold(word)) or Irrelevant(reason=other)


def _severity(item: Record, severity: Severity | SeverityFrom) -> Severity:
    if isinstance(severity, Severity):
        return severity
    table = {fold(listed): meant for listed, meant in severity.table.items()}
    return table.get(fold(_text(item, severity.path) or ""), Severity.UNKNOWN)


def _required(item: Record, path: str) -> str:
    found = _text(item, path)
    if not found:
        raise Undecodable(f"{path}, which the mapping of this source names, is not in the alert")
    return found


def _text(item: Record, path: str | None) -> str | None:
    return Record({"found": _at(item.fields, path)}).text("found") if path else None


def _items(entry: Record | Undecodable, path: str) -> list[Record | Undecodable]:
    if isinstance(entry, Undecodable):
        return [entry]
    found = _at(entry.fields, path)
    if not isinstance(found, list):
        return [Undecodable(f"{path}, the mapping's items, is not an array in this body")]
    other = Undecodable(f"{path} holds something that is not an object")
    return [Record(each) if isinstance(each, dict) else other for each in found]


def _at(node: object, path: str) -> object:
    """Follow a path; where a key itself holds dots, the longest key that is there wins."""
    segments = path.split(".")
    if isinstance(node, list):
        head = segments[0]
        inside = head.isascii() and head.isdigit() and int(head) < len(node)
        return _rest(node[int(head)], segments[1:]) if inside else None
    if not isinstance(node, dict):
        return None
    for cut in range(len(segments), 0, -1):
        key = ".".join(segments[:cut])
        if key in node:
            return _rest(node[key], segments[cut:])
    return None


def _rest(node: object, segments: list[str]) -> object:
    return _at(node, ".".join(segments)) if segments else node
