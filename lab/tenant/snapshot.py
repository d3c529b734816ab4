"""The tenant's state as JSON: everything a responder could change, in a canonical form."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from lab.tenant.state import State


def snapshot(state: State, *, without: str | None = None) -> dict[str, Any]:
    """Show all state by object id; `without` leaves one account out, to see who else changed."""
    parts: dict[str, dict[str, Any]] = {
        "users": {oid: state.users[oid] for oid in state.users},
        "memberships": {oid: state.memberships[oid] for oid in state.memberships},
        "mailboxes": dict(state.mailboxes),
        "authentication": dict(state.authentication),
        "risks": dict(state.risks),
        "groups": dict(state.groups),
        "blocked": {sender.address: sender for sender in state.blocked.values()},
        "unblocked": dict(state.unblocked),
        "drives": dict(state.drives),
        "alerts": _by_owner(state.alerts),
        "incidents": _by_owner(state.incidents),
        "sent": _by_owner(state.sent),
        "mail_flow": _by_owner(state.mail_flow.devices),
        "directory": dict(state.directory.by_account()),
        "organisation": {
            "audit_disabled": state.audit_disabled,
            "log_ingestion": state.log_ingestion,
            "smtp_auth_disabled": state.smtp_auth_disabled,
        },
    }
    left_out = _names(state, without)
    return {
        part: {key: _plain(held[key]) for key in sorted(held) if key not in left_out}
        for part, held in parts.items()
    }


def _by_owner(things: dict[str, Any]) -> dict[str, Any]:
    """Sort things with an id of their own by the account they belong to."""
    owned: dict[str, Any] = {}
    for key in sorted(things):
        owned.setdefault(things[key].oid, {})[key] = things[key]
    return owned


def _names(state: State, oid: str | None) -> set[str]:
    user = state.users.get(oid) if oid else None
    return {user.id, user.upn.casefold(), str(user.mail).casefold()} if user else set()


def _plain(value: Any) -> Any:  # the commonest first: this is asked for each leaf of the state
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, frozenset):
        value = sorted(value)
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if dataclasses.is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    return value
