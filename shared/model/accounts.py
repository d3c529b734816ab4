"""Whose account it is: as a source names it, and as the directory knows it."""

from __future__ import annotations

from enum import StrEnum

from shared.model.words import ObjectId, Upn, Utc, Value


class AccountRef(Value):
    """Who an alert is about, as the source named them. Never a display name.

    Trust falls from top to bottom: the last two are known on premises only, and name somebody
    where exactly one account of the directory has them.
    """

    object_id: ObjectId | None = None
    upn: Upn | None = None
    mailbox: str | None = None
    sid: str | None = None
    """The Entra SID."""
    on_premises_sid: str | None = None
    windows_name: str | None = None
    """`DOMAIN\\name`, as Windows writes it."""

    @property
    def best(self) -> str | None:
        """The most trustworthy identifier there is."""
        cloud = self.object_id or self.upn or self.mailbox or self.sid
        return cloud or self.on_premises_sid or self.windows_name


class Who(Value):
    """The two names a change needs: the object id decides, the UPN routes and is shown."""

    object_id: ObjectId
    upn: Upn


class AccountKind(StrEnum):
    """What an account is; one account can be several. Changes the plan, not the responder."""

    CLOUD = "cloud"
    SYNCED = "synced"
    FEDERATED = "federated"
    GUEST = "guest"
    PRIVILEGED = "privileged"
    RESTRICTED = "restricted"
    ORGANISATION = "organisation"
    """No account at all: the organisation itself, an object of the directory like accounts are."""


class MailboxKind(StrEnum):
    """Where an account's mail is, as Exchange Online sees it."""

    OWN = "own"
    SHARED = "shared"
    """Used by people with accounts of their own; nobody needs to sign in to this one."""
    ELSEWHERE = "elsewhere"
    """On premises or with another organisation: nothing in it can be read from here."""
    NONE = "none"


class Account(Value):
    """A directory user as Graph shows it. `None` means unknown, never no.

    Source: GET /users/{id}, GET /users/{id}/transitiveMemberOf, GET /domains.
    """

    object_id: ObjectId
    upn: Upn
    display_name: str = ""
    mail: str | None = None
    enabled: bool | None = None
    kinds: frozenset[AccountKind] = frozenset()
    sessions_valid_from: Utc | None = None
    last_password_change: Utc | None = None
    groups: frozenset[ObjectId] | None = None
    roles: frozenset[str] | None = None
    on_premises_sid: str | None = None
    """How Active Directory on premises knows a synced account."""
    mailbox: MailboxKind | None = None
    """Asked of Exchange while containment runs, so the policy cannot ask for it."""

    @property
    def who(self) -> Who:
        """Its two names."""
        return Who(object_id=self.object_id, upn=self.upn)

    @property
    def is_organisation(self) -> bool:
        """Whether it stands for the organisation itself, so that nobody signs in with it."""
        return AccountKind.ORGANISATION in self.kinds
