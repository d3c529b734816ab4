"""Mail flow: the transport rules and connectors that treat a whole organisation's mail."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from typing import Final

from shared.clients.exchange import Exchange, read_time
from shared.errors import Defect
from shared.model import Json, Utc, Value, Who

TRANSPORT_RULES: Final = "Transport Rules"
CONNECTORS: Final = "Remote and Accepted Domains"


class RouteKind(StrEnum):
    """What it is; the value is the noun of Exchange's cmdlets."""

    RULE = "TransportRule"
    INBOUND = "InboundConnector"
    OUTBOUND = "OutboundConnector"


class MailRoute(Value):
    """A transport rule or a connector; `None` means unknown."""

    id: str
    kind: RouteKind
    name: str
    enabled: bool | None
    changed_at: Utc | None


class MailFlow:
    """The organisation's rules and connectors, through Exchange; `who` only routes the call."""

    def __init__(self, source: Exchange) -> None:
        self._exchange = source

    async def all(self, who: Who) -> tuple[MailRoute, ...]:
        """List all. Source: Get-TransportRule, Get-InboundConnector, Get-OutboundConnector."""
        found = await asyncio.gather(
            *(self._exchange.run(f"Get-{kind}", {}, who) for kind in RouteKind)
        )
        return tuple(
            _route(kind, item)
            for kind, items in zip(RouteKind, found, strict=True)
            for item in items
        )

    async def switch(self, who: Who, route: MailRoute, *, on: bool) -> None:
        """Switch one on or off. Raises `Gone` where it was deleted.

        Source: Enable-TransportRule, Disable-TransportRule, Set-InboundConnector,
        Set-OutboundConnector.
        """
        if not route.id.strip():
            raise Defect(f"A {route.kind} without an identity reached Exchange")
        wanted: Json = {"Identity": route.id, "Confirm": False}
        if route.kind is RouteKind.RULE:
            verb = "Enable" if on else "Disable"
            await self._exchange.run(f"{verb}-TransportRule", wanted, who)
        else:
            await self._exchange.run(f"Set-{route.kind}", wanted | {"Enabled": on}, who)


def _route(kind: RouteKind, item: Json) -> MailRoute:
    name = str(item.get("Name") or item.get("Identity") or "")
    return MailRoute(
        id=str(item.get("Guid") or item.get("Identity") or ""),
        kind=kind,
        name=name,
        enabled=_enabled(item),
        changed_at=read_time(item.get("WhenChangedUTC") or item.get("WhenChanged")),
    )


def _enabled(item: Json) -> bool | None:
    """Read a connector's switch, or a rule's state."""
    if isinstance(item.get("Enabled"), bool):
        return bool(item["Enabled"])
    return {"Enabled": True, "Disabled": False}.get(str(item.get("State")))
