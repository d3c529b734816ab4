"""How a sender may prove itself, as its operator writes it down; checked at start-up.

What to choose, the strongest first: `entra` where the sender has an identity in the tenant (Azure
Monitor's secure webhook, a Logic App, Event Grid), `hmac` where it can sign, `header`, `bearer` or
`basic` where it can send a secret, `client_state` for Graph, and `url` where nothing else is left.
Office 365 Management Activity sends `header` with `Webhook-AuthID`.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    SecretStr,
    StrictInt,
    StringConstraints,
    model_validator,
)

from shared.model import Value

SHORTEST: Final = 16
"""Characters of a secret; `openssl rand -hex 32` makes a good one of 64."""
_CLIENT_STATE: Final = 128
"""Characters Graph keeps of a clientState."""
_REFERENCE: Final = "@Microsoft.KeyVault("
_TIMESTAMP: Final = "{timestamp}"
_BODY: Final = "{body}"


def _strong(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    if text.startswith(_REFERENCE):
        raise ValueError("the Key Vault reference did not resolve: the app may not read the vault")
    if text != text.strip():
        raise ValueError("the secret begins or ends with white space: probably a pasted line end")
    if len(text) < SHORTEST:
        raise ValueError(f"the secret has fewer than {SHORTEST} characters")
    return secret


Secret = Annotated[SecretStr, AfterValidator(_strong)]
Secrets = Annotated[tuple[Secret, ...], Field(max_length=2)]
"""The secret in use and, while it is being replaced, the other one. Empty: nobody gets in."""
HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,64}$")]
AppId = Annotated[
    str,
    StringConstraints(
        pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$", to_lower=True
    ),
]


class _Scheme(Value):
    # Without this a refused secret would stand in the error, and so in the log.
    model_config = ConfigDict(hide_input_in_errors=True)

    secrets: Secrets = ()


class HmacAuth(_Scheme):
    """An HMAC-SHA256, by default over timestamp, a dot and the raw body, in hexadecimal.

    With `timestamp_header=None` timestamp and signature stand in one header, as
    `t=<seconds>,v1=<signature>`.
    """

    scheme: Literal["hmac"] = "hmac"
    header: HeaderName = "X-Firebreak-Signature"
    timestamp_header: HeaderName | None = "X-Firebreak-Timestamp"
    prefix: Annotated[str, StringConstraints(max_length=20)] = ""
    """What stands before the signature, such as `sha256=`."""
    encoding: Literal["hex", "base64"] = "hex"
    signed: Annotated[str, StringConstraints(max_length=60)] = "{timestamp}.{body}"
    """What is signed, such as `v0:{timestamp}:{body}`. With `{body}` alone the signature never
    ages: a body that somebody recorded is told apart only by the alert's own id."""
    window: Annotated[StrictInt, Field(ge=1, le=3600)] = 300
    """Seconds by which the sender's clock may differ from ours, either way."""

    @property
    def dated(self) -> bool:
        """Whether the signature covers the time at which it was made."""
        return _TIMESTAMP in self.signed

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        rest = self.signed.replace(_BODY, "", 1).replace(_TIMESTAMP, "", 1)
        if not self.signed.endswith(_BODY) or "{" in rest or "}" in rest:
            raise ValueError("signed ends in {body}, and may hold {timestamp} once before it")
        if not self.dated and "timestamp_header" in self.model_fields_set:
            raise ValueError("a timestamp that is not signed proves nothing: name it in signed")
        if self.encoding == "base64" and self.dated and self.timestamp_header is None:
            raise ValueError("base64 holds = signs: send the timestamp in a header of its own")
        return self


class BearerAuth(_Scheme):
    """A token in `Authorization: Bearer`."""

    scheme: Literal["bearer"] = "bearer"


class HeaderAuth(_Scheme):
    """A token in a header of the sender's choice."""

    scheme: Literal["header"] = "header"
    header: HeaderName


class BasicAuth(_Scheme):
    """A user name and a password in `Authorization: Basic`."""

    scheme: Literal["basic"] = "basic"
    user: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^:]+$")]


class UrlAuth(_Scheme):
    """A secret in the address, for senders that can do nothing else.

    It stands in the logs of every machine on the way: give such a source a secret of its own, and
    change it often.
    """

    scheme: Literal["url"] = "url"
    parameter: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,32}$")] = "code"


class ClientStateAuth(_Scheme):
    """The `clientState` of a Graph subscription, which each item of a notification repeats."""

    scheme: Literal["client_state"] = "client_state"

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if any(len(secret.get_secret_value()) > _CLIENT_STATE for secret in self.secrets):
            raise ValueError(f"Graph keeps a clientState of at most {_CLIENT_STATE} characters")
        return self


class EntraAuth(Value):
    """A token that Entra gave to an application of our tenant, in `Authorization: Bearer`.

    `audiences` are the identifiers of the app registration that stands for this endpoint, `apps`
    the applications that may call. Azure Monitor's action groups call as
    461e8683-5575-4561-ac7f-899cc907d62a, Event Grid as 4962773b-9cdb-44cf-a8bf-237846a00ab7.
    """

    scheme: Literal["entra"] = "entra"
    audiences: tuple[Annotated[str, StringConstraints(min_length=1, max_length=200)], ...] = Field(
        min_length=1, max_length=4
    )
    apps: tuple[AppId, ...] = Field(min_length=1, max_length=20)


type Auth = Annotated[
    HmacAuth | BearerAuth | HeaderAuth | BasicAuth | UrlAuth | ClientStateAuth | EntraAuth,
    Field(discriminator="scheme"),
]
