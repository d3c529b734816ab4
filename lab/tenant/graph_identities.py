"""Defender for Identity: accounts in Active Directory, and what its sensors do there when asked.

What is done on premises reaches the cloud with the next directory synchronisation.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from lab.tenant.answers import GraphRefusal, bad_request
from lab.tenant.operations import Ask, Json, Shape, operation
from lab.tenant.settings import Licence
from lab.tenant.state import User

TYPE: Final = "microsoft.graph.security.identityAccounts"
_BY_SID: Final = re.compile(r"onPremisesSecurityIdentifier eq '([^']+)'")
_FIELDS: Final = frozenset({"accountId", "action", "identityProvider"})
_CHANGES: Final[Mapping[str, dict[str, Any]]] = MappingProxyType(
    {
        "disable": {"on_premises_enabled": False},
        "enable": {"on_premises_enabled": True},
        # No new password is set: who knows the old one may choose the next.
        "forcePasswordReset": {"must_change_password": True},
    }
)


@operation(
    "GET",
    "/security/identities/identityAccounts",
    any_of=("SecurityIdentitiesAccount.Read.All",),
    shape=Shape.MANY,
    returns=TYPE,
)
def list_identity_accounts(ask: Ask) -> Json:
    """List the accounts that sensors watch over, or the one that a filter names."""
    _licensed(ask)
    users = ask.world.state.users
    text = ask.query.get("$filter")
    match = _BY_SID.fullmatch(text) if text else None
    if text and match is None:
        raise bad_request(f"Invalid filter clause: '{text}'.", code="BadRequest")
    watched = [users[oid] for oid in users if users[oid].on_premises_sid]
    meant = [u for u in watched if match is None or u.on_premises_sid == match[1]]
    return ask.page(meant, _shown, context="security/identities/identityAccounts")


@operation(
    "POST",
    "/security/identities/identityAccounts/{identity}/microsoft.graph.security.invokeAction",
    any_of=("SecurityIdentitiesActions.ReadWrite.All",),
    returns="microsoft.graph.security.invokeActionResult",
)
def invoke_action(ask: Ask) -> Json:
    """Let a sensor act on an account."""
    _licensed(ask)
    fields = ask.fields()
    if fields.keys() != _FIELDS:
        raise bad_request(f"The body must hold {sorted(_FIELDS)}.", code="BadRequest")
    user = _meant(ask, lambda u: identity(u) == ask.path["identity"])
    if fields["accountId"] != account(user):
        raise bad_request("The account does not belong to the identity.", code="BadRequest")
    changes = _CHANGES.get(str(fields["action"]))
    if changes is None or fields["identityProvider"] != "activeDirectory":
        raise bad_request("The action is not supported for this provider.", code="BadRequest")
    ask.world.change_user(user.id, **changes)
    ask.wrote(user.id, f"on premises: {fields['action']}")
    return {
        "@odata.context": f"{ask.root}/$metadata#microsoft.graph.security.invokeActionResult",
        **{name: fields[name] for name in sorted(_FIELDS)},
        "correlationId": ask.world.guid(),
    }


def _meant(ask: Ask, fits: Callable[[User], bool]) -> User:
    users = ask.world.state.users
    for oid in users:
        if users[oid].on_premises_sid and fits(users[oid]):
            return users[oid]
    raise GraphRefusal(404, "NotFound", "The identity account was not found.")


def _shown(user: User) -> Json:
    return {
        "id": identity(user),
        "displayName": user.display_name,
        "domain": user.on_premises_domain,
        "onPremisesSecurityIdentifier": user.on_premises_sid,
        "cloudSecurityIdentifier": user.sid,
        "isEnabled": user.on_premises_enabled,
        "accounts": [
            {"identityProvider": "activeDirectory", "identifier": account(user), "actions": []},
            {"identityProvider": "entraID", "identifier": user.id, "actions": []},
        ],
    }


def identity(user: User) -> str:
    """Name the identity that Defender for Identity knows a person by."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"identity of {user.id}"))


def account(user: User) -> str:
    """Name the account in Active Directory."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"Active Directory object of {user.id}"))


def _licensed(ask: Ask) -> None:
    if not ask.world.licensed(Licence.DEFENDER_IDENTITY):
        raise GraphRefusal(403, "Forbidden", "Your tenant is not licensed for this feature.")
