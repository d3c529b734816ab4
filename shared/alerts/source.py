"""Who may send us alerts: each source with its carrier and its secret, checked at start-up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Self

from pydantic import ConfigDict, Field, RootModel, StrictBool, StringConstraints, model_validator

from shared.alerts.carrier import Carrier
from shared.alerts.catalogue import carriers
from shared.alerts.cloud_events import CloudEvents
from shared.alerts.generic import Generic
from shared.alerts.graph_notifications import GraphNotifications
from shared.alerts.mapping import GenericMapping, Rules
from shared.alerts.schemes import Auth
from shared.alerts.siem import SiemCarrier
from shared.model import Value

_GENERIC = Generic().name
_ENVELOPE = CloudEvents().name
_NOTIFIED = GraphNotifications().name


class Source(Value):
    """One sender: the last part of its address, what it speaks and how it proves itself."""

    model_config = ConfigDict(hide_input_in_errors=True)

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$")]
    carrier: str
    auth: Auth | None = None
    carries: str | None = None
    """The carrier of what is in an envelope; goes with cloud_events, and only with it."""
    mapping: GenericMapping | None = None
    rules: Rules | None = None
    """What a SIEM's own rules mean, by name or id; goes with SIEM carriers only."""
    enabled: StrictBool = True
    per_minute: Annotated[int, Field(strict=True, ge=1, le=100_000)] = 3000
    """Deliveries that each instance of the app takes in a minute."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if mistakes := list(self._mistakes()):
            raise ValueError("; ".join(mistakes))
        return self

    def _mistakes(self) -> Iterator[str]:
        """Say all that does not go together, and what to do about it."""
        known = ", ".join(carriers())
        unknown = {self.carrier, self.speaks} - set(carriers())
        yield from (f"there is no carrier {name!r}; there are {known}" for name in sorted(unknown))
        if (self.carrier == _ENVELOPE) is not (self.carries is not None):
            yield f"carries goes with the carrier {_ENVELOPE}, and only with it"
        if self.carries == _ENVELOPE:
            yield f"an envelope of {_ENVELOPE} holds no further envelope"
        if (self.speaks == _GENERIC) is not (self.mapping is not None):
            yield f"a mapping goes with the carrier {_GENERIC}, and only with it"
        if self.rules and not _a_siem(carriers().get(self.speaks)):
            siem = ", ".join(name for name, each in carriers().items() if _a_siem(each))
            yield f"rules go with the carrier of a SIEM: {siem}"
        if self.auth and (self.auth.scheme == "client_state") is not (self.carrier == _NOTIFIED):
            yield f"client_state goes with the carrier {_NOTIFIED}, and only with it"

    @property
    def speaks(self) -> str:
        """The carrier of the alerts themselves."""
        return self.carries or self.carrier

    def reader(self) -> Carrier:
        """Give the carrier that reads this source's bodies."""
        inner = carriers()[self.speaks]
        if self.mapping:
            inner = Generic(self.mapping)
        elif self.rules and isinstance(inner, SiemCarrier):
            inner = inner.knowing(self.rules)
        return CloudEvents(inner) if self.carries else inner


def _a_siem(carrier: Carrier | None) -> bool:
    return isinstance(carrier, SiemCarrier)


class Sources(RootModel[tuple[Source, ...]]):
    """All sources of one deployment; each has a name of its own.

    A refused secret is not repeated in the error. Settings that hold this must hide their input
    too (`hide_input_in_errors`): pydantic asks only the outermost model.
    """

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        names = [source.name for source in self.root]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two sources are called {', '.join(twice)}")
        return self

    def named(self, name: str) -> Source | None:
        """Find the source of a name, enabled or not; `None` where there is none."""
        return next((source for source in self.root if source.name == name), None)

    def shown(self) -> list[dict[str, str | int | bool | None]]:
        """Give what may be kept and shown of each source: nothing of its secrets."""
        return [
            {
                "name": source.name,
                "carrier": source.carrier,
                "carries": source.carries,
                "scheme": source.auth.scheme if source.auth else None,
                "enabled": source.enabled,
                "per_minute": source.per_minute,
            }
            for source in self.root
        ]
