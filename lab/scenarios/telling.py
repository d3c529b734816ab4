"""What stories share: how an ordinary break-in is told, and where what is stolen goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from lab.access import Password
from lab.carrier_alerts import risk_detection
from lab.stage import Scenario, Stage, to_folder
from lab.tenant import SimulatedTenant

DROP: Final = "collector@mallory.example"
"""Where what is stolen goes."""

type Story = Callable[[SimulatedTenant], Scenario]


def risky(stage: Stage, oid: str, *, name: str, story: str) -> Scenario:
    """Tell of a session and a password that were stolen, and an alert about a risky sign-in."""
    stage.people.risk(oid, "high")
    if oid in stage.tenant.mailboxes:
        stage.owner_rule(
            oid, "Lists", conditions={"senderContains": ["list"]}, actions=to_folder("Lists")
        )
    footholds = [*stage.session(oid, "stolen session"), Password("stolen password")]
    user = stage.user(oid)
    alert = risk_detection(stage.tenant, user, at=stage.since, kind="unfamiliarFeatures")
    return stage.scene(name, oid, footholds=footholds, alerts=[alert], story=story)
