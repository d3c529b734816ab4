"""Pull one feed: a watermark that never skips and never repeats.

watermark: everything that bore an earlier time has been read
    │
    └─► a pass reads all pages of [watermark - overlap, now), a few in each run, one after another:
        page ─► each new item is taken in (stored) ─► the link to the next page is stored
        after the last page the watermark becomes the time at which the pass began

A crash before a link is stored brings the page again, and the same item again is the same alert.
An item that becomes visible late, by no more than the overlap, lies in the next pass. What was read
in the last pass is remembered, so that the overlap costs nothing. One run at a time: the row holds
a lease, and is only ever written over the version that was read.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from shared.errors import Conflict, Defect, Denied, Gone, Transient
from shared.model import TenantId, Utc, Value, digest
from shared.store.verbs import Partition, Put, Store, partition
from shared.sweeps.feeds import Feed
from shared.tasks.collect import Collector
from shared.tasks.ledger import Clock
from shared.telemetry import Log

FIRST: Final = timedelta(hours=24)
"""How far back the first pass looks: what was reported on the day before it was switched on."""
_LEASE: Final = timedelta(minutes=5)
_BUDGET: Final = timedelta(minutes=2)
"""How long a run goes on asking for pages; the host stops a function after ten minutes."""
_REMEMBERED: Final = 10_000
"""Items of a pass that are remembered; more would be taken in twice, which changes nothing."""


class Pass(Value):
    """A reading of one span, as far as it has come."""

    since: Utc
    until: Utc
    link: str | None = None
    read: tuple[str, ...] = ()
    """The items it has taken in, as short hashes."""


class Watermark(Value):
    """How far a feed has been read."""

    until: Utc
    seen: tuple[str, ...] = ()
    """What the last pass read."""
    running: Pass | None = None
    leased_until: Utc | None = None


def place(tenant: TenantId) -> Partition:
    """Name the partition of how far each feed of a tenant was read."""
    return partition(tenant, "pulls")


class Pull:
    """Reads feeds into the inbox. Several at once of one tenant are harmless: one of them works."""

    def __init__(
        self, *, store: Store, collector: Collector, clock: Clock, tenant: TenantId, log: Log
    ) -> None:
        self._store = store
        self._collector = collector
        self._clock = clock
        self._at = place(tenant)
        self._log = log

    async def run(self, feed: Feed) -> int:
        """Read some pages of a feed; returns how many alerts were kept.

        What the far side refuses or cannot answer now ends the run and is tried again by the next.
        """
        held = await self._acquire(feed)
        if held is None:
            return 0
        try:
            return await self._pages(feed, held)
        except (Transient, Denied) as error:
            self._log.warning("pull.stopped", feed=feed.name, reason=str(error))
            return held.taken
        finally:
            await self._release(held)

    async def _pages(self, feed: Feed, held: _Held) -> int:
        deadline = self._clock() + _BUDGET
        for _ in range(feed.pages):
            if self._clock() > deadline or not await self._page(feed, held):
                break
        return held.taken

    async def _page(self, feed: Feed, held: _Held) -> bool:
        """Read one page; false where the feed is read up to now."""
        mark = held.mark
        current = mark.running or self._next_pass(feed, mark)
        try:
            page = await feed.read(current.since, current.until, current.link)
        except (Gone, Defect) as error:
            if current.link is None:
                raise
            # A link outlives its list only for a while: the pass is read from its start again.
            self._log.warning("pull.restarted", feed=feed.name, reason=str(error))
            fresh = current.model_copy(update={"link": None})
            await self._save(held, mark.model_copy(update={"running": fresh}))
            return True
        read = dict.fromkeys(current.read)
        known = set(mark.seen)
        for item in page.items:
            key = digest(feed.key(item), length=16)
            if key not in known and key not in read and (body := await feed.body(item)):
                held.taken += await self._collector.take(f"pull-{feed.name}", feed.carrier, body)
            read[key] = None
        await self._save(held, _advanced(mark, current, tuple(read)[-_REMEMBERED:], page.next))
        return held.mark.running is not None or self._behind(held.mark, current)

    def _next_pass(self, feed: Feed, mark: Watermark) -> Pass:
        now = self._clock()
        since = mark.until - feed.overlap
        if feed.oldest is not None:
            # A little inside the limit, which is the far side's clock's and not ours.
            since = max(since, now - feed.oldest + timedelta(minutes=5))
        until = now if feed.longest is None else min(now, since + feed.longest)
        return Pass(since=since, until=until)

    def _behind(self, mark: Watermark, done: Pass) -> bool:
        """Whether a span that is limited ended so early that another one is to be read now."""
        return done.until < self._clock() - _LEASE and mark.running is None

    async def _acquire(self, feed: Feed) -> _Held | None:
        row = await self._store.read(self._at, feed.name)
        if row is None:
            mark, etag = Watermark(until=self._clock() - FIRST), None
        else:
            mark, etag = Watermark.model_validate(row.body), row.etag
        if mark.leased_until is not None and mark.leased_until > self._clock():
            return None
        held = _Held(feed.name, mark, etag)
        try:
            await self._save(held, mark)
        except Conflict:
            return None
        return held

    async def _save(self, held: _Held, mark: Watermark, *, lease: timedelta = _LEASE) -> None:
        saved = mark.model_copy(update={"leased_until": self._clock() + lease})
        put = Put(self._at, held.key, saved.model_dump(mode="json"), held.etag)
        (held.etag,) = await self._store.write(put)
        held.mark = saved

    async def _release(self, held: _Held) -> None:
        """Let the next run begin at once. Where that cannot be said, the lease runs out."""
        try:
            await self._save(held, held.mark, lease=timedelta(0))
        except Transient as error:
            self._log.warning("pull.lease_kept", feed=held.key, reason=str(error))


class _Held:
    """The watermark that this run works on, and the version of it that is stored."""

    __slots__ = ("etag", "key", "mark", "taken")

    def __init__(self, key: str, mark: Watermark, etag: str | None) -> None:
        self.key = key
        self.mark = mark
        self.etag = etag
        self.taken = 0


def _advanced(mark: Watermark, current: Pass, read: tuple[str, ...], link: str | None) -> Watermark:
    """Step past a page; past the last one, the watermark moves to where the pass began to look."""
    if link is not None:
        running = current.model_copy(update={"link": link, "read": read})
        return mark.model_copy(update={"running": running})
    return mark.model_copy(update={"until": current.until, "seen": read, "running": None})
