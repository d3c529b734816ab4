"""A Secure Score with a past: controls of every state, and a maximum that moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from lab.tenant import SimulatedTenant
from lab.tenant.posture_state import ScoreControl, ScoreDay, StateUpdate

CONTROLS: Final = (
    ScoreControl(id="AdminMFAV2", title="Require MFA for administrators", rank=1),
    ScoreControl(
        id="MFARegistrationV2", title="Require MFA for all users", rank=2, cost="Moderate",
        impact="High", maximum=9.0,
    ),
    ScoreControl(id="BlockLegacyAuthentication", title="Block legacy authentication", rank=3,
                 maximum=8.0, impact="Moderate"),
    ScoreControl(id="exo_mailboxaudit", title="Switch mailbox auditing on", category="Apps",
                 service="EXO", maximum=5.0, rank=4),
    ScoreControl(id="mdo_blockmailforward", title="Block mail forwarding", category="Apps",
                 service="EXO", maximum=6.0, rank=5),
    ScoreControl(id="IntegratedApps", title="Let no user consent to apps", maximum=4.0, rank=6,
                 impact="Moderate"),
    ScoreControl(id="scid_2001", title="Turn tamper protection on", category="Device",
                 service="MDE", maximum=7.0, rank=7),
    ScoreControl(id="OldControl", title="A control of the past", deprecated=True, maximum=3.0,
                 rank=8),
)  # fmt: skip
"""Open ones, one of Defender's and a deprecated one."""
DECIDED: Final[Mapping[str, str]] = {
    "AcceptedControl": "Ignored",
    "ThirdPartyControl": "ThirdParty",
    "ReviewedControl": "Reviewed",
}
_FIRST: Final = {"AdminMFAV2": 10.0, "BlockLegacyAuthentication": 8.0, "exo_mailboxaudit": 5.0}
_NEW_CONTROL: Final = 40
"""Days ago that Microsoft added a control, so that the maximum rose."""


class ScoreHistory:
    """Lays out the score of a tenant; `shares`: days say what part of its most a control brings."""

    def __init__(self, tenant: SimulatedTenant, *, shares: bool = True) -> None:
        self._tenant = tenant
        self._shares = shares
        self._posture = tenant.state.posture

    def lay_out(self, *, days: int = 120) -> None:
        """Fill in the controls and a past of some days; nothing is lost in it yet."""
        at = self._tenant.now()
        for control in CONTROLS:
            self._posture.controls[control.id] = control
        for number, (name, state) in enumerate(DECIDED.items(), start=20):
            # The newest stands first here, because their order is not promised.
            updates = (
                StateUpdate(state=state, by="ada", at=at - timedelta(days=5)),
                StateUpdate(state="Default", by="ada", at=at - timedelta(days=50)),
            )
            self._posture.controls[name] = ScoreControl(
                id=name, title=f"What was decided: {state}", rank=number, updates=updates
            )
        for ago in range(days - 1, -1, -1):
            self.day(at - timedelta(days=ago), _FIRST)

    def day(
        self,
        at: datetime,
        points: Mapping[str, float],
        *,
        averages: Mapping[str, float] | None = None,
    ) -> None:
        """Write the score of a day: `points` by control, and nothing for the others."""
        midnight = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        controls = {
            name: control
            for name, control in self._posture.controls.items()
            if name != "IntegratedApps" or (self._tenant.now() - midnight).days < _NEW_CONTROL
        }
        self._posture.days = [day for day in self._posture.days if day.at != midnight]
        self._posture.days.append(
            ScoreDay(
                at=midnight,
                maximum=sum(control.maximum for control in controls.values()),
                points={name: points.get(name, 0.0) for name in controls},
                shares={
                    name: 100.0 * points.get(name, 0.0) / control.maximum
                    for name, control in controls.items()
                    if self._shares
                },
                averages={"AllTenants": 46.5, "TotalSeats": -1.0, **(averages or {})},
            )
        )

    def decide(self, control: str, state: str, at: datetime) -> None:
        """Let an administrator decide something in the portal."""
        old = self._posture.controls[control]
        made = StateUpdate(state=state, by="ada", at=at)
        self._posture.controls[control] = replace(old, updates=(made, *old.updates))
