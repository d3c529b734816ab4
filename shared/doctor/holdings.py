"""What the app's identity holds: permissions, cmdlets, licences; each is read once a check-up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from shared.clients.own_tokens import Api, OwnToken
from shared.errors import FirebreakError

if TYPE_CHECKING:
    from shared.clients.tenant import Tenant


class Holdings:
    """What we hold, shared by all checks of one examination; close it when that is over."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._asked: dict[str, asyncio.Future[Any]] = {}

    async def token(self, api: Api) -> OwnToken:
        """Read what our token for an API says."""
        return await self._once(api, lambda: self._tenant.own_tokens.read(api))

    async def cmdlets(self) -> frozenset[str]:
        """List the Exchange cmdlets we may run, in small letters."""
        found = await self._once("cmdlets", self._tenant.exchange.allowed)
        return frozenset(name.lower() for name in found)

    async def plans(self) -> frozenset[str]:
        """List the service plans of the organisation."""
        return await self._once("plans", self._tenant.licences.subscribed)

    async def aclose(self) -> None:
        """End what is still being asked: nobody waits for it any more."""
        for asked in self._asked.values():
            asked.cancel()
        await asyncio.gather(*self._asked.values(), return_exceptions=True)

    async def _once[T](self, what: str, read: Callable[[], Awaitable[T]]) -> T:
        if what not in self._asked:
            self._asked[what] = asyncio.ensure_future(read())
        # One check that runs out of time must not take the answer away from the others.
        return cast("T", await asyncio.shield(self._asked[what]))


@dataclass(frozen=True, slots=True)
class Held:
    """What we hold; where it could not be read, the reason stands in its place."""

    tokens: Mapping[Api, OwnToken | str]
    cmdlets: frozenset[str] | str
    plans: frozenset[str] | str

    @property
    def principal(self) -> str:
        """Our object id, as far as a token says it."""
        return next((t.object_id for t in self.tokens.values() if not isinstance(t, str)), "")

    @property
    def client(self) -> str:
        """Our application id, as far as a token says it."""
        return next((t.app_id for t in self.tokens.values() if not isinstance(t, str)), "")


async def held(holdings: Holdings) -> Held:
    """Read all there is, side by side; what cannot be read hides nothing else."""
    tokens, (cmdlets, plans) = await asyncio.gather(
        asyncio.gather(*(_or_why(holdings.token(api)) for api in Api)),
        asyncio.gather(_or_why(holdings.cmdlets()), _or_why(holdings.plans())),
    )
    return Held(tokens=dict(zip(Api, tokens, strict=True)), cmdlets=cmdlets, plans=plans)


_SHORT: Final = 6.0
"""Seconds for one of them: less than a check has, so that one that hangs leaves the others."""


async def _or_why[T](asked: Awaitable[T]) -> T | str:
    try:
        async with asyncio.timeout(_SHORT):
            return await asked
    except TimeoutError:
        return f"no answer within {_SHORT:g} seconds"
    except FirebreakError as error:
        return str(error)
