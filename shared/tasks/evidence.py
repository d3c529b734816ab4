"""Evidence before action: what the account looked like before its footholds are removed.

Each section is read on its own and kept as typed JSON; one that could not be read is kept as
unknown, with the reason, and never as empty. The whole is one blob under the name of its hash, and
the journal carries that hash, so that nobody can swap it later. Message bodies and subjects are not
read.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from pydantic import TypeAdapter

from shared.clients import audit, exchange, graph
from shared.clients.tenant import Tenant
from shared.errors import FirebreakError
from shared.model import Case, CaseId, Event, Utc, Value
from shared.store.verbs import Store
from shared.tasks.ledger import Line

PERMISSIONS: Final = frozenset(
    {
        audit.AUDIT_LOG_READ_ALL,
        exchange.MANAGE_AS_APP,
        graph.MAILBOX_SETTINGS_READ,
        graph.USER_READ_ALL,
    }
)
"""What reading all sections takes; a missing one makes its sections unknown and stops nothing."""
PATIENCE: Final = 10.0
"""Seconds for all sections together: evidence must not keep the intruder in."""

type Reader = Callable[[Case, Tenant], Awaitable[Any]]

_ANYTHING: Final = TypeAdapter(Any)


class Section(Value):
    """One part of the evidence: `data` where it could be read, `unknown` says why it could not."""

    data: Any = None
    unknown: str = ""


class Evidence(Value):
    """What was read of an account at one moment."""

    case: CaseId
    at: Utc
    since: Utc
    """The logs' sections begin here: when the compromise began, as far as was known."""
    sections: dict[str, Section]

    @property
    def bytes(self) -> bytes:
        """The evidence as it is kept."""
        said = self.model_dump(mode="json")
        return json.dumps(said, sort_keys=True, separators=(",", ":")).encode()


async def _account(case: Case, tenant: Tenant) -> Any:
    return await tenant.directory.account(case.account.object_id)


async def _memberships(case: Case, tenant: Tenant) -> Any:
    return await tenant.directory.memberships(case.account.object_id)


async def _visible_rules(case: Case, tenant: Tenant) -> Any:
    return await tenant.inbox.all(case.account.object_id)


async def _all_rules(case: Case, tenant: Tenant) -> Any:
    return await tenant.exchange.rules(case.account.who)


async def _forwarding(case: Case, tenant: Tenant) -> Any:
    return await tenant.exchange.forwarding(case.account.who)


async def _sign_ins(case: Case, tenant: Tenant) -> Any:
    return await tenant.audit.sign_ins(case.account.object_id, since=case.compromised_since)


async def _directory_changes(case: Case, tenant: Tenant) -> Any:
    return await tenant.audit.changes_by(case.account.object_id, since=case.compromised_since)


READERS: Final[Mapping[str, Reader]] = MappingProxyType(
    {
        "account": _account,
        "memberships": _memberships,
        "visible_inbox_rules": _visible_rules,
        "all_inbox_rules": _all_rules,
        "forwarding": _forwarding,
        "sign_ins": _sign_ins,
        "directory_changes": _directory_changes,
    }
)


async def collect(case: Case, tenant: Tenant, *, at: datetime) -> Evidence:
    """Read all sections side by side; never raises for what could not be read."""
    running = {
        name: asyncio.ensure_future(_section(reader(case, tenant)))
        for name, reader in READERS.items()
    }
    await asyncio.wait(running.values(), timeout=PATIENCE)
    sections = {name: _ended(task) for name, task in running.items()}
    return Evidence(case=case.id, at=at, since=case.compromised_since, sections=sections)


async def keep(evidence: Evidence, store: Store, *, tenant: str) -> Line:
    """Keep the evidence, and give the journal line that vouches for it."""
    data = evidence.bytes
    sha256 = hashlib.sha256(data).hexdigest()
    name = f"evidence/{tenant}/{evidence.case}/{sha256}"
    await store.keep(name, data)
    unknown = {n: s.unknown for n, s in evidence.sections.items() if s.unknown}
    known = len(evidence.sections) - len(unknown)
    said = f"Evidence kept: {known} of {len(evidence.sections)} sections could be read"
    facts = {"kept": name, "sha256": sha256, "unknown": unknown}
    return Line(event=Event.EVIDENCE, text=said, data=facts)


async def _section(reading: Awaitable[Any]) -> Section:
    try:
        return Section(data=_ANYTHING.dump_python(await reading, mode="json"))
    except FirebreakError as error:
        return Section(unknown=str(error))


def _ended(task: asyncio.Task[Section]) -> Section:
    if not task.done():
        task.cancel()
        return Section(unknown=f"no answer within {PATIENCE:.0f} s")
    return task.result()
