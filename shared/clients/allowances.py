"""Microsoft's published limits that a busy hour reaches, kept by all of a tenant's workers.

tenant|allowances   SERVICE    what was sent lately, and who waits for which moment

One row for each limit, read, changed and written under its version. What would be refused is not
sent: the caller is given the moment of its turn, and the queue waits. The same request of the same
case, asked again, takes the place that it was given, so a message that comes twice takes no second
one; a place that nobody comes for is passed over after a few seconds. Whoever shuts doors is put
before whoever looks for evidence, and those are given a new moment when they come.

Source: learn.microsoft.com/graph/throttling-limits.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from shared.clients.precedence import Asking, Rank, asking
from shared.clients.recall import Recall
from shared.errors import Throttled
from shared.model import Json, TenantId, Utc, Value, digest
from shared.signals.table import Fact, Metric
from shared.signals.trace import measured
from shared.store.revise import revise
from shared.store.verbs import Store, partition

if TYPE_CHECKING:
    import httpx

_NO_SHOW: Final = timedelta(seconds=5)
"""How long after its moment somebody still stands before others: a worker polls every second."""
_FORGOTTEN: Final = timedelta(minutes=5)
"""How long after its moment somebody keeps the place by age."""
_MOST: Final = 400
"""Who waits and is written down; who comes after them is sent away for as long as they all take."""


class Allowance(Value):
    """At most `most` requests in `seconds`, a little longer than published: answers take time."""

    most: int
    seconds: float
    said: str


class Waiting(Value):
    """One request that waits for its turn."""

    key: str
    rank: Rank
    since: Utc
    due: Utc

    def goes_before(self, other: Waiting) -> bool:
        """Whether it has the earlier place."""
        return (self.rank, self.since, self.key) < (other.rank, other.since, other.key)


class Turns(Value):
    """What was sent lately, oldest first, and who waits."""

    spent: tuple[Utc, ...] = ()
    waiting: tuple[Waiting, ...] = ()


_REPORTS: Final = Allowance(
    most=5, seconds=10.5, said="The directory's logs and reports take five requests in ten seconds"
)
PUBLISHED: Final[Mapping[str, Allowance]] = MappingProxyType(
    {
        "/identityProtection/": Allowance(
            most=1, seconds=1.25, said="Identity Protection takes one request a second"
        ),
        "/identity/conditionalAccess/": Allowance(
            most=1, seconds=1.25, said="Identity Protection takes one request a second"
        ),
        "/auditLogs/": _REPORTS,
        "/reports/": _REPORTS,
        "/security/": Allowance(
            most=150, seconds=61, said="Defender takes 150 requests in a minute"
        ),
        "/admin/exchange/tracing/": Allowance(
            most=100, seconds=305, said="Message trace takes 100 requests in five minutes"
        ),
    }
)
"""By the beginning of a path, without its version. What shares a limit shares its row."""


class Allowances:
    """The limits of one tenant, counted in its store."""

    def __init__(
        self,
        store: Store,
        tenant: TenantId,
        clock: Callable[[], datetime],
        limits: Mapping[str, Allowance] = PUBLISHED,
    ) -> None:
        self._store = store
        self._at = partition(tenant, "allowances")
        self._clock = clock
        self._limits = limits
        self._recall = Recall(clock)

    def covers(self, path: str) -> bool:
        """Whether a path is under a limit that is kept here."""
        return self._limit(path) is not None

    async def answer(
        self,
        request: httpx.Request,
        path: str,
        send: Callable[[], Awaitable[httpx.Response]],
        *,
        goes_on: bool = False,
    ) -> httpx.Response:
        """Send a request in its turn; raises `Throttled` where that has not come.

        A read that its case was answered before it was held up is answered with that once more.
        """
        who, url, reads = asking().who, str(request.url), request.method == "GET"
        if reads and (known := self._recall.answer(who, url)):
            return known
        try:
            await (self.count(path) if goes_on else self.take(request.method, path, url))
        except Throttled:
            measured(Metric.THROTTLES, facts={Fact.SERVICE: "graph"})
            self._recall.held(who, writes=not reads)
            raise
        if not reads:
            # Only what is sent changes anything: a write that waits needs what was read before it.
            self._recall.forget(who)
        response = await send()
        if reads:
            self._recall.keep(who, url, response)
        return response

    async def take(self, method: str, path: str, url: str) -> None:
        """Take the turn of a request, or raise `Throttled` with the seconds until it comes."""
        if limit := self._limit(path):
            ask = asking()
            wait = await self._ask(limit, ask, digest(ask.who, method, url, length=16))
            if wait > 0:
                raise Throttled(limit.said, retry_after=wait)

    async def count(self, path: str) -> None:
        """Count a request that is made in any case: the next page of what is half read."""
        if limit := self._limit(path):
            at = self._clock()
            await self._revise(limit, lambda turns: _spend(_lately(turns, limit, at), at))

    def _limit(self, path: str) -> Allowance | None:
        return next((v for k, v in self._limits.items() if f"{path}/".startswith(k)), None)

    async def _ask(self, limit: Allowance, ask: Asking, key: str) -> float:
        wait = 0.0

        def asked(turns: Turns) -> Turns:
            nonlocal wait
            at = self._clock()
            after, due = take(turns, limit, key=key, rank=ask.rank, at=at)
            wait = (due - at).total_seconds()
            return after

        await self._revise(limit, asked)
        return wait

    async def _revise(self, limit: Allowance, changed: Callable[[Turns], Turns]) -> None:
        def revised(before: Json | None) -> Turns:
            return changed(Turns.model_validate(before or {}))

        await revise(self._store, self._at, digest(limit.said, length=12), revised)


def take(
    turns: Turns, limit: Allowance, *, key: str, rank: Rank, at: datetime
) -> tuple[Turns, datetime]:
    """Give the moment of a request's turn, `at` itself where it may go, and what is then so."""
    turns = _lately(turns, limit, at)
    known = next((one for one in turns.waiting if one.key == key), None)
    others = tuple(one for one in turns.waiting if one.key != key)
    since = known.since if known else at
    mine = Waiting(key=key, rank=rank, since=since, due=at)
    ahead = sum(one.goes_before(mine) and one.due > at - _NO_SHOW for one in others)
    due = _free(turns.spent, limit, ahead=ahead, at=at)
    if due <= at:
        return _spend(turns.model_copy(update={"waiting": others}), at), at
    if len(others) < _MOST:
        others = (*others, mine.model_copy(update={"due": due}))
    return turns.model_copy(update={"waiting": others}), due


def _free(spent: tuple[datetime, ...], limit: Allowance, *, ahead: int, at: datetime) -> datetime:
    """Find the first moment that is left when those ahead have taken theirs."""
    window, times = timedelta(seconds=limit.seconds), list(spent)
    for _ in range(ahead + 1):
        full = len(times) >= limit.most
        times.append(max(at, times[-limit.most] + window) if full else at)
    return times[-1]


def _lately(turns: Turns, limit: Allowance, at: datetime) -> Turns:
    since = at - timedelta(seconds=limit.seconds)
    return Turns(
        spent=tuple(one for one in turns.spent if one > since),
        waiting=tuple(one for one in turns.waiting if one.due > at - _FORGOTTEN),
    )


def _spend(turns: Turns, at: datetime) -> Turns:
    return turns.model_copy(update={"spent": (*turns.spent, at)})
