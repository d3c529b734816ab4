"""What intruders do, as stories: phishing proxy, spam, a leak, all of it at once; and nothing."""

from __future__ import annotations

from typing import Final

from lab.access import Password, SmtpAuth
from lab.carrier_alerts import (
    RiskState,
    restricted_from_sending,
    risk_detection,
    suspicious_forwarding,
)
from lab.footholds import Foothold, Forwarding, HiddenRule, InboxRule
from lab.plants import plant_all
from lab.scenarios.telling import DROP, risky
from lab.stage import Scenario, Stage, sent_to, to_folder
from lab.tenant import SimulatedTenant

_REASON: Final = (
    "ExceedingLimitType=RecipientRateLimit;InternalRecipientCountToday=12;"
    "ExternalRecipientCountToday=10003"
)


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


def full_house(tenant: SimulatedTenant) -> Scenario:
    """Tell of an intruder who left everything that can be left."""
    stage = Stage(tenant)
    oid = stage.people.person("Nora Lang", job_title="Treasurer")
    scene = risky(stage, oid, name="full_house", story="Nora's intruder left nothing out.")
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
