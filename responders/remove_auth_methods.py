"""Remove the authentication methods that were registered since the compromise."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime

from shared.clients import graph
from shared.clients.method_kinds import PREFERENCES
from shared.clients.methods import AuthMethod
from shared.clients.tenant import Tenant
from shared.errors import Defect, Denied, FirebreakError, Gone, Refused
from shared.model import AccountKind, Case, Difference, Foothold, ObjectId, Phase, Value, number_of
from shared.responder import Change, Impact, Responder

_HOME = (
    "Ask the guest's home organisation to look through the methods registered there",
    "Ask it to remove those that the guest does not know",
)


class NewDefault(Value):
    """The default second factor as it was and as it becomes, in Graph's words."""

    was: str
    becomes: str


class AuthMethodsRemoved(Change):
    """The list of what is removed, in that order, and of what a person has to judge.

    The removed cannot be put back: this list is all that remains of them.
    """

    choices = "removed"
    removed: tuple[AuthMethod, ...]
    default: NewDefault | None
    left: tuple[AuthMethod, ...]

    def summary(self) -> str:
        """Say what will be done."""
        methods = number_of(len(self.removed), "authentication method")
        return f"Remove {methods} of the intruder's"

    def differences(self) -> tuple[Difference, ...]:
        """List what goes, what becomes the default, and what is left to a person."""
        gone = [Difference(what=m.label, was=_age(m), becomes="removed") for m in self.removed]
        left = [Difference(what=m.label, was=_age(m), becomes="left") for m in self.left]
        if self.default is None:
            return (*gone, *left)
        changed = Difference(
            what="Default second factor", was=self.default.was, becomes=self.default.becomes
        )
        return (*gone, changed, *left)

    def footholds(self) -> tuple[Foothold, ...]:
        """Name each method and why it is the intruder's."""
        return tuple(
            Foothold(
                kind="auth_method",
                label=method.label,
                reasons=(f"{_age(method)}, after the account was broken into",),
            )
            for method in self.removed
        )


class RemoveAuthMethods(Responder[AuthMethodsRemoved]):
    """Remove the authentication methods that were registered since the compromise.

    A method survives every reset and revocation, and resets the password again. The owner's older
    ones stay. Methods of unknown age or kind are reported, never removed on suspicion. The default
    goes last, after another has become it: Graph keeps it while there are others. Cannot be undone.
    """

    phase = Phase.EVICT
    impact = Impact.NONE
    dated = True
    techniques = frozenset({"T1556.006", "T1098.005"})
    permissions = frozenset({graph.AUTHENTICATION_METHOD_WRITE_ALL})

    async def plan(self, case: Case, tenant: Tenant) -> AuthMethodsRemoved | None:
        """Read all methods and tell by their age whose they are."""
        who = case.account.who
        methods, default = await asyncio.gather(
            tenant.methods.all(who.object_id), _default(who.object_id, tenant)
        )
        judged = [method for method in methods if not case.owners(method.created_at)]
        # Graph shows whole seconds.
        since = case.compromised_since.replace(microsecond=0)
        new = [m for m in judged if m.created_at is not None and m.created_at >= since]
        gone = [method for method in new if method.removable]
        left = [method for method in judged if _doubtful(method, since) and method not in gone]
        if not gone:
            _hand_over(case, left)
            return None
        stay = [method for method in methods if method not in gone]
        return AuthMethodsRemoved(
            who=who,
            removed=tuple(sorted(gone, key=lambda method: _keeps(method, default))),
            default=_new_default(default, gone, stay),
            left=tuple(left),
        )

    async def apply(self, change: AuthMethodsRemoved, tenant: Tenant) -> None:
        """Remove one after the other; one that will not go does not save the next.

        Those that are gone already are fine. The first refusal is raised when all were tried.
        """
        failed: list[FirebreakError] = []
        for method in change.removed:
            try:
                await _remove(change, method, tenant)
            except (Refused, Denied, Defect) as error:
                failed.append(error)
        if failed:
            raise failed[0]


async def _remove(change: AuthMethodsRemoved, method: AuthMethod, tenant: Tenant) -> None:
    oid = change.who.object_id
    if change.default is not None and change.default.was in method.preferences:
        await tenant.methods.set_default(oid, change.default.becomes)
    try:
        await tenant.methods.remove(oid, method)
    except Gone:
        return


async def _default(oid: ObjectId, tenant: Tenant) -> str | None:
    """Read the default factor. Where beta cannot tell, the plan does without."""
    try:
        return await tenant.methods.default(oid)
    except (Defect, Gone):
        return None


def _doubtful(method: AuthMethod, since: datetime) -> bool:
    return method.created_at is None or method.created_at >= since


def _keeps(method: AuthMethod, default: str | None) -> bool:
    """Whether it may be the default and so goes last."""
    return default in method.preferences if default else bool(method.preferences)


def _new_default(
    default: str | None, gone: Iterable[AuthMethod], stay: Iterable[AuthMethod]
) -> NewDefault | None:
    """Choose the owner's strongest factor, where the default is among what goes.

    A method of unknown age is chosen only where there is no other.
    """
    taken = {factor for method in gone for factor in method.preferences}
    known = {factor for method in stay if method.created_at for factor in method.preferences}
    unsure = {factor for method in stay for factor in method.preferences}
    if default is None or default not in taken or default in unsure:
        return None
    for choice in (known, unsure):
        for factor in PREFERENCES:
            if factor in choice:
                return NewDefault(was=default, becomes=factor)
    return None


def _hand_over(case: Case, left: Iterable[AuthMethod]) -> None:
    """Ask a person about what cannot be told from here."""
    steps = [_step(method) for method in left]
    reason = f"{number_of(len(steps), 'authentication method')} may be the intruder's"
    if AccountKind.GUEST in case.account.kinds:
        steps += _HOME
        reason = "A guest's own methods are registered in the home tenant, out of our sight"
    if steps:
        raise Refused(reason, steps=tuple(steps))


def _step(method: AuthMethod) -> str:
    if method.created_at is None:
        return (
            f"Ask the owner, not by e-mail, whether this is theirs: {method.label}; if not, delete "
            "it in the Entra admin center under the account's authentication methods"
        )
    return (
        f"Delete in the Entra admin center what was {_age(method)} and has no known way to be "
        f"removed: {method.label}"
    )


def _age(method: AuthMethod) -> str:
    if method.created_at is None:
        return "registered at an unknown time"
    return f"registered {method.created_at:%Y-%m-%d %H:%M:%S} UTC"
