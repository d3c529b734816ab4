"""The words of the doctor: what a check can find, what that means, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from shared.model import Utc, Value


class Grade(StrEnum):
    """How much a finding asks of a person, the least first."""

    OK = "ok"
    NOTE = "note"
    """It works, and somebody should know."""
    UNKNOWN = "unknown"
    """It could not be looked at, which is not "ok"."""
    BAD = "bad"
    """Something that is meant to work does not."""


_ORDER: Final = tuple(Grade)
ASKS: Final = frozenset({Grade.BAD, Grade.UNKNOWN})
"""What a person has to look at."""


def worst(grades: Iterable[Grade]) -> Grade:
    """Give the worst of some grades; of none, nothing is known."""
    return max(grades, key=_ORDER.index, default=Grade.UNKNOWN)


class Kind(Value):
    """One thing that a check can find; what stands between braces is filled in when it is found."""

    grade: Grade
    state: str
    """In two or three words."""
    means: str
    """In one sentence."""
    do: str = ""
    """The exact thing to do; empty where there is nothing to do."""
    commands: tuple[str, ...] = ()
    """What does it, for a shell; printed, never run by us."""


class Finding(Value):
    """What was found about one thing."""

    subject: str
    kind: str
    grade: Grade
    state: str
    means: str
    do: str = ""
    commands: tuple[str, ...] = ()


class Examined(Value):
    """What one check found."""

    check: str
    about: str
    findings: tuple[Finding, ...]

    @property
    def grade(self) -> Grade:
        """The worst of what it found."""
        return worst(finding.grade for finding in self.findings)


class Checkup(Value):
    """What all checks found at one moment."""

    at: Utc
    grade: Grade
    checks: tuple[Examined, ...]

    @property
    def asks(self) -> tuple[tuple[str, Finding], ...]:
        """Everything a person has to look at, the worst first, with its check's name."""
        found = ((one.check, finding) for one in self.checks for finding in one.findings)
        asking = [pair for pair in found if pair[1].grade in ASKS]
        return tuple(sorted(asking, key=lambda pair: -_ORDER.index(pair[1].grade)))

    @property
    def notes(self) -> tuple[tuple[str, Finding], ...]:
        """What works and should be known, with its check's name."""
        return tuple(
            (one.check, finding)
            for one in self.checks
            for finding in one.findings
            if finding.grade is Grade.NOTE
        )
