"""What the page of health says, as frozen values."""

from __future__ import annotations

from collections import Counter

from shared.diagnosis import Checkup, Examined, Finding, Grade
from shared.model import Mode, Value


class HealthView(Value):
    """Whether the app can do its work."""

    checkup: Checkup
    mode_ceiling: Mode
    rules: tuple[str, ...]

    @property
    def storage_fails(self) -> bool:
        """Whether storage does not take what is stored, without which nothing works."""
        return any(one.check == "storage" and one.grade is Grade.BAD for one in self.checkup.checks)

    @property
    def asks(self) -> tuple[tuple[str, Finding], ...]:
        """What a person has to look at, the worst first."""
        return self.checkup.asks

    @property
    def notes(self) -> tuple[tuple[str, Finding], ...]:
        """What works and should be known."""
        return self.checkup.notes


def counted(examined: Examined) -> str:
    """Say in a few words what a check found."""
    states = Counter(finding.state for finding in examined.findings)
    return ", ".join(f"{count} {state}" for state, count in states.items())
