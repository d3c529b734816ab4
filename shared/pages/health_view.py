"""What the page of health says, as frozen values."""

from __future__ import annotations

from datetime import timedelta

from shared.model import Mode, Utc, Value


class ProtectedLine(Value):
    """One account or group that the policy protects, and whether it names anybody."""

    written: str
    found: str
    """Who it is; empty where nobody was found."""
    problem: str = ""
    """Why it cannot be said that it protects somebody, and what to do."""


class SourceLine(Value):
    """One source of alerts, and when it was heard last."""

    name: str
    carrier: str
    enabled: bool
    last: Utc | None


class HealthView(Value):
    """Whether the app can do its work."""

    at: Utc
    storage: str
    """Empty where storage answers, else what it said."""
    mode_ceiling: Mode
    rules: tuple[str, ...]
    protected: tuple[ProtectedLine, ...]
    sources: tuple[SourceLine, ...]
    untriaged: int
    oldest: Utc | None
    """Since when the oldest alert waits that triage has not answered."""

    @property
    def late(self) -> bool:
        """Whether alerts wait longer than a queue that moves lets them."""
        return self.oldest is not None and self.at - self.oldest > timedelta(minutes=5)

    @property
    def well(self) -> bool:
        """Whether nothing here asks for a person."""
        return not (self.storage or self.late or any(one.problem for one in self.protected))
