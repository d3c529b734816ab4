"""Erase a person: an order that is written down first and carried out until nothing is left.

tenant|erasures   order:ID        who is sought, who asked and why, how far it has come
                  done:TIME:ID    the same when it is over, without the person

    line in the audit trail ─► episode ─► each case ─► loose alerts ─► sweeps, notices, lock
        ─► other people's cases, a portion a run ─► the order itself

Each step can be done twice, so a crash anywhere is mended by the timer's next run. What cannot be
done now (a case was opened again, a sweep reads, somebody writes) is waited for, and said.
"""

from __future__ import annotations

import uuid
from contextlib import suppress
from datetime import timedelta
from typing import Final

from shared.errors import Conflict, FirebreakError, Refused
from shared.model import Actor, CaseId, Json, TenantId, Utc, Value
from shared.store.verbs import Drop, Put, Queue, Row, Store
from shared.sweeps.case_erasure import CaseErasure
from shared.sweeps.elsewhere import Elsewhere, Loose
from shared.sweeps.erasure_plan import Plan, Planning
from shared.sweeps.others_cases import OthersCases
from shared.sweeps.person import Sought
from shared.tasks import keys
from shared.tasks.erased import ALERTS, BODIES, LINES
from shared.tasks.ledger import CaseFile, Clock
from shared.tasks.lock import Lock
from shared.tasks.trail import Noted, Trail

PORTION: Final = 25
"""Other people's cases that one run looks through."""
_SOON: Final = timedelta(minutes=1)
_LATER: Final = timedelta(days=1)


class Order(Value):
    """One erasure that is under way."""

    id: str
    sought: Sought
    cases: tuple[CaseId, ...]
    by: Actor
    reason: str
    asked_at: Utc
    next_at: Utc
    own: bool = False
    """All that is the person's own is erased."""
    after: str = ""
    """Behind which line of the list the look through other people's cases goes on."""
    through: bool = False
    later: tuple[CaseId, ...] = ()
    """Other people's cases that name the person and are not settled."""
    waits: str = ""
    """Why it does not go on now."""


class Done(Value):
    """One erasure that is over; it names nobody."""

    id: str
    cases: tuple[CaseId, ...]
    by: Actor
    reason: str
    asked_at: Utc
    done_at: Utc


class Waits(FirebreakError):  # noqa: N818 - an outcome, as its siblings are
    """It cannot go on now; says why, and in how long to look again."""

    def __init__(self, reason: str, *, after: timedelta = _SOON) -> None:
        super().__init__(reason)
        self.after = after


class Erasures:
    """Takes orders to erase a person, and carries them out."""

    def __init__(self, store: Store, queue: Queue, clock: Clock, tenant: TenantId) -> None:
        self._store = store
        self._clock = clock
        self._tenant = tenant
        self._at = keys.erasures(tenant)
        self._trail = Trail(store, clock, tenant)
        self._lock = Lock(store, clock)
        self._elsewhere = Elsewhere(store, tenant)
        self._cases = CaseErasure(store, queue, clock, tenant)
        self._others = OthersCases(store, queue, clock, tenant)
        self._planning = Planning(store, clock, tenant, self._cases, self._elsewhere)
        self.held = self._cases.held

    async def plan(self, user: str) -> Plan:
        """Show what would be erased. Raises `Refused` where `user` is no object id."""
        return await self._planning.plan(user)

    async def ask(self, user: str, *, seen: str, reason: str, by: Actor) -> Order:
        """Write the order down. `seen` is the digest of the plan that the person was shown.

        Raises `Refused` while a case is not settled, where the plan moved, or the reason names
        the person: it stays on record.
        """
        plan = await self.plan(user)
        if plan.obstacles:
            raise Refused(f"Nothing is erased while this stands: {'; '.join(plan.obstacles)}")
        if plan.digest != seen:
            raise Refused("What would be erased is not what you were shown; look at it again")
        if plan.named_in(reason):
            raise Refused("The reason stays on record: give one that does not name the person")
        now = self._clock()
        order = Order(
            id=uuid.uuid4().hex[:16],
            sought=plan.sought,
            cases=tuple(case.id for case in plan.cases),
            by=by,
            reason=reason,
            asked_at=now,
            next_at=now,
        )
        put = Put(self._at, keys.order_row(order.id), order.model_dump(mode="json"))
        await self._store.write(put)
        return order

    async def orders(self) -> list[Order]:
        """Read the orders that are under way."""
        rows = self._store.scan(self._at, prefix=keys.ORDER)
        return [Order.model_validate(row.body) async for row in rows]

    async def done(self, *, most: int = 100) -> list[Done]:
        """Read the newest that are over."""
        rows = self._store.scan(self._at, prefix=keys.DONE, most=most)
        return [Done.model_validate(row.body) async for row in rows]

    async def run(self) -> int:
        """Go on with every order that is due; returns how many came to their end."""
        scan = self._store.scan(self._at, prefix=keys.ORDER)
        rows = [row async for row in scan]
        ended = 0
        for row in rows:
            order = Order.model_validate(row.body)
            if order.next_at <= self._clock():
                ended += await self._go_on(row, order)
        await self.held.retry()
        return ended

    async def _go_on(self, row: Row, order: Order) -> bool:
        try:
            if not order.own:
                await self._own(order)
                order = order.model_copy(update={"own": True})
            after = await self._rest(order)
        except Waits as error:
            after = _put_off(order, str(error), self._clock() + error.after)
        except FirebreakError as error:
            # Said without the error's own words: those name rows, and a row may name the account.
            why = f"It could not go on in that moment ({type(error).__name__}); what is done stands"
            after = _put_off(order, why, self._clock() + _SOON)
        with suppress(Conflict):
            # Another worker carries out the same; each step is versioned by itself.
            if after.through and not after.later:
                await self._end(row, after)
                return True
            body = after.model_dump(mode="json")
            await self._store.write(Put(self._at, row.key, body, row.etag))
        return False

    async def _own(self, order: Order) -> None:
        """Erase all that is about the person alone."""
        cases = await self._planning.cases_of(order.sought, order.cases)
        for file in cases:
            if reason := await self._cases.obstacle(file):
                raise Waits(reason, after=timedelta(hours=1))
        if not await self._elsewhere.sweeps_idle():
            raise Waits("A sweep reads now, and what it remembers is not taken from under it")
        async with self._lock.hold(
            self._tenant, order.sought.object_id, f"erasure {order.id}"
        ) as lost:
            if lost is None:
                raise Waits("A worker is busy with the account")
            await self._rows(order, cases)
        await self._elsewhere.drop_account(order.sought)

    async def _rows(self, order: Order, cases: list[CaseFile]) -> None:
        sought, names = order.sought, frozenset(file.id for file in cases)
        loose = await self._elsewhere.loose_alerts(sought)
        if any(alert.waits for alert in loose):
            raise Waits("An alert about the account is being read")
        bodies = await self._noted(order, names, loose)
        await self._elsewhere.drop_episode(sought)
        for case in sorted(names):
            await self._cases.run(case, why=f"Erased on request: {order.reason}", by=order.by)
        await self._cases.alerts.drop(alert.id for alert in loose)
        for body in bodies:
            await self.held.erase(f"raw/{self._tenant}/{body}", of=order.id)
        await self._elsewhere.drop_from_sweeps(sought)
        await self._elsewhere.drop_notices(names, sought)

    async def _noted(self, order: Order, cases: frozenset[CaseId], loose: list[Loose]) -> list[str]:
        """Write the line in the audit trail, once, and take out the lines that it names."""
        before = [mark async for mark in self._trail.lines() if mark.data.get("order") == order.id]
        data: Json
        if before:
            data = before[0].data
        else:
            spoken = await self._elsewhere.marks(self._trail.lines(), order.sought)
            bodies = sorted({alert.body for alert in loose})
            alerts = sorted(alert.id for alert in loose)
            data = {LINES: spoken, BODIES: bodies, ALERTS: alerts}
            data |= {"order": order.id, "cases": sorted(cases)}
            said = f"Erased a person on request: {order.reason}"
            await self._trail.note(Noted.ERASED, said, actor=order.by, data=data)
        await self._trail.erase(frozenset(data[LINES]))
        return list(data[BODIES])

    async def _rest(self, order: Order) -> Order:
        """Look through a portion of other people's cases, or again at those that had to wait."""
        if order.through:
            left = [case for case in order.later if not await self._other(order, case)]
            waits = _unsettled(left)
            next_at = self._clock() + _LATER if left else order.next_at
            return order.model_copy(
                update={"later": tuple(left), "waits": waits, "next_at": next_at}
            )
        scan = self._store.scan(
            keys.cases(self._tenant), prefix=keys.LISTED, after=order.after, most=PORTION
        )
        rows = [row async for row in scan]
        ids = [CaseId(row.body["id"]) for row in rows]
        left = [case for case in ids if not await self._other(order, case)]
        later = tuple(dict.fromkeys((*order.later, *left)))
        through = len(rows) < PORTION
        place = {"after": rows[-1].key if rows else order.after, "through": through}
        wait = {"next_at": self._clock() + _LATER} if through and later else {}
        return order.model_copy(
            update={**place, **wait, "later": later, "waits": _unsettled(later)}
        )

    async def _other(self, order: Order, case: CaseId) -> bool:
        return await self._others.run(case, order.sought, by=order.by, order=order.id)

    async def _end(self, row: Row, order: Order) -> None:
        """Forget whom it was about; the line in the audit trail and this row stay."""
        kept = order.model_dump(include={"id", "cases", "by", "reason", "asked_at"})
        done = Done(**kept, done_at=self._clock())
        await self._store.write(
            Drop(self._at, row.key),
            Put(self._at, keys.done_row(done.asked_at, done.id), done.model_dump(mode="json")),
        )


def _unsettled(cases: object) -> str:
    return "Other people's cases name the person and are not settled" if cases else ""


def _put_off(order: Order, why: str, until: Utc) -> Order:
    return order.model_copy(update={"waits": why, "next_at": until})
