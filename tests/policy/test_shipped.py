"""The shipped policy does what its comments say."""

from __future__ import annotations

from pathlib import Path

import pytest

from responders import catalogue
from shared.model import Account, AccountKind, AlertKind, ObjectId, Severity, Upn
from shared.policy.condition import Facts
from shared.policy.decide import decide
from shared.policy.document import Policy, ResponderTraits, load

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


CONTAIN = ("disable_sign_in", "reset_password", "confirm_compromised")
EVICT = ("disable_inbox_rules", "stop_forwarding")
SIGN_IN = (AlertKind.RISKY_SIGN_IN, AlertKind.RISKY_USER)
LEAK = (AlertKind.SUSPICIOUS_FORWARDING, AlertKind.SUSPICIOUS_INBOX_RULE)
DOUBT = (AlertKind.OUTBOUND_SPAM_WARNING, AlertKind.CONSENT_PHISHING)
SPAM = (AlertKind.OUTBOUND_SPAM,)
LOUD = (Severity.HIGH,)
LIKELY = (Severity.MEDIUM, Severity.UNKNOWN)
QUIET = (Severity.LOW, Severity.INFORMATIONAL)


@pytest.mark.parametrize(
    ("kinds", "severities", "revoke", "contain", "evict"),
    [
        ((AlertKind.ADMIN_REQUEST,), tuple(Severity), "enforce", "enforce", "enforce"),
        (SIGN_IN + SPAM, LOUD, "enforce", "enforce", "enforce"),
        (LEAK, LOUD, "enforce", "approve", "enforce"),
        (DOUBT, LOUD, "enforce", "approve", "approve"),
        (SIGN_IN + SPAM + LEAK + DOUBT, LIKELY, "enforce", "approve", "approve"),
        (SIGN_IN + SPAM + LEAK + DOUBT, QUIET, "observe", "observe", "observe"),
    ],
)
def test_the_shipped_policy_does_what_its_comments_say(
    shipped: Policy,
    kinds: tuple[AlertKind, ...],
    severities: tuple[Severity, ...],
    revoke: str,
    contain: str,
    evict: str,
) -> None:
    expected = {"revoke_sessions": revoke}
    expected |= dict.fromkeys(CONTAIN, contain) | dict.fromkeys(EVICT, evict)
    for kind in kinds:
        for severity in severities:
            modes = decide(shipped, alert(kind, severity)).modes
            assert {str(name): str(mode) for name, mode in modes.items()} == expected


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
