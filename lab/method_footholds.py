"""What an intruder registers to come back, and what kills it.

#  foothold                    dies by                                        lag
5  registered MFA method       deleting that method                           none
6  Temporary Access Pass       deleting it, or it runs out                    none
"""

from __future__ import annotations

from datetime import datetime

from lab.access import account
from lab.footholds import Foiled, Foothold
from lab.tenant.graph_access_pass import valid_until
from lab.tenant.state import Authentication, AuthMethod
from lab.tenant.world import World


class RegisteredMethod(Foothold):
    """5: a second factor of the intruder's, which passes whatever asks for one."""

    number = 5

    def __init__(self, label: str, *, method: AuthMethod) -> None:
        super().__init__(label)
        self.method = method

    def shut(self, world: World, oid: str) -> bool:
        """Shut when that method is deleted, and by nothing else."""
        held = world.state.authentication.get(oid, Authentication())
        return all(method.id != self.method.id for method in held.methods)

    def use(self, world: World, oid: str) -> str:
        """Pass the question for a second factor, where anybody may sign in at all."""
        if not account(world, oid).enabled:
            raise Foiled("AADSTS50057: the account is disabled")
        if reason := world.sign_in_blocked(oid):
            raise Foiled(f"AADSTS53003: {reason}")
        return f"passed multifactor authentication by {self.method.kind}"


class StolenPass(RegisteredMethod):
    """6: a Temporary Access Pass that the intruder issued or saw: password and factor in one."""

    number = 6

    def died_at(self, world: World) -> datetime | None:
        """Tell when it was deleted or runs out."""
        del world
        ends = valid_until(self.method)
        return ends if self.closed_at is None else min(ends, self.closed_at)
