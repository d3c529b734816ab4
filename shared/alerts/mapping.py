"""What an operator writes down about a source of alerts, checked at start-up.

Every mistake is reported at once, each with what to write instead.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated, Final

from pydantic import (
    AfterValidator,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    ValidationInfo,
    field_validator,
)

from shared.alerts.text import fold
from shared.model import AlertKind, Severity, Value

_DEEPEST: Final = 16
"""Segments of a path."""
_LONGEST: Final = 200
_PROBE: Final = datetime(2026, 5, 4, 13, 21, 37, tzinfo=UTC)
"""A moment none of whose parts could be taken for another."""
_WIDEST: Final = 14 * 60

ASKED_FOR: Final = frozenset({AlertKind.ADMIN_REQUEST, AlertKind.HARDENING_REQUEST})
ANSWERABLE: Final = frozenset(AlertKind) - ASKED_FOR - {AlertKind.UNSUPPORTED}
"""Kinds a rule may stand for: a person's request is signed by the operator, not by a rule."""


def _a_path(path: str) -> str:
    segments = path.split(".")
    if not all(segment.strip() == segment and segment for segment in segments):
        raise ValueError(
            f"{path!r} is no path: write the names from the outside in, joined by dots, such as"
            " alert.user.upn; a number picks from an array"
        )
    if len(segments) > _DEEPEST:
        raise ValueError(f"a path has at most {_DEEPEST} segments: name the array in items")
    return path


def _a_kind(kind: AlertKind) -> AlertKind:
    if kind not in ANSWERABLE:
        known = ", ".join(sorted(ANSWERABLE))
        raise ValueError(f"no alert is mapped to the kind {kind}: leave it out, or use {known}")
    return kind


def _unambiguous[T](table: dict[str, T]) -> dict[str, T]:
    if len({fold(word) for word in table}) != len(table):
        raise ValueError("two words of the table differ only in case or spaces: keep one of them")
    return table


Path = Annotated[str, StringConstraints(max_length=_LONGEST), AfterValidator(_a_path)]
"""Names joined by dots; a number picks from an array. `a.b` also finds a key spelt `"a.b"`."""

Word = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]

Kind = Annotated[AlertKind, AfterValidator(_a_kind)]

Rules = Annotated[
    dict[Word, Kind], Field(min_length=1, max_length=1_000), AfterValidator(_unambiguous)
]
"""What a SIEM's rules mean, each by its name or id; case and spaces say nothing."""


class KindFrom(Value):
    """The kind by the value of a field. A value that is not in the table is not for us."""

    path: Path
    table: Rules


class SeverityFrom(Value):
    """The severity by the value of a field. A value that is not in the table is unknown."""

    path: Path
    table: Annotated[dict[Word, Severity], Field(min_length=1), AfterValidator(_unambiguous)]


class StateFrom(Value):
    """Which values of a field mean that the alert is still open. Any other is not for us."""

    path: Path
    live: tuple[Word, ...] = Field(min_length=1)


class Constant(Value):
    """The same words for every alert, where a path would name a field."""

    constant: Word


class TimeFrom(Value):
    """A time in a form of its own: `format` as strptime reads it, `utc_offset` in minutes.

    Source of the letters: docs.python.org, "strftime() and strptime() Format Codes".
    """

    path: Path
    format: Word
    utc_offset: Annotated[int, Field(ge=-_WIDEST, le=_WIDEST)] = 0

    @field_validator("format")
    @classmethod
    def _tells_a_moment(cls, form: str) -> str:
        # strptime itself warns about a day without a year.
        if not any(year in form for year in ("%Y", "%y", "%c", "%x")) or not _tells(form):
            raise ValueError(
                f"{form!r} does not tell a moment: give year, month, day, hour and minute, such as"
                " %d.%m.%Y %H:%M:%S"
            )
        return form

    def moment(self, text: str) -> datetime | None:
        """Read a time of this form; `None` where it is another."""
        try:
            read = datetime.strptime(text, self.format)  # noqa: DTZ007 - the zone follows
        except ValueError:
            return None
        zone = timezone(timedelta(minutes=self.utc_offset))
        return read if read.tzinfo else read.replace(tzinfo=zone)


def _tells(form: str) -> bool:
    """Whether a moment written in this form is read back as the same minute."""
    try:
        read = datetime.strptime(_PROBE.strftime(form), form)  # noqa: DTZ007 - compared bare
    except ValueError:
        return False
    return read.replace(tzinfo=None, second=0) == _PROBE.replace(tzinfo=None, second=0)


def _written(value: object) -> str:
    """Tell a plain word from a table, so that a mistake is reported for the one that was meant."""
    return "word" if isinstance(value, str) else "table"


_Written: Final = Discriminator(_written)


class GenericMapping(Value):
    """Where an operator's alerts keep what we need, checked at start-up.

    `items` leads to the array of alerts where a body holds several; `accounts` to the array of
    people where an alert is about several, and then the paths of their identifiers begin there.
    `evidence` names what an analyst wants to read. An alert without `native_id`, or without the
    field of the kind or state, is unreadable; one without an account goes to a person.
    """

    native_id: Path
    accounts: Path | None = None
    object_id: Path | None = None
    upn: Path | None = None
    mailbox: Path | None = None
    sid: Path | None = None
    windows_name: Path | None = Field(default=None, validate_default=True)
    kind: Annotated[Annotated[Kind, Tag("word")] | Annotated[KindFrom, Tag("table")], _Written]
    severity: Annotated[
        Annotated[Severity, Tag("word")] | Annotated[SeverityFrom, Tag("table")], _Written
    ]
    occurred_at: Annotated[
        Annotated[Path, Tag("word")] | Annotated[TimeFrom, Tag("table")], _Written
    ]
    title: Path | Constant | None = None
    items: Path | None = None
    state: StateFrom | None = None
    evidence: dict[Word, Path] = Field(default={}, max_length=30)

    @field_validator("windows_name", mode="after")
    @classmethod
    def _somebody(cls, last: str | None, info: ValidationInfo) -> str | None:
        """Ask for one way to name somebody. A field that failed by itself is not in the data."""
        names = ("object_id", "upn", "mailbox", "sid")
        if last is None and all(info.data.get(name, "failed") is None for name in names):
            raise ValueError(
                "who is it about? Name the path of object_id, upn, mailbox, sid or windows_name"
            )
        return last
