"""Which role each request takes that changes or tries something, by the path it is posted to."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from urllib.parse import urlencode

from shared.principal import Role

NEEDED: Final[Mapping[str, Role]] = MappingProxyType(
    {
        "alert/{alert}/again": Role.RESPONDER,
        "cases/{case}/access-pass": Role.APPROVER,
        "cases/{case}/approve": Role.APPROVER,
        "cases/{case}/confirm": Role.RESPONDER,
        "cases/{case}/decline": Role.APPROVER,
        "cases/{case}/restore": Role.APPROVER,
        "cases/{case}/since": Role.RESPONDER,
        "cases/{case}/undo": Role.RESPONDER,
        "erasures/plan": Role.ADMINISTRATOR,
        "erasures/start": Role.ADMINISTRATOR,
        "guards/release": Role.ADMINISTRATOR,
        "guards/switch": Role.ADMINISTRATOR,
        "notifications/again": Role.ADMINISTRATOR,
        "notifications/test": Role.ADMINISTRATOR,
        "policy/compare": Role.READER,
        "policy/explain": Role.READER,
        "sweeps/inbox_rules/accept": Role.ADMINISTRATOR,
        "sweeps/inbox_rules/mend": Role.RESPONDER,
        "sweeps/inbox_rules/run": Role.RESPONDER,
        "sweeps/secure_score/control": Role.ADMINISTRATOR,
        "verdicts/false-alarm": Role.APPROVER,
        "verdicts/take-back": Role.APPROVER,
    }
)
FORM: Final = urlencode(
    {
        "case": "0123456789abcdef",
        "ceiling": "observe",
        "channel": "nobody",
        "check": "methods",
        "control": "x",
        "finding": "x",
        "fingerprint": "x",
        "kind": "risky_user",
        "reason": "mallory",
        "responder": "stop_forwarding",
        "rule": "all",
        "seen": "x",
        "since": "2026-11-20T08:00:00",
        "until": "2026-12-24",
        "user": "ada.brandt@contoso.example",
    }
).encode()
"""One form that says something to each of them."""


def allowed(role: Role | None, path: str) -> bool:
    """Whether a role is enough for a path of the table; nobody's is."""
    order = list(Role)
    return role is not None and order.index(role) >= order.index(NEEDED[path])
