"""A malicious app with a consent, beside the owner's own consent to a tool they have long used."""

from __future__ import annotations

from datetime import timedelta

from lab.directory_footholds import AppConsent
from lab.footholds import Foothold
from lab.registrations import Registrations
from lab.stage import Stage


def plant(stage: Stage, oid: str) -> list[Foothold]:
    """Consent to two apps; the owner's is older than what the audit log remembers."""
    directory = Registrations(stage.tenant)
    tool = directory.app("Minutes", publisher="Minutes Ltd")
    own = directory.consent(oid, tool, "User.Read Calendars.Read offline_access", at=None)
    grants = stage.tenant.state.directory.grants
    stage.owned["consent to “Minutes”"] = lambda: grants.get(own.id) == own
    for bystander in stage.bystanders:
        directory.consent(bystander, tool, "User.Read", at=stage.since)
    found: list[Foothold] = []
    for number, name in enumerate(("Mail Backup Pro", "Document Viewer")):
        at = stage.since + timedelta(minutes=1, seconds=number)
        app = directory.app(name, let_in_by=oid, let_in_at=at)
        grant = directory.consent(oid, app, _SCOPES[number], at=at)
        found.append(AppConsent(f"consent to “{name}”", grant=grant, signed_in_at=at))
    return found


# The blank in front is Graph's: it writes some scopes so, and an undo must give them back so.
_SCOPES = (" Mail.Read Mail.Send offline_access", "Files.ReadWrite.All openid")
