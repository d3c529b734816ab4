"""Where else the same intruder is: proposed for a person to judge, and never acted on.

| trait             | where it is looked for                                                     |
|-------------------|----------------------------------------------------------------------------|
| IP address        | the sign-in log, one request for each address                              |
| app consent       | the grants of the app, one request for each app                            |
| forwarding target | the kept evidence of other cases; changes in the unified audit log         |
| rule shape        | the same                                                                   |
| made by it        | what the account changed in the directory (`ways_in`)                      |

Nobody's mailbox is read for it: that would be a request for each person of the organisation. What
many accounts have in common is not an intruder's, and is said instead of listed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from typing import Final

from shared.clients import audit, consents, graph
from shared.clients.audit_search import AUDIT_SEARCH_READ_ALL, AuditRecord
from shared.clients.tenant import Tenant
from shared.errors import FirebreakError, Gone, Transient
from shared.model import AccountRef, CaseId, Event, ObjectId, Upn, Value, number_of
from shared.needs import Needs
from shared.pages.findings import Linked
from shared.policy.checklist import WAYS_IN
from shared.policy.intruder_traits import CHANGES, Traits, in_record, knew_password
from shared.store.verbs import Store
from shared.tasks import keys, ways_in
from shared.tasks.ledger import CaseFile, Clock, Line
from shared.tasks.questions import Question
from shared.tasks.traces import BEFORE, intruders_traits, traits_in

NEEDS: Final = Needs(
    what="Look for other accounts of the same intruder",
    permissions=frozenset(
        {
            AUDIT_SEARCH_READ_ALL,
            audit.AUDIT_LOG_READ_ALL,
            consents.APPLICATION_READ_ALL,
            graph.USER_READ_ALL,
        }
    ),
    borrows=frozenset({consents.GRANT_WRITE_ALL}),
)
MANY: Final = 10
"""Accounts with one trait in common from which on it is not taken for an intruder's."""
_ADDRESSES: Final = 3
_APPS: Final = 5
_CASES: Final = 50
_ALERTS: Final = 10
"""Alerts of another case whose addresses are compared: its first ones and its last."""
_MOST: Final = 20_000
_SIGN_INS: Final = 1_000


class Found(Value):
    """One account with a trait of the intruder, as one source names it."""

    ref: AccountRef
    reason: str
    case: CaseId | None = None


class Seen(Value):
    """What one source knows; `unknown` says where it could not look."""

    found: tuple[Found, ...] = ()
    unknown: tuple[str, ...] = ()


class Looking:
    """One look from one case at the rest of the tenant."""

    def __init__(self, file: CaseFile, tenant: Tenant, store: Store, clock: Clock) -> None:
        self._file = file
        self._case = file.case
        self._tenant = tenant.remembering()
        self._store = store
        self._clock = clock

    async def traces(self) -> Line:
        """Look in the sign-in log, the consents and the other cases."""
        ours = await intruders_traits(self._file, self._tenant, self._store)
        seen = await asyncio.gather(
            *(self._sign_ins(ip) for ip in sorted(ours.addresses)[:_ADDRESSES]),
            *(self._consents(app) for app in sorted(ours.apps)[:_APPS]),
            self._other_cases(ours),
        )
        cut = [
            f"{len(of)} {what}, of which {most} were looked for"
            for of, most, what in (
                (ours.addresses, _ADDRESSES, "addresses"),
                (ours.apps, _APPS, "apps"),
            )
            if len(of) > most
        ]
        return await self._line(Question.RIPPLE, seen, (*ours.unknown, *cut))

    async def rules(self, question: Question) -> Line:
        """Look in the audit log for rules and forwarding like the intruder's.

        Raises `Transient` until Microsoft has finished the search.
        """
        ours = await intruders_traits(self._file, self._tenant, self._store)
        if not (ours.targets or ours.shapes):
            return await self._line(question, (), ours.unknown)
        records = await self._tenant.searches.collect(
            f"firebreak {self._case.id} {question}",
            who=None,
            operations=CHANGES,
            since=self._case.compromised_since - BEFORE,
            most=_MOST,
        )
        found = [
            Found(ref=AccountRef(upn=Upn(upn)), reason=reason)
            for record in records
            if (upn := _whose(record))
            for reason in in_record(record, ours)
        ]
        cut = () if len(records) < _MOST else ("the audit log has more rows than were read",)
        return await self._line(question, [Seen(found=tuple(found), unknown=cut)], ours.unknown)

    async def ways_in(self, question: Question) -> Line:
        """Look for accounts and secrets of applications that this account made elsewhere.

        Raises `Transient` where the log or the directory has no answer for now.
        """
        made = await ways_in.look(self._file, question, self._tenant, self._store)
        found = tuple(
            Found(
                ref=AccountRef(object_id=way.oid),
                reason=f"was made by the account of this case ({way.at:%Y-%m-%d %H:%M} UTC)",
            )
            for way in made.accounts
        )
        line = await self._line(question, [Seen(found=found)], made.unknown)
        if made.left is None:
            return line
        left = [one.model_dump(mode="json") for one in made.left]
        said = f"Looked for ways in made elsewhere ({question}): {len(left)} stand open"
        data = {**line.data, WAYS_IN: left}
        return line.model_copy(update={"text": said, "data": data})

    async def _sign_ins(self, address: str) -> Seen:
        since = self._case.compromised_since - BEFORE
        reading = self._tenant.audit.sign_ins_from(address, since=since, most=_SIGN_INS)
        seen = await _read(reading, f"who signed in from {address}")
        if isinstance(seen, Seen):
            return seen
        users = {e.user: e for e in reversed(seen) if knew_password(e)}
        users.pop(self._case.account.object_id, None)
        if len(users) > MANY or len(seen) == _SIGN_INS:
            return _many(f"{len(users)} accounts signed in from {address}")
        return Seen(
            found=tuple(
                Found(
                    ref=AccountRef(object_id=user, upn=entry.upn),
                    reason=f"signed in from {address} as well ({entry.at:%Y-%m-%d %H:%M} UTC)"
                    if entry.status == 0
                    else f"its password was used from {address} as well; Entra's code is "
                    f"{'unknown' if entry.status is None else entry.status}",
                )
                for user, entry in sorted(users.items())
            )
        )

    async def _consents(self, app: ObjectId) -> Seen:
        grants = await _read(self._tenant.consents.to_app(app), f"who consented to the app {app}")
        if isinstance(grants, Seen):
            return grants
        if any(grant.consent_type == "AllPrincipals" for grant in grants):
            return Seen(unknown=(f"the app {app} may act in everybody's name: look at it by hand",))
        holders = {grant.principal for grant in grants if grant.principal}
        holders -= {self._case.account.object_id}
        if len(holders) > MANY:
            return _many(f"{len(holders)} accounts consented to the app {app}")
        name = (await self._tenant.consents.app(app)).name if holders else app
        reason = f"consented to the app “{name}” as well"
        return Seen(
            found=tuple(
                Found(ref=AccountRef(object_id=oid), reason=reason) for oid in sorted(holders)
            )
        )

    async def _other_cases(self, ours: Traits) -> Seen:
        """Compare with the evidence of the newest cases that are about other accounts."""
        found: list[Found] = []
        for case in await self._newest():
            file = await CaseFile.load(self._store, self._clock, self._case.tenant, case)
            kept = any(e.event is Event.EVIDENCE for e in file.journal.entries)
            if not kept or file.case.erased_at is not None:
                continue
            account = file.case.account
            ref = AccountRef(object_id=account.object_id, upn=account.upn)
            theirs = await traits_in(file, self._tenant, self._store, alerts=_ALERTS)
            for reason in ours.shared_with(theirs):
                found.append(Found(ref=ref, reason=reason, case=case))  # noqa: PERF401
        return Seen(found=tuple(found))

    async def _newest(self) -> list[CaseId]:
        found: list[CaseId] = []
        at = keys.cases(self._case.tenant)
        async for row in self._store.scan(at, prefix=keys.LISTED):
            if len(found) == _CASES:
                break
            if row.body.get("object_id") != self._case.account.object_id:
                found.append(CaseId(row.body["id"]))
        return found

    async def _line(
        self, question: Question, seen: Iterable[Seen], unknown: tuple[str, ...]
    ) -> Line:
        seen = tuple(seen)
        missing = [*unknown, *(why for one in seen for why in one.unknown)]
        linked: dict[ObjectId, Linked] = {}
        for one in (found for part in seen for found in part.found):
            try:
                account = await self._tenant.directory.find(one.ref)
            except Gone:
                missing.append(f"whose account {one.ref.best} is, which {one.reason}")
                continue
            if account.object_id == self._case.account.object_id:
                continue
            known = linked.get(account.object_id)
            reasons = (*(known.reasons if known else ()), one.reason)
            linked[account.object_id] = Linked(
                object_id=account.object_id,
                upn=account.upn,
                reasons=tuple(dict.fromkeys(reasons)),
                of=self._case.id,
                case=one.case or await self._case_of(account.object_id),
            )
        said = f"Looked for others ({question}): {number_of(len(linked), 'account')} proposed"
        data = {
            "question": question,
            "linked": [one.model_dump(mode="json", exclude={"command"}) for one in linked.values()],
            "unknown": missing,
        }
        return Line(event=Event.RIPPLE, text=said, data=data)

    async def _case_of(self, oid: ObjectId) -> CaseId | None:
        row = await self._store.read(keys.account(self._case.tenant, oid), keys.EPISODE)
        return CaseId(row.body["case"]) if row else None


async def _read[T](reading: Awaitable[T], what: str) -> T | Seen:
    """Read from one source; what it may not say is unknown, what it cannot say now is raised."""
    try:
        return await reading
    except Transient:
        raise
    except FirebreakError as error:
        return Seen(unknown=(f"{what}: {error}",))


def _many(what: str) -> Seen:
    why = f"{what}: too many for one intruder, so none is proposed; look at it by hand"
    return Seen(unknown=(why,))


def _whose(record: AuditRecord) -> str | None:
    """Name the mailbox's owner where the row says, or whoever changed it."""
    return record.details.get("MailboxOwnerUPN") or record.by
