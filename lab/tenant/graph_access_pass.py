"""Temporary Access Passes: made by an administrator, shown once, good until they run out."""

from __future__ import annotations

import string
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import AwareDatetime, TypeAdapter, ValidationError

from lab.tenant.answers import Answer, bad_request, denied
from lab.tenant.graph_methods import of
from lab.tenant.operations import Ask, Json, operation
from lab.tenant.settings import AccessPass
from lab.tenant.state import AuthMethod, User
from lab.tenant.user_view import seconds

TYPE: Final = "microsoft.graph.temporaryAccessPassAuthenticationMethod"
KIND: Final = "temporaryAccessPass"
_RIGHTS: Final = ("UserAuthMethod-TAP.ReadWrite.All", "UserAuthenticationMethod.ReadWrite.All")
_SHORTEST: Final = 10
_LONGEST: Final = 43200
"""Minutes, as the policy allows at most."""
_USUAL: Final = 60
_LETTERS: Final = string.ascii_letters + string.digits
_TIME: Final = TypeAdapter(AwareDatetime)


@operation(
    "POST",
    "/users/{id}/authentication/temporaryAccessPassMethods",
    any_of=_RIGHTS,
    returns=TYPE,
    consumes=TYPE,
)
def create_access_pass(ask: Ask) -> Answer:
    """Make a pass; one that is there is replaced by it. This answer alone shows the secret."""
    user = _allowed(ask)
    now = ask.world.now()
    made = AuthMethod(
        id=ask.world.guid(), kind=KIND, created_at=now, shown=_wish(ask.fields(), now=now)
    )
    held = of(ask, user)
    kept = tuple(method for method in held.methods if method.kind != KIND)
    ask.world.state.authentication[user.id] = replace(held, methods=(*kept, made))
    ask.wrote(user.id, f"{KIND} method {made.id}: made")
    context = f"{ask.root}/$metadata#users/authentication/temporaryAccessPassMethods/$entity"
    return Answer(
        201,
        {
            "@odata.context": context,
            "id": made.id,
            "createdDateTime": seconds(now),
            **made.shown,
            "temporaryAccessPass": "".join(ask.world.dice.choices(_LETTERS, k=8)),
        },
    )


def valid_until(method: AuthMethod) -> datetime:
    """Tell when a pass runs out."""
    begins: datetime = _TIME.validate_python(method.shown["startDateTime"])
    return begins + timedelta(minutes=method.shown["lifetimeInMinutes"])


def _allowed(ask: Ask) -> User:
    user = ask.user()
    if not ask.world.may_act_on(user.id):
        raise denied()
    if user.user_type == "Guest":
        text = "Temporary Access Pass cannot be added to an external guest user."
        raise bad_request(text, code="badRequest")
    if ask.world.settings.access_pass is AccessPass.OFF:
        raise bad_request(
            "Converged UserCredentialPolicy does not allow creating or updating this "
            "authentication method. AuthMethodType [TemporaryAccessPass].",
            code="badRequest",
        )
    return user


def _wish(fields: Json, *, now: datetime) -> dict[str, Any]:
    minutes = fields.pop("lifetimeInMinutes", _USUAL)
    once = fields.pop("isUsableOnce", False)
    begins = fields.pop("startDateTime", None) or seconds(now)
    if fields:
        raise bad_request(f"Property '{min(fields)}' cannot be set.", code="badRequest")
    if type(minutes) is not int or not _SHORTEST <= minutes <= _LONGEST:
        raise bad_request("The lifetime is outside of what the policy allows.", code="badRequest")
    if type(once) is not bool:
        raise bad_request("Invalid value for 'isUsableOnce'.", code="badRequest")
    try:
        begins = seconds(max(_TIME.validate_python(begins), now))
    except ValidationError as error:
        raise bad_request("Invalid value for 'startDateTime'.", code="badRequest") from error
    return {
        "isUsable": True,
        "isUsableOnce": once,
        "lifetimeInMinutes": minutes,
        "methodUsabilityReason": "EnabledByPolicy",
        "startDateTime": begins,
    }
