"""See who is kept from sending mail because the account sent spam."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import ClassVar, Final

from shared.clients import exchange
from shared.model import Json, Severity
from shared.posture import Finding
from shared.sweeps.parts import EXCHANGE, InParts, Part
from shared.sweeps.sweep import Look, Page

BLOCKED: Final = "blocked_sender"


async def _listed(look: Look, _: Json) -> Page:
    listed = await look.tenant.senders.listed()
    return Page(findings=tuple(_finding(item) for item in listed), subjects=len(listed))


def _finding(item: Json) -> Finding:
    address = str(item.get("SenderAddress") or "unknown").lower()
    return Finding(
        kind=BLOCKED,
        subject=address,
        title=f"{address} may not send mail: Microsoft saw spam come from it",
        severity=Severity.HIGH,
        weight=1.0,
        evidence={
            "account": address,
            "since": str(item.get("CreatedDatetime") or "unknown"),
            "reason": str(item.get("Reason") or "unknown"),
        },
    )


class BlockedSenders(InParts):
    """See who is kept from sending mail because the account sent spam.

    Whoever stands on the list was used by somebody else, however long ago, and was not taken back.
    """

    every = timedelta(days=1)
    budget = EXCHANGE
    kinds: ClassVar[Mapping[str, str]] = {
        BLOCKED: "Respond to the account as compromised; it is let go at the end of the way back"
    }
    permissions = frozenset({exchange.MANAGE_AS_APP})
    exchange_roles = frozenset({exchange.TRANSPORT_HYGIENE})
    parts = (Part("list", frozenset({BLOCKED}), _listed),)
