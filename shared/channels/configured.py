"""The channels of a deployment, each with its address and its secret, checked at start-up.

An address is often a secret itself: who knows the URL of a chat's webhook can write there. So both
are `SecretStr`, and an error names the field and not what stood in it.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    RootModel,
    SecretStr,
    StringConstraints,
    model_validator,
)

from shared.errors import Defect
from shared.model import Value

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def _private(url: SecretStr) -> SecretStr:
    parts = urlsplit(url.get_secret_value())
    if not parts.hostname or (parts.scheme != "https" and parts.hostname not in _LOOPBACK):
        raise ValueError("must start with https://: what is told is not sent in the clear")
    return url


def _one_line(text: str) -> str:
    if not text.isprintable() or " " in text:
        raise ValueError("must be one address without spaces")
    return text


type SecretUrl = Annotated[SecretStr, AfterValidator(_private)]
type Secret = Annotated[SecretStr, Field(min_length=8)]
type MailAddress = Annotated[
    str, StringConstraints(pattern=r"^[^@\s,;<>]+@[^@\s,;<>]+$"), AfterValidator(_one_line)
]


class _Channel(Value):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$")]


class Teams(_Channel):
    """A channel of Microsoft Teams, through the webhook of a workflow."""

    kind: Literal["teams"]
    url: SecretUrl


class Slack(_Channel):
    """A channel of Slack, through an incoming webhook."""

    kind: Literal["slack"]
    url: SecretUrl


class Mail(_Channel):
    """Mail through a relay of the organisation's; not the tenant that is being defended."""

    kind: Literal["mail"]
    host: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.-]{1,253}$")]
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Literal["starttls", "ssl", "none"] = "starttls"
    """`none` only on this computer: a relay beside the app."""
    user: str | None = None
    password: SecretStr | None = None
    sender: MailAddress
    to: Annotated[tuple[MailAddress, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _not_in_the_clear(self) -> Self:
        if self.security == "none" and self.host not in _LOOPBACK:
            raise ValueError("security 'none' is for a relay on this computer")
        return self


class PagerDuty(_Channel):
    """A service of PagerDuty, by the integration key of its Events API v2."""

    kind: Literal["pagerduty"]
    key: Secret
    region: Literal["us", "eu"] = "us"


class Opsgenie(_Channel):
    """A team of Opsgenie, by the key of its API integration."""

    kind: Literal["opsgenie"]
    key: Secret
    region: Literal["us", "eu"] = "us"


class Jira(_Channel):
    """Tickets in a project of Jira: one for each case, and a comment for what follows."""

    kind: Literal["jira"]
    url: SecretUrl
    user: str
    token: Secret
    project: Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{1,9}$")]
    issue_type: Annotated[str, StringConstraints(min_length=1, max_length=60)] = "Task"


class ServiceNow(_Channel):
    """Records in a table of ServiceNow: one for each case, and a work note for what follows."""

    kind: Literal["servicenow"]
    url: SecretUrl
    user: str
    password: Secret
    table: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,80}$")] = "incident"


class Webhook(_Channel):
    """JSON, signed with the secret over the time and the body.

    With `source` it is the way back to whoever sends us alerts under that name: it is told of those
    cases alone, without an entry in the policy.
    """

    kind: Literal["webhook"]
    url: SecretUrl
    secret: Annotated[SecretStr, Field(min_length=32)]
    source: str | None = None


type Channel = Annotated[
    Teams | Slack | Mail | PagerDuty | Opsgenie | Jira | ServiceNow | Webhook,
    Field(discriminator="kind"),
]


class Channels(RootModel[tuple[Channel, ...]]):
    """All channels; each has a name of its own."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        names = [channel.name for channel in self.root]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two channels are called {', '.join(twice)}")
        return self

    @property
    def names(self) -> frozenset[str]:
        """What the policy may name."""
        return frozenset(channel.name for channel in self.root if not _called_back(channel))

    @property
    def callbacks(self) -> tuple[Webhook, ...]:
        """Those that lead back to a source."""
        return tuple(c for c in self.root if isinstance(c, Webhook) and c.source)

    def check_sources(self, known: frozenset[str]) -> None:
        """Raise `Defect` for a way back to a source that is not there: it would never be gone."""
        for channel in self.callbacks:
            if channel.source not in known:
                raise Defect(
                    f"FIREBREAK_CHANNELS: '{channel.name}' leads back to the source"
                    f" '{channel.source}', which FIREBREAK_SOURCES does not have"
                )

    def named(self, name: str) -> Channel | None:
        """Find the channel of a name; `None` where there is none any more."""
        return next((channel for channel in self.root if channel.name == name), None)


def _called_back(channel: Channel) -> bool:
    return isinstance(channel, Webhook) and channel.source is not None
