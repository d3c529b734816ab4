"""What treats the mail of a whole organisation on its way: transport rules and connectors."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """What it is; the value is how Exchange's cmdlets call it."""

    RULE = "TransportRule"
    INBOUND = "InboundConnector"
    OUTBOUND = "OutboundConnector"


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One rule or connector; `oid` is the account that made it, empty where nobody knows."""

    id: str
    kind: Kind
    name: str
    oid: str = ""
    sends_to: str = ""
    """Where it copies, sends or lets in mail: an address, a smart host or a sending network."""
    enabled: bool = True


@dataclass(slots=True)
class MailFlow:
    """All of an organisation's, by id; when each was last changed is no state of its own."""

    devices: dict[str, Device] = field(default_factory=dict)
    changed_at: dict[str, datetime] = field(default_factory=dict)
