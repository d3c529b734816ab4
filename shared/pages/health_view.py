"""What the page of health says, as frozen values."""

from __future__ import annotations

from shared.diagnosis import Checkup, Concern, Examined, Grade
from shared.model import Mode, Utc, Value


class HealthView(Value):
    """Whether the app can do its work."""

    at: Utc
    checkup: Checkup | None
    """The last there was; `None` while the first is being made."""
    looking: bool = False
    """Whether another is being made."""
    mode_ceiling: Mode
    rules: tuple[str, ...]

    @property
    def storage_fails(self) -> bool:
        """Whether storage does not take what is stored, without which nothing works."""
        return any(one.check == "storage" and one.grade is Grade.BAD for one in self.checks)

    @property
    def checks(self) -> tuple[Examined, ...]:
        """What each check found; none while the first check-up is being made."""
        return self.checkup.checks if self.checkup else ()

    @property
    def asks(self) -> tuple[Concern, ...]:
        """What a person has to look at, the worst first."""
        return self.checkup.asks if self.checkup else ()

    @property
    def notes(self) -> tuple[Concern, ...]:
        """What works and should be known."""
        return self.checkup.notes if self.checkup else ()
