"""Which protocols a mailbox can be opened with, as Exchange shows and sets them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from lab.tenant.cmdlets import Json, Output, Run, binding, cmdlet
from lab.tenant.mailbox_state import Protocols
from lab.tenant.state import Mailbox

_ROLE: Final = "Mail Recipients"
_SMTP: Final = "SmtpClientAuthenticationDisabled"
_FIELDS: Final = (
    ("ImapEnabled", "imap"),
    ("PopEnabled", "pop"),
    ("EwsEnabled", "ews"),
    ("ActiveSyncEnabled", "active_sync"),
    ("OWAEnabled", "owa"),
    ("MAPIEnabled", "mapi"),
)
_MAY_FOLLOW: Final = frozenset({_SMTP, "EwsEnabled"})
"""Settings for which null means: as the organisation has it."""


@cmdlet("Get-CASMailbox", role=_ROLE, parameters=("Identity", "ResultSize"))
def get_cas_mailbox(run: Run) -> Output:
    """Show what a mailbox, or each of them, can be opened with."""
    if run.asked("Identity"):
        return [_shown(run.mailbox("Identity"))]
    return run.listed(run.world.state.mailboxes.values(), _shown)


@cmdlet("Get-TransportConfig", role="View-Only Configuration", parameters=())
def get_transport_config(run: Run) -> Output:
    """Show how the organisation handles mail, as far as somebody asks for it here."""
    return [{"Name": "Transport Settings", _SMTP: run.world.state.smtp_auth_disabled}]


@cmdlet(
    "Set-CASMailbox",
    role=_ROLE,
    parameters=("Identity", _SMTP, *(name for name, _ in _FIELDS), "Confirm"),
)
def set_cas_mailbox(run: Run) -> Output:
    """Set what a mailbox can be opened with."""
    mailbox = run.mailbox("Identity")
    given = {field: _state(run, name) for name, field in _FIELDS if run.asked(name)}
    changes: dict[str, Any] = {"protocols": _changed(mailbox.protocols, given)}
    if run.asked(_SMTP):
        changes["smtp_auth_disabled"] = _state(run, _SMTP)
    run.world.change_mailbox(mailbox.oid, **changes)
    run.wrote(mailbox.oid, f"protocols: {', '.join(sorted(run.given.keys() - {'identity'}))}")
    return []


def _shown(mailbox: Mailbox) -> Json:
    return {
        "Identity": mailbox.alias,
        "Name": mailbox.alias,
        "Guid": mailbox.guid,
        "ExternalDirectoryObjectId": mailbox.oid,
        _SMTP: mailbox.smtp_auth_disabled,
        **{name: getattr(mailbox.protocols, field) for name, field in _FIELDS},
    }


def _changed(held: Protocols, given: dict[str, bool | None]) -> Protocols:
    return replace(held, **given)  # type: ignore[arg-type]  # null was refused where it may not be


def _state(run: Run, name: str) -> bool | None:
    value = run.given[name.lower()]
    if value is None and name not in _MAY_FOLLOW:
        raise binding(f"Cannot convert null to a Boolean for parameter '{name}'.")
    return None if value is None else run.switch(name)
