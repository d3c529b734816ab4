"""What an intruder keeps, and what kills it: one class for each row that is simulated.

The rules are judged from the tenant's state, never from what a responder says it did:

 #  foothold                    dies by                                        lag
 1  access token, CAE           disable, reset, revoke, high risk; expiry      `cae_lag`
 2  access token, no CAE        expiry only                                    until it expires
 3  refresh token or cookie     disable, revoke, a reset (password sessions)   `session_lag`
 4  password                    a new password that the intruder did not pick  none
 8  SMTP AUTH with 4            as 4, or the protocol is off                   `protocol_lag`
 9  visible inbox rule          that rule disabled or deleted                  none
10  hidden inbox rule           the same                                       none
11  forwarding                  neither address leads to the intruder          none
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from lab.tenant.state import Rule
from lab.tenant.world import World


class Damage(StrEnum):
    """What an act that succeeded did to the owner."""

    MAIL_READ = "mail read"
    MAIL_SENT = "mail sent"
    MAIL_LEAKED = "mail leaked"
    FILES_READ = "files read"
    RULES_MADE = "rules made"


class Foiled(Exception):  # noqa: N818 - an outcome
    """The intruder's act was refused; the text is the refusal."""


class Foothold(ABC):
    """One thing that lets the intruder stay. `closed_at` is when its door was shut for good."""

    number: ClassVar[int]
    damage: ClassVar[Damage | None] = None
    killable: ClassVar[bool] = True
    """Whether anything but time ends it."""
    elsewhere: str | None = None
    """What it stands on where that is not the account: an account or application of its own."""

    def __init__(self, label: str) -> None:
        self.label = label
        self.closed_at: datetime | None = None

    def settle(self, world: World, oid: str) -> None:
        """Take note of how things stand when the story begins."""
        del world, oid

    @abstractmethod
    def shut(self, world: World, oid: str) -> bool:
        """Whether the tenant's state has shut this door."""

    def lag(self, world: World) -> timedelta:
        """Tell how long a shut door still lets the intruder through."""
        del world
        return timedelta(0)

    def judge(self, world: World, oid: str, *, at: datetime) -> None:
        """Look at the state after a write at `at`; a door that is opened again lives again."""
        if not self.shut(world, oid):
            self.closed_at = None
        elif self.closed_at is None:
            self.closed_at = at

    def died_at(self, world: World) -> datetime | None:
        """Tell when it ended or is bound to end, which may lie ahead; `None` while it lives on."""
        return None if self.closed_at is None else self.closed_at + self.lag(world)

    def alive(self, world: World) -> bool:
        """Whether it still serves the intruder."""
        end = self.died_at(world)
        return end is None or world.now() < end

    def act(self, world: World, oid: str) -> str:
        """Use it once and say how; raises `Foiled`."""
        if not self.alive(world):
            raise Foiled("dead")
        return self.use(world, oid)

    @abstractmethod
    def use(self, world: World, oid: str) -> str:
        """Do what it is for. Raises `Foiled` where something else stands in the way."""


class InboxRule(Foothold):
    """9 and 10: an inbox rule, which goes on working when the account is disabled."""

    number = 9
    damage = Damage.MAIL_LEAKED

    def __init__(self, label: str, *, rule: Rule) -> None:
        super().__init__(label)
        self.rule = rule.id

    def shut(self, world: World, oid: str) -> bool:
        """Shut when that rule is disabled or deleted, and by nothing else."""
        mailbox = world.state.mailboxes.get(oid)
        rules = mailbox.rules if mailbox else ()
        return not any(rule.id == self.rule and rule.enabled for rule in rules)

    def use(self, world: World, oid: str) -> str:
        """Let the rule work on the next message."""
        del world, oid
        return "the rule caught a message"


class HiddenRule(InboxRule):
    """10: an inbox rule that neither Outlook nor Graph shows."""

    number = 10


class Forwarding(Foothold):
    """11: one or both forwarders of the mailbox lead to the intruder."""

    number = 11
    damage = Damage.MAIL_LEAKED

    def __init__(
        self, label: str, *, smtp: str | None = None, recipient: str | None = None
    ) -> None:
        super().__init__(label)
        self.smtp = smtp
        self.recipient = recipient

    def shut(self, world: World, oid: str) -> bool:
        """Both cleared: of two, the one that is left wakes up."""
        mailbox = world.state.mailboxes.get(oid)
        if mailbox is None:
            return True
        ours = self.recipient is not None and mailbox.forwarding_recipient == self.recipient
        return not ours and (self.smtp is None or mailbox.forwarding_smtp != self.smtp)

    def use(self, world: World, oid: str) -> str:
        """Receive the next message; an address that sleeps receives nothing."""
        mailbox = world.state.mailboxes[oid]
        if mailbox.forwarding_recipient is not None:
            if mailbox.forwarding_recipient != self.recipient:
                raise Foiled("ForwardingSmtpAddress sleeps while ForwardingAddress is set")
            return "received mail through ForwardingAddress"
        return "received mail through ForwardingSmtpAddress"
