"""What the MFA sweep knows while it reads people: the policies, and who is in their groups.

A part writes its facts as records, and whoever needs them reads those of the same run again, so
that a run can stop anywhere; members are streamed, never held all at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from pydantic import Field

from shared.clients.access_policies import AccessPolicy
from shared.clients.registrations import Registered
from shared.model import Json, ObjectId, Value
from shared.policy.mfa import Demand, Person, demand
from shared.sweeps.sweep import Look, Record

RULES: Final = "rules"
MEMBERS: Final = "members:"
DOUBTS: Final = "doubts:"
PRIVILEGED: Final[Mapping[str, str]] = {
    "62e90394-69f5-4237-9190-012177145e10": "Global Administrator",
    "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3": "Application Administrator",
    "c4e39bd9-1100-46d3-8c65-fb160da0071f": "Authentication Administrator",
    "b0f54661-2d74-4c50-afa3-1ec803f12efe": "Billing Administrator",
    "158c047a-c907-4556-b7ef-446551a6b5f7": "Cloud Application Administrator",
    "b1be1c3e-b65d-4f19-8427-f6fa0d97feb9": "Conditional Access Administrator",
    "29232cdf-9323-42fd-ade2-1d097af3e4de": "Exchange Administrator",
    "729827e3-9c14-49f7-bb1b-9608f156bbb8": "Helpdesk Administrator",
    "966707d0-3269-4727-9be2-8c3a10f19b9d": "Password Administrator",
    "7be44c8a-adaf-4e2a-84d6-ab2649e08a13": "Privileged Authentication Administrator",
    "e8611ab8-c189-46e8-94e1-60213ab1f814": "Privileged Role Administrator",
    "194ae4cb-b126-40b2-bd5b-6091b380977d": "Security Administrator",
    "f28a1f50-f6e7-4571-818b-6a12f2af6b6c": "SharePoint Administrator",
    "fe930be7-5e62-47db-91af-98c3a49a38b1": "User Administrator",
}
"""Roles for which Microsoft advises phishing-resistant methods.

Source: learn.microsoft.com/entra/identity/conditional-access/policy-admin-phish-resistant-mfa
"""


class Rules(Value):
    """What the tenant demands; `None` is what could not be read."""

    defaults: bool | None = None
    policies: tuple[AccessPolicy, ...] | None = None

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups that policies about second factors name, in order."""
        return _named(self.policies, "groups", "without_groups")

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles that policies name and those that give power over the tenant, in order."""
        return tuple(sorted({*_named(self.policies, "roles", "without_roles"), *PRIVILEGED}))


class Members(Value):
    """One page of who is in a group or holds a role; `None` is unknown."""

    run: str
    of: str
    ids: frozenset[ObjectId] | None = Field(default=None)


class Doubts(Value):
    """Accounts that are still to be asked one by one."""

    run: str
    people: tuple[tuple[Registered, Person], ...]


def _named(policies: tuple[AccessPolicy, ...] | None, *fields: str) -> tuple[str, ...]:
    found = {
        name
        for policy in policies or ()
        if policy.state == "enabled" and demand(policy) is not Demand.NOTHING
        for field in fields
        for name in getattr(policy, field)
    }
    return tuple(sorted(found))


async def rules_of(look: Look) -> Rules:
    """Read the rules that this run has written down; nothing is known where it wrote none."""
    body = await look.kept.one(RULES)
    if body is None or body["run"] != look.run.id:
        return Rules()
    return Rules.model_validate(body["rules"])


def rules_record(look: Look, rules: Rules) -> Record:
    """Write the rules down."""
    body: Json = {"run": look.run.id, "rules": rules.model_dump(mode="json")}
    return Record(key=RULES, body=body)


def members_record(look: Look, of: str, number: int, ids: Iterable[ObjectId] | None) -> Record:
    """Write down a page of members."""
    known = None if ids is None else frozenset(ids)
    page = Members(run=look.run.id, of=of, ids=known).model_dump(mode="json")
    if known is not None:
        page["ids"] = sorted(known)
    return Record(key=f"{MEMBERS}{of}:{number:05}", body=page)


async def people_of(look: Look, rows: Iterable[Registered], rules: Rules) -> list[Person]:
    """Say of accounts which of the named groups and roles they are in.

    A role that a group holds is held by whoever is in the group.
    """
    wanted = {row.object_id: row for row in rows}
    inside: dict[ObjectId, set[str]] = {oid: set() for oid in wanted}
    unread, through = set[str](), dict[str, set[str]]()
    roles = frozenset(rules.roles)
    async for _, body in look.kept.all(MEMBERS):
        page = Members.model_validate(body)
        if page.run != look.run.id:
            continue
        if page.ids is None:
            unread.add(page.of)
            continue
        for oid in page.ids:
            if oid in inside:
                inside[oid].add(page.of)
            elif page.of in roles:
                through.setdefault(str(oid), set()).add(page.of)
    unread |= {role for group in unread & through.keys() for role in through[group]}
    return [
        _person(row, _with_roles(inside[oid], through), roles, frozenset(unread))
        for oid, row in wanted.items()
    ]


def _with_roles(inside: set[str], through: Mapping[str, set[str]]) -> frozenset[str]:
    return frozenset(inside).union(*(through.get(group, ()) for group in inside))


def _person(
    row: Registered, inside: frozenset[str], roles: frozenset[str], unread: frozenset[str]
) -> Person:
    return Person(
        object_id=row.object_id,
        guest=row.guest,
        groups=inside - roles,
        roles=inside & roles,
        unread=unread,
    )
