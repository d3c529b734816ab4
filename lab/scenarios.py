"""Compromises as stories: who was broken into, what the intruder holds, and what the owner owns.

Each story adds its people to a tenant, so that several can be told in one; two healthy bystanders
with habits of their own are always there and must not be touched.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from lab.access import Password, PlainToken, Session, SessionBasis, SmtpAuth
from lab.carrier_alerts import (
    CarrierAlert,
    RiskState,
    restricted_from_sending,
    risk_detection,
    suspicious_forwarding,
)
from lab.directory_footholds import DirectorySync
from lab.footholds import Foothold, Forwarding, HiddenRule, InboxRule
from lab.plants import plant_all
from lab.stage import Scenario, Stage, sent_to, to_folder
from lab.tenant import SimulatedTenant

__all__ = ["DROP", "STORIES", "CarrierAlert", "Scenario", "Story"]

DROP: Final = "collector@mallory.example"
"""Where what is stolen goes."""

type Story = Callable[[SimulatedTenant], Scenario]


def token_thief(tenant: SimulatedTenant) -> Scenario:
    """Tell of a phishing proxy that took session and password, and left rules and forwarding."""
    stage = Stage(tenant)
    oid = stage.people.person("Ada Brandt", job_title="Accounts payable")
    stage.people.risk(oid, "high")
    stage.owner_rule(
        oid, "Newsletters", conditions={"senderContains": ["newsletter"]}, actions=to_folder("News")
    )
    stage.owner_rule(
        oid,
        "Project Falcon",
        conditions={"subjectContains": ["Falcon"]},
        actions=to_folder("Falcon"),
    )
    stage.team(oid, "Finance")
    visible = stage.people.rule(
        oid,
        ".",
        conditions={"bodyOrSubjectContains": ["invoice", "payment", "bank"]},
        actions={**to_folder("RSS Feeds"), "markAsRead": True, "stopProcessingRules": True},
    )
    hidden = stage.people.rule(oid, "sync", hidden=True, actions={"redirectTo": sent_to(DROP)})
    stage.people.forward(oid, forwarding_smtp=DROP, keeps_copy=True)
    footholds: list[Foothold] = [
        *stage.session(oid, "stolen session cookie"),
        Password("stolen password"),
        InboxRule("inbox rule “.”", rule=visible),
        HiddenRule("hidden inbox rule “sync”", rule=hidden),
        Forwarding(f"forwarding to {DROP}", smtp=DROP),
    ]
    alert = risk_detection(tenant, stage.user(oid), at=stage.since, kind="anomalousToken")
    return stage.scene(
        "token_thief",
        oid,
        footholds=footholds,
        alerts=[alert],
        story="Ada's session and password were taken by a phishing proxy six minutes ago.",
    )


def spammer(tenant: SimulatedTenant) -> Scenario:
    """Tell of a guessed password that sent spam until Microsoft restricted the sender."""
    stage = Stage(tenant)
    oid = stage.people.person("Bruno Keller", job_title="Sales")
    stage.people.restrict_sender(oid, _REASON)
    stage.owner_rule(
        oid, "Orders", conditions={"subjectContains": ["Order"]}, actions=to_folder("Orders")
    )
    stage.outlook_rules(oid, "Play a sound for the boss")
    bounces = stage.people.rule(
        oid,
        "..",
        conditions={"subjectContains": ["Undeliverable", "Delivery Status", "spam"]},
        actions={"delete": True, "stopProcessingRules": True},
    )
    password = Password("guessed password")
    footholds: list[Foothold] = [
        *stage.session(oid, "session opened with the password"),
        password,
        SmtpAuth("SMTP AUTH with the password", password=password),
        InboxRule("inbox rule “..”", rule=bounces),
    ]
    return stage.scene(
        "spammer",
        oid,
        footholds=footholds,
        alerts=[restricted_from_sending(tenant, stage.user(oid), at=stage.since)],
        story="Bruno's account sent spam; Microsoft restricted it and raised an alert.",
    )


def forwarder(tenant: SimulatedTenant) -> Scenario:
    """Tell of mail that leaks through a mail contact, with an external address asleep behind it."""
    stage = Stage(tenant)
    oid = stage.people.person("Clara Vogt", job_title="Legal")
    contact = stage.people.contact(f"Archive {len(tenant.state.contacts) + 1}", DROP)
    stage.people.forward(oid, forwarding_recipient=contact, forwarding_smtp=DROP, keeps_copy=True)
    stage.owner_rule(
        oid, "Court", conditions={"senderContains": ["court"]}, actions=to_folder("Court")
    )
    stage.outlook_rules(oid, "Print what the court sends")
    footholds: list[Foothold] = [
        *stage.session(oid, "session of a malicious browser extension"),
        Forwarding("both forwarders", smtp=DROP, recipient=contact),
    ]
    return stage.scene(
        "forwarder",
        oid,
        footholds=footholds,
        alerts=[suspicious_forwarding(tenant, stage.user(oid), at=stage.since)],
        story="Clara's mailbox forwards everything; clearing one address wakes the other.",
    )


def synced_user(tenant: SimulatedTenant) -> Scenario:
    """Tell of an account that the directory on premises owns: no reset, no lasting disable."""
    stage = Stage(tenant)
    oid = stage.people.synced("Dana Roth")
    scene = _risky(stage, oid, name="synced_user", story="Dana's account is mastered on premises.")
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
    return _risky(stage, oid, name="admin", story="Frida runs the tenant, and so may her intruder.")


def full_house(tenant: SimulatedTenant) -> Scenario:
    """Tell of an intruder who left everything that can be left."""
    stage = Stage(tenant)
    oid = stage.people.person("Nora Lang", job_title="Treasurer")
    scene = _risky(stage, oid, name="full_house", story="Nora's intruder left nothing out.")
    scene.intruder.add(*_rules_and_forwarding(stage, oid), *plant_all(stage, oid))
    return scene


def _rules_and_forwarding(stage: Stage, oid: str) -> list[Foothold]:
    visible = stage.people.rule(
        oid, "..", conditions={"subjectContains": ["payment"]}, actions={"delete": True}
    )
    hidden = stage.people.rule(oid, "sync", hidden=True, actions={"redirectTo": sent_to(DROP)})
    stage.people.forward(oid, forwarding_smtp=DROP, keeps_copy=True)
    return [
        InboxRule("inbox rule “..”", rule=visible),
        HiddenRule("hidden inbox rule “sync”", rule=hidden),
        Forwarding(f"forwarding to {DROP}", smtp=DROP),
    ]


def false_alarm(tenant: SimulatedTenant) -> Scenario:
    """Tell of a healthy account, and a risk that an administrator has dismissed already."""
    stage = Stage(tenant)
    oid = stage.people.person("Gregor Lind")
    stage.owner_rule(
        oid, "Travel", conditions={"senderContains": ["rail"]}, actions=to_folder("Travel")
    )
    alert = risk_detection(
        tenant,
        stage.user(oid),
        at=stage.since,
        kind="unfamiliarFeatures",
        state=RiskState.DISMISSED,
    )
    return stage.scene(
        "false_alarm",
        oid,
        footholds=[],
        alerts=[alert],
        story="Gregor signed in from a train; nobody broke in.",
    )


STORIES: Final[Mapping[str, Story]] = MappingProxyType(
    {
        story.__name__: story
        for story in (
            token_thief,
            spammer,
            forwarder,
            synced_user,
            guest,
            admin,
            full_house,
            false_alarm,
        )
    }
)

_REASON: Final = (
    "ExceedingLimitType=RecipientRateLimit;InternalRecipientCountToday=12;"
    "ExternalRecipientCountToday=10003"
)


def _risky(stage: Stage, oid: str, *, name: str, story: str) -> Scenario:
    stage.people.risk(oid, "high")
    stage.owner_rule(
        oid, "Lists", conditions={"senderContains": ["list"]}, actions=to_folder("Lists")
    )
    footholds = [*stage.session(oid, "stolen session"), Password("stolen password")]
    user = stage.user(oid)
    alert = risk_detection(stage.tenant, user, at=stage.since, kind="unfamiliarFeatures")
    return stage.scene(name, oid, footholds=footholds, alerts=[alert], story=story)
