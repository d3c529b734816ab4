"""A Temporary Access Pass for the owner: made for one person, shown once, kept nowhere.

That one is asked for stands in the journal before it is made, and how long it is good after. The
pass itself goes from Graph's answer to the person who asked, and nowhere else.
"""

from __future__ import annotations

from typing import Final

from pydantic import SecretStr

from shared.clients.graph import TEMPORARY_PASS_WRITE_ALL
from shared.clients.tenant import Tenant
from shared.errors import FirebreakError, Refused, Transient
from shared.model import AccountKind, Actor, Case, CaseId, Event, TenantId, Utc, Value, number_of
from shared.needs import Needs
from shared.tasks.ledger import CaseFile, Line, Superseded
from shared.tasks.party import refuse_own
from shared.tasks.restore import Restore

NEEDS: Final = Needs(
    what="Make a Temporary Access Pass for an owner who is back",
    permissions=frozenset({TEMPORARY_PASS_WRITE_ALL}),
)
MINUTES: Final = 60
"""How long a pass is good where nobody says otherwise."""
_SHORTEST: Final = 10
_LONGEST: Final = 480
"""Minutes: Graph takes from 10 to 30 days, the shipped policy of tenants up to eight hours."""
_BY_HAND: Final = "Hand the pass over in person or by telephone, never by e-mail"
_ON_PREMISES: Final = (
    "The pass only lets the owner register new methods: the password of this account is set in "
    "Active Directory on premises; reset it there and tell it in person"
)
_PROVIDER: Final = (
    "The password of this account belongs to the identity provider of its domain: have it reset "
    "there as well"
)


class Issued(Value):
    """A pass as it is shown, once, with what the one who hands it over has to know."""

    value: SecretStr
    whose: str
    valid_until: Utc
    notes: tuple[str, ...]


class AccessPasses:
    """Makes passes for owners who were let back in."""

    def __init__(self, restore: Restore, tenant: Tenant) -> None:
        self._restore = restore
        self._tenant = tenant

    async def issue(
        self, tenant: TenantId, case: CaseId, *, by: Actor, minutes: int = MINUTES
    ) -> Issued:
        """Make a pass and give it to whoever asked.

        Raises `Refused` for a guest, for an owner who is not back yet, and where the tenant's
        policy allows none. An answer that was lost means a pass that nobody knows: ask again, and
        the new one replaces it.
        """
        file = await self._restore.load(tenant, case)
        refuse_own(file.case, by)
        _allowed(file.case, minutes)
        said = f"Asked for a Temporary Access Pass, good for {number_of(minutes, 'minute')}"
        await file.record(
            Line(event=Event.PASS_ASKED, text=said, actor=by.name, data={"by": by.model_dump()})
        )
        try:
            made = await self._tenant.methods.issue_pass(
                file.case.account.object_id, minutes=minutes
            )
        except FirebreakError as error:
            await self._note(file, _failed(error, by))
            raise
        said = f"A Temporary Access Pass was issued, good until {made.valid_until:%H:%M} UTC"
        data = {"minutes": minutes, "valid_until": made.valid_until.isoformat(), "by": by.id}
        await self._note(file, Line(event=Event.PASS_ISSUED, text=said, actor=by.name, data=data))
        return Issued(
            value=made.value,
            whose=file.case.account.display_name or file.case.account.upn,
            valid_until=made.valid_until,
            notes=_notes(file.case),
        )

    async def _note(self, file: CaseFile, line: Line) -> None:
        """Write down what has happened already, whoever else writes to the case meanwhile."""
        while True:
            try:
                await file.record(line)
            except Superseded:
                file = await self._restore.load(file.case.tenant, file.id)
            else:
                return


def _failed(error: FirebreakError, by: Actor) -> Line:
    maybe = isinstance(error, Transient) and error.may_have_happened
    said = f"No Temporary Access Pass was shown to anybody: {error}"
    if maybe:
        said += "; one may have been made that nobody knows, and the next one replaces it"
    return Line(event=Event.FAILED, text=said, actor=by.name)


def _allowed(case: Case, minutes: int) -> None:
    if AccountKind.GUEST in case.account.kinds:
        raise Refused(
            "A guest signs in at the home tenant, which takes no pass of ours: ask the guest's "
            "home organisation to reset the account and its methods"
        )
    if case.restored_at is None:
        raise Refused("Let the owner back in first: a pass does not open a door that is shut")
    if not _SHORTEST <= minutes <= _LONGEST:
        raise Refused(f"A pass is good for {_SHORTEST} to {_LONGEST} minutes, not for {minutes}")


def _notes(case: Case) -> tuple[str, ...]:
    kinds = case.account.kinds
    notes = [_BY_HAND]
    notes += [_ON_PREMISES] if AccountKind.SYNCED in kinds else []
    notes += [_PROVIDER] if AccountKind.FEDERATED in kinds else []
    return tuple(notes)
