"""What the directory holds beside accounts and groups: apps, consents, devices, roles, audits."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime


def packed(*ids: str) -> str:
    """Write ids as the directory packs them into one: raw bytes, in unpadded URL-safe base64."""
    raw = b"".join(uuid.UUID(each).bytes_le for each in ids)
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


@dataclass(frozen=True, slots=True, kw_only=True)
class AppKey:
    """A secret or certificate by which an application signs in; what is secret is not kept."""

    id: str
    name: str
    begins: datetime
    ends: datetime
    certificate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """An application's registration, in the tenant it is at home in; its keys are its own."""

    id: str
    app_id: str
    name: str
    keys: tuple[AppKey, ...] = ()
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """An application's service principal; `home` is the tenant that registered it."""

    id: str
    app_id: str
    name: str
    home: str
    publisher: str | None = None
    """The verified publisher's name, `None` where nobody verified it."""
    let_in_by: str | None = None
    """The account whose consent brought it into the tenant, where that was one account's."""
    enabled: bool = True
    keys: tuple[AppKey, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A delegated permission grant; without a principal it is for the whole organisation."""

    client: str
    resource: str
    principal: str | None
    scope: str

    @property
    def id(self) -> str:
        """The key that Graph makes of client, resource and principal."""
        return packed(self.client, self.resource, *([self.principal] if self.principal else []))

    @property
    def consent_type(self) -> str:
        """For one account or for all."""
        return "Principal" if self.principal else "AllPrincipals"


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A registered or joined device. `trust` is Workplace, AzureAd or ServerAd (hybrid joined)."""

    id: str
    device_id: str
    name: str
    owner: str
    registered_at: datetime | None
    system: str = "Windows"
    trust: str = "Workplace"
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleTerm:
    """Since when and until when a role is held; `None` is unknown and for ever."""

    principal: str
    role: str
    start: datetime | None = None
    end: datetime | None = None
    activated: bool = False
    """Whether its holder activated it out of an eligibility."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRule:
    """A Conditional Access policy, as far as it decides whom it blocks from what."""

    id: str
    name: str
    state: str = "enabled"
    controls: tuple[str, ...] = ("block",)
    groups: frozenset[str] = frozenset()
    without_groups: frozenset[str] = frozenset()
    without_users: frozenset[str] = frozenset()
    apps: tuple[str, ...] = ("All",)
    without_apps: tuple[str, ...] = ()
    clients: tuple[str, ...] = ("all",)
    user_risk: tuple[str, ...] = ()
    locations: tuple[str, ...] = ()
    """Named locations from which it asks nothing."""
    users: frozenset[str] = frozenset()
    """Object ids, or `All`, or `GuestsOrExternalUsers`."""
    roles: frozenset[str] = frozenset()
    without_roles: frozenset[str] = frozenset()
    guests: str = ""
    """The kinds of guest it is for, in Graph's words with commas; `without_guests` likewise."""
    without_guests: str = ""
    operator: str = "OR"
    strength: tuple[str, ...] = ()
    """The combinations of methods that its authentication strength lets pass."""

    @property
    def blocks_all_access(self) -> bool:
        """Whether those whom it is for can sign in nowhere."""
        return (
            self.state == "enabled"
            and "block" in self.controls
            and self.apps == ("All",)
            and not self.without_apps
            and self.clients == ("all",)
            and not self.user_risk
        )

    def blocks(self, oid: str, groups: AbstractSet[str]) -> bool:
        """Whether it keeps an account, in these groups, from signing in anywhere."""
        meant = self.groups & groups and not self.without_groups & groups
        return bool(meant) and oid not in self.without_users and self.blocks_all_access


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryEvent:
    """One line of the directory's audit log. `targets` are pairs of type and id."""

    id: str
    at: datetime
    activity: str
    category: str
    by: str
    """The object id of the account or of the service principal that did it."""
    targets: tuple[tuple[str, str], ...]
    properties: Mapping[str, str] = field(default_factory=dict)
    """New values of what was modified, on the first target."""
    before: Mapping[str, str] = field(default_factory=dict)
    """Old values of the same, where the log has them."""


@dataclass(slots=True)
class DirectoryObjects:
    """All of these, by id; terms of roles by principal and role."""

    apps: dict[str, Application] = field(default_factory=dict)
    registered: dict[str, Registration] = field(default_factory=dict)
    grants: dict[str, Grant] = field(default_factory=dict)
    devices: dict[str, Device] = field(default_factory=dict)
    active: dict[tuple[str, str], RoleTerm] = field(default_factory=dict)
    """What is known of assignments beyond their being there; memberships say that they are."""
    eligible: dict[tuple[str, str], RoleTerm] = field(default_factory=dict)
    rules: dict[str, AccessRule] = field(default_factory=dict)
    security_defaults: bool = False
    events: list[DirectoryEvent] = field(default_factory=list)

    def by_account(self) -> dict[str, dict[str, object]]:
        """Sort what a responder could change by the account it belongs to; audits are no state."""
        found: dict[str, dict[str, object]] = {}
        for grant in self.grants.values():
            found.setdefault(grant.principal or "everybody", {})[f"grant {grant.id}"] = grant
        for device in self.devices.values():
            found.setdefault(device.owner, {})[f"device {device.id}"] = device
        for kind, terms in (("active", self.active), ("eligible", self.eligible)):
            for term in terms.values():
                found.setdefault(term.principal, {})[f"{kind} {term.role}"] = term
        for app in self.apps.values():
            found.setdefault(app.let_in_by or "apps", {})[f"app {app.id}"] = app
        for registration in self.registered.values():
            found.setdefault("registrations", {})[registration.id] = registration
        for rule in self.rules.values():
            found.setdefault("access rules", {})[rule.id] = rule
        return {who: dict(sorted(things.items())) for who, things in found.items()}
