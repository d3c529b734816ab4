"""Auditing that the intruder has blinded; no way in by itself, but nobody sees the others."""

from __future__ import annotations

from types import MappingProxyType

from lab.footholds import Foothold
from lab.stage import Stage
from lab.tenant.mailbox_state import Auditing


def plant(stage: Stage, oid: str) -> list[Foothold]:
    """Leave the switch on, audit next to nothing of the owner, and let the account act unseen."""
    chosen = MappingProxyType({"Delegate": (), "Owner": ("MailboxLogin",)})
    stage.people.forward(oid, auditing=Auditing(bypass=True, custom=chosen))
    return []
