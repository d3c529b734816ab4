"""Mailbox settings as Graph shows them: the automatic reply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from lab.tenant.answers import bad_request
from lab.tenant.limits import Service
from lab.tenant.mailbox_state import AutoReply
from lab.tenant.operations import Ask, Json, operation
from lab.tenant.outlook import mailbox_of
from lab.tenant.state import Mailbox

TYPE: Final = "microsoft.graph.mailboxSettings"
REPLY: Final = "microsoft.graph.automaticRepliesSetting"
_PATH: Final = "/users/{id}/mailboxSettings"
_WRITE: Final = ("MailboxSettings.ReadWrite",)
_READ: Final = ("MailboxSettings.Read", *_WRITE)
WRITABLE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "status": "status",
        "externalAudience": "audience",
        "internalReplyMessage": "internal",
        "externalReplyMessage": "external",
        "scheduledStartDateTime": "starts",
        "scheduledEndDateTime": "ends",
    }
)
_ENUMS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "status": ("disabled", "alwaysEnabled", "scheduled"),
        "externalAudience": ("none", "contactsOnly", "all"),
    }
)


@operation("GET", _PATH, any_of=_READ, returns=TYPE, service=Service.OUTLOOK)
def read_settings(ask: Ask) -> Json:
    """Show the settings."""
    wanted = ask.wants(("automaticRepliesSetting", "timeZone"), TYPE)
    shown = _settings(ask, mailbox_of(ask))
    if wanted is None:
        return shown
    return {name: shown[name] for name in ("@odata.context", *wanted)}


@operation("PATCH", _PATH, any_of=_WRITE, returns=TYPE, consumes=TYPE, service=Service.OUTLOOK)
def update_settings(ask: Ask) -> Json:
    """Change what the body names and leave the rest, the text among it, as it is."""
    mailbox = mailbox_of(ask)
    given = ask.fields()
    if set(given) - {"automaticRepliesSetting"}:
        raise bad_request("The lab changes the automatic reply only.", code="RequestBodyRead")
    fields = {
        name: value
        for name, value in dict(given.get("automaticRepliesSetting") or {}).items()
        if not name.startswith("@odata.")
    }
    reply = _changed(mailbox.auto_reply, fields)
    mailbox = ask.world.change_mailbox(mailbox.oid, auto_reply=reply)
    # What it says is a message body and goes into no record.
    ask.wrote(mailbox.oid, f"automatic reply: {reply.status}")
    return _settings(ask, mailbox)


def _changed(reply: AutoReply, fields: Mapping[str, Any]) -> AutoReply:
    changes: dict[str, Any] = {}
    for name, value in fields.items():
        if name not in WRITABLE:
            text = f"The property '{name}' does not exist on type '{REPLY}'."
            raise bad_request(text, code="RequestBodyRead")
        if value not in _ENUMS.get(name, (value,)):
            text = f"Cannot convert the value of '{name}' to the expected type."
            raise bad_request(text, code="RequestBodyRead")
        changes[WRITABLE[name]] = _utc(value) if name.endswith("DateTime") else value
    changed = replace(reply, **changes)
    if changed.status == "scheduled" and (changed.ends or "") <= (changed.starts or ""):
        text = "Invalid scheduled automatic reply duration."
        raise bad_request(text, code="ErrorInvalidScheduledOofDuration")
    return changed


def _utc(value: Json | None) -> str | None:
    if value is None:
        return None
    if value.get("timeZone") not in (None, "UTC"):
        raise bad_request("The lab keeps schedules in UTC.", code="ErrorInvalidTimeZone")
    return str(value["dateTime"])


def _settings(ask: Ask, mailbox: Mailbox) -> Json:
    user, reply = ask.path["id"], mailbox.auto_reply
    return {
        "@odata.context": f"{ask.root}/$metadata#users('{user}')/mailboxSettings",
        "timeZone": "UTC",
        "automaticRepliesSetting": {
            "status": reply.status,
            "externalAudience": reply.audience,
            "internalReplyMessage": reply.internal,
            "externalReplyMessage": reply.external,
            "scheduledStartDateTime": _shown(reply.starts),
            "scheduledEndDateTime": _shown(reply.ends),
        },
    }


def _shown(moment: str | None) -> Json | None:
    return {"dateTime": moment, "timeZone": "UTC"} if moment else None
