"""One intruder in two accounts, of which an alert names the first; and neighbours who look alike.

The bystanders share with the victims what anybody shares: the office's address, a tool of
everybody's, a rule for invoices, and a wrong password that the intruder tried on them.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from lab.access import Password
from lab.audit_trail import AuditTrail
from lab.carrier_alerts import INTRUDER_IP, risk_detection
from lab.footholds import Foothold, Forwarding, InboxRule
from lab.plants.sign_ins import OFFICE_IP
from lab.registrations import Registrations
from lab.stage import Scenario, Stage, to_folder
from lab.tenant import SimulatedTenant
from lab.tenant.logbook import SignIn

TARGET: Final = "collector@mallory.example"
SECOND: Final = "berta.lux@contoso.example"
_WORDS: Final = ("invoice", "payment")
_WRONG_PASSWORD: Final = 50126


def two_victims(tenant: SimulatedTenant) -> Scenario:
    """Tell of an intruder who holds two accounts, of which only one was noticed."""
    stage = Stage(tenant)
    first, second = stage.people.person("Anton Berg"), stage.people.person("Berta Lux")
    stage.people.risk(first, "high")
    directory = Registrations(tenant)
    app, tool = directory.app("Mail Backup Pro"), directory.app("Minutes", publisher="Minutes Ltd")
    footholds = _holds(stage, first, app)
    _holds(stage, second, app)
    for oid in (first, second, *stage.bystanders):
        directory.consent(oid, tool, "User.Read", at=None)
        for days in range(1, 8):
            _sign_in(stage, oid, OFFICE_IP, after=-timedelta(days=days))
        _sign_in(stage, oid, OFFICE_IP, after=timedelta(minutes=2))
    for bystander in stage.bystanders:
        _sign_in(stage, bystander, INTRUDER_IP, after=timedelta(), error=_WRONG_PASSWORD)
        AuditTrail(tenant, bystander).rule_made(
            "Invoices",
            at=stage.since + timedelta(minutes=1),
            ip=OFFICE_IP,
            SubjectOrBodyContainsWords="invoice",
            MoveToFolder="Invoices",
        )
    return stage.scene(
        "two_victims",
        first,
        footholds=footholds,
        alerts=[risk_detection(tenant, stage.user(first), at=stage.since, kind="anomalousToken")],
        story="Anton's intruder is in Berta's account too, where no alert was raised.",
    )


def _holds(stage: Stage, oid: str, app: str) -> list[Foothold]:
    """Let the intruder in, and write it down as Microsoft does."""
    at = stage.since + timedelta(minutes=1)
    rule = stage.people.rule(
        oid,
        ".",
        conditions={"bodyOrSubjectContains": list(_WORDS)},
        actions={**to_folder("RSS Feeds"), "markAsRead": True},
    )
    stage.people.forward(oid, forwarding_smtp=TARGET, keeps_copy=True)
    Registrations(stage.tenant).consent(oid, app, "Mail.Read offline_access", at=at)
    _sign_in(stage, oid, INTRUDER_IP, after=timedelta(seconds=20))
    trail = AuditTrail(stage.tenant, oid)
    trail.mail_read(41, at=at, ip=INTRUDER_IP)
    trail.downloaded("Payroll 2026.pdf", at=at, ip=INTRUDER_IP)
    trail.consented(app, at=at, ip=INTRUDER_IP)
    trail.forwarded(TARGET, at=at, ip=INTRUDER_IP)
    trail.rule_made(
        ".",
        at=at,
        ip=INTRUDER_IP,
        SubjectOrBodyContainsWords=";".join(_WORDS),
        MoveToFolder="RSS Feeds",
        MarkAsRead="True",
    )
    return [
        *stage.session(oid, "stolen session"),
        Password("stolen password"),
        InboxRule("inbox rule “.”", rule=rule),
        Forwarding(f"forwarding to {TARGET}", smtp=TARGET),
    ]


def _sign_in(stage: Stage, oid: str, ip: str, *, after: timedelta, error: int = 0) -> None:
    entry = SignIn(id=stage.tenant.guid(), oid=oid, at=stage.since + after, ip=ip, error=error)
    stage.tenant.state.logbook.sign_ins.append(entry)
