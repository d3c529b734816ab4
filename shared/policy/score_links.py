"""Which control of Secure Score would have stopped or shortened which case, and why.

Reviewed by hand: a control stands here only where it is known by its id, and where what it does
lies in the way of what the alert says or the responders found. What is found on nearly every
account (its password, its sessions) points to no control. It says what would have helped, not who
is to blame: whether the control was on then is a question of the score's history.

Source: the controls' own titles and remediation in GET /security/secureScoreControlProfiles.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from shared.model import AlertKind, Value


class Effect(StrEnum):
    """What the control would have done to the case."""

    STOPPED = "stopped"
    SHORTENED = "shortened"


class Link(Value):
    """One control and the cases it answers: by an alert's kind, or by a foothold that was found."""

    control: str
    effect: Effect
    reason: str
    kinds: frozenset[AlertKind] = frozenset()
    footholds: frozenset[str] = frozenset()

    def because(self, kinds: Iterable[str], footholds: Iterable[str]) -> tuple[str, ...]:
        """Name what of a case it answers."""
        return tuple(sorted((self.kinds & set(kinds)) | (self.footholds & set(footholds))))


_SIGN_INS: Final = frozenset({AlertKind.RISKY_SIGN_IN, AlertKind.RISKY_USER})

LINKS: Final = (
    Link(
        control="MFARegistrationV2",
        effect=Effect.STOPPED,
        reason="Who knows only the password is stopped at the second factor, and adds no method of "
        "their own; who stole a session with it is not",
        kinds=_SIGN_INS,
        footholds=frozenset({"auth_method"}),
    ),
    Link(
        control="AdminMFAV2",
        effect=Effect.STOPPED,
        reason="An administrator's stolen password alone gives no role away",
        footholds=frozenset({"admin_role"}),
    ),
    Link(
        control="BlockLegacyAuthentication",
        effect=Effect.SHORTENED,
        reason="Protocols that take a password alone stood open, and would not have; whether the "
        "intruder used one is not known",
        footholds=frozenset({"legacy_protocol"}),
    ),
    Link(
        control="SigninRiskPolicy",
        effect=Effect.STOPPED,
        reason="A sign-in whose risk Microsoft sees at once is asked for a second factor or "
        "refused; some risks are only seen hours later",
        kinds=frozenset({AlertKind.RISKY_SIGN_IN}),
    ),
    Link(
        control="UserRiskPolicy",
        effect=Effect.SHORTENED,
        reason="A user at high risk has to change the password before anything else",
        kinds=frozenset({AlertKind.RISKY_USER}),
    ),
    Link(
        control="IntegratedApps",
        effect=Effect.STOPPED,
        reason="Where users cannot consent, no app of the intruder's gets their mail",
        kinds=frozenset({AlertKind.CONSENT_PHISHING}),
        footholds=frozenset({"app_consent", "app"}),
    ),
    Link(
        control="mdo_blockmailforward",
        effect=Effect.STOPPED,
        reason="Mail that is forwarded out by itself is refused, whoever set it up",
        kinds=frozenset({AlertKind.SUSPICIOUS_FORWARDING}),
        footholds=frozenset({"forwarding"}),
    ),
    Link(
        control="mdo_safelinksforemail",
        effect=Effect.SHORTENED,
        reason="Links of what the intruder sent are checked again when they are clicked",
        footholds=frozenset({"sent_phish"}),
    ),
    Link(
        control="mdo_zapphish",
        effect=Effect.SHORTENED,
        reason="Phish that was delivered is taken out of mailboxes by itself",
        footholds=frozenset({"sent_phish"}),
    ),
    Link(
        control="mdo_thresholdreachedaction",
        effect=Effect.SHORTENED,
        reason="An account that sends too much is kept from sending any more",
        kinds=frozenset({AlertKind.OUTBOUND_SPAM, AlertKind.OUTBOUND_SPAM_WARNING}),
    ),
    Link(
        control="exo_mailboxaudit",
        effect=Effect.SHORTENED,
        reason="What the intruder did in the mailbox is on record and found at once",
        kinds=frozenset({AlertKind.SUSPICIOUS_INBOX_RULE}),
        footholds=frozenset({"inbox_rule", "hidden_inbox_rule", "audit_bypass", "delegate"}),
    ),
)


type Helps = tuple[Link, tuple[str, ...]]
"""A control, and what of the case it answers."""


def helping(kinds: Iterable[str], footholds: Iterable[str]) -> tuple[Helps, ...]:
    """Find the controls that would have helped in a case, and what of it each answers."""
    alerts, found = tuple(kinds), tuple(footholds)
    answers = ((link, link.because(alerts, found)) for link in LINKS)
    return tuple((link, because) for link, because in answers if because)
