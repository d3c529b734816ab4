"""The intruder's traits in a case: its evidence, its alerts, and what the owner used before."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Final

from shared.clients import audit, graph
from shared.clients.tenant import Tenant
from shared.errors import FirebreakError, Transient
from shared.model import Alert, Event, Json
from shared.needs import Needs
from shared.policy.intruder_traits import Traits, traits
from shared.store.verbs import Store
from shared.tasks import keys
from shared.tasks.ledger import CaseFile
from shared.tasks.sealed import open_one

NEEDS: Final = Needs(
    what="Tell the intruder's addresses from the owner's",
    permissions=frozenset({audit.AUDIT_LOG_READ_ALL, graph.DOMAIN_READ_ALL}),
)
BEFORE: Final = timedelta(days=7)
"""How far back the account's own sign-ins are looked through."""
_HABIT: Final = timedelta(days=1)
"""An address used so long before the compromise is the owner's."""
_ALERTS: Final = 100
"""Alerts of one case that are read for the addresses they name."""
_NOT_THE_OWNERS = "addresses: the account's earlier sign-ins could not be read"


async def intruders_traits(file: CaseFile, tenant: Tenant, store: Store) -> Traits:
    """Read what tells the intruder of this case, without what the owner used before it came."""
    found, owners = await asyncio.gather(traits_in(file, tenant, store), _owners(file, tenant))
    if owners is None:
        unknown = (*found.unknown, _NOT_THE_OWNERS)
        return found.model_copy(update={"addresses": frozenset(), "unknown": unknown})
    return found.model_copy(update={"addresses": found.addresses - owners})


async def traits_in(
    file: CaseFile, tenant: Tenant, store: Store, *, alerts: int = _ALERTS
) -> Traits:
    """Read all traits that a case's evidence shows, the owner's addresses among them.

    Of a case with more than so many `alerts` the first of them and the last are read.
    """
    sections, why_not = await sections_in(file, store)
    if why_not:
        return Traits(unknown=(why_not,))
    domains = await tenant.directory.domains()
    found = traits(sections, own_domains=domains.verified)
    named = await _named(file, store, alerts)
    left = len(file.case.alerts) - alerts
    unknown = (f"addresses: {left} of the case's alerts were not read",) if left > 0 else ()
    return found.model_copy(
        update={"addresses": found.addresses | named, "unknown": (*found.unknown, *unknown)}
    )


async def sections_in(file: CaseFile, store: Store) -> tuple[Json, str]:
    """Open all evidence of a case by its sections, or say why that cannot be."""
    vouched = file.journal.broken_at() is None
    lines = [e for e in file.journal.entries if e.event is Event.EVIDENCE and "sha256" in e.data]
    sections: Json = {}
    for kept in [await open_one(entry, store, vouched=vouched) for entry in lines]:
        if kept.content is None:
            return {}, f"the evidence of case {file.case.id} is {kept.seal}"
        sections |= kept.content["sections"]
    return sections, ""


async def _owners(file: CaseFile, tenant: Tenant) -> frozenset[str] | None:
    since = file.case.compromised_since
    oid = file.case.account.object_id
    try:
        earlier = await tenant.audit.sign_ins(oid, since=since - BEFORE)
    except Transient:
        raise
    except FirebreakError:
        return None
    return frozenset(e.ip for e in earlier if e.ip and e.at < since - _HABIT)


async def _named(file: CaseFile, store: Store, most: int) -> frozenset[str]:
    """Read the addresses that the case's alerts name."""
    inbox, every, half = keys.inbox(file.case.tenant), file.case.alerts, most // 2
    some = every if len(every) <= most else (*every[:half], *every[-half:])
    rows = await asyncio.gather(*(store.read(inbox, keys.alert_row(one)) for one in some))
    alerts = [Alert.model_validate(row.body) for row in rows if row]
    named = (alert.evidence.get("ip", "").split(",") for alert in alerts)
    return frozenset(ip.strip() for ips in named for ip in ips if ip.strip())
