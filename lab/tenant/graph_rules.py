"""Inbox rules as Graph shows them: hidden ones not at all, folders by opaque id."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from lab.tenant.answers import Answer, GraphRefusal, bad_request
from lab.tenant.limits import Service
from lab.tenant.operations import Ask, Json, Shape, operation
from lab.tenant.outlook import mailbox_of
from lab.tenant.state import Mailbox, Rule

TYPE: Final = "microsoft.graph.messageRule"
_LIST: Final = "/users/{id}/mailFolders/inbox/messageRules"
_ONE: Final = "/users/{id}/mailFolders/inbox/messageRules/{rid}"
_READ: Final = ("MailboxSettings.Read",)
_WRITE: Final = ("MailboxSettings.ReadWrite",)
WRITABLE: Final[Mapping[str, tuple[str, type]]] = MappingProxyType(
    {
        "actions": ("actions", dict),
        "conditions": ("conditions", dict),
        "displayName": ("name", str),
        "exceptions": ("exceptions", dict),
        "isEnabled": ("enabled", bool),
        "sequence": ("sequence", int),
    }
)
_FOLDER_ACTIONS: Final = ("moveToFolder", "copyToFolder")


@operation("GET", _LIST, any_of=_READ, shape=Shape.MANY, returns=TYPE, service=Service.OUTLOOK)
def list_rules(ask: Ask) -> Json:
    """List the rules that Outlook shows."""
    rules = sorted(_visible(mailbox_of(ask)), key=lambda rule: rule.sequence)
    return ask.page(rules, _rule, context="users/mailFolders/messageRules")


@operation("GET", _ONE, any_of=_READ, returns=TYPE, service=Service.OUTLOOK)
def read_rule(ask: Ask) -> Json:
    """Read one rule."""
    return _entity(ask, _find(ask, mailbox_of(ask)))


@operation("PATCH", _ONE, any_of=_WRITE, returns=TYPE, consumes=TYPE, service=Service.OUTLOOK)
def update_rule(ask: Ask) -> Json:
    """Change one rule; Outlook's client-side rules stay as they are."""
    fields = ask.fields()
    _check(fields)
    mailbox = mailbox_of(ask)
    rule = _find(ask, mailbox)
    if rule.read_only:
        raise bad_request("The rule is read-only.", code="ErrorInvalidRequest")
    changed = replace(rule, **{WRITABLE[name][0]: value for name, value in fields.items()})
    rules = tuple(changed if held.id == rule.id else held for held in mailbox.rules)
    ask.world.change_mailbox(mailbox.oid, rules=rules)
    ask.wrote(mailbox.oid, f"rule {rule.name!r}: {', '.join(sorted(fields))}")
    return _entity(ask, changed)


@operation("DELETE", _ONE, any_of=_WRITE, shape=Shape.NOTHING, service=Service.OUTLOOK)
def delete_rule(ask: Ask) -> Answer:
    """Delete one rule."""
    mailbox = mailbox_of(ask)
    rule = _find(ask, mailbox)
    rules = tuple(held for held in mailbox.rules if held.id != rule.id)
    ask.world.change_mailbox(mailbox.oid, rules=rules)
    ask.wrote(mailbox.oid, f"rule {rule.name!r}: deleted")
    return Answer(204)


def _visible(mailbox: Mailbox) -> list[Rule]:
    return [rule for rule in mailbox.rules if not rule.hidden]


def _find(ask: Ask, mailbox: Mailbox) -> Rule:
    for rule in _visible(mailbox):
        if rule.id == ask.path["rid"]:
            return rule
    text = "The specified object was not found in the store."
    raise GraphRefusal(404, "ErrorItemNotFound", text)


def _check(fields: Json) -> None:
    for name, value in fields.items():
        if name in {"id", "isReadOnly", "hasError"}:
            raise bad_request(f"Property '{name}' is read-only.", code="ErrorInvalidPropertySet")
        if name not in WRITABLE:
            text = (
                f"The property '{name}' does not exist on type '{TYPE}'. Make sure to only use "
                "property names that are defined by the type."
            )
            raise bad_request(text, code="RequestBodyRead")
        if type(value) is not WRITABLE[name][1]:
            text = f"Cannot convert the value of '{name}' to the expected type."
            raise bad_request(text, code="RequestBodyRead")


def _entity(ask: Ask, rule: Rule) -> Json:
    context = f"{ask.root}/$metadata#users/mailFolders/messageRules/$entity"
    return {"@odata.context": context, **_rule(rule)}


def _rule(rule: Rule) -> Json:
    shown: Json = {
        "id": rule.id,
        "displayName": rule.name,
        "sequence": rule.sequence,
        "isEnabled": rule.enabled,
        "hasError": False,
        "isReadOnly": rule.read_only,
    }
    if rule.read_only:
        # Rules that REST cannot express come as a bare name.
        return shown
    return shown | {
        "conditions": dict(rule.conditions),
        "exceptions": dict(rule.exceptions) or None,
        "actions": {name: _action(name, value) for name, value in rule.actions.items()},
    }


def _action(name: str, value: Any) -> Any:
    if name in _FOLDER_ACTIONS:
        return base64.urlsafe_b64encode(f"folder:{value}".encode()).decode()
    return value
