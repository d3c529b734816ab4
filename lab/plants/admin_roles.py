"""Roles and groups that the intruder gave themselves, beside the one the owner has had for years.

Only the eligibility is planted where our own identity could not act on a holder of roles: there
every other responder would be refused, which is another story.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from lab.directory_footholds import AdminRole
from lab.footholds import Foothold
from lab.registrations import Registrations
from lab.stage import Stage

_OVER_ADMINISTRATORS: Final = "Privileged Authentication Administrator"


def plant(stage: Stage, oid: str) -> list[Foothold]:
    """Give every kind of hold on a role there is."""
    directory = Registrations(stage.tenant)
    at = stage.since + timedelta(minutes=3)
    end = at + timedelta(days=30)
    eligible = directory.make_eligible(oid, "Application Administrator", start=at, end=end)
    found: list[Foothold] = [AdminRole("eligible for Application Administrator", role=eligible)]
    _own(stage, oid, directory)
    if _OVER_ADMINISTRATORS not in stage.tenant.entra_roles:
        return found
    unknown = directory.activate(oid, "Exchange Administrator")
    term = directory.activate(oid, "User Administrator", start=at, end=end)
    group = directory.role_group(oid, "Tier 0 operators", "Security Administrator", at=at)
    return [
        *found,
        AdminRole("Exchange Administrator, since nobody knows when", role=unknown),
        AdminRole("User Administrator for a month", role=term),
        AdminRole("Security Administrator through a group", role=group),
    ]


def _own(stage: Stage, oid: str, directory: Registrations) -> None:
    """Let the owner become Reports Reader whenever they need it."""
    long_ago = stage.tenant.created_at + timedelta(days=600)
    role = directory.make_eligible(oid, "Reports Reader", start=long_ago)
    eligible = stage.tenant.state.directory.eligible
    term = eligible[oid, role]
    stage.owned["eligibility for Reports Reader"] = lambda: eligible.get((oid, role)) == term
