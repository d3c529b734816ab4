"""Groups that Conditional Access leaves out: the owner's old one, and the intruder's new one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from lab.directory_footholds import LeftOut
from lab.footholds import Foothold
from lab.registrations import Registrations
from lab.stage import Stage

MFA: Final = "Everybody needs a second factor"


def plant(stage: Stage, oid: str) -> list[Foothold]:
    """Let the account into an exempt group; the owner came into two others, one of them lately."""
    directory = Registrations(stage.tenant)
    at = stage.since + timedelta(minutes=2)
    old = _join(stage, oid, "Travellers", at=None)
    _join(stage, oid, "Project Falcon", at=at)
    new = _join(stage, oid, "MFA exceptions", at=at)
    directory.access_rule(MFA, controls=("mfa",), without_groups=frozenset({old, new}))
    return [LeftOut("exempt from a second factor", group=new)]


def _join(stage: Stage, oid: str, name: str, *, at: datetime | None) -> str:
    group = Registrations(stage.tenant).join(oid, name, at=at)
    if name != "MFA exceptions":
        held = stage.tenant.state.memberships
        stage.owned[f"membership of “{name}”"] = lambda: group in held[oid]
    return group
