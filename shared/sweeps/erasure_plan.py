"""What an erasure would take: shown before anybody asks for it. Reads, never writes."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from shared.alerts import identity
from shared.errors import Refused
from shared.model import CaseId, CaseStatus, ObjectId, TenantId, Utc, Value, digest
from shared.store.verbs import Store
from shared.sweeps.case_erasure import CaseErasure
from shared.sweeps.elsewhere import Elsewhere
from shared.sweeps.person import Sought
from shared.tasks import keys
from shared.tasks.ledger import CaseFile, Clock

STAYS: Final = (
    "that there were cases: their numbers, times, kinds of alert, and which responders ran",
    "the hashes of every journal line, so that the record can still be verified",
    "who of your own people did something, as the one who did it",
    "what was sent to channels, SIEMs and alert sources before now: erase it there",
    "what Microsoft keeps of the account: erase it there",
)


_WORD: Final = re.compile(r"\w+")
_TELLING: Final = 3
"""Letters from which on a word of a name tells something."""


class PlannedCase(Value):
    """One case that would be erased."""

    id: CaseId
    opened_at: Utc
    status: CaseStatus
    alerts: int
    lines: int


class Plan(Value):
    """What would be erased of one account. Names are for display; the object id is the key."""

    sought: Sought
    names: tuple[str, ...]
    cases: tuple[PlannedCase, ...]
    alerts: int
    """Alerts of no case that name the account."""
    findings: int
    others: int
    """Other people's cases that would be looked through."""
    obstacles: tuple[str, ...]
    stays: tuple[str, ...] = STAYS
    digest: str

    def named_in(self, text: str) -> bool:
        """Whether a text names the person: their object id, or a word of a name or address."""
        locals_ = (address.partition("@")[0] for address in self.sought.addresses)
        known = " ".join((*self.names, *locals_)).lower()
        words = {word for word in _WORD.findall(known) if len(word) >= _TELLING}
        return self.sought.object_id in text.lower() or bool(
            words & set(_WORD.findall(text.lower()))
        )


class Planning:
    """Finds what is on record about one account."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        tenant: TenantId,
        erasure: CaseErasure,
        elsewhere: Elsewhere,
    ) -> None:
        self._store = store
        self._clock = clock
        self._tenant = tenant
        self._erasure = erasure
        self._elsewhere = elsewhere

    async def plan(self, user: str) -> Plan:
        """Show what would be erased. Raises `Refused` where `user` is no object id."""
        oid = identity.object_id(user)
        holders, listed = await self._listed()
        if oid is None:
            raise Refused(_which(user, holders))
        files = await self._files(case for case, owner in listed.items() if owner == oid)
        known = {name for file in files for name in await self._addresses(file)}
        mine = frozenset(name for name in known if holders.get(name, {oid}) == {oid})
        sought = Sought(object_id=oid, addresses=mine)
        obstacles = [await self._erasure.obstacle(file) for file in files]
        cases = tuple(map(_planned, files))
        loose = await self._elsewhere.loose_alerts(sought)
        return Plan(
            sought=sought,
            names=tuple(sorted({f.case.account.display_name for f in files} - {""})),
            cases=cases,
            alerts=len(loose),
            findings=len(await self._elsewhere.findings(sought)),
            others=len(listed) - len(cases),
            obstacles=tuple(filter(None, obstacles)),
            digest=digest(oid, *sorted(case.id for case in cases), *sorted(a.id for a in loose)),
        )

    async def cases_of(self, sought: Sought, known: Iterable[CaseId]) -> list[CaseFile]:
        """Load an account's cases: those that are known, and what has come since."""
        _, listed = await self._listed()
        mine = {case for case, owner in listed.items() if owner == sought.object_id}
        return await self._files(mine | set(known))

    async def _files(self, cases: Iterable[CaseId]) -> list[CaseFile]:
        found = [
            await CaseFile.load(self._store, self._clock, self._tenant, case)
            for case in sorted(cases)
        ]
        return [file for file in found if file.exists]

    async def _listed(self) -> tuple[dict[str, set[ObjectId]], dict[CaseId, ObjectId]]:
        """Read who has which address, and whose each case is, off the list of cases."""
        holders: dict[str, set[ObjectId]] = defaultdict(set)
        listed: dict[CaseId, ObjectId] = {}
        async for row in self._store.scan(keys.cases(self._tenant), prefix=keys.LISTED):
            owner = ObjectId(row.body["object_id"])
            holders[row.body["upn"].lower()].add(owner)
            listed[CaseId(row.body["id"])] = owner
        return dict(holders), listed

    async def _addresses(self, file: CaseFile) -> set[str]:
        account = file.case.account
        refs = await self._erasure.alerts.refs(file.case.alerts)
        named = [account.upn, account.mail, *(n for ref in refs for n in (ref.upn, ref.mailbox))]
        return {name.lower() for name in named if name and "@" in name}


def _planned(file: CaseFile) -> PlannedCase:
    case = file.case
    return PlannedCase(
        id=case.id,
        opened_at=case.opened_at,
        status=case.status,
        alerts=len(case.alerts),
        lines=file.last_line,
    )


def _which(user: str, holders: dict[str, set[ObjectId]]) -> str:
    said = "Name the account by its object id: addresses are given to others in time"
    known = sorted(holders.get(user.strip().lower(), ()))
    return f"{said}. On record {user} is {', '.join(known)}" if known else said
