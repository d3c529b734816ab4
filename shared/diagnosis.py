"""The words of the doctor: what a check can find, what that means, and what to do about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final, Self

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

    @property
    def counted(self) -> str:
        """Say in a few words what it found."""
        states = Counter(finding.state for finding in self.findings)
        if len(self.findings) == 1:
            return self.findings[0].state
        return ", ".join(f"{count} {state}" for state, count in states.items())


class Concern(Value):
    """What a person is told once, of however many things it is so."""

    check: str
    grade: Grade
    subjects: tuple[str, ...]
    state: str
    means: tuple[str, ...]
    """A sentence for each subject."""
    do: str
    commands: tuple[str, ...]

    @classmethod
    def of(cls, check: str, alike: Sequence[Finding]) -> Self:
        """Put findings together that ask for the same thing."""
        first = alike[0]
        commands = dict.fromkeys(command for one in alike for command in one.commands)
        return cls(
            check=check,
            grade=first.grade,
            subjects=tuple(one.subject for one in alike),
            state=first.state,
            means=tuple(one.means for one in alike),
            do=first.do,
            commands=tuple(commands),
        )

    @property
    def about(self) -> str:
        """Name what it is so of."""
        return ", ".join(self.subjects)


class Checkup(Value):
    """What all checks found at one moment."""

    at: Utc
    grade: Grade
    checks: tuple[Examined, ...]

    @property
    def asks(self) -> tuple[Concern, ...]:
        """Everything a person has to look at, the worst first."""
        return (*self._of(Grade.BAD), *self._of(Grade.UNKNOWN))

    @property
    def notes(self) -> tuple[Concern, ...]:
        """What works and should be known."""
        return self._of(Grade.NOTE)

    def _of(self, grade: Grade) -> tuple[Concern, ...]:
        """Put findings of a grade together that ask for the same thing."""
        alike: dict[tuple[str, str, str], list[Finding]] = {}
        for one in self.checks:
            for finding in one.findings:
                if finding.grade is grade:
                    key = (one.check, finding.state, finding.do)
                    alike.setdefault(key, []).append(finding)
        return tuple(Concern.of(check, found) for (check, _, _), found in alike.items())
