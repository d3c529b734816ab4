"""What the page of guards shows: the switch, the counters with their limits, the held rules."""

from __future__ import annotations

from datetime import datetime

from shared.model import Mode, Utc, Value
from shared.pages import words
from shared.policy.counters import DAY, HOUR, UNREAD, Counters, cases, hourly, lately
from shared.policy.document import Policy
from shared.policy.guards import Pause


class Gauge(Value):
    """One counter: how much of it is used up; `most` is unknown where the directory's size is."""

    name: str
    used: int
    most: int | None
    known: bool = True
    """Whether what was counted could be read; else it counts as full."""

    @property
    def full(self) -> bool:
        """Whether one more would be too many; what is unknown lets nobody through."""
        return not self.known or self.most is None or self.used >= self.most


class HeldRule(Value):
    """A rule that only asks for a while, because it opened too many cases at once."""

    name: str
    until: Utc


class FreezeLine(Value):
    """A freeze of the policy, and whether it is in force now."""

    name: str
    mode: Mode
    holds: bool


class GuardsView(Value):
    """All brakes at one moment."""

    at: Utc
    pause: Pause | None
    gauges: tuple[Gauge, ...]
    held: tuple[HeldRule, ...]
    freezes: tuple[FreezeLine, ...]
    mode_ceiling: Mode
    privileged: Mode
    stale_hours: int
    protected_accounts: int
    protected_groups: int

    @property
    def paused(self) -> bool:
        """Whether somebody holds everything back."""
        return self.pause is not None and self.pause.ceiling is not Mode.ENFORCE


def guards_view(
    policy: Policy, counters: Counters, pause: Pause | None, at: datetime
) -> GuardsView:
    """Put together what the page shows. Pure."""
    held = (
        HeldRule(name=name, until=rule.until)
        for name, rule in sorted(counters.rules.items())
        if rule.until and rule.holds(at)
    )
    return GuardsView(
        at=at,
        pause=pause,
        gauges=_gauges(policy, counters, at),
        held=tuple(held),
        freezes=tuple(
            FreezeLine(name=freeze.name, mode=freeze.mode, holds=freeze.holds(at))
            for freeze in policy.freezes
        ),
        mode_ceiling=policy.mode_ceiling,
        privileged=policy.guards.privileged,
        stale_hours=policy.guards.stale_hours,
        protected_accounts=len(policy.protected.accounts),
        protected_groups=len(policy.protected.groups),
    )


def _gauges(policy: Policy, counters: Counters, at: datetime) -> tuple[Gauge, ...]:
    radius = policy.guards.radius
    hour = lately(counters.taken, HOUR, at)
    day = lately(counters.taken, DAY, at)
    said = (
        ("accounts in the last hour", cases(hour), hourly(radius, counters.size)),
        ("accounts in the last 24 hours", cases(day), radius.per_day),
        *(
            (
                f"because of {words.said(kind)} in the last hour",
                sum(one.kind is kind for one in hour),
                most,
            )
            for kind, most in sorted(radius.kinds.items())
        ),
    )
    known = not any(one.case == UNREAD for one in day)
    return tuple(Gauge(name=name, used=n, most=most, known=known) for name, n, most in said)
