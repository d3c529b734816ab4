"""What all SIEM webhooks have in common: a rule of the operator's own, and what it found.

A rule's name is free text that somebody in the tenant made up. It says what happened only where the
operator has said so, in `rules` of the source. Otherwise the Microsoft alert that the SIEM passes
on decides: whole, read by its own carrier, or else by its codes, title and product.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar, Final, Self

from shared.alerts import identity, kinds
from shared.alerts.carried import carried
from shared.alerts.carrier import (
    Incomplete,
    JsonCarrier,
    NotForUs,
    Reading,
    Recognised,
    Unreadable,
    held,
)
from shared.alerts.drafting import about
from shared.alerts.kinds import Irrelevant, Meaning
from shared.alerts.payload import Record, entries
from shared.alerts.products import microsoft
from shared.alerts.text import clean, fold, name, notes
from shared.alerts.times import first_moment
from shared.errors import Undecodable
from shared.model import AccountRef, AlertDraft, AlertKind, Severity

_SEVERITIES: Final[Mapping[str, Severity]] = MappingProxyType(
    {
        "fatal": Severity.HIGH,
        "critical": Severity.HIGH,
        "moderate": Severity.MEDIUM,
        "info": Severity.INFORMATIONAL,
    }
)


_MOST: Final = 250
"""Alerts of one body; a webhook sends one, Kibana and the APIs' pages send up to a hundred."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """Names of a Microsoft alert that a SIEM took apart: enough to know it, not to read it."""

    title: str = ""
    products: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    """Detector ids, policy ids and operation codes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a SIEM says of one alert of its own."""

    native: str
    title: str
    rules: tuple[str | None, ...]
    """What the operator may know the rule by: its names, then its ids."""
    severity: Severity
    times: tuple[object, ...] = ()
    accounts: tuple[AccountRef | None, ...] = ()
    state: State | None = None
    places: tuple[object, ...] = ()
    """Where a Microsoft alert may stand whole."""
    names: Carried = field(default_factory=Carried)
    lines: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def doubt(self) -> str | None:
        """Why the alert may be over."""
        return self.state.doubt if self.state else None


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The alert's state in the SIEM, and which of the SIEM's words mean that it is over."""

    word: str | None
    over: frozenset[str]
    live: frozenset[str]

    @property
    def closed(self) -> bool:
        """Whether the SIEM calls it over."""
        return fold(self.word or "") in self.over

    @property
    def doubt(self) -> str | None:
        """Why it may be over: a word nobody documents. A webhook without one fires on opening."""
        word = fold(self.word or "")
        known = not word or word in self.live | self.over
        return None if known else f"its state is {clean(self.word or '', 40)!r}: is it still open?"


class SiemCarrier(JsonCarrier):
    """A carrier of one SIEM's alerts; a source's `rules` say which of them mean what."""

    pages: ClassVar[tuple[str, ...]] = ()
    """Keys under which a body keeps several alerts."""

    def __init__(self, rules: Mapping[str, AlertKind] | None = None) -> None:
        self._rules = {fold(rule): kind for rule, kind in (rules or {}).items()}

    def knowing(self, rules: Mapping[str, AlertKind]) -> Self:
        """Make the same carrier with what an operator says of the SIEM's rules."""
        return type(self)(rules)

    @abstractmethod
    def told(self, item: Record) -> Told:
        """Take one alert of the SIEM's apart. Raises `Undecodable` where it is none."""

    def entries(self, body: bytes) -> list[Record | Undecodable]:
        """Find the alerts of a body, on their page if they come on one."""
        found = [entry for each in entries(body) for entry in _spread(each, self.pages)]
        if len(found) > _MOST:
            raise Undecodable(f"the body holds more than {_MOST} alerts: a webhook sends one")
        return found

    def read_one(self, item: Record) -> Iterable[Reading]:
        """Say what one alert of the SIEM's is."""
        told = self.told(item)
        if told.state and told.state.closed:
            reason = f"the alert is over: its state is {clean(told.state.word or '', 40)!r}"
            return (NotForUs(reason=reason, native_id=name(told.native, "closed")),)
        whole = carried(told.places)
        listed = (self._rules.get(fold(rule)) for rule in told.rules if rule)
        kind = next(filter(None, listed), None)
        if kind:
            return _by_rule(told, kind, whole)
        return (_lined(reading, told) for reading in whole) if whole else _by_names(told)


def _spread(entry: Record | Undecodable, pages: tuple[str, ...]) -> list[Record | Undecodable]:
    if isinstance(entry, Undecodable):
        return [entry]
    page = next((value for key in pages if isinstance(value := entry.value(key), list)), None)
    if page is None:
        return [entry]
    other = Undecodable("an entry of the page is not a JSON object")
    return [Record(each) if isinstance(each, dict) else other for each in page]


def _by_rule(told: Told, kind: AlertKind, whole: tuple[Reading, ...]) -> Iterator[Reading]:
    """Believe the operator; where the Microsoft alert says otherwise, a person decides."""
    named = [each for each in whole if isinstance(each, (Recognised, Incomplete))]
    if named and all(each.draft.kind is kind for each in named):
        yield from (_lined(reading, told) for reading in named)
        return
    yield from _drafts(told, Meaning(kind=kind, held=_against(whole) or ""))


def _against(whole: tuple[Reading, ...]) -> str | None:
    """Say what speaks against the rule. An audit record is no alert and says nothing about it."""
    for reading in whole:
        match reading:
            case NotForUs(routine=False) | Unreadable():
                return clean(f"the Microsoft alert it carries: {reading.reason}")
            case Recognised(draft=draft) | Incomplete(draft=draft):
                return f"the rule means one thing, the alert it carries another: {draft.kind}"
            case _:
                continue
    return None


def _by_names(told: Told) -> Iterator[Reading]:
    meaning = _meaning(told.names)
    if isinstance(meaning, Irrelevant):
        yield NotForUs(reason=meaning.reason, native_id=told.native)
    elif meaning:
        yield from _drafts(told, meaning)
    else:
        rule = clean(next(filter(None, told.rules), "") or told.title, 120)
        yield NotForUs(
            reason=f'the rule "{rule}" is not among the rules of this source, and it passes on no'
            " Microsoft alert",
            native_id=told.native,
        )


def _meaning(names: Carried) -> Meaning | Irrelevant | None:
    """Judge a Microsoft alert by its names; another product's titles sound alike."""
    codes = [code for code in names.codes if code]
    if not microsoft(names.products):
        return kinds.by_policy(ids=codes, operations=(), title="")
    return kinds.of_alert(
        ids=codes, operations=codes, codes=codes, title=names.title, products=names.products
    )


def _drafts(told: Told, meaning: Meaning) -> Iterator[Recognised]:
    accounts = tuple(identity.distinct(each for each in told.accounts if each))
    draft = AlertDraft(
        native_id=told.native,
        kind=meaning.kind,
        title=clean(told.title) or meaning.kind.value.replace("_", " ").capitalize(),
        severity=told.severity,
        occurred_at=first_moment(*told.times),
        evidence=notes(**told.lines) | held(meaning.held or told.doubt),
    )
    yield from about(draft, accounts)


def _lined(reading: Reading, told: Told) -> Reading:
    """Add the SIEM's own lines to an alert that it passed on, and its doubts."""
    if not isinstance(reading, (Recognised, Incomplete)):
        return reading
    lines = notes(**told.lines) | held(told.doubt) | reading.draft.evidence
    draft = reading.draft.model_copy(update={"evidence": lines})
    return reading.model_copy(update={"draft": draft})


def severity(word: str | None) -> Severity:
    """Read a SIEM's word for how loud an alert is; an unlisted one is unknown, not low."""
    return _SEVERITIES.get(fold(word or "")) or kinds.severity(word)


def graded(number: str | None, *, medium: int, high: int) -> Severity:
    """Read a whole number as severity: from `high` on it is high, from `medium` on medium."""
    if number is None or not (number.isascii() and number.isdigit()):
        return Severity.UNKNOWN
    if int(number[:6]) >= high:
        return Severity.HIGH
    return Severity.MEDIUM if int(number[:6]) >= medium else Severity.LOW
