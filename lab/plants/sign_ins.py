"""Who signed in: the owner's days, and the intruder's first minutes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from lab.carrier_alerts import INTRUDER_IP
from lab.footholds import Foothold
from lab.stage import Stage
from lab.tenant.logbook import SignIn

OFFICE_IP: Final = "198.51.100.20"
"""Where the owner works; from 198.51.100.0/24, which is reserved for documentation."""
_WRONG_PASSWORD: Final = 50126


def plant(stage: Stage, oid: str) -> list[Foothold]:
    """Write the owner's sign-ins of a week and those of the intruder; nothing stays of either."""
    tenant = stage.tenant
    book = tenant.state.logbook

    def sign_in(at: datetime, ip: str, *, client: str = "Browser", error: int = 0) -> None:
        entry = SignIn(id=tenant.guid(), oid=oid, at=at, ip=ip, client=client, error=error)
        book.sign_ins.append(entry)

    for days in range(1, 8):
        sign_in(stage.since - timedelta(days=days), OFFICE_IP)
    sign_in(stage.since, INTRUDER_IP, client="Authenticated SMTP", error=_WRONG_PASSWORD)
    sign_in(stage.since + timedelta(seconds=20), INTRUDER_IP)
    return []
