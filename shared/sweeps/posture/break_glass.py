"""See whether the accounts that are kept for an emergency would let somebody in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import ClassVar, Final

from shared.clients import graph
from shared.clients.access_policies import POLICY_READ_ALL, AccessPolicy
from shared.errors import Gone
from shared.model import Account, Json, Severity
from shared.posture import Budget, Finding
from shared.sweeps.parts import InParts, Part
from shared.sweeps.sweep import Look, Page

UNNAMED: Final = "none_named"
MISSING: Final = "account_missing"
DISABLED: Final = "account_disabled"
BLOCKED: Final = "account_blocked"
NOT_LEFT_OUT: Final = "not_left_out"
_ACCOUNTS: Final = 9
"""Accounts in a page: each takes two calls."""
CONDITIONAL_ACCESS: Final = Budget(service="conditional access", calls=20, seconds=60)
"""Conditional Access takes one request a second of all applications together; the cases need it.

Source: learn.microsoft.com/graph/throttling-limits.
"""


async def _named(look: Look, _: Json) -> Page:
    if look.protected:
        return Page(calls=0, expected=len(look.protected))
    return Page(
        calls=0,
        findings=(
            Finding(
                kind=UNNAMED,
                subject="policy",
                title="The policy protects no account, so nothing is kept for an emergency",
                severity=Severity.HIGH,
                weight=1.0,
                evidence={"protected.accounts": "empty"},
            ),
        ),
    )


async def _accounts(look: Look, at: Json) -> Page:
    some, after = _some(look, at)
    found = [await _account(look, name) for name in some]
    findings = (_judged(look, name, account) for name, account in zip(some, found, strict=True))
    return Page(
        findings=tuple(finding for finding in findings if finding is not None),
        subjects=len(some),
        calls=2 * len(some),
        next=after,
    )


async def _policies(look: Look, at: Json) -> Page:
    """See that the policy behind the block leaves these accounts out, whoever puts them into it."""
    group = look.tenant.block_group
    some, after = _some(look, at)
    if group is None or not some:
        return Page(calls=0)
    blocking = [p for p in await look.tenant.access_policies.all() if group in p.groups]
    found = [account for name in some if (account := await _account(look, name)) is not None]
    return Page(
        findings=tuple(
            _not_left_out(account, policy)
            for account in found
            for policy in blocking
            if policy.state == "enabled" and "block" in policy.controls
            if not _leaves_out(policy, account)
        ),
        calls=1 + 2 * len(some),
        next=after,
    )


def _some(look: Look, at: Json) -> tuple[list[str], Json | None]:
    names = sorted(look.protected)
    start = int(at.get("account", 0))
    later = start + _ACCOUNTS
    return names[start:later], {"account": later} if later < len(names) else None


async def _account(look: Look, name: str) -> Account | None:
    try:
        account = await look.tenant.directory.account(name)
    except Gone:
        return None
    held = await look.tenant.directory.memberships(account.object_id)
    return account.model_copy(update={"groups": held.groups})


def _judged(look: Look, name: str, account: Account | None) -> Finding | None:
    if account is None:
        return _finding(MISSING, name, name, "does not exist")
    if not account.enabled:
        return _finding(DISABLED, account.object_id, account.upn, "may not sign in: it is disabled")
    if look.tenant.block_group in (account.groups or ()):
        said = "may not sign in: it is in the group that Conditional Access blocks"
        return _finding(BLOCKED, account.object_id, account.upn, said)
    return None


def _finding(kind: str, subject: str, upn: str, said: str) -> Finding:
    return Finding(
        kind=kind,
        subject=subject,
        title=f"The protected account {upn} {said}",
        severity=Severity.HIGH,
        weight=1.0,
        evidence={"account": upn},
    )


def _leaves_out(policy: AccessPolicy, account: Account) -> bool:
    by_group = policy.without_groups & (account.groups or frozenset())
    return account.object_id in policy.without_users or bool(by_group)


def _not_left_out(account: Account, policy: AccessPolicy) -> Finding:
    return Finding(
        kind=NOT_LEFT_OUT,
        subject=f"{account.object_id}:{policy.id}",
        title=f"“{policy.name}” would lock out the protected account {account.upn}",
        severity=Severity.MEDIUM,
        weight=1.0,
        evidence={"account": account.upn, "policy": policy.name},
    )


class BreakGlass(InParts):
    """See whether the accounts that are kept for an emergency would let somebody in.

    They are the protected accounts of the policy: there are some, each exists, is enabled, is not
    in the group that is blocked, and is left out of the policy that blocks it. Whether somebody
    still knows the password, or has the key, no interface tells: try it, twice a year.
    """

    every = timedelta(days=1)
    budget = CONDITIONAL_ACCESS
    calls_per_page = 1 + 2 * _ACCOUNTS
    kinds: ClassVar[Mapping[str, str]] = {
        UNNAMED: "Make two cloud-only accounts for emergencies and name them in protected.accounts",
        MISSING: "Take it off protected.accounts, or name it by its object id",
        DISABLED: "Enable it, or take it off protected.accounts",
        BLOCKED: "Take it out of the group that is blocked",
        NOT_LEFT_OUT: "Exclude the account from the policy in Conditional Access",
    }
    permissions = frozenset({graph.USER_READ_ALL, POLICY_READ_ALL})
    parts = (
        Part("named", frozenset({UNNAMED}), _named),
        Part("accounts", frozenset({MISSING, DISABLED, BLOCKED}), _accounts),
        Part("policies", frozenset({NOT_LEFT_OUT}), _policies),
    )
