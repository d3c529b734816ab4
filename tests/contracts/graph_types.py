"""Microsoft's own description of Graph, as data: does a value fit a type, who may call what."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.contracts import beyond_reference
from tests.contracts import roles_beyond_reference as roles

type Json = dict[str, Any]

REFERENCE = Path(__file__).resolve().parents[2] / ".." / "shared" / "graph"
DOMAIN = "microsoft.graph.domain"
_DOMAIN_PROPERTIES = {
    "authenticationType": ["Edm.String", False],
    "availabilityStatus": ["Edm.String", True],
    "isAdminManaged": ["Edm.Boolean", False],
    "isDefault": ["Edm.Boolean", False],
    "isInitial": ["Edm.Boolean", False],
    "isRoot": ["Edm.Boolean", False],
    "isVerified": ["Edm.Boolean", False],
    "manufacturer": ["Edm.String", True],
    "model": ["Edm.String", True],
    "passwordNotificationWindowInDays": ["Edm.Int32", True],
    "passwordValidityPeriodInDays": ["Edm.Int32", True],
    "supportedServices": ["Collection(Edm.String)", False],
}
"""The one type we meet that the reference data leaves out.

Source: https://learn.microsoft.com/graph/api/resources/domain (v1.0)
"""
PREFERENCES = "microsoft.graph.signInPreferences"
REQUIREMENTS = "microsoft.graph.strongAuthenticationRequirements"
_METHOD = "microsoft.graph.authenticationMethod"
_BETA: Mapping[str, Json] = {
    PREFERENCES: {
        "base": None,
        "props": {
            "isSystemPreferredAuthenticationMethodEnabled": ["Edm.Boolean", True],
            "systemPreferredAuthenticationMethod": ["Edm.String", True],
            "userPreferredMethodForSecondaryAuthentication": [
                "microsoft.graph.userDefaultAuthenticationMethodType",
                True,
            ],
        },
    },
    "microsoft.graph.userDefaultAuthenticationMethodType": {
        "enum": ["push", "oath", "voiceMobile", "voiceAlternateMobile", "voiceOffice", "sms"]
    },
    REQUIREMENTS: {
        "base": None,
        "props": {"perUserMfaState": ["microsoft.graph.perUserMfaState", True]},
    },
    "microsoft.graph.perUserMfaState": {"enum": ["disabled", "enforced", "enabled"]},
    "microsoft.graph.hardwareOathAuthenticationMethod": {"base": _METHOD, "props": {}},
    "microsoft.graph.qrCodePinAuthenticationMethod": {"base": _METHOD, "props": {}},
}
"""What we meet of beta, which the reference data leaves out.

Source: https://learn.microsoft.com/graph/api/resources (beta), one page for each type
"""
_UNLISTED: Mapping[str, Json] = {
    "GET /users/{id}/authentication/signinpreferences": {
        "least": ["UserAuthenticationMethod.Read.All"],
        "also": ["UserAuthenticationMethod.ReadWrite.All"],
    },
    "PATCH /users/{id}/authentication/signinpreferences": {
        "least": ["UserAuthenticationMethod.ReadWrite.All"],
        "also": [],
    },
}
"""Operations that the reference leaves out.

Source: https://learn.microsoft.com/graph/api/authentication-update (beta)
"""
_WHEN = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,12})?(Z|[+-]\d\d:\d\d)")
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_COLLECTION = re.compile(r"Collection\((.+)\)")


def load(name: str) -> Json:
    """Read a reference file, or skip the test where this checkout has none."""
    path = REFERENCE / name
    if not path.exists():
        pytest.skip("the reference data of Microsoft Graph is not beside this checkout")
    found: Json = json.loads(path.read_text(encoding="utf-8"))
    return found


class Types:
    """The v1.0 entity, complex and enum types."""

    def __init__(self) -> None:
        self._types = load("types-v1.0.json")
        entity = {"base": "microsoft.graph.entity", "open": None, "props": _DOMAIN_PROPERTIES}
        self._types = {DOMAIN: entity, **_BETA, **self._types}
        self._types = {**beyond_reference.TYPES, **roles.TYPES, **self._types}

    def properties(self, name: str) -> Json:
        """Collect the properties of a type and all it derives from, each with its own namespace."""
        found: Json = {}
        at: str | None = name
        while at is not None:
            own, space = self._types[at], at.rpartition(".")[0]
            for prop, (kind, nullable) in own.get("props", {}).items():
                full = kind.replace("self.", f"{space}.").replace("(graph.", "(microsoft.graph.")
                found.setdefault(prop, (re.sub(r"^graph\.", "microsoft.graph.", full), nullable))
            at = own.get("base")
        return found

    def problems(self, value: object, kind: str, where: str = "") -> Iterator[str]:
        """Say whatever keeps a value from being of a type."""
        if collection := _COLLECTION.fullmatch(kind):
            if not isinstance(value, list):
                yield f"{where or kind}: {value!r} is no collection"
                return
            for number, item in enumerate(value):
                yield from self.problems(item, collection[1], f"{where}[{number}]")
        elif not kind.startswith("Edm.") and "enum" not in self._types.get(kind, {}):
            yield from self._object(value, kind, where)
        elif not self._is_scalar(value, kind):
            yield f"{where}: {value!r} is no {kind}"

    def _object(self, value: object, kind: str, where: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"{where}: {value!r} is no {kind}"
            return
        said = str(value.get("@odata.type", f"#{kind}")).removeprefix("#")
        if not self._derives(said, kind):
            yield f"{where}: {said} is no {kind}"
            return
        known = self.properties(said)
        for name, item in value.items():
            if "@odata." in name or self._is_dictionary(said):
                continue
            if name not in known:
                yield f"{where}: {said} has no property {name!r}"
                continue
            inner, nullable = known[name]
            if item is not None:
                yield from self.problems(item, inner, f"{where}.{name}")
            elif not nullable:
                yield f"{where}.{name}: is never null"

    def _is_dictionary(self, name: str) -> bool:
        """Whether a type has any property; other open types take what tenants add, and none is."""
        return bool(self._types[name].get("open")) and not self._types[name].get("props")

    def _derives(self, name: str, kind: str) -> bool:
        at: str | None = name if name in self._types else None
        while at is not None and at != kind:
            at = self._types[at].get("base")
        return at is not None

    def _is_scalar(self, value: object, kind: str) -> bool:
        if kind.startswith("Edm."):
            return _primitive(value, kind)
        if not isinstance(value, str):
            return False
        enum = self._types[kind]
        parts = value.split(",") if enum.get("flags") else [value]
        return all(part.strip() in enum["enum"] for part in parts)


class Permissions:
    """Which application permissions let a caller into which operation."""

    def __init__(self) -> None:
        found = load("permissions.json")
        self._operations: Mapping[str, Json] = {**_UNLISTED, **found["operations"]}
        self._operations = {
            **beyond_reference.OPERATIONS,
            **roles.OPERATIONS,
            **self._operations,
        }
        self.known = frozenset(found["roles"]) | beyond_reference.ROLES

    def operation(self, method: str, path: str) -> str | None:
        """Find the operation a request is, by its path below /v1.0; literal names win over ids."""
        segments = path.strip("/").lower().split("/")
        fits = [
            name
            for name in self._operations
            if name.startswith(f"{method} ") and _fits(name.partition(" ")[2], segments)
        ]
        return min(fits, key=lambda name: name.count("{id}"), default=None)

    def allowing(self, operation: str, body: Json | None = None) -> frozenset[str]:
        """Give the permissions each of which is enough for the operation.

        The reference is coarse at PATCH /users/{id}: sign-in and password have rights of their own.
        Source: https://learn.microsoft.com/graph/api/user-update#permissions-for-specific-scenarios
        """
        if operation == "PATCH /users/{id}":
            named = {name for name in body or {} if "@odata." not in name}
            return _USER_WRITES.get(frozenset(named), frozenset())
        found = self._operations[operation]
        return frozenset(found["least"]) | frozenset(found["also"])


_USER_WRITES = {
    frozenset({"accountEnabled"}): frozenset({"User.EnableDisableAccount.All"}),
    frozenset({"passwordProfile"}): frozenset({"User-PasswordProfile.ReadWrite.All"}),
}


def _fits(template: str, segments: list[str]) -> bool:
    parts = template.strip("/").split("/")
    return len(parts) == len(segments) and all(
        part in ("{id}", given) for part, given in zip(parts, segments, strict=True)
    )


def _primitive(value: object, kind: str) -> bool:
    match kind:
        case "Edm.Boolean":
            return isinstance(value, bool)
        case "Edm.Int32" | "Edm.Int64":
            bits = int(kind[-2:]) - 1
            whole = isinstance(value, int) and not isinstance(value, bool)
            return whole and -(2**bits) <= int(str(value)) < 2**bits
        case "Edm.Double":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case _:
            return isinstance(value, str) and _TEXTS.get(kind, _never)(value)


def _never(_: str) -> bool:
    return False


def _binary(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except ValueError:
        return False
    return True


_TEXTS = {
    "Edm.String": lambda _: True,
    "Edm.DateTimeOffset": lambda text: _WHEN.fullmatch(text) is not None,
    "Edm.Guid": lambda text: _GUID.fullmatch(text) is not None,
    "Edm.Binary": _binary,
}
