"""What of an account's sign-in is a finding: administrators first, unknown as unknown. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from shared.clients.registrations import Registered
from shared.model import Severity
from shared.policy.mfa import Asked, Coverage, Demand, Person, demand, has_strong
from shared.posture import Certainty, Finding
from shared.sweeps.mfa_facts import PRIVILEGED, Rules

NOBODY_ASKS: Final = "nothing_asks_everybody"
REPORT_ONLY: Final = "report_only"
SOMETIMES: Final = "asks_sometimes"
ADMIN_WEAK: Final = "admin_phishable"
ADMIN: Final = "admin_not_asked"
MEMBER: Final = "member_not_asked"
GUEST: Final = "guest_not_asked"
SERVICE: Final = "service_not_asked"
UNREGISTERED: Final = "not_registered"
OF_RULES: Final = frozenset({NOBODY_ASKS, REPORT_ONLY, SOMETIMES})
OF_ASKING: Final = frozenset({ADMIN, MEMBER, GUEST, SERVICE})
OF_PEOPLE: Final = OF_ASKING | {ADMIN_WEAK, UNREGISTERED}
KINDS: Final[Mapping[str, str]] = {
    NOBODY_ASKS: "Switch security defaults on, or let a Conditional Access policy require MFA of "
    "all users for all resources",
    REPORT_ONLY: "Read its report, then switch the policy on",
    SOMETIMES: "Add a policy without this condition, or accept it with a reason",
    ADMIN_WEAK: "Let the administrator register a passkey, Windows Hello or a certificate, and "
    "require phishing-resistant MFA of administrators",
    ADMIN: "Include the administrator in a policy that requires MFA; an emergency account gets a "
    "passkey instead",
    MEMBER: "Take the account out of the exclusion, or include it in a policy that requires MFA",
    GUEST: "Include guests in a policy that requires MFA, and trust the home organisation's",
    SERVICE: "Block the sign-in of a shared mailbox or room; replace a service account by a "
    "managed identity",
    UNREGISTERED: "Ask the owner to register: until then whoever has the password can",
}
_ADMIN_WEIGHT: Final = 10.0
_SEVERITIES: Final[Mapping[str, Severity]] = {
    ADMIN: Severity.HIGH,
    MEMBER: Severity.MEDIUM,
    GUEST: Severity.LOW,
    SERVICE: Severity.MEDIUM,
}
_WHO: Final[Mapping[str, str]] = {
    ADMIN: "the administrator ",
    MEMBER: "",
    GUEST: "the guest ",
    SERVICE: "the account without a licence ",
}


def of_rules(rules: Rules) -> Iterator[Finding]:
    """Say what of the policies themselves is a finding."""
    policies = rules.policies or ()
    asking = [p for p in policies if demand(p) in {Demand.FACTOR, Demand.RESISTANT}]
    whole = [p for p in asking if p.state == "enabled" and "All" in p.users and not p.narrowed]
    if rules.defaults is False and rules.policies is not None and not whole:
        yield _of_tenant(
            NOBODY_ASKS,
            "tenant",
            "Neither security defaults nor a policy asks everybody for a second factor",
            Severity.HIGH,
        )
    for policy in asking:
        if policy.state == "enabledForReportingButNotEnforced":
            said = f"“{policy.name}” asks for a second factor in report-only mode: nobody is asked"
            yield _of_tenant(REPORT_ONLY, policy.id, said, Severity.LOW)
        elif policy.state == "enabled" and policy.narrowed:
            said = f"“{policy.name}” asks only at some sign-ins: {', '.join(policy.narrowed)}"
            yield _of_tenant(SOMETIMES, policy.id, said, Severity.LOW)


def _of_tenant(kind: str, subject: str, title: str, severity: Severity) -> Finding:
    return Finding(kind=kind, subject=subject, title=title, severity=severity, weight=1.0)


def of_person(
    row: Registered, person: Person, held: Coverage, *, licensed: bool | None
) -> Iterator[Finding]:
    """Say what of one account is a finding. `licensed`: whether it has any service plan."""
    admin = is_admin(row, person)
    if admin and (row.methods is None or not has_strong(row.methods)):
        yield _weak(row, person)
    if held.asked is not Asked.ALWAYS and (admin or held.asked is not Asked.SOMETIMES):
        yield _not_asked(_kind(row, admin=admin, licensed=licensed), row, held)
    if row.factor is not True and not row.guest and held.asked in {Asked.ALWAYS, Asked.SOMETIMES}:
        yield Finding(
            kind=UNREGISTERED,
            subject=row.object_id,
            title=f"{row.upn} is asked for a second factor and has none registered",
            severity=Severity.LOW,
            weight=_ADMIN_WEIGHT if admin else 1.0,
            certainty=Certainty.UNKNOWN if row.factor is None else Certainty.SEEN,
            evidence={"account": row.upn, "asked by": ", ".join(held.by)},
        )


def is_admin(row: Registered, person: Person) -> bool:
    """Whether an account has power over the tenant, as far as it is known."""
    return row.admin is True or bool(person.roles & PRIVILEGED.keys())


def _kind(row: Registered, *, admin: bool, licensed: bool | None) -> str:
    if admin:
        return ADMIN
    if row.guest:
        return GUEST
    return SERVICE if licensed is False else MEMBER


def _weak(row: Registered, person: Person) -> Finding:
    named = sorted(PRIVILEGED[role] for role in person.roles & PRIVILEGED.keys())
    return Finding(
        kind=ADMIN_WEAK,
        subject=row.object_id,
        title=f"The administrator {row.upn} has no method that phishing does not get around",
        severity=Severity.HIGH,
        weight=_ADMIN_WEIGHT,
        certainty=Certainty.UNKNOWN if row.methods is None else Certainty.SEEN,
        evidence={
            "account": row.upn,
            "roles": ", ".join(named) or "some, by the registration report",
            "methods": "unknown"
            if row.methods is None
            else ", ".join(sorted(row.methods)) or "none",
        },
    )


def _not_asked(kind: str, row: Registered, held: Coverage) -> Finding:
    unknown = held.asked is Asked.UNKNOWN
    how = "is asked for a second factor at some sign-ins only"
    if held.asked is Asked.NEVER:
        how = "signs in with a password alone"
    elif unknown:
        how = "may not be asked for a second factor"
    who = f"{_WHO[kind]}{row.upn}"
    evidence = {
        "account": row.upn,
        "asked by": ", ".join(held.by) or "nothing" if not unknown else "unknown",
        "left out of": ", ".join(held.left_out),
        "not known": "; ".join(held.unsure),
    }
    return Finding(
        kind=kind,
        subject=row.object_id,
        title=f"{who[0].upper()}{who[1:]} {how}" if _WHO[kind] else f"{who} {how}",
        severity=_SEVERITIES[kind],
        weight=_ADMIN_WEIGHT - 1 if kind == ADMIN else 1.0,
        certainty=Certainty.UNKNOWN if unknown else Certainty.SEEN,
        evidence={name: said for name, said in evidence.items() if said},
    )
