"""An intruder with a role who made ways back in elsewhere, beside what others made in those days.

The victim may become an administrator whenever they want to, and so may the intruder. No ways in
are what the owner made before, what a colleague makes meanwhile, and a secret that was taken away.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from lab.access import Password
from lab.carrier_alerts import risk_detection
from lab.directory_footholds import AdminRole
from lab.registrations import Registrations
from lab.stage import Scenario, Stage
from lab.tenant import SimulatedTenant
from lab.tenant.graph_directory_audits import record
from lab.way_in_footholds import AppSecret, SecondAccount

SECOND: Final = "backup.sync@contoso.example"
_ROLE: Final = "Application Administrator"


def second_door(tenant: SimulatedTenant) -> Scenario:
    """Tell of a second account and two applications' secrets, made with the first account."""
    stage = Stage(tenant)
    oid = stage.people.person("Milan Horn", job_title="IT operations")
    stage.people.risk(oid, "high")
    directory = Registrations(tenant)
    at, months_ago = stage.since + timedelta(minutes=2), stage.since - timedelta(days=90)
    role = directory.make_eligible(oid, _ROLE, start=at, end=at + timedelta(days=30))
    second = _account(stage, by=oid, at=at)
    registration, principal = directory.register("Payroll export"), directory.app("Mail archive")
    _own(stage, oid, registration, at=months_ago)
    _own(stage, stage.bystanders[0], directory.register("Door badges"), at=at)
    secret = directory.give_key(registration, "sync", by=oid, at=at)
    certificate = directory.give_key(principal, "sync", by=oid, at=at, certificate=True)
    return stage.scene(
        "second_door",
        oid,
        footholds=[
            *stage.session(oid, "stolen session"),
            Password("stolen password"),
            AdminRole(f"eligible for {_ROLE}", role=role),
            SecondAccount(f"second account {SECOND}", account=second),
            AppSecret("secret of “Payroll export”", holder=registration, key=secret),
            AppSecret("certificate of “Mail archive”", holder=principal, key=certificate),
        ],
        alerts=[risk_detection(tenant, stage.user(oid), at=stage.since, kind="anomalousToken")],
        story="Milan's intruder has left other doors to come back by.",
    )


def _account(stage: Stage, *, by: str, at: datetime) -> str:
    made = stage.people.account("Backup Sync")
    record(
        stage.tenant,
        "Add user",
        by=by,
        targets=(("User", made),),
        at=at,
        category="UserManagement",
    )
    return made


def _own(stage: Stage, by: str, holder: str, *, at: datetime) -> None:
    """Let somebody give an application a key that must stay, and take back another."""
    directory = Registrations(stage.tenant)
    gone = directory.give_key(holder, "old", by=by, at=at)
    key = directory.give_key(holder, "nightly run", by=by, at=at)
    directory.take_key(holder, gone, by=by)
    held = stage.tenant.state.directory.registered
    stage.owned[f"key “{key.name}” of “{held[holder].name}”"] = lambda: key in held[holder].keys
