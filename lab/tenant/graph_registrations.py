"""The report on who has registered which authentication methods, which takes Entra ID P1."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from lab.tenant.answers import GraphRefusal
from lab.tenant.limits import Service
from lab.tenant.operations import Ask, Json, Shape, operation
from lab.tenant.settings import Licence
from lab.tenant.state import Authentication, User
from lab.tenant.user_view import seconds

TYPE: Final = "microsoft.graph.userRegistrationDetails"
_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "email": "email",
        "fido2": "passKeyDeviceBound",
        "hardwareOath": "hardwareOneTimePasscode",
        "microsoftAuthenticator": "microsoftAuthenticatorPush",
        "phone": "mobilePhone",
        "softwareOath": "softwareOneTimePasscode",
        "temporaryAccessPass": "temporaryAccessPass",
        "windowsHelloForBusiness": "windowsHelloForBusiness",
    }
)
"""What the report calls each kind of method."""
_NO_FACTOR: Final = frozenset({"email", "temporaryAccessPass"})
_NOTHING: Final = Authentication()


@operation(
    "GET",
    "/reports/authenticationMethods/userRegistrationDetails",
    any_of=("AuditLog.Read.All",),
    shape=Shape.MANY,
    returns=TYPE,
    service=Service.REPORTS,
)
def list_registrations(ask: Ask) -> Json:
    """List the accounts that may sign in, with what they have registered."""
    if not ask.world.licensed(Licence.ENTRA_P1):
        raise GraphRefusal(
            403,
            "Authentication_RequestFromNonPremiumTenantOrB2CTenant",
            "Neither tenant is B2C or tenant doesn't have premium license",
        )
    users = ask.world.state.users
    enabled = [user for oid in users if (user := users[oid]).enabled]
    admins = _admins(ask)
    return ask.page(
        enabled,
        lambda user: _shown(ask, user, is_admin=user.id in admins),
        context="reports/authenticationMethods/userRegistrationDetails",
    )


def _admins(ask: Ask) -> frozenset[str]:
    state = ask.world.state
    return frozenset(
        member
        for member in state.memberships
        if any(parent.id in state.roles for parent in state.parents(member, at=ask.world.now()))
    )


def _shown(ask: Ask, user: User, *, is_admin: bool) -> Json:
    held = ask.world.state.authentication.get(user.id, _NOTHING).methods
    names = [_NAMES.get(method.kind, method.kind) for method in held]
    registered = any(name not in _NO_FACTOR for name in names)
    return {
        "id": user.id,
        "userPrincipalName": user.upn,
        "userDisplayName": user.display_name,
        "userType": user.user_type.lower(),
        "isAdmin": is_admin,
        "isSsprRegistered": False,
        "isSsprEnabled": False,
        "isSsprCapable": False,
        "isMfaRegistered": registered,
        "isMfaCapable": registered,
        "isPasswordlessCapable": "passKeyDeviceBound" in names,
        "methodsRegistered": names,
        "isSystemPreferredAuthenticationMethodEnabled": False,
        "systemPreferredAuthenticationMethods": [],
        "userPreferredMethodForSecondaryAuthentication": "none",
        "lastUpdatedDateTime": seconds(ask.world.now()),
    }
