"""Look for ways back in that the account made elsewhere, and whether each still stands open.

At first in the evidence, where the account's changes of the directory are kept already; later in
the log itself, whose rows come late. What could not be read is unknown, and shuts nothing.
"""

from __future__ import annotations

import asyncio
from typing import Final

from pydantic import TypeAdapter

from shared.clients import audit, graph
from shared.clients.audit import DirectoryAudit
from shared.clients.consents import APPLICATION_READ_ALL
from shared.clients.credentials import Holder
from shared.clients.tenant import Tenant
from shared.errors import FirebreakError, Gone, Transient
from shared.model import Case, CaseId, Leftover, Value
from shared.needs import Needs
from shared.policy.checklist import WAYS_IN
from shared.policy.ways_in import WayIn, account_left, app_left, still_serves, ways_in
from shared.store.verbs import Store
from shared.tasks.ledger import CaseFile, Line
from shared.tasks.questions import Question
from shared.tasks.traces import sections_in

NEEDS: Final = Needs(
    what="Find accounts and secrets of applications that an account made for its intruder",
    permissions=frozenset({audit.AUDIT_LOG_READ_ALL, APPLICATION_READ_ALL, graph.USER_READ_ALL}),
)
_SECTION: Final = "directory_changes"
_CHANGES: Final = TypeAdapter(tuple[DirectoryAudit, ...])


class Elsewhere(Value):
    """What one look found: `left` is `None` where nobody could look."""

    left: tuple[Leftover, ...] | None = None
    accounts: tuple[WayIn, ...] = ()
    """Accounts that were made and are not known to be shut: proposed as cases of their own."""
    unknown: tuple[str, ...] = ()


async def look(file: CaseFile, question: Question, tenant: Tenant, store: Store) -> Elsewhere:
    """Read what the account made, and how each of it stands now.

    Raises `Transient` where the log or the directory has no answer for now.
    """
    if question is Question.WAYS_IN:
        changes, why = await _kept(file, store)
    else:
        changes, why = await _logged(file, tenant)
    if changes is None:
        return Elsewhere(unknown=(f"what the account made elsewhere: {why}",))
    ways = ways_in(changes, until=file.case.restored_at)
    parts = await asyncio.gather(*(_one(way, file.case.id, tenant) for way in ways))
    return Elsewhere(
        left=tuple(left for part in parts for left in part.left or ()),
        accounts=tuple(way for part in parts for way in part.accounts),
        unknown=tuple(why for part in parts for why in part.unknown),
    )


def with_left(case: Case, lines: list[Line]) -> Case:
    """Leave on the case what the newest look left; a look that saw nothing changes nothing."""
    looks = [line.data[WAYS_IN] for line in lines if WAYS_IN in line.data]
    if not looks:
        return case
    found = tuple(Leftover.model_validate(item) for item in looks[-1])
    others = tuple(left for left in case.left if left.way_in is None)
    return case.model_copy(update={"left": (*others, *found)})


async def _kept(file: CaseFile, store: Store) -> tuple[tuple[DirectoryAudit, ...] | None, str]:
    sections, why = await sections_in(file, store)
    section = sections.get(_SECTION, {})
    if section.get("data") is None:
        return None, why or section.get("unknown") or "it is not in the evidence"
    return _CHANGES.validate_python(section["data"]), ""


async def _logged(file: CaseFile, tenant: Tenant) -> tuple[tuple[DirectoryAudit, ...] | None, str]:
    account, since = file.case.account.object_id, file.case.compromised_since
    try:
        return await tenant.audit.changes_by(account, since=since), ""
    except Transient:
        raise
    except FirebreakError as error:
        return None, str(error)


async def _one(way: WayIn, case: CaseId, tenant: Tenant) -> Elsewhere:
    """Read how one way in stands; what is gone is shut, what cannot be read stands open."""
    try:
        return await (_account if way.is_account else _application)(way, case, tenant)
    except Gone:
        return Elsewhere()
    except Transient:
        raise
    except FirebreakError as error:
        left = account_left(way, case) if way.is_account else app_left(way, ())
        unknown = (f"how it stands now ({way.said}): {error}",)
        return Elsewhere(left=(left,), accounts=(way,) if way.is_account else (), unknown=unknown)


async def _account(way: WayIn, case: CaseId, tenant: Tenant) -> Elsewhere:
    found = await tenant.directory.account(way.oid)
    if found.enabled is False:
        return Elsewhere()
    return Elsewhere(left=(account_left(way, case),), accounts=(way,))


async def _application(way: WayIn, case: CaseId, tenant: Tenant) -> Elsewhere:
    del case
    held = await tenant.credentials.of(Holder(way.kind), way.oid)
    serving = still_serves(way, held)
    named = way.model_copy(update={"name": held.name})
    return Elsewhere(left=(app_left(named, serving),)) if serving else Elsewhere()
