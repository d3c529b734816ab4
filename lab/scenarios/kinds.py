"""Kinds of account as stories: what one may do to each differs, the intruder does not."""

from __future__ import annotations

from lab.access import PlainToken, Session, SessionBasis
from lab.carrier_alerts import risk_detection
from lab.directory_footholds import DirectorySync
from lab.plants import delegates
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


def federated_user(tenant: SimulatedTenant) -> Scenario:
    """Tell of an account that signs in at another identity provider, and is synced as well."""
    stage = Stage(tenant)
    oid = stage.people.synced("Fatima Reis", domain="fed.contoso.example")
    story = "Fatima signs in at her organisation's own identity provider."
    scene = risky(stage, oid, name="federated_user", story=story)
    scene.intruder.add(DirectorySync("the directory synchronisation"))
    return scene


def on_premises_mailbox(tenant: SimulatedTenant) -> Scenario:
    """Tell of a synced account whose mailbox stands on premises, where nothing here can look."""
    stage = Stage(tenant)
    mail = f"otto.pohl.{len(tenant.users)}@contoso.example"
    oid = stage.people.account("Otto Pohl", mail=mail, **stage.people.on_premises())
    story = "Otto's mailbox is still on the server in the cellar."
    scene = risky(stage, oid, name="on_premises_mailbox", story=story)
    scene.intruder.add(DirectorySync("the directory synchronisation"))
    return scene


def no_mailbox(tenant: SimulatedTenant) -> Scenario:
    """Tell of an account that has never had any mail."""
    stage = Stage(tenant)
    oid = stage.people.account("Build Agent")
    return risky(stage, oid, name="no_mailbox", story="The build agent's account has no mailbox.")


def shared_mailbox(tenant: SimulatedTenant) -> Scenario:
    """Tell of a shared mailbox whose account was left enabled, and was signed in to directly."""
    stage = Stage(tenant)
    oid = stage.people.person("Info Desk")
    stage.people.forward(oid, kind="SharedMailbox")
    story = "Nobody ever signed in to the shared mailbox, until somebody did."
    scene = risky(stage, oid, name="shared_mailbox", story=story)
    scene.intruder.add(*delegates.plant(stage, oid))
    return scene


def restricted_user(tenant: SimulatedTenant) -> Scenario:
    """Tell of a member of a restricted management unit, where tenant-wide rights end."""
    stage = Stage(tenant)
    oid = stage.people.person("Rhea Kamp", job_title="Board", restricted=True)
    story = "Rhea is in a restricted management unit, out of reach of most administrators."
    return risky(stage, oid, name="restricted_user", story=story)


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
