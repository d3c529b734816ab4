"""The shipped policy does what its comments say."""

from __future__ import annotations

from pathlib import Path

import pytest

from responders import catalogue
from shared.model import Account, AccountKind, AlertKind, Mode, ObjectId, Severity, TenantId, Upn
from shared.policy.condition import Facts
from shared.policy.decide import decide
from shared.policy.document import Policy, ResponderTraits
from shared.policy.reading import load
from shared.tasks.resolve import organisation

ACCOUNT = Account(
    object_id=ObjectId("5d1f2d5e-0000-4000-8000-000000000001"),
    upn=Upn("emma@example.com"),
    kinds=frozenset({AccountKind.CLOUD}),
    groups=frozenset(),
    roles=frozenset(),
)


def alert(kind: AlertKind, severity: Severity) -> Facts:
    return Facts(kind=kind, severity=severity, account=ACCOUNT)


@pytest.fixture(scope="module")
def shipped() -> Policy:
    text = (Path(__file__).resolve().parents[2] / "policy.toml").read_text(encoding="utf-8")
    return load(text, responders=ResponderTraits.of(catalogue()))


LOCK_OUT = (
    "disable_sign_in",
    "reset_password",
    "confirm_compromised",
    "block_by_group",
    "disable_on_premises",
    "remove_auth_methods",
    "revoke_app_consents",
    "disable_devices",
    "leave_excluded_groups",
    "block_legacy_mail",
    "require_mfa",
)
"""What costs the owner something, or takes away what they sign in with."""
LEAKS = ("disable_inbox_rules", "stop_forwarding", "stop_auto_replies", "remove_delegates")
OTHERS = ("remove_admin_roles", "disable_apps", "disable_mail_flow_rules")
"""What concerns more than the account."""
SEARCHED = (
    "revoke_file_links",
    "purge_sent_phish",
    "close_alert",
    "close_incident",
    "close_sentinel_incident",
)
"""What takes a search to find, or says the last word about an alert."""
WAY_BACK = {"unblock_sender", "restore_sign_in"}
SIGN_IN = (AlertKind.RISKY_SIGN_IN, AlertKind.RISKY_USER)
LEAK = (AlertKind.SUSPICIOUS_FORWARDING, AlertKind.SUSPICIOUS_INBOX_RULE)
DOUBT = (AlertKind.OUTBOUND_SPAM_WARNING, AlertKind.CONSENT_PHISHING)
SPAM = (AlertKind.OUTBOUND_SPAM,)
LOUD = (Severity.HIGH,)
LIKELY = (Severity.MEDIUM, Severity.UNKNOWN)
QUIET = (Severity.LOW, Severity.INFORMATIONAL)


@pytest.mark.parametrize(
    ("kinds", "severities", "owner", "leaks", "others", "harmless"),
    [
        ((AlertKind.ADMIN_REQUEST,), tuple(Severity), "enforce", "enforce", "approve", "enforce"),
        (SIGN_IN + SPAM, LOUD, "enforce", "enforce", "approve", "enforce"),
        (LEAK, LOUD, "approve", "enforce", "approve", "enforce"),
        (DOUBT, LOUD, "approve", "approve", "approve", "enforce"),
        (SIGN_IN + SPAM + LEAK + DOUBT, LIKELY, "approve", "approve", "approve", "enforce"),
        (SIGN_IN + SPAM + LEAK + DOUBT, QUIET, "observe", "observe", "observe", "observe"),
    ],
)
def test_the_shipped_policy_does_what_its_comments_say(  # noqa: PLR0917 - a row of the table
    shipped: Policy,
    kinds: tuple[AlertKind, ...],
    severities: tuple[Severity, ...],
    owner: str,
    leaks: str,
    others: str,
    harmless: str,
) -> None:
    expected = dict.fromkeys(LOCK_OUT, owner) | dict.fromkeys(LEAKS, leaks)
    expected |= dict.fromkeys(OTHERS, others)
    expected |= dict.fromkeys(("revoke_sessions", "enable_mailbox_audit"), harmless)
    if others != "observe":
        expected |= dict.fromkeys(SEARCHED, others)
    for kind in kinds:
        for severity in severities:
            modes = decide(shipped, alert(kind, severity)).modes
            assert {str(name): str(mode) for name, mode in modes.items()} == expected


def test_hardening_an_account_asks_for_each_change_and_shuts_nobody_out(shipped: Policy) -> None:
    for severity in Severity:
        modes = decide(shipped, alert(AlertKind.HARDENING_REQUEST, severity)).modes
        assert set(modes.values()) == {Mode.APPROVE}
        assert {str(name) for name in modes} == {
            "enable_mailbox_audit",
            "stop_forwarding",
            "disable_inbox_rules",
            "revoke_app_consents",
            "block_legacy_mail",
            "restore_auditing",
        }


def test_about_the_organisation_nothing_answers_that_needs_an_account(shipped: Policy) -> None:
    about = Facts(
        kind=AlertKind.HARDENING_REQUEST,
        severity=Severity.LOW,
        account=organisation(TenantId("00000000-0000-4000-8000-000000000000")),
    )
    assert {str(name) for name in decide(shipped, about).modes} == {"restore_auditing"}


def test_every_finished_responder_has_its_place_but_those_of_the_way_back(shipped: Policy) -> None:
    named = {str(name) for rule in shipped.rules for name in rule.responders}
    assert named == {str(name) for name in catalogue()} - WAY_BACK


def test_the_shipped_policy_answers_every_kind_but_what_is_not_supported(shipped: Policy) -> None:
    unanswered = {
        kind
        for kind in AlertKind
        for severity in Severity
        if decide(shipped, alert(kind, severity)).rule is None
    }
    assert unanswered == {AlertKind.UNSUPPORTED}


def test_the_shipped_policy_needs_no_fact_that_may_be_missing(shipped: Policy) -> None:
    unread = ACCOUNT.model_copy(update={"kinds": frozenset(), "groups": None, "roles": None})
    for kind in AlertKind:
        seen = alert(kind, Severity.HIGH)
        assert decide(shipped, seen.model_copy(update={"account": unread})) == decide(shipped, seen)
