"""Kinds of account as stories: what one may do to each differs, the intruder does not."""

from __future__ import annotations

from lab.access import PlainToken, Session, SessionBasis
from lab.carrier_alerts import risk_detection
from lab.directory_footholds import DirectorySync
from lab.scenarios.telling import risky
from lab.stage import Scenario, Stage
from lab.tenant import SimulatedTenant


def synced_user(tenant: SimulatedTenant) -> Scenario:
    """Tell of an account that the directory on premises owns: no reset, no lasting disable."""
    stage = Stage(tenant)
    oid = stage.people.synced("Dana Roth")
    scene = risky(stage, oid, name="synced_user", story="Dana's account is mastered on premises.")
    scene.intruder.add(DirectorySync("the directory synchronisation"))
    return scene


def guest(tenant: SimulatedTenant) -> Scenario:
    """Tell of a guest, whose password and sessions belong to another tenant."""
    stage = Stage(tenant)
    oid = stage.people.guest("Eli Stern")
    stage.people.risk(oid, "high")
    session = Session(
        "session of the home tenant", opened_at=stage.since, resets=0, basis=SessionBasis.OTHER
    )
    token = PlainToken("Graph access token", issued_at=stage.since, session=session)
    alert = risk_detection(tenant, stage.user(oid), at=stage.since, kind="maliciousIPAddress")
    return stage.scene(
        "guest",
        oid,
        footholds=[token, session],
        alerts=[alert],
        story="Eli is a guest whose home tenant was broken into.",
    )


def admin(tenant: SimulatedTenant) -> Scenario:
    """Tell of a Global Administrator, where the rights of an ordinary responder end."""
    stage = Stage(tenant)
    oid = stage.people.person("Frida Sand", job_title="IT")
    stage.people.role("Global Administrator", [oid])
    return risky(stage, oid, name="admin", story="Frida runs the tenant, and so may her intruder.")
