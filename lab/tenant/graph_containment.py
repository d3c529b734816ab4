"""The writes that shut an account: accountEnabled, passwordProfile and revokeSignInSessions."""

from __future__ import annotations

from typing import Any, Final

from lab.tenant.answers import Answer, bad_request, denied
from lab.tenant.operations import Ask, Json, Shape, operation
from lab.tenant.state import User
from lab.tenant.user_view import PROPERTIES, TYPE, WRITABLE_TEXT

_ENABLE: Final = ("User.EnableDisableAccount.All", "User.ReadWrite.All", "Directory.ReadWrite.All")
_PASSWORD: Final = ("User-PasswordProfile.ReadWrite.All",)
_OTHER: Final = ("User.ReadWrite.All", "Directory.ReadWrite.All")
_FORCE: Final = ("forceChangePasswordNextSignIn", "forceChangePasswordNextSignInWithMfa")
_SHORTEST: Final = 12
_CLASSES: Final = 3
_SYNCED: Final = (
    "Unable to update the specified properties for on-premises mastered Directory Sync objects "
    "or objects currently undergoing migration."
)


@operation(
    "PATCH", "/users/{id}", any_of={*_ENABLE, *_PASSWORD}, shape=Shape.NOTHING, consumes=TYPE
)
def update_user(ask: Ask) -> Answer:
    """Change an account: all of the body or, when one right is missing, nothing of it."""
    fields = ask.fields()
    _check_types(fields)
    user = ask.user()
    _check_rights(ask, user, fields)
    _check_source(user, fields)
    changes = {WRITABLE_TEXT[k]: v for k, v in fields.items() if k in WRITABLE_TEXT}
    if "accountEnabled" in fields:
        changes["enabled"] = fields["accountEnabled"]
    if "passwordProfile" in fields:
        changes |= _new_password(ask, user, fields["passwordProfile"])
    ask.world.change_user(user.id, **changes)
    ask.wrote(user.id, _told(fields))
    return Answer(204)


@operation(
    "POST",
    "/users/{id}/revokeSignInSessions",
    any_of=("User.RevokeSessions.All", "User.ReadWrite.All", "Directory.ReadWrite.All"),
    shape=Shape.VALUE,
)
def revoke_sessions(ask: Ask) -> Json:
    """End all sessions. Says true for guests as well, whose sessions belong to another tenant."""
    user = ask.user()
    if user.user_type != "Guest":
        ask.world.change_user(user.id, sessions_valid_from=ask.world.now())
        ask.wrote(user.id, "sessions revoked")
    return {"@odata.context": f"{ask.root}/$metadata#Edm.Boolean", "value": True}


def _check_types(fields: Json) -> None:
    if not fields:
        raise bad_request("The request body holds no property to update.")
    for name, value in fields.items():
        if name == "accountEnabled":
            fits = isinstance(value, bool)
        elif name == "passwordProfile":
            fits = isinstance(value, dict) and _is_profile(value)
        elif name in WRITABLE_TEXT:
            fits = value is None or isinstance(value, str)
        elif name in PROPERTIES:
            raise bad_request(f"Property '{name}' is read-only and cannot be set.")
        else:
            raise bad_request(f"Resource 'User' does not have a property named '{name}'.")
        if not fits:
            raise bad_request(f"Invalid value specified for property '{name}' of resource 'User'.")


def _is_profile(value: dict[str, Any]) -> bool:
    known = {"password": str, **dict.fromkeys(_FORCE, bool)}
    given = {k: v for k, v in value.items() if not k.startswith("@odata.")}
    return bool(given) and all(k in known and isinstance(v, known[k]) for k, v in given.items())


def _check_rights(ask: Ask, user: User, fields: Json) -> None:
    """Every part needs its permission; one that is missing refuses the whole request."""
    if "accountEnabled" in fields:
        ask.require(*_ENABLE)
    if "passwordProfile" in fields:
        ask.require(*_PASSWORD)
    if fields.keys() - {"accountEnabled", "passwordProfile"}:
        ask.require(*_OTHER)
    sensitive = fields.keys() & {"accountEnabled", "passwordProfile"}
    if user.restricted or (sensitive and not ask.world.may_act_on(user.id)):
        raise denied()


def _check_source(user: User, fields: Json) -> None:
    if user.synced and fields.keys() - {"accountEnabled", "usageLocation"}:
        raise bad_request(_SYNCED)


def _new_password(ask: Ask, user: User, profile: dict[str, Any]) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    forced = [bool(profile[name]) for name in _FORCE if name in profile]
    if forced:
        changes["must_change_password"] = any(forced)
    if "password" in profile:
        _check_strength(profile["password"])
        changes["password_version"] = user.password_version + 1
        changes["password_resets"] = user.password_resets + 1
        changes["password_changed_at"] = ask.world.now()
        # Graph's default: a password that an administrator sets has to be changed.
        changes.setdefault("must_change_password", True)
    return changes


def _check_strength(password: str) -> None:
    found = (
        any(c.islower() for c in password),
        any(c.isupper() for c in password),
        any(c.isdigit() for c in password),
        any(not c.isalnum() for c in password),
    )
    if len(password) < _SHORTEST or sum(found) < _CLASSES:
        raise bad_request(
            "The specified password does not comply with password complexity requirements. "
            "Please provide a different password."
        )


def _told(fields: Json) -> str:
    """Say what was changed; a password only that it was."""
    parts = []
    for name, value in fields.items():
        if name != "passwordProfile":
            parts.append(f"{name}: {value}")
            continue
        parts.append("password: set" if "password" in value else "password: change forced")
    return ", ".join(parts)
