"""What can go wrong, sorted by what the worker does next.

FirebreakError
├── Refused       we chose not to                     done, with the reason
│   └── Unavailable  no licence, not set up           done: nothing about this account
├── Gone          account or mailbox deleted          done
│   └── NoMailbox none in Exchange Online             done, or a person's where it is elsewhere
├── Transient     429, 5xx, timeout                   again, not before retry_after
│   ├── Throttled too much at once                     again at the moment it names, no try lost
│   └── Conflict  somebody else wrote first           read again, then again
├── Denied        401/403, names permission and role  stop, tell the operator, no retry
├── Undecodable   a message we cannot read            poison, raw body kept, shown
└── Defect        everything else is our bug          poison, alarm
"""

from __future__ import annotations


class FirebreakError(Exception):
    """Something Firebreak can say in a sentence that a person can act on."""


class Refused(FirebreakError):  # noqa: N818 - an outcome, named as an adjective
    """We chose not to touch this account this way; the reason says why and what to do instead.

    `steps` are what a person does by hand, in order, where no API exists. They need not do it if
    one of the responders in `unless` has done its work.
    """

    def __init__(
        self, reason: str, *, steps: tuple[str, ...] = (), unless: frozenset[str] = frozenset()
    ) -> None:
        super().__init__(reason)
        self.steps = steps
        self.unless = unless


class Unavailable(Refused):
    """The organisation has no licence for it, or has not set it up: true of every account.

    Said on the case, but no reason to call a person at night: the others have shut the doors.
    """


class Gone(FirebreakError):  # noqa: N818
    """The account or mailbox no longer exists, so there is nothing left to do to it."""


class NoMailbox(Gone):
    """Exchange Online has no such mailbox; that it is nowhere is a question of its own."""


class Transient(FirebreakError):  # noqa: N818
    """The far side could not answer now. `retry_after` is in seconds; the queue does the waiting.

    `may_have_happened` marks a write whose answer was lost: it is read back before it is repeated.
    """

    def __init__(
        self, reason: str, *, retry_after: float | None = None, may_have_happened: bool = False
    ) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
        self.may_have_happened = may_have_happened


class Throttled(Transient):
    """Not now: the far side's limit is reached. No failure, so it is bounded by time, not tries."""


class Conflict(Transient):
    """Somebody else wrote first: the row is not what we read. Read it again."""


class Denied(FirebreakError):  # noqa: N818
    """We are not allowed to. Names the missing permission, or the role, and is never retried."""

    def __init__(self, reason: str, *, permission: str | None = None) -> None:
        super().__init__(reason)
        self.permission = permission


class Undecodable(FirebreakError):  # noqa: N818
    """A message or payload we cannot read. It is kept as it came and shown to a person."""


class Defect(FirebreakError):  # noqa: N818
    """Our own bug, or an answer no documentation explains. Goes to the poison queue, loudly."""
