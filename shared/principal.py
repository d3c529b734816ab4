"""Who App Service authentication let in: the object id, the name and the roles of its header.

The platform sets `x-ms-client-principal` and removes whatever a client sent under that name. It is
base64 of a JSON object: `claims` is a list of `{"typ", "val"}`, `role_typ` and `name_typ` say which
of them are roles and which is the name. Roles are the app roles of the app's registration.

Source: learn.microsoft.com/azure/app-service/configure-authentication-user-identities
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from pydantic import BaseModel, ValidationError

from shared.model import Actor, TenantId, Value

_OBJECT_ID: Final = (
    "http://schemas.microsoft.com/identity/claims/objectidentifier",
    "oid",
)
_TENANT_ID: Final = ("http://schemas.microsoft.com/identity/claims/tenantid", "tid")
_ENTRA: Final = "aad"
"""What the platform calls Entra among its identity providers."""
_NAMES: Final = ("name", "preferred_username", "upn")
_ROLES: Final = ("roles", "http://schemas.microsoft.com/ws/2008/06/identity/claims/role")
_PREFIX: Final = "Firebreak."
SIGN_IN: Final = "Sign in with an account that this app's authentication lets in"
"""Said to whoever is not signed in yet, and could."""
SIGN_IN_AT: Final = "/.auth/login/aad"
"""Where App Service authentication signs people in with Entra."""
ALL: Final = "all"
"""What a role of the provider's ends in that counts for every tenant."""


class Role(StrEnum):
    """What a person may do; each may do what those before it may."""

    READER = "reader"
    """Sees cases, alerts and what waits."""
    RESPONDER = "responder"
    """Also puts back what a case changed and says since when an account is compromised."""
    APPROVER = "approver"
    """Also releases and declines what waits."""
    ADMINISTRATOR = "administrator"
    """Also steers the brakes of the whole organisation."""


class Person(Value):
    """Somebody who was let in, and the most they may do."""

    actor: Actor
    role: Role

    def may(self, wanted: Role) -> bool:
        """Whether their role is enough."""
        order = list(Role)
        return order.index(self.role) >= order.index(wanted)


class Scope(Value):
    """Whose pages these are, where one deployment serves several tenants.

    `Firebreak.Reader` counts for the tenant that the person signs in from. `Firebreak.Reader.NAME`
    counts for that customer and `Firebreak.Reader.all` for everybody, and both are believed of the
    provider's own people only: in each customer's tenant the customer's administrators give out
    the roles of the app, whatever they are called.
    """

    tenant: TenantId
    home: TenantId
    name: str = ""

    def roles(self, home: str) -> dict[str, Role]:
        """Give the roles that count here for somebody whose home is that tenant."""
        found: dict[str, Role] = {}
        if home == self.tenant:
            found |= _words("")
        if home == self.home:
            ends = [f".{ALL}", *([f".{self.name}"] if self.name else [])]
            found |= {word: role for end in ends for word, role in _words(end).items()}
        return found


class _Claim(BaseModel):
    typ: str
    val: str


class _Principal(BaseModel):
    auth_typ: str | None = None
    claims: list[_Claim] = []
    name_typ: str | None = None
    role_typ: str | None = None


def person(encoded: str, tenant: TenantId, scope: Scope | None = None) -> Person | str:
    """Read the platform's header; a text says why it names nobody who may come in.

    Without a `scope` there is one tenant. The platform should let in nobody else's people, and
    where it was told to let in anybody's, their own administrators would give out our roles.
    """
    try:
        found = _Principal.model_validate_json(b64decode(encoded, validate=True))
    except (binascii.Error, ValueError, ValidationError):
        return "The sign-in cannot be read; sign out, and in again"
    oid, home = _first(found, _OBJECT_ID), _first(found, _TENANT_ID).lower()
    if stranger := _stranger(found, home=home, ours=None if scope else tenant):
        return stranger
    if not oid:
        return "The sign-in has no object id; sign in with an account of this organisation"
    known = scope.roles(home) if scope else _words("")
    role = _highest(found, known)
    if role is None:
        return (
            "Your account has no role here; ask an administrator for one of "
            f"{', '.join(_PREFIX + r.capitalize() for r in Role)} in the enterprise application"
        )
    name = _first(found, (found.name_typ or "", *_NAMES)) or oid
    return Person(actor=Actor(id=oid.lower(), name=name), role=role)


def _stranger(found: _Principal, *, home: str, ours: TenantId | None) -> str:
    """Say whose the account is if it is not ours; `ours` is None where a role decides."""
    if (found.auth_typ or _ENTRA).lower() != _ENTRA:
        return "Sign in with Microsoft Entra; what another provider calls a role is none here"
    if ours and home not in {"", ours}:
        return "Your account is another organisation's; sign in with one of this organisation"
    return ""


def _first(found: _Principal, types: tuple[str, ...]) -> str:
    return next((c.val for typ in types for c in found.claims if typ and c.typ == typ), "")


def _words(end: str) -> dict[str, Role]:
    return {f"{_PREFIX}{role}{end}".lower(): role for role in Role}


def _highest(found: _Principal, known: Mapping[str, Role]) -> Role | None:
    types = {*_ROLES, found.role_typ}
    held = {known[c.val.lower()] for c in found.claims if c.typ in types and c.val.lower() in known}
    return max(held, key=list(Role).index, default=None)
