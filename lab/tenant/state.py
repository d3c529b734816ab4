"""What the tenant holds: accounts, groups, mailboxes, rules, risk records and blocked senders."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from lab.tenant.defender import SecurityAlert, SecurityIncident, SentMessage
from lab.tenant.directory_state import DirectoryObjects
from lab.tenant.feeds import ActivityLog, RiskDetection
from lab.tenant.logbook import Logbook
from lab.tenant.mail_flow import MailFlow
from lab.tenant.mailbox_state import Auditing, AutoReply, Delegation, Protocols
from lab.tenant.posture_state import Posture
from lab.tenant.sharing import Drive
from lab.tenant.versioned import Versioned

ON_PREMISES_DOMAIN: Final = "corp.contoso.example"


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """An account. The password itself is never kept, only how often it was set."""

    id: str
    upn: str
    display_name: str
    mail: str | None = None
    given_name: str | None = None
    surname: str | None = None
    job_title: str | None = None
    department: str | None = None
    office: str | None = None
    language: str | None = None
    usage_location: str | None = None
    enabled: bool = True
    user_type: str = "Member"
    synced: bool = False
    on_premises_enabled: bool = True
    on_premises_sid: str | None = None
    on_premises_domain: str | None = None
    sam_account_name: str | None = None
    """What follows the domain in `DOMAIN\\name`; its own in each domain, not in the tenant."""
    proxy_addresses: tuple[str, ...] = ()
    restricted: bool = False
    created_at: datetime
    sessions_valid_from: datetime
    """Exact; Graph shows whole seconds."""
    password_changed_at: datetime
    password_version: int = 1
    password_resets: int = 0
    """How often an administrator set it, which is what ends password sessions."""
    must_change_password: bool = False
    plans: tuple[tuple[str, str], ...] = ()
    """The service plans of its licences: service and plan id."""

    @property
    def sid(self) -> str:
        """The Entra SID: the object id as four little-endian 32-bit numbers."""
        raw = uuid.UUID(self.id).bytes_le
        parts = (int.from_bytes(raw[i : i + 4], "little") for i in range(0, 16, 4))
        return "S-1-12-1-" + "-".join(str(part) for part in parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A security group; `role_assignable` makes its members privileged."""

    id: str
    name: str
    role_assignable: bool = False
    dynamic: bool = False
    """Whether a rule about attributes says who is in it, and nobody else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """An activated directory role."""

    id: str
    name: str
    template: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """An inbox rule, with conditions and actions in Graph's words and folders by name."""

    id: str
    number: int
    """The rule's number in Exchange, which Graph does not show."""
    name: str
    sequence: int
    enabled: bool = True
    hidden: bool = False
    read_only: bool = False
    conditions: dict[str, Any] = field(default_factory=dict)
    exceptions: dict[str, Any] = field(default_factory=dict)
    actions: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """An Exchange mailbox and all its rules, in order."""

    oid: str
    guid: str
    alias: str
    kind: str = "UserMailbox"
    forwarding_recipient: str | None = None
    """The id of a recipient of the organisation, which wins over `forwarding_smtp`."""
    forwarding_smtp: str | None = None
    keeps_copy: bool = False
    smtp_auth_disabled: bool | None = None
    """`None` follows the organisation, which lets it in."""
    delegation: Delegation = field(default_factory=Delegation)
    protocols: Protocols = field(default_factory=Protocols)
    auditing: Auditing = field(default_factory=Auditing)
    auto_reply: AutoReply = field(default_factory=AutoReply)
    rules: tuple[Rule, ...] = ()
    outlook_rules: tuple[str, ...] = ()
    """Client-side rules; every change of a rule through Exchange deletes them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A mail contact: a recipient of the organisation whose mail goes elsewhere."""

    id: str
    name: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthMethod:
    """A registered way to sign in; `kind` is Graph's type without its ending and namespace."""

    id: str
    kind: str
    created_at: datetime | None
    shown: dict[str, Any] = field(default_factory=dict)
    """What Graph shows of it beside id and time. A secret is never among it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authentication:
    """How an account proves itself, beside its password."""

    methods: tuple[AuthMethod, ...] = ()
    preferred: str | None = None
    """The default second factor, as Graph names it: push, oath, sms, voiceMobile, ..."""
    per_user_mfa: str = "disabled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """What Identity Protection believes about an account."""

    state: str
    level: str
    detail: str
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """A sender on the list of restricted entities."""

    address: str
    reason: str
    since: datetime
    leaves_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """A verified domain of the tenant."""

    name: str
    authentication: str = "Managed"
    default: bool = False
    initial: bool = False


class State:
    """Everything there is, by object id."""

    def __init__(self) -> None:
        self.users: Versioned[User] = Versioned()
        self.groups: dict[str, Group] = {}
        self.roles: dict[str, Role] = {}
        self.memberships: Versioned[frozenset[str]] = Versioned()
        """Member id to the ids of the groups and roles it is in directly."""
        self.mailboxes: dict[str, Mailbox] = {}
        self.contacts: dict[str, Contact] = {}
        self.authentication: dict[str, Authentication] = {}
        self.risks: dict[str, Risk] = {}
        self.blocked: dict[str, Blocked] = {}
        self.unblocked: dict[str, int] = {}
        self.logbook = Logbook()
        self.sent: dict[str, SentMessage] = {}
        """What accounts sent, by network message id."""
        self.not_analyzed: set[str] = set()
        """Messages that Defender has not seen yet."""
        self.drives: dict[str, Drive] = {}
        """OneDrives by their owner's object id."""
        self.alerts: dict[str, SecurityAlert] = {}
        """Defender's alerts by their own ids."""
        self.incidents: dict[str, SecurityIncident] = {}
        """Defender's incidents by their own ids."""
        self.detections: dict[str, RiskDetection] = {}
        """Identity Protection's detections by their own ids."""
        self.activity = ActivityLog()
        self.directory = DirectoryObjects()
        self.mail_flow = MailFlow()
        self.posture = Posture()
        self.domains: list[Domain] = []
        self.audit_disabled = False
        """Whether the whole organisation goes unaudited."""
        self.log_ingestion = True
        """Whether what is audited reaches the unified audit log."""
        self.customised = True
        """Whether `Enable-OrganizationCustomization` was run, as most organisations have."""
        self.smtp_auth_disabled = False
        """Whether SMTP AUTH is shut for whoever has no setting of their own."""
        self.blocking_groups: set[str] = set()
        """Groups that a standing Conditional Access policy keeps from signing in."""
        self._indexes: dict[str, dict[str, list[str]]] = {}

    def add_user(self, user: User) -> None:
        """Add an account as if it had always been there."""
        self.users.seed(user.id, user)
        for field_name, index in self._indexes.items():
            _enter(index, user, field_name)

    def parents(self, member: str, *, at: datetime) -> list[Group | Role]:
        """All groups and roles a member is in, nested ones included, in a stable order."""
        found: dict[str, Group | Role] = {}
        waiting = [member]
        while waiting:
            for parent in sorted(self.memberships.seen(waiting.pop(), at=at) or ()):
                if parent not in found:
                    found[parent] = self.groups.get(parent) or self.roles[parent]
                    waiting.append(parent)
        return list(found.values())

    def where(self, field_name: str, value: str) -> list[str]:
        """Object ids of the accounts whose field (or one item of it) is `value`, in any case."""
        if field_name not in self._indexes:
            self._indexes[field_name] = self._index(field_name)
        return self._indexes[field_name].get(value.casefold(), [])

    def reindex(self, fields: Iterable[str]) -> None:
        """Forget who was found by fields that have changed: a former name names nobody."""
        for name in fields:
            self._indexes.pop(name, None)

    def _index(self, field_name: str) -> dict[str, list[str]]:
        index: dict[str, list[str]] = {}
        for oid in self.users:
            _enter(index, self.users[oid], field_name)
        return index


def _enter(index: dict[str, list[str]], user: User, field_name: str) -> None:
    held = getattr(user, field_name)
    for item in held if isinstance(held, tuple) else (held,):
        if item is not None:
            index.setdefault(str(item).casefold(), []).append(user.id)
