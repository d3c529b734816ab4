"""From what an alert calls an account to the account, with what the policy must know of it."""

from __future__ import annotations

import asyncio
from typing import Final

from shared.clients import graph
from shared.clients.directory import Domains, Memberships
from shared.clients.tenant import Tenant
from shared.errors import Denied
from shared.model import Account, AccountKind, AccountRef, ObjectId, TenantId, Upn
from shared.needs import Needs

NEEDS: Final = Needs(
    what="Find out whom an alert is about and how many accounts there are",
    permissions=frozenset({graph.USER_READ_ALL, graph.DOMAIN_READ_ALL}),
)


def organisation(tenant: TenantId) -> Account:
    """Make the subject of what concerns the whole organisation.

    It is an object of the directory, and its object id is the tenant's id.
    Source: GET /organization/{id}, where the id is the tenant's.
    """
    return Account(
        object_id=ObjectId(tenant),
        upn=Upn("the whole organisation"),
        kinds=frozenset({AccountKind.ORGANISATION}),
        groups=frozenset(),
        roles=frozenset(),
    )


async def resolve(ref: AccountRef, tenant: Tenant) -> Account:
    """Find the account and what the policy must know of it, in one round trip where that can be.

    Groups, roles and federation stay unknown where we may not read them. Raises `Gone` where there
    is no such account, `Denied` where we may not look.
    """
    if ref.object_id or ref.upn:
        key = ObjectId(str(ref.object_id or ref.upn))
        account, memberships, domains = await asyncio.gather(
            tenant.directory.find(ref), _memberships(tenant, key), _domains(tenant)
        )
    else:
        account = await tenant.directory.find(ref)
        memberships, domains = await asyncio.gather(
            _memberships(tenant, account.object_id), _domains(tenant)
        )
    return _completed(account, memberships, domains)


async def as_held_now(account: Account, tenant: Tenant) -> Account:
    """Read again what an account holds; groups and roles are unknown where we may not read them.

    Raises `Gone` where there is no such account any more, `Transient` where nobody can tell now.
    """
    return _completed(account, await _memberships(tenant, account.object_id), None)


async def _memberships(tenant: Tenant, who: ObjectId) -> Memberships | None:
    try:
        return await tenant.directory.memberships(who)
    except Denied:
        # Unknown, not "none": every rule and guard that asks will say so.
        return None


async def _domains(tenant: Tenant) -> Domains | None:
    try:
        return await tenant.directory.domains()
    except Denied:
        return None


def _completed(
    account: Account, memberships: Memberships | None, domains: Domains | None
) -> Account:
    domain = account.upn.rpartition("@")[2].lower()
    kinds = set(account.kinds)
    if domains and domain in domains.federated and AccountKind.GUEST not in kinds:
        kinds.add(AccountKind.FEDERATED)
    if memberships and memberships.roles:
        kinds.add(AccountKind.PRIVILEGED)
    return account.model_copy(
        update={
            "kinds": frozenset(kinds),
            "groups": memberships.groups if memberships else None,
            "roles": memberships.roles if memberships else None,
        }
    )
