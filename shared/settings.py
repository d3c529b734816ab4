"""Every environment variable, typed and strict: the only place that reads the environment.

A misspelt name that starts with `FIREBREAK_` stops start-up, because a setting that is silently
ignored is a guard that is silently absent.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import AliasChoices, Field, HttpUrl, JsonValue, SecretStr, StringConstraints
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.errors import Defect
from shared.model import ObjectId, PullName, TenantId, Value

_PREFIX: Final = "FIREBREAK_"
_HERE: Final = Path(__file__).resolve().parent.parent

type WorkspaceId = Annotated[
    str,
    StringConstraints(
        pattern=r"^/subscriptions/[0-9a-fA-F-]{36}/resource[gG]roups/[\w.()-]{1,90}"
        r"/providers/Microsoft\.OperationalInsights/workspaces/[A-Za-z0-9-]{4,63}$"
    ),
]
type EventHubName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,255}$")]
type Guid = Annotated[str, StringConstraints(pattern=r"^[0-9a-fA-F-]{36}$")]


_SHOWN: Final = (
    *("tenant_id", "client_id", "own_object_id", "public_url", "graph_url", "exchange_url"),
    *("entra_url", "arm_url", "sentinel_workspace", "activity_url", "pull", "event_hub", "pages"),
    "website_auth",
)
"""By name: a setting that is new is kept to itself until somebody has looked at it."""


_OF_AZURE: Final = (
    *("WEBSITE_INSTANCE_ID", "WEBSITE_POD_NAME", "LEGION_SERVICE_HOST"),
    *("WEBSITE_SKU", "WEBSITE_HOME_STAMPNAME"),
)
"""What says that a process runs in Azure; on Flex Consumption an instance is a pod, and nothing
sets the first. `CONTAINER_NAME` is not asked: containers of a developer's have one as well.
Source: github.com/Azure/azure-functions-host, EnvironmentExtensions.cs."""


class Place(Value):
    """Which of a provider's tenants these settings are of; one tenant alone has no place."""

    home: TenantId
    """The provider's own tenant, where the app's identity lives."""
    name: str = ""
    """What addresses and roles call a customer; empty for the provider's own tenant."""
    title: str = ""
    """What people call a customer."""
    identity: Guid | None = None
    """Application id of the managed identity that vouches for the app in a customer's tenant."""


class PageAccess(StrEnum):
    """Who may open the pages; they show whose account was broken into."""

    SIGNED_IN = "signed_in"
    """Only who App Service authentication let in."""
    LOCAL = "local"
    """Anybody: for a stack on this computer, and refused where the app runs in Azure."""


class Settings(BaseSettings):
    """What a deployment is told. Times and limits of the policy are not here: see policy.toml."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, frozen=True, extra="forbid", hide_input_in_errors=True
    )

    tenant_id: Guid
    """The Microsoft 365 tenant that is watched over."""
    client_id: Guid | None = None
    """Application id of the user-assigned managed identity; system-assigned without one."""
    own_object_id: Guid | None = None
    """Directory object id of that identity, so that it is never acted on."""
    public_url: HttpUrl = HttpUrl("http://127.0.0.1:7071")
    """Where people reach the app; links start with it."""
    graph_url: HttpUrl = HttpUrl("https://graph.microsoft.com")
    exchange_url: HttpUrl = HttpUrl("https://outlook.office365.com")
    entra_url: HttpUrl = HttpUrl("https://login.microsoftonline.com")
    """Who signs the tokens of senders that prove themselves with one."""
    arm_url: HttpUrl = HttpUrl("https://management.azure.com")
    sentinel_workspace: WorkspaceId | None = None
    """Azure resource id of the Log Analytics workspace whose Sentinel incidents may be read again;
    the app's identity needs the Azure role Microsoft Sentinel Responder there."""
    activity_url: HttpUrl = HttpUrl("https://manage.office.com")
    pull: tuple[PullName, ...] = ()
    """What the app fetches by itself every minute, as a JSON list; nothing unless it is named."""
    event_hub: EventHubName | None = None
    """The Event Hub that Entra and Defender XDR stream to; its connection is the app setting
    `EventHub`. Without it no function listens."""
    sources: tuple[JsonValue, ...] = ()
    """Who may send alerts: a JSON list, read and checked by shared.alerts.source."""
    channels: Annotated[tuple[JsonValue, ...], Field(repr=False)] = ()
    """Where people and machines are told: a JSON list, read and checked by
    shared.channels.configured. The policy says who is told of what."""
    link_keys: tuple[Annotated[SecretStr, Field(min_length=32)], ...] = ()
    """Sign the links that lead to an approval, newest first, a JSON list. None: no links."""
    policy: Path = _HERE / "policy.toml"
    tenants: Path | None = None
    """A provider's customers: a TOML file, read and checked by shared.registry. None: no others."""
    place: Place | None = None
    """Set by shared.provider for each tenant it serves; never by the environment."""
    pages: PageAccess = PageAccess.SIGNED_IN
    application_insights: SecretStr | None = Field(
        default=None, validation_alias="APPLICATIONINSIGHTS_CONNECTION_STRING"
    )
    """Where metrics and traces go; without it they are not even made."""
    website: str | None = Field(default=None, validation_alias=AliasChoices(*_OF_AZURE))
    """Set by Azure on every instance: its name, or what else only the platform says."""
    identity_endpoint: str | None = Field(default=None, validation_alias="IDENTITY_ENDPOINT")
    """Set by App Service where the app has a managed identity."""
    website_auth: str | None = Field(default=None, validation_alias="WEBSITE_AUTH_ENABLED")
    """Set by Azure where App Service authentication is on."""

    @classmethod
    def from_environment(cls) -> Self:
        """Read the process's environment. Raises with the name of what is wrong."""
        known = {
            f"{_PREFIX}{name}".upper()
            for name, field in cls.model_fields.items()
            if field.validation_alias is None and name != "place"
        }
        given = {name.upper() for name in os.environ if name.upper().startswith(_PREFIX)}
        if unknown := sorted(given - known - _TOOLS):
            named = ", ".join(sorted(known))
            raise Defect(f"Unknown setting {', '.join(unknown)}; known are {named}")
        if sealed := sorted(name for name in given if _unread(os.environ.get(name, ""))):
            raise Defect(
                f"The vault's secret for {', '.join(sealed)} could not be read. The app's identity "
                "needs the role Key Vault Secrets User on the vault; then restart the app"
            )
        return cls()

    def shown(self) -> dict[str, JsonValue]:
        """Give what may be kept and shown: no secret, and nothing that differs by instance."""
        return self.model_dump(mode="json", include=set(_SHOWN))

    @property
    def tenant(self) -> TenantId:
        """The tenant's id as the key that leads every row."""
        return TenantId(self.tenant_id.lower())

    @property
    def base(self) -> str:
        """What the paths of this tenant's pages begin with."""
        return f"/api/tenants/{self.place.name}" if self.place and self.place.name else "/api"

    @property
    def pages_url(self) -> str:
        """Where people reach this tenant's pages; links start with it."""
        return f"{str(self.public_url).rstrip('/')}{self.base}"

    @property
    def own_id(self) -> ObjectId | None:
        """Our own object id, in the directory's spelling."""
        return ObjectId(self.own_object_id.lower()) if self.own_object_id else None

    @property
    def in_azure(self) -> bool:
        """Whether this process runs in Azure; an empty word of the platform is one as well."""
        return self.website is not None

    @property
    def managed_identity(self) -> bool:
        """Whether the platform gives this process an identity."""
        return bool(self.identity_endpoint)

    @property
    def storage(self) -> Mapping[str, str]:
        """The environment, for whoever resolves the storage connection as the platform does."""
        return os.environ


def _unread(value: str) -> bool:
    """Whether the platform left its reference standing where a secret should be.

    Source: learn.microsoft.com/azure/app-service/app-service-key-vault-references.
    """
    return value.startswith("@Microsoft.KeyVault(")


_TOOLS: Final = frozenset(
    {"FIREBREAK_URL", "FIREBREAK_OPERATOR_SECRET", "FIREBREAK_TENANT", "FIREBREAK_TOKEN"}
)
"""Read by the command-line tool, which may share an environment with the app."""
