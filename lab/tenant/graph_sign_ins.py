"""The sign-in log, newest first."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from lab.tenant.answers import GraphRefusal
from lab.tenant.filters import Field, clauses, keeps
from lab.tenant.limits import Service
from lab.tenant.logbook import SignIn
from lab.tenant.operations import Ask, Json, Shape, operation
from lab.tenant.settings import Licence
from lab.tenant.user_view import exact

_SIGN_IN_FIELDS: Final[Mapping[str, Field[Any]]] = MappingProxyType(
    {
        "userId": lambda entry: entry.oid,
        "ipAddress": lambda entry: entry.ip,
        "createdDateTime": lambda entry: entry.at,
    }
)


@operation(
    "GET",
    "/auditLogs/signIns",
    any_of=("AuditLog.Read.All",),
    shape=Shape.MANY,
    returns="microsoft.graph.signIn",
    service=Service.REPORTS,
)
def list_sign_ins(ask: Ask) -> Json:
    """List interactive sign-ins; needs Entra ID P1."""
    if not ask.world.licensed(Licence.ENTRA_P1):
        text = "Neither tenant is B2C or tenant doesn't have premium license"
        raise GraphRefusal(403, "Authentication_RequestFromNonPremiumTenantOrB2CTenant", text)
    wanted = clauses(ask, _SIGN_IN_FIELDS)
    entries = [e for e in ask.world.state.logbook.sign_ins if keeps(wanted, _SIGN_IN_FIELDS, e)]
    entries.sort(key=lambda entry: entry.at, reverse=True)
    return ask.page(entries, lambda entry: _sign_in(ask, entry), context="auditLogs/signIns")


def _sign_in(ask: Ask, entry: SignIn) -> Json:
    user = ask.world.state.users.get(entry.oid)
    return {
        "id": entry.id,
        "createdDateTime": exact(entry.at),
        "userDisplayName": user.display_name if user else None,
        "userPrincipalName": user.upn if user else None,
        "userId": entry.oid,
        "appDisplayName": entry.app,
        "ipAddress": entry.ip,
        "clientAppUsed": entry.client,
        "isInteractive": True,
        "status": {
            "errorCode": entry.error,
            "failureReason": "Other." if entry.error == 0 else f"Error {entry.error}.",
            "additionalDetails": None,
        },
    }
