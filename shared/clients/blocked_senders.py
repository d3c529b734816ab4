"""Senders that Microsoft keeps from sending, and letting them go: once, and remembered.

A sender may be let go only a few times, how many Microsoft does not say; then only its support can.
Letting go takes effect after an hour, at most a day, and until then the sender may still be listed,
so that whoever looks at the list alone would ask again and use the chances up. What was asked for
is therefore written down before it is asked.
Source: learn.microsoft.com/defender-office-365/outbound-spam-restore-restricted-users.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Final

from pydantic import TypeAdapter

from shared.clients.exchange import Exchange, read_time
from shared.errors import Defect, Denied, Gone, Refused, Transient
from shared.model import Json, TenantId, Utc, Value, Who, digest
from shared.store.verbs import Partition, Put, Row, Store, partition

SETTLES: Final = timedelta(hours=24)
"""How long a release may take to show."""
_TIMES: Final = TypeAdapter(tuple[Utc, ...])
_TO_SUPPORT: Final = (
    "Open the Restricted entities page in the Microsoft Defender portal and try it there",
    "If Microsoft says the limit is reached, open a support request: only its support can do it",
)


class BlockedSender(Value):
    """A sender on the list, and when we have asked before to let it go."""

    address: str
    reason: str
    since: Utc | None
    released: tuple[Utc, ...] = ()
    settling: bool = False
    """Whether the last release is so young that it may not show yet."""
    answered: bool = True
    """Whether Exchange said that it took the last release; a lost answer may be a lost request."""

    @property
    def again(self) -> bool:
        """Whether it was put on the list after we last let it go."""
        return bool(self.released) and self.since is not None and self.since > self.released[-1]


class Releases:
    """What was asked for, by address; survives restarts because the store does."""

    def __init__(self, store: Store, tenant: TenantId) -> None:
        self._store = store
        self._where: Partition = partition(tenant, "released")

    async def of(self, address: str) -> tuple[datetime, ...]:
        """Read when an address was let go, oldest first."""
        return _times(await self._store.read(self._where, digest(address)))

    async def last_answered(self, address: str) -> bool:
        """Whether Exchange said that it took the last one."""
        row = await self._store.read(self._where, digest(address))
        return row is None or bool(row.body.get("answered", True))

    async def note(self, address: str, at: datetime) -> None:
        """Write down that it is asked for now. Raises `Conflict` where somebody else just did."""
        row = await self._store.read(self._where, digest(address))
        await self._write(address, (*_times(row), at), row, answered=False)

    async def answered(self, address: str) -> None:
        """Write down that Exchange took it."""
        row = await self._store.read(self._where, digest(address))
        await self._write(address, _times(row), row)

    async def forget(self, address: str, at: datetime) -> None:
        """Take back what was written down and is known not to have happened."""
        row = await self._store.read(self._where, digest(address))
        await self._write(address, tuple(one for one in _times(row) if one != at), row)

    async def _write(
        self,
        address: str,
        times: tuple[datetime, ...],
        row: Row | None,
        *,
        answered: bool = True,
    ) -> None:
        body = {"at": _TIMES.dump_python(times, mode="json"), "answered": answered}
        await self._store.write(
            Put(self._where, digest(address), body, etag=row.etag if row else None)
        )


class BlockedSenders:
    """The list of restricted senders, through Exchange.

    `releases` may be missing where nothing needs to be let go; then nothing is.
    """

    def __init__(
        self, source: Exchange, *, releases: Releases | None, clock: Callable[[], datetime]
    ) -> None:
        self._exchange = source
        self._releases = releases
        self._clock = clock

    async def listed(self) -> tuple[Json, ...]:
        """Read the whole list, as Exchange prints it. Source: Get-BlockedSenderAddress."""
        return tuple(await self._exchange.run("Get-BlockedSenderAddress", {}))

    async def find(self, who: Who, addresses: Collection[str]) -> BlockedSender | None:
        """Look for an account's addresses on the list. Source: Get-BlockedSenderAddress."""
        ours = {address.lower() for address in addresses}
        for item in await self._exchange.run("Get-BlockedSenderAddress", {}, who):
            address = str(item.get("SenderAddress") or "").lower()
            if address in ours:
                released = await self._remembered().of(address)
                answered = await self._remembered().last_answered(address)
                return BlockedSender(
                    address=address,
                    reason=str(item.get("Reason") or ""),
                    since=read_time(item.get("CreatedDatetime")),
                    released=released,
                    answered=answered,
                    settling=bool(released) and self._clock() < released[-1] + SETTLES,
                )
        return None

    async def release(self, who: Who, address: str, *, why: str) -> None:
        """Let a sender go, unless that was asked for within the last day.

        Raises `Refused` where Exchange will not. Source: Remove-BlockedSenderAddress.
        """
        releases, at = self._remembered(), self._clock()
        before = await releases.of(address)
        if before and at < before[-1] + SETTLES:
            return
        await releases.note(address, at)
        parameters = {"SenderAddress": address, "Reason": why}
        try:
            await self._exchange.run("Remove-BlockedSenderAddress", parameters, who)
            await releases.answered(address)
        except Gone:
            await releases.forget(address, at)  # not on the list any more: nothing was used up
        except (Transient, Denied, Defect) as error:
            if not getattr(error, "may_have_happened", False):
                await releases.forget(address, at)
            if isinstance(error, Defect):
                raise Refused(
                    f"Exchange did not let the sender go: {error}", steps=_TO_SUPPORT
                ) from error
            raise

    def _remembered(self) -> Releases:
        if self._releases is None:
            raise Refused(
                "What was let go before is not remembered here, so nothing is let go",
                steps=_TO_SUPPORT,
            )
        return self._releases


def _times(row: Row | None) -> tuple[datetime, ...]:
    return _TIMES.validate_python(row.body["at"]) if row else ()
