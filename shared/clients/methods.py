"""Authentication methods: what an account proves itself with, beside its password.

Source: https://learn.microsoft.com/graph/api/resources/authenticationmethods-overview. Hardware
tokens, QR codes, the default method and per-user multifactor authentication are in `/beta` only.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from pydantic import SecretStr, TypeAdapter, ValidationError

from shared.clients import graph
from shared.clients.graph import Graph, beta
from shared.clients.method_kinds import (
    KINDS,
    PASSWORD,
    kind_of,
    label_of,
    preferences_of,
    removal,
)
from shared.errors import Defect
from shared.model import Json, ObjectId, Utc, Value

if TYPE_CHECKING:
    from kiota_abstractions.request_information import RequestInformation
    from msgraph.graph_service_client import GraphServiceClient

_TIME: Final = TypeAdapter(Utc)
_FIRST_YEAR: Final = 2000
"""Services write a year long before their own for a time that they do not know."""
_PREFERENCES: Final = "/users/{user}/authentication/signInPreferences"
_PREFERRED: Final = "userPreferredMethodForSecondaryAuthentication"
_REQUIREMENTS: Final = "/users/{user}/authentication/requirements"


class MfaState(StrEnum):
    """Whether an account of its own has to use a second factor, whatever policies say."""

    DISABLED = "disabled"
    ENABLED = "enabled"
    ENFORCED = "enforced"
    UNKNOWN = "unknown"


class AuthMethod(Value):
    """One registered method. `created_at` is `None` where Graph does not say: unknown, not old.

    `kind` is Graph's type without its ending; `preferences` are the default factors it can be.
    """

    id: str
    kind: str
    label: str
    created_at: Utc | None
    preferences: tuple[str, ...] = ()

    @property
    def removable(self) -> bool:
        """Whether we know how to remove this kind."""
        return self.kind in KINDS


class TemporaryPass(Value):
    """A Temporary Access Pass: shown to one person once, kept nowhere."""

    value: SecretStr
    valid_until: Utc


class AuthMethods:
    """What accounts have registered, and the passes that let them register anew."""

    def __init__(self, source: Graph) -> None:
        self._graph = source

    async def all(self, oid: ObjectId) -> tuple[AuthMethod, ...]:
        """List every method but the password.

        Read from beta: v1.0 has no type for hardware tokens and QR codes, and a kind that a list
        cannot name is not to be missed. Source: GET /users/{id}/authentication/methods.
        """
        pages = self._graph.pages(
            beta("GET", "/users/{user}/authentication/methods", user=oid),
            permission=graph.AUTHENTICATION_METHOD_WRITE_ALL,
        )
        return tuple([_method(item) async for item in pages if kind_of(item) != PASSWORD])

    async def remove(self, oid: ObjectId, method: AuthMethod) -> None:
        """Remove one method. Raises `Refused` for the default one while there are others."""
        await self._graph.write(
            removal(oid, method.kind, method.id),
            permission=graph.AUTHENTICATION_METHOD_WRITE_ALL,
        )

    async def default(self, oid: ObjectId) -> str | None:
        """Read the default second factor as Graph names it, `None` where none is chosen.

        Source: GET /beta/users/{id}/authentication/signInPreferences.
        """
        found = await self._graph.get(
            beta("GET", _PREFERENCES, user=oid), permission=graph.AUTHENTICATION_METHOD_WRITE_ALL
        )
        chosen = found.get(_PREFERRED)
        return None if chosen in (None, "none") else str(chosen)

    async def set_default(self, oid: ObjectId, preference: str) -> None:
        """Choose the default second factor.

        Source: PATCH /beta/users/{id}/authentication/signInPreferences.
        """
        await self._graph.write(
            beta("PATCH", _PREFERENCES, user=oid, body={_PREFERRED: preference}),
            permission=graph.AUTHENTICATION_METHOD_WRITE_ALL,
        )

    async def per_user_mfa(self, oid: ObjectId) -> MfaState:
        """Read per-user multifactor authentication.

        Source: GET /beta/users/{id}/authentication/requirements.
        """
        found = await self._graph.get(
            beta("GET", _REQUIREMENTS, user=oid), permission=graph.AUTHENTICATION_POLICY_WRITE
        )
        state = str(found.get("perUserMfaState"))
        return MfaState(state) if state in MfaState else MfaState.UNKNOWN

    async def set_per_user_mfa(self, oid: ObjectId, state: MfaState) -> None:
        """Set per-user multifactor authentication.

        Source: PATCH /beta/users/{id}/authentication/requirements {"perUserMfaState": ...}.
        """
        await self._graph.write(
            beta("PATCH", _REQUIREMENTS, user=oid, body={"perUserMfaState": state.value}),
            permission=graph.AUTHENTICATION_POLICY_WRITE,
        )

    async def issue_pass(self, oid: ObjectId, *, minutes: int) -> TemporaryPass:
        """Make a pass for any number of sign-ins within `minutes`: 10 to 43,200, within policy.

        It replaces one that is there. The answer is the only one that ever holds it: a lost answer
        (`Transient.may_have_happened`) means a pass that nobody knows, and a new one is made.
        Raises `Refused` where the policy allows no passes, and for a guest.
        Source: POST /users/{id}/authentication/temporaryAccessPassMethods.
        """

        def build(g: GraphServiceClient) -> RequestInformation:
            from msgraph.generated.models.temporary_access_pass_authentication_method import (
                TemporaryAccessPassAuthenticationMethod,
            )

            methods = g.users.by_user_id(oid).authentication.temporary_access_pass_methods
            return methods.to_post_request_information(
                TemporaryAccessPassAuthenticationMethod(
                    lifetime_in_minutes=minutes, is_usable_once=False
                )
            )

        made = await self._graph.write(build, permission=graph.TEMPORARY_PASS_WRITE_ALL)
        return _pass(made)


def _method(item: Json) -> AuthMethod:
    kind = kind_of(item)
    return AuthMethod(
        id=str(item["id"]),
        kind=kind,
        label=label_of(kind, item),
        created_at=_time(item.get("createdDateTime")),
        preferences=preferences_of(kind, item),
    )


def _time(text: object) -> Utc | None:
    try:
        moment = _TIME.validate_python(text)
    except ValidationError:
        return None
    return moment if moment.year >= _FIRST_YEAR else None


def _pass(made: Json) -> TemporaryPass:
    """Read a new pass; an answer that cannot be read is not repeated, because it holds a secret."""
    value, minutes = made.get("temporaryAccessPass"), made.get("lifetimeInMinutes")
    begins = _time(made.get("startDateTime") or made.get("createdDateTime"))
    if not isinstance(value, str) or not isinstance(minutes, int) or begins is None:
        raise Defect("Graph made a Temporary Access Pass and did not show it, or not until when")
    return TemporaryPass(value=SecretStr(value), valid_until=begins + timedelta(minutes=minutes))
