"""What the page of health says, as frozen values."""

from __future__ import annotations

from shared.diagnosis import Checkup, Concern, Grade
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
    def asks(self) -> tuple[Concern, ...]:
        """What a person has to look at, the worst first."""
        return self.checkup.asks

    @property
    def notes(self) -> tuple[Concern, ...]:
        """What works and should be known."""
        return self.checkup.notes
