"""Every kind of authentication method that can be removed: its name, its request, what it serves.

Source: https://learn.microsoft.com/graph/api/resources/authenticationmethods-overview.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from shared.clients.graph import Build, beta
from shared.model import Json, ObjectId

if TYPE_CHECKING:
    from kiota_abstractions.request_information import RequestInformation
    from msgraph.generated.users.item.authentication.authentication_request_builder import (
        AuthenticationRequestBuilder,
    )

PASSWORD: Final = "password"  # noqa: S105 - a kind of method
PREFERENCES: Final = (
    "push",
    "oath",
    "sms",
    "voiceMobile",
    "voiceAlternateMobile",
    "voiceOffice",
)
"""The second factors that can be the default, the stronger ones first."""
_PHONES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "mobile": ("sms", "voiceMobile"),
        "alternateMobile": ("voiceAlternateMobile",),
        "office": ("voiceOffice",),
    }
)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of method, in words; `removal` takes the account and the method's id."""

    words: str
    removal: Callable[[ObjectId, str], Build]
    preferences: tuple[str, ...] = ()


def _stable(
    request: Callable[[AuthenticationRequestBuilder, str], RequestInformation],
) -> Callable[[ObjectId, str], Build]:
    """Remove by the SDK's builders."""

    def tell(oid: ObjectId, method: str) -> Build:
        return lambda g: request(g.users.by_user_id(oid).authentication, method)

    return tell


def _hardware_token(oid: ObjectId, method: str) -> Build:
    path = "/users/{user}/authentication/hardwareOathMethods/{method}"
    return beta("DELETE", path, user=oid, method=method)


def _qr_code(oid: ObjectId, method: str) -> Build:
    """Remove the one QR code there is; its path holds no id."""
    del method
    return beta("DELETE", "/users/{user}/authentication/qrCodePinMethod", user=oid)


KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "phone": Kind(
            "telephone",
            _stable(
                lambda a, i: a.phone_methods.by_phone_authentication_method_id(
                    i
                ).to_delete_request_information()
            ),
        ),
        "microsoftAuthenticator": Kind(
            "Authenticator app",
            _stable(
                lambda a, i: (
                    a.microsoft_authenticator_methods.by_microsoft_authenticator_authentication_method_id(
                        i
                    ).to_delete_request_information()
                )
            ),
            preferences=("push", "oath"),
        ),
        "fido2": Kind(
            "passkey",
            _stable(
                lambda a, i: a.fido2_methods.by_fido2_authentication_method_id(
                    i
                ).to_delete_request_information()
            ),
        ),
        "softwareOath": Kind(
            "one-time codes of an app",
            _stable(
                lambda a, i: a.software_oath_methods.by_software_oath_authentication_method_id(
                    i
                ).to_delete_request_information()
            ),
            preferences=("oath",),
        ),
        "email": Kind(
            "e-mail address for resetting the password",
            _stable(
                lambda a, i: a.email_methods.by_email_authentication_method_id(
                    i
                ).to_delete_request_information()
            ),
        ),
        "windowsHelloForBusiness": Kind(
            "Windows Hello",
            _stable(
                lambda a, i: (
                    a.windows_hello_for_business_methods.by_windows_hello_for_business_authentication_method_id(
                        i
                    ).to_delete_request_information()
                )
            ),
        ),
        "temporaryAccessPass": Kind(
            "Temporary Access Pass",
            _stable(
                lambda a, i: (
                    a.temporary_access_pass_methods.by_temporary_access_pass_authentication_method_id(
                        i
                    ).to_delete_request_information()
                )
            ),
        ),
        "platformCredential": Kind(
            "platform credential",
            _stable(
                lambda a, i: (
                    a.platform_credential_methods.by_platform_credential_authentication_method_id(
                        i
                    ).to_delete_request_information()
                )
            ),
        ),
        "external": Kind(
            "external provider",
            _stable(
                lambda a, i: a.external_authentication_methods.by_external_authentication_method_id(
                    i
                ).to_delete_request_information()
            ),
        ),
        "hardwareOath": Kind(
            "hardware token",
            _hardware_token,
            preferences=("oath",),
        ),
        "qrCodePin": Kind("QR code with PIN", _qr_code),
    }
)
"""By Graph's type without namespace and ending. The password is no kind: it is never removed."""


def kind_of(item: Json) -> str:
    """Read which kind a method is; one that is not in `KINDS` keeps the name Graph gives it."""
    name = str(item.get("@odata.type", "")).rpartition(".")[2]
    return name.removesuffix("AuthenticationMethod") or "unknown"


def label_of(kind: str, item: Json) -> str:
    """Describe a method so that its owner would know it. Secrets are not among what is shown."""
    words = KINDS[kind].words if kind in KINDS else f"method of the unknown kind {kind}"
    names = ("phoneType", "phoneNumber", "emailAddress", "displayName", "model", "platform")
    details = [str(item[name]) for name in names if item.get(name)]
    return f"{words} ({', '.join(details)})" if details else words


def preferences_of(kind: str, item: Json) -> tuple[str, ...]:
    """Name the default second factors that a method can be."""
    if kind == "phone":
        return _PHONES.get(str(item.get("phoneType")), ())
    return KINDS[kind].preferences if kind in KINDS else ()


def removal(oid: ObjectId, kind: str, method: str) -> Build:
    """Tell the request that removes one method of a kind in `KINDS`.

    Source: DELETE /users/{id}/authentication/{kind}Methods/{id}.
    """
    return KINDS[kind].removal(oid, method)
