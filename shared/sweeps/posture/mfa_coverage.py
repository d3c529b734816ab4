"""See who is really asked for a second factor, and who has one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from itertools import batched
from typing import Final

from shared.clients import graph
from shared.clients.access_policies import POLICY_READ_ALL, AccessPolicy
from shared.clients.answers import unlicensed
from shared.clients.groups import GROUP_MEMBER_WRITE_ALL
from shared.clients.licences import MOST
from shared.clients.methods import MfaState
from shared.clients.registrations import AUDIT_LOG_READ_ALL, Registered
from shared.clients.roles import ROLE_WRITE
from shared.errors import Denied, Gone
from shared.model import Json, ObjectId
from shared.policy.mfa import Asked, Person, coverage, has_factor
from shared.posture import Finding, Gap
from shared.sweeps.mfa_facts import (
    DOUBTS,
    MEMBERS,
    Doubts,
    Members,
    Rules,
    members_record,
    people_of,
    rules_of,
    rules_record,
)
from shared.sweeps.mfa_findings import KINDS, OF_ASKING, OF_PEOPLE, OF_RULES, of_person, of_rules
from shared.sweeps.parts import InParts, Part
from shared.sweeps.posture.risky_consents import DIRECTORY
from shared.sweeps.sweep import Look, Page, Record

_REPORT: Final = DIRECTORY.calls * 2 // 5
"""What one page of the report takes of the budget: five are answered in ten seconds."""
_EACH: Final = 25
"""Accounts that are asked one by one in a page."""
_SIDE_BY_SIDE: Final = 8


async def _rules(look: Look, _: Json) -> Page:
    policies, why = await _policies(look)
    try:
        defaults = await look.tenant.access_policies.security_defaults()
    except Denied as error:
        defaults, why = None, str(error)
    rules = Rules(defaults=defaults, policies=policies)
    blind = rules.policies is None and not rules.defaults
    gaps = (Gap(kinds=OF_RULES | OF_ASKING, reason=why),) if blind or defaults is None else ()
    return Page(
        findings=tuple(of_rules(rules)),
        records=(rules_record(look, rules),),
        gaps=gaps,
        calls=2,
    )


async def _policies(look: Look) -> tuple[tuple[AccessPolicy, ...] | None, str]:
    """Read the policies; without a licence for them there are none."""
    try:
        return await look.tenant.access_policies.all(), ""
    except Denied as error:
        return (() if unlicensed(error) else None), str(error)


async def _roles(look: Look, at: Json) -> Page:
    roles = (await rules_of(look)).roles
    number = int(at.get("role", 0))
    if number >= len(roles):
        return Page(calls=0)
    role = roles[number]
    try:
        holders = await look.tenant.roles.holders(ObjectId(role))
    except Denied:
        holders = None
    record = members_record(look, role, 0, holders)
    return Page(records=(record,), next={"role": number + 1} if number + 1 < len(roles) else None)


async def _groups(look: Look, at: Json) -> Page:
    """Read who is in one group; a holder of a role that is no group has nobody in it."""
    after, link, number = str(at.get("done", "")), at.get("link"), int(at.get("number", 0))
    group = str(at["group"]) if link else await _next_group(look, after)
    if group is None:
        return Page(calls=0)
    ids: tuple[ObjectId, ...] | None
    try:
        ids, more = await look.tenant.groups.everybody(ObjectId(group), link)
    except Gone:
        ids, more = (), None
    except Denied:
        ids, more = None, None
    record = members_record(look, group, number, ids)
    following = {"group": group, "link": more, "number": number + 1} if more else {"done": group}
    return Page(records=(record,), next=following)


async def _next_group(look: Look, after: str) -> str | None:
    """Find the least of the groups still to be read: those of policies, and holders of roles."""
    rules = await rules_of(look)
    least = min((group for group in rules.groups if group > after), default=None)
    for role in rules.roles:
        body = await look.kept.one(f"{MEMBERS}{role}:{0:05}")
        page = None if body is None else Members.model_validate(body)
        if page is None or page.run != look.run.id:
            continue
        later = [oid for oid in page.ids or () if oid > after]
        least = min([*later, *([least] if least else [])], default=None)
    return least


async def _people(look: Look, at: Json) -> Page:
    """Read a page of accounts, judge those of whom enough is known, and note the others."""
    rules, number = await rules_of(look), int(at.get("doubts", 0))
    listed = bool(at.get("listed"))
    try:
        rows, link = await _page(look, at.get("link"), listed=listed)
    except Denied as error:
        if listed or not unlicensed(error):
            raise
        return Page(next={"listed": True})
    findings, doubtful = list[Finding](), list[tuple[Registered, Person]]()
    for row, person in zip(rows, await people_of(look, rows, rules), strict=True):
        held = coverage(person, policies=rules.policies, defaults=rules.defaults)
        if held.asked is Asked.ALWAYS and row.methods is not None:
            findings += of_person(row, person, held, licensed=None)
        else:
            doubtful.append((row, person))
    batches = list(batched(doubtful, _EACH, strict=False))
    return Page(
        findings=tuple(findings),
        records=tuple(_noted(look, number + n, some) for n, some in enumerate(batches)),
        subjects=len(rows),
        tally={"accounts": len(rows), "guests": sum(row.guest is True for row in rows)},
        units=None if listed else _REPORT,
        next={"listed": listed, "link": link, "doubts": number + len(batches)} if link else None,
    )


async def _page(
    look: Look, link: str | None, *, listed: bool
) -> tuple[tuple[Registered, ...], str | None]:
    source = look.tenant.registrations
    return await (source.accounts(link) if listed else source.report(link))


def _noted(look: Look, number: int, some: Sequence[tuple[Registered, Person]]) -> Record:
    body = Doubts(run=look.run.id, people=tuple(some)).model_dump(mode="json")
    return Record(key=f"{DOUBTS}{number:06}", body=body)


async def _each(look: Look, at: Json) -> Page:
    """Ask about accounts one by one: per-user MFA, licences and, without the report, methods."""
    number, rules = int(at.get("number", 0)), await rules_of(look)
    body = await look.kept.one(f"{DOUBTS}{number:06}")
    noted = None if body is None else Doubts.model_validate(body)
    if noted is None or noted.run != look.run.id:
        return Page(calls=0)
    plans = await look.tenant.licences.plans([row.object_id for row, _ in noted.people])
    gate = asyncio.Semaphore(_SIDE_BY_SIDE)

    async def ask(row: Registered, person: Person) -> list[Finding]:
        async with gate:
            row, person = await _asked(look, row, person)
        held = coverage(person, policies=rules.policies, defaults=rules.defaults)
        owned = plans.get(row.object_id)
        licensed = None if owned is None else bool(owned)
        return list(of_person(row, person, held, licensed=licensed))

    found = await asyncio.gather(*(ask(row, person) for row, person in noted.people))
    # Where the rules could not be read, the gap says so once, and not each account again.
    blind = rules.policies is None and not rules.defaults
    shown = (f for some in found for f in some if not (blind and f.kind in OF_ASKING))
    calls = -(-len(noted.people) // MOST) + 2 * len(noted.people)
    return Page(findings=tuple(shown), calls=calls, next={"number": number + 1})


async def _asked(look: Look, row: Registered, person: Person) -> tuple[Registered, Person]:
    methods = look.tenant.methods
    try:
        state = await methods.per_user_mfa(row.object_id)
    except (Denied, Gone):
        state = MfaState.UNKNOWN
    if row.methods is None:
        try:
            kinds = frozenset([method.kind for method in await methods.all(row.object_id)])
            row = row.model_copy(update={"methods": kinds, "factor": has_factor(kinds)})
        except (Denied, Gone):
            pass
    return row, person.model_copy(update={"per_user": state})


class MfaCoverage(InParts):
    """See who is really asked for a second factor, and who has one.

    Security defaults and Conditional Access policies are resolved for each account that may sign
    in: included, excluded, by nested groups, roles and kinds of guest. Methods come from the
    registration report where the licence has it, else account by account. Roles that somebody may
    only activate are seen by the report alone.
    """

    every = timedelta(days=1)
    budget = DIRECTORY
    calls_per_page = _REPORT
    kinds = KINDS
    permissions = frozenset(
        {
            AUDIT_LOG_READ_ALL,
            POLICY_READ_ALL,
            graph.USER_READ_ALL,
        }
    )
    borrows = frozenset({GROUP_MEMBER_WRITE_ALL, ROLE_WRITE, graph.AUTHENTICATION_METHOD_WRITE_ALL})
    parts = (
        Part("rules", OF_RULES | OF_ASKING, _rules),
        Part("roles", OF_PEOPLE, _roles),
        Part("groups", OF_PEOPLE, _groups),
        Part("people", OF_PEOPLE, _people),
        Part("each", OF_PEOPLE, _each),
    )
