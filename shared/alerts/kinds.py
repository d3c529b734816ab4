"""What an alert means: built-in alert policies by id, code and name; detections by code and title.

Detection names: https://learn.microsoft.com/entra/id-protection/concept-identity-protection-risks

Only whole names count, never a word in them: "outgoing spam" can be a virtual machine's and
"outbound" a port scan's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from shared.alerts.disruption import unmarked
from shared.alerts.policies import POLICIES
from shared.alerts.products import CUSTOM, ENTRA, MACHINES, among
from shared.alerts.text import Line, clean, fold
from shared.model import AlertKind, Severity, Value


class Meaning(Value):
    """A kind we answer; `held` says why nothing may happen by itself although it is known."""

    kind: AlertKind
    held: Line = ""


class Irrelevant(Value):
    """An alert we understand and do not answer, and why."""

    reason: Line


OUTBOUND: Final = frozenset({AlertKind.OUTBOUND_SPAM, AlertKind.OUTBOUND_SPAM_WARNING})
"""Kinds in which the sender of a message is the account and its recipient a victim."""

_BY_ID: Final = {policy.id: policy for policy in POLICIES}
_BY_OPERATION: Final = {fold(policy.operation): policy for policy in POLICIES}
_BY_NAME: Final = {fold(policy.name): policy for policy in POLICIES}

_CODES: Final = frozenset(
    map(
        fold,
        (
            "UnfamiliarLocation",
            "AnomalousToken",
            "AnonymousLogin",
            "PasswordSpray",
            "ImpossibleTravel",
            "MCAS_ALERT_ANUBIS_DETECTION_VELOCITY",
        ),
    )
)
_TITLES: Final = {
    fold(title): kind
    for kind, titles in {
        AlertKind.RISKY_SIGN_IN: (
            "Activity from anonymous IP address",
            "Anomalous Token",
            "Anomalous user activity",
            "Anonymous IP address",
            "Attacker in the Middle",
            "Atypical travel",
            "Impossible travel",
            "Impossible travel activity",
            "Leaked credentials",
            "Malicious IP address",
            "Malware linked IP address",
            "Microsoft Entra threat intelligence",
            "Azure AD threat intelligence",
            "New country",
            "Password Spray",
            "Possible attempt to access Primary Refresh Token (PRT)",
            "Suspicious browser",
            "Suspicious sign-ins",
            "Token issuer anomaly",
            "Unfamiliar sign-in properties",
            "Verified threat actor IP",
        ),
        AlertKind.SUSPICIOUS_FORWARDING: ("Suspicious inbox forwarding",),
        AlertKind.SUSPICIOUS_INBOX_RULE: (
            "Suspicious inbox manipulation rule",
            "Suspicious inbox manipulation rules",
        ),
    }.items()
    for title in titles
}
_TAIL: Final = re.compile(
    r"(?: (?:involving|on|reported by) (?:one|multiple) [a-z]{1,20})+$", re.IGNORECASE
)


def by_policy(
    *, ids: Iterable[str], operations: Iterable[str], title: str
) -> Meaning | Irrelevant | None:
    """Say what a Microsoft 365 alert policy means, or `None` if it is not one we know.

    An id, a code or the name is enough, since ids differ where a policy is not built in and names
    where it is translated. Where they name policies of different meaning, a person decides.
    """
    found = [_BY_ID[key] for key in (value.strip().lower() for value in ids) if key in _BY_ID]
    found += [_BY_OPERATION[key] for key in map(fold, operations) if key in _BY_OPERATION]
    if fold(title) in _BY_NAME:
        found.append(_BY_NAME[fold(title)])
    first = next((policy for policy in found if policy.kind), None)
    if first and first.kind:
        others = sorted({policy.name for policy in found if policy.kind is not first.kind})
        held = f'its id, code and name contradict each other: also "{others[0]}"' if others else ""
        return Meaning(kind=first.kind, held=held)
    return Irrelevant(reason=f'"{found[0].name}": {found[0].why_not}') if found else None


def custom(products: Iterable[str]) -> bool:
    """Whether somebody in the tenant wrote the rule, so that its title is free text."""
    return among(products, CUSTOM)


def by_detection(*, codes: Iterable[str], title: str, products: Iterable[str]) -> Meaning | None:
    """Say what a sign-in or mailbox detection means, or `None` if it is not one we know.

    Detector code before title before product: Identity Protection's alerts arrive under other
    products' names, and whatever it calls them, what it reports is a risk. Products that watch
    machines use like titles for other things.
    """
    sources = {fold(product) for product in products}
    if sources & MACHINES:
        return None
    if any(fold(code) in _CODES for code in codes):
        return Meaning(kind=AlertKind.RISKY_SIGN_IN)
    if known := _TITLES.get(fold(title)):
        return Meaning(kind=known)
    if sources & ENTRA:
        return Meaning(kind=AlertKind.RISKY_SIGN_IN)
    return None


def of_alert(
    *,
    ids: Iterable[str] = (),
    operations: Iterable[str] = (),
    codes: Iterable[str] = (),
    title: str,
    products: Sequence[str],
    otherwise: Meaning | None = None,
) -> Meaning | Irrelevant:
    """Say what a product's alert means; `otherwise` is what it means if no name of it is known."""
    source = clean(products[0], 60) if products else "no source named"
    quoted = f'"{clean(title, 120)}" ({source})'
    if custom(products):
        return Irrelevant(reason=f"{quoted} comes from a custom rule, whose title is free text")
    return (
        by_policy(ids=ids, operations=operations, title=unmarked(title))
        or by_detection(codes=codes, title=unmarked(title), products=products)
        or otherwise
        or Irrelevant(reason=f"{quoted} is no sign-in or outbound mail alert we answer")
    )


def incident_title(title: str) -> str:
    """Take the tail off an incident's title that Microsoft Defender puts behind its alert's.

    >>> incident_title("Password Spray involving one user")
    'Password Spray'
    """
    return _TAIL.sub("", clean(title))


_SEVERITIES: Final = {
    "high": Severity.HIGH,
    "medium": Severity.MEDIUM,
    "low": Severity.LOW,
    "informational": Severity.INFORMATIONAL,
}


def severity(word: str | None) -> Severity:
    """Read how loud the source was; an unlisted word is unknown, not low."""
    return _SEVERITIES.get(fold(word or ""), Severity.UNKNOWN)
