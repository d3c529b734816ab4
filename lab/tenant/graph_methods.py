"""Authentication methods: what an account has registered, and how Graph lets them be removed.

Tokens of hardware and QR codes exist only in `/beta`; so does the choice of the default method.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from lab.tenant.answers import Answer, GraphRefusal, bad_request, denied
from lab.tenant.operations import Ask, Json, Operation, Shape, operation
from lab.tenant.state import Authentication, AuthMethod, User
from lab.tenant.user_view import seconds

TYPE: Final = "microsoft.graph.authenticationMethod"
PASSWORD_ID: Final = "28c10230-6103-485e-b985-444c60001490"
"""Every account's password has this id, in every tenant."""
_ALL: Final = "UserAuthenticationMethod.ReadWrite.All"
_ROOT: Final = "/users/{id}/authentication"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of method: where its resources are and which right of its own removes them."""

    segment: str
    right: str
    only_in: str | None = None
    single: bool = False
    """Whether an account has at most one, without an id in its path."""


KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "email": Kind(segment="emailMethods", right="Email"),
        "externalAuthentication": Kind(segment="externalAuthenticationMethods", right="External"),
        "fido2": Kind(segment="fido2Methods", right="Passkey"),
        "hardwareOath": Kind(segment="hardwareOathMethods", right="HardwareOATH", only_in="beta"),
        "microsoftAuthenticator": Kind(
            segment="microsoftAuthenticatorMethods", right="MicrosoftAuthApp"
        ),
        "phone": Kind(segment="phoneMethods", right="Phone"),
        "platformCredential": Kind(segment="platformCredentialMethods", right="PlatformCred"),
        "qrCodePin": Kind(segment="qrCodePinMethod", right="QR", only_in="beta", single=True),
        "softwareOath": Kind(segment="softwareOathMethods", right="SoftwareOATH"),
        "temporaryAccessPass": Kind(segment="temporaryAccessPassMethods", right="TAP"),
        "windowsHelloForBusiness": Kind(
            segment="windowsHelloForBusinessMethods", right="WindowsHello"
        ),
    }
)
"""By Graph's type, without its ending `AuthenticationMethod`."""

_PHONES: Final = MappingProxyType(
    {
        "mobile": ("sms", "voiceMobile"),
        "alternateMobile": ("voiceAlternateMobile",),
        "office": ("voiceOffice",),
    }
)
_SERVES: Final = MappingProxyType(
    {
        "microsoftAuthenticator": ("push", "oath"),
        "softwareOath": ("oath",),
        "hardwareOath": ("oath",),
    }
)
PREFERENCES: Final = frozenset(
    {"push", "oath", "voiceMobile", "voiceAlternateMobile", "voiceOffice", "sms"}
)


def of(ask: Ask, user: User) -> Authentication:
    """Read how an account proves itself."""
    return ask.world.state.authentication.get(user.id, Authentication())


def odata_type(kind: str) -> str:
    """Write a kind as Graph types it; external methods end differently."""
    ending = "Method" if kind.endswith("Authentication") else "AuthenticationMethod"
    return f"#microsoft.graph.{kind}{ending}"


@operation(
    "GET",
    f"{_ROOT}/methods",
    any_of=("UserAuthenticationMethod.Read.All", _ALL),
    shape=Shape.MANY,
    returns=TYPE,
)
def list_methods(ask: Ask) -> Json:
    """List the methods of every kind that the version knows, the password among them."""
    user = ask.user()
    password = AuthMethod(id=PASSWORD_ID, kind="password", created_at=user.password_changed_at)
    known = [
        method
        for method in of(ask, user).methods
        if method.kind not in KINDS or KINDS[method.kind].only_in in (None, ask.version)
    ]
    return ask.page([password, *known], _shown, context="users/authentication/methods")


@operation(
    "GET",
    f"{_ROOT}/signInPreferences",
    any_of=("UserAuthenticationMethod.Read.All", _ALL),
    returns="microsoft.graph.signInPreferences",
    only_in="beta",
)
def read_preferences(ask: Ask) -> Json:
    """Read which second factor is the default."""
    preferred = of(ask, ask.user()).preferred
    return {
        "@odata.context": f"{ask.root}/$metadata#users/authentication/signInPreferences/$entity",
        "isSystemPreferredAuthenticationMethodEnabled": False,
        "systemPreferredAuthenticationMethod": None,
        "userPreferredMethodForSecondaryAuthentication": preferred,
    }


@operation(
    "PATCH",
    f"{_ROOT}/signInPreferences",
    any_of=(_ALL,),
    shape=Shape.NOTHING,
    consumes="microsoft.graph.signInPreferences",
    only_in="beta",
)
def set_preferences(ask: Ask) -> Answer:
    """Choose the default second factor among what is registered."""
    wanted = ask.fields().get("userPreferredMethodForSecondaryAuthentication")
    user = _target(ask)
    if wanted not in PREFERENCES:
        raise bad_request("Invalid default authentication method.", code="badRequest")
    held = of(ask, user)
    if not any(wanted in served(method) for method in held.methods):
        raise bad_request(
            "The requested default authentication method is not registered.", code="badRequest"
        )
    ask.world.state.authentication[user.id] = replace(held, preferred=str(wanted))
    ask.wrote(user.id, f"default method: {wanted}")
    return Answer(204)


def served(method: AuthMethod) -> tuple[str, ...]:
    """Name the default second factors that a method can be."""
    if method.kind == "phone":
        return _PHONES[method.shown["phoneType"]]
    return _SERVES.get(method.kind, ())


def _removal(kind: str) -> Operation:
    where = KINDS[kind]

    def remove(ask: Ask) -> Answer:
        user = _target(ask)
        held = of(ask, user)
        found = [
            method
            for method in held.methods
            if method.kind == kind and (where.single or method.id == ask.path["mid"])
        ]
        if not found:
            raise GraphRefusal(404, "resourceNotFound", "The requested resource was not found.")
        _check_default(held, found[0])
        left = tuple(method for method in held.methods if method is not found[0])
        preferred = held.preferred if held.preferred in _servable(left) else None
        ask.world.state.authentication[user.id] = replace(held, methods=left, preferred=preferred)
        ask.wrote(user.id, f"{kind} method {found[0].id}: deleted")
        return Answer(204)

    return operation(
        "DELETE",
        f"{_ROOT}/{where.segment}" + ("" if where.single else "/{mid}"),
        any_of=(f"UserAuthMethod-{where.right}.ReadWrite.All", _ALL),
        shape=Shape.NOTHING,
        only_in=where.only_in,
    )(remove)


def _check_default(held: Authentication, method: AuthMethod) -> None:
    """Refuse to take the default away while something else could be it."""
    others = [other for other in held.methods if other is not method]
    if held.preferred not in served(method) or held.preferred in _servable(others):
        return
    if method.kind == "phone" and _servable(others):
        raise bad_request(
            f"The requested authentication method id of [{method.id}] matches the user's current "
            "default authentication method, and cannot be deleted until the default authentication "
            "method is changed",
            code="badRequest",
        )
    if _servable(others):
        raise bad_request(
            "Cannot delete default method with other methods configured. Please change default "
            "method before deletion.",
            code="badRequest",
        )


def _servable(methods: Iterable[AuthMethod]) -> set[str]:
    return {preference for method in methods for preference in served(method)}


def _target(ask: Ask) -> User:
    """Find the account, if our Entra roles reach up to it."""
    user = ask.user()
    if not ask.world.may_act_on(user.id):
        raise denied()
    return user


def _shown(method: AuthMethod) -> dict[str, Any]:
    created = None if method.created_at is None else seconds(method.created_at)
    kind = {"@odata.type": odata_type(method.kind), "id": method.id, "createdDateTime": created}
    return kind | method.shown


remove_email = _removal("email")
remove_external = _removal("externalAuthentication")
remove_fido2 = _removal("fido2")
remove_hardware_oath = _removal("hardwareOath")
remove_authenticator = _removal("microsoftAuthenticator")
remove_phone = _removal("phone")
remove_platform_credential = _removal("platformCredential")
remove_qr_code_pin = _removal("qrCodePin")
remove_software_oath = _removal("softwareOath")
remove_temporary_access_pass = _removal("temporaryAccessPass")
remove_windows_hello = _removal("windowsHelloForBusiness")
