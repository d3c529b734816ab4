"""The mailbox has sent so much spam that Microsoft keeps it from sending."""

from __future__ import annotations

from typing import Final

from lab.footholds import Foothold
from lab.stage import Stage

_REASON: Final = (
    "ExceedingLimitType=RecipientRateLimit;InternalRecipientCountToday=3;"
    "ExternalRecipientCountToday=10001"
)


def plant(stage: Stage, oid: str) -> list[Foothold]:
    """Restrict the sender; that keeps the intruder from sending as well."""
    stage.people.restrict_sender(oid, _REASON)
    return []
