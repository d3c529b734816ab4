"""Judge whether a Conditional Access policy would keep one account out, by a group. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from shared.clients.access_policies import AccessPolicy
from shared.model import Account, AccountKind, ObjectId


def why_not(policy: AccessPolicy, group: ObjectId, account: Account) -> str | None:
    """Say why a policy does not block every sign-in of an account put into a group.

    `None` means that it does. What is unknown about the account counts against the policy.
    """
    return next(_objections(policy, group, account), None)


def flaws(policy: AccessPolicy, group: ObjectId) -> Iterator[str]:
    """Say why a policy does not block every sign-in of whoever is put into a group, whoever it is.

    Nothing where it does, but for those it leaves out.
    """
    if group not in policy.groups:
        yield "it is not for the group"
    if policy.state != "enabled":
        yield f"its state is {policy.state}"
    if "block" not in policy.controls:
        yield "it does not block"
    if policy.narrowed:
        yield f"it does not cover all sign-ins ({', '.join(policy.narrowed)})"
    if group in policy.without_groups:
        yield "it leaves the group out"


def _objections(policy: AccessPolicy, group: ObjectId, account: Account) -> Iterator[str]:
    yield from flaws(policy, group)
    yield from _exclusions(policy, account)


def _exclusions(policy: AccessPolicy, account: Account) -> Iterator[str]:
    if account.object_id in policy.without_users:
        yield "it leaves this account out"
    if policy.without_guests and AccountKind.GUEST in account.kinds:
        yield "it leaves guests out"
    if policy.without_groups:
        if account.groups is None:
            yield "it leaves groups out, and nobody knows those of this account"
        elif account.groups & policy.without_groups:
            yield "it leaves out a group that this account is in"
    # Policies name roles by template and accounts by name: any of both together is a doubt.
    if policy.without_roles and account.roles != frozenset():
        yield "it leaves roles out, and this account may hold one of them"
