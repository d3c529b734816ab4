"""Per-user multifactor authentication, which only `/beta` knows."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from lab.tenant.answers import Answer, bad_request, denied
from lab.tenant.graph_methods import of
from lab.tenant.operations import Ask, Json, Shape, operation

TYPE: Final = "microsoft.graph.strongAuthenticationRequirements"
_PATH: Final = "/users/{id}/authentication/requirements"
_WRITE: Final = "Policy.ReadWrite.AuthenticationMethod"
_STATES: Final = ("disabled", "enabled", "enforced")


@operation("GET", _PATH, any_of=("Policy.Read.All", _WRITE), returns=TYPE, only_in="beta")
def read_requirements(ask: Ask) -> Json:
    """Read whether this account alone has to use a second factor."""
    return {
        "@odata.context": f"{ask.root}/$metadata#users/authentication/requirements/$entity",
        "perUserMfaState": of(ask, ask.user()).per_user_mfa,
    }


@operation("PATCH", _PATH, any_of=(_WRITE,), shape=Shape.NOTHING, consumes=TYPE, only_in="beta")
def set_requirements(ask: Ask) -> Answer:
    """Set it."""
    user = ask.user()
    if not ask.world.may_act_on(user.id):
        raise denied()
    fields = ask.fields()
    if fields.keys() != {"perUserMfaState"} or fields["perUserMfaState"] not in _STATES:
        raise bad_request("Invalid value specified for property 'perUserMfaState'.")
    held = replace(of(ask, user), per_user_mfa=fields["perUserMfaState"])
    ask.world.state.authentication[user.id] = held
    ask.wrote(user.id, f"per-user MFA: {held.per_user_mfa}")
    return Answer(204)
