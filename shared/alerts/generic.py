"""Read any JSON alert by a field mapping that the operator wrote down.

Nothing is hunted for: a field that the mapping does not name is not read, and a string that looks
like an address is nobody's address.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from shared.alerts import identity
from shared.alerts.carrier import JsonCarrier, NotForUs, Reading, Recognised
from shared.alerts.drafting import about
from shared.alerts.kinds import Irrelevant
from shared.alerts.mapping import Constant, GenericMapping, KindFrom, SeverityFrom, TimeFrom
from shared.alerts.payload import Record, entries
from shared.alerts.text import clean, fold, name, notes
from shared.alerts.times import moment
from shared.errors import Undecodable
from shared.model import AccountRef, AlertDraft, AlertKind, Severity


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
        return _recognised(item, mapping, native, kind)

    def _mapped(self) -> GenericMapping:
        if not self._mapping:
            raise Undecodable("the generic carrier has no field mapping for this source")
        return self._mapping


def _recognised(
    item: Record, mapping: GenericMapping, native: str, kind: AlertKind
) -> Iterator[Recognised]:
    lines = {label: item.path(path) for label, path in mapping.evidence.items()}
    draft = AlertDraft(
        native_id=native,
        kind=kind,
        title=clean(_title(item, mapping.title) or kind.value.replace("_", " ").capitalize()),
        severity=_severity(item, mapping.severity),
        occurred_at=_moment(item, mapping.occurred_at),
        evidence=notes(**lines),
    )
    return about(draft, tuple(identity.distinct(_accounts(item, mapping))))


def _accounts(item: Record, mapping: GenericMapping) -> Iterator[AccountRef]:
    people = item.at(mapping.accounts) if mapping.accounts else [item.fields]
    for person in people if isinstance(people, list) else [people]:
        # A list of people holds an object for each, or just the identifier of each.
        reference = (
            _account(Record(person), mapping)
            if isinstance(person, dict)
            else identity.written(person if isinstance(person, str) else None)
        )
        if reference:
            yield reference


def _account(item: Record, mapping: GenericMapping) -> AccountRef | None:
    return identity.account(
        directory=_text(item, mapping.object_id),
        upn=_text(item, mapping.upn),
        mailbox=_text(item, mapping.mailbox),
        sid=_text(item, mapping.sid),
        on_windows=_text(item, mapping.windows_name),
    )


def _title(item: Record, title: str | Constant | None) -> str | None:
    return title.constant if isinstance(title, Constant) else _text(item, title)


def _moment(item: Record, told: str | TimeFrom) -> datetime | None:
    if isinstance(told, TimeFrom):
        return told.moment(item.path(told.path) or "")
    return moment(item.at(told))


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
    return item.path(path) if path else None


def _items(entry: Record | Undecodable, path: str) -> list[Record | Undecodable]:
    if isinstance(entry, Undecodable):
        return [entry]
    found = entry.at(path)
    if not isinstance(found, list):
        return [Undecodable(f"{path}, the mapping's items, is not an array in this body")]
    other = Undecodable(f"{path} holds something that is not an object")
    return [Record(each) if isinstance(each, dict) else other for each in found]
