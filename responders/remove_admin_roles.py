"""Take directory roles away from the account: held, eligible, and through groups."""

from __future__ import annotations

from contextlib import suppress

from shared.clients import audit, graph, groups, roles
from shared.clients.answers import unlicensed
from shared.clients.held_roles import HeldRole, Holding
from shared.clients.roles import GLOBAL_ADMINISTRATOR
from shared.clients.tenant import Tenant
from shared.errors import Denied, Gone, Refused
from shared.model import Case, Difference, Foothold, Phase, Utc, Value, Who
from shared.responder import Change, Impact, Responder

_GIVEN = frozenset(
    {
        "Add member to role",
        "Add member to role completed (PIM activation)",
        "Add eligible member to role",
        "Add member to group",
    }
)
"""What the audit log calls the giving of a role, or of a membership."""


class JudgedRole(Value):
    """A role, and since when it is held as far as anybody knows."""

    role: HeldRole
    reason: str

    @property
    def label(self) -> str:
        """Name it for a person."""
        role = self.role
        if role.holding is Holding.GROUP:
            return f"membership of “{role.name}”, a group that can hold roles"
        where = "" if role.scope == "/" else f" at {role.scope}"
        how = "eligible for" if role.holding is Holding.ELIGIBLE else "role"
        return f"{how} {role.name}{where}"


class AdminRolesRemoved(Change):
    """The roles with their terms as found."""

    choices = "roles"
    roles: tuple[JudgedRole, ...]

    def summary(self) -> str:
        """Say what will be done."""
        return f"Take away: {', '.join(judged.label for judged in self.roles)}"

    def differences(self) -> tuple[Difference, ...]:
        """List the roles, since when each is held and what an undo will not give back."""
        return tuple(
            Difference(
                what=judged.label,
                was=judged.reason,
                becomes="removed; its holder can activate it again after an undo"
                if judged.role.activated
                else "removed",
            )
            for judged in self.roles
        )

    def footholds(self) -> tuple[Foothold, ...]:
        """Name each role: with one, an intruder gives themselves all the rest back."""
        return tuple(
            Foothold(kind="admin_role", label=judged.label, reasons=(judged.reason,))
            for judged in self.roles
        )


class RemoveAdminRoles(Responder[AdminRolesRemoved]):
    """Take directory roles away from the account: held, eligible, and through groups.

    Roles known to be older than the compromise stay. Where nobody knows since when a role is held,
    it is in the plan: meant to be released by a person. The organisation's last Global
    Administrator is never removed. Terms are recorded, and given back as they were by an undo.
    """

    phase = Phase.EVICT
    impact = Impact.NONE
    dated = True
    techniques = frozenset({"T1098.003", "T1078.004"})
    permissions = frozenset(
        {
            graph.USER_READ_ALL,
            roles.ROLE_WRITE,
            groups.GROUP_MEMBER_WRITE_ALL,
            audit.AUDIT_LOG_READ_ALL,
        }
    )

    async def plan(self, case: Case, tenant: Tenant) -> AdminRolesRemoved | None:
        """Read what is held and since when; leave what is older and who is the last."""
        who = case.account.who
        held = await tenant.roles.of(who.object_id)
        if not held:
            return None
        given = await _given_since(case, tenant)
        judged = [
            JudgedRole(role=role, reason=_since(role, given.get(str(role.object_id))))
            for role in held
            if not _older(role, case.compromised_since)
            and not case.owners(role.start or given.get(str(role.object_id)))
        ]
        last = [j for j in judged if await _is_last(j.role, who, tenant)]
        ours = tuple(j for j in judged if j not in last)
        if ours:
            return AdminRolesRemoved(who=who, roles=ours)
        _hand_over(last)
        return None

    async def apply(self, change: AdminRolesRemoved, tenant: Tenant) -> None:
        """Take them away, eligibility first: what is still eligible is active again in seconds."""
        for judged in sorted(change.roles, key=lambda j: j.role.holding is not Holding.ELIGIBLE):
            with suppress(Gone):
                await _remove(change.who, judged.role, tenant)

    async def undo(self, change: AdminRolesRemoved, tenant: Tenant) -> None:
        """Give back what was taken, with its term; what was given anew since stays as it is."""
        now = {role.key for role in await tenant.roles.of(change.who.object_id)}
        for judged in change.roles:
            # An activation is the holder's own act: given back as an assignment it would last.
            if judged.role.key not in now and not judged.role.activated:
                await _give(change.who, judged.role, tenant)


async def _given_since(case: Case, tenant: Tenant) -> dict[str, Utc]:
    """Find when roles and memberships were given since the compromise; silence proves nothing.

    Source: the directory's audit log, where the tenant has a licence for it.
    """
    try:
        changes = await tenant.audit.changes_to(
            case.account.object_id, since=case.compromised_since
        )
    except Denied as error:
        if unlicensed(error):
            return {}
        raise
    found: dict[str, Utc] = {}
    for change in sorted(changes, key=lambda change: change.at, reverse=True):
        if change.activity in _GIVEN and change.result != "failure":
            found |= {str(target.id): change.at for target in change.targets}
    return found


def _older(role: HeldRole, since: Utc) -> bool:
    return role.start is not None and role.start < since


def _since(role: HeldRole, given_at: Utc | None) -> str:
    at = role.start or given_at
    if at is None:
        return "held, nobody knows since when"
    return f"held since {at:%Y-%m-%d %H:%M} UTC, after the compromise began"


async def _is_last(role: HeldRole, who: Who, tenant: Tenant) -> bool:
    if (role.holding, role.target, role.scope) != (Holding.ACTIVE, GLOBAL_ADMINISTRATOR, "/"):
        return False
    return await tenant.roles.others_holding(role.target, but=who.object_id) == 0


async def _remove(who: Who, role: HeldRole, tenant: Tenant) -> None:
    if role.holding is Holding.GROUP:
        await tenant.groups.remove(role.target, who.object_id)
    else:
        await tenant.roles.remove(who.object_id, role)


async def _give(who: Who, role: HeldRole, tenant: Tenant) -> None:
    if role.holding is Holding.GROUP:
        await tenant.groups.add(role.target, who.object_id)
    else:
        await tenant.roles.give(who.object_id, role)


def _hand_over(last: list[JudgedRole]) -> None:
    if last:
        raise Refused(
            "This account is the organisation's only Global Administrator; without it nobody "
            "could administer the tenant",
            steps=(
                "Sign in with a break-glass account, or ask Microsoft to recover access",
                "Make another trusted account Global Administrator, then run this step again",
            ),
        )
