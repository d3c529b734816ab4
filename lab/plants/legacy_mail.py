"""The old protocols, and what the intruder opens with them."""

from __future__ import annotations

from lab.access import Password, SmtpAuth
from lab.footholds import Foothold
from lab.protocol_footholds import AppPassword, Imap
from lab.stage import Stage


def plant(stage: Stage, oid: str) -> list[Foothold]:
    """Let the intruder in with a password alone; the owner's phone and Outlook must go on."""
    password = Password("stolen password", version=stage.user(oid).password_version)

    def goes_on() -> bool:
        held = stage.tenant.mailboxes[oid].protocols
        return held.active_sync and held.owa and held.mapi

    stage.owned["the phone, the web and Outlook"] = goes_on
    return [
        AppPassword("app password"),
        SmtpAuth("SMTP AUTH with the stolen password", password=password),
        Imap("IMAP with the stolen password", password=password),
    ]
