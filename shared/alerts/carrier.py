"""The contract: what a carrier is, and the four things a parser can say about an alert.

A carrier is pure and total: any bytes give readings; never an exception, never a guess, never
silence. Adding one is one file here, which is its registration, and its cases beside the tests.

Two lines of evidence are more than reading matter; whoever decides must look at them:

- `held`: why nothing may happen by itself because of this alert, though nothing says it is closed.
- `feedback`: an administrator's verdict on the user, which may be our own action coming back.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import ClassVar, Final

from shared.alerts.call import Call, Greeting
from shared.alerts.identity import guest
from shared.alerts.payload import ALERTS, Record, entries
from shared.alerts.risk import confirmed
from shared.alerts.text import Line, notes
from shared.errors import Undecodable
from shared.model import AccountRef, AlertDraft, Awaited, Json, Value
from shared.registered import Registered

_TENANT: Final = re.compile(r"(?!0{8}-)[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
"""A tenant's id; what sample data and anonymisers put in its place says nothing."""
HELD = "held"
FEEDBACK = "feedback"


class Recognised(Value):
    """An alert we answer; one for each account that one native alert names.

    A draft without an account is an alert of the right kind that names nobody: a person is asked.
    """

    draft: AlertDraft


class Incomplete(Value):
    """An alert of ours, or perhaps of ours, that came before those it is about.

    It is fetched from its source, which `awaits` names, and read again by the carrier that made
    this reading, later and later, until it names somebody; then the alert is answered. Where that
    does not happen in time, or this deployment cannot fetch it, a person is asked.
    """

    draft: AlertDraft
    awaits: Awaited


class NotForUs(Value):
    """A message we understand and do nothing about, and why.

    `routine` marks what is no alert at all, such as a harmless sign-in: where such things come by
    the thousand, in a stream or a log, they are passed over and not listed.
    """

    reason: Line
    native_id: Line = ""
    routine: bool = False


class Unreadable(Value):
    """A message, or a part of one, that we do not understand; it is kept for a person."""

    reason: Line


class Piece(Value):
    """A part of an alert whose other parts come by themselves: its record, as it came."""

    alert: str
    record: Json


type Reading = Recognised | Incomplete | NotForUs | Unreadable


def held(reason: str | None) -> dict[str, str]:
    """Make the line of evidence that stops an alert from acting by itself, if there is a reason."""
    return notes(**{HELD: reason})


def feedback(*words: str | None) -> dict[str, str]:
    """Make the line that marks an administrator's verdict, by any of an alert's names or codes."""
    return notes(**{FEEDBACK: confirmed(*words)})


def guest_mark(account: AccountRef | None) -> dict[str, str]:
    """Make the line of evidence that says the account's home is another tenant."""
    return {"guest": "yes"} if account and guest(account.upn) else {}


class Carrier(Registered, ABC):
    """One way in which alerts arrive. The file is its registration."""

    content_types: ClassVar[frozenset[str]] = frozenset({"application/json"})
    """Media types a sender may use; anything else is answered with 415."""

    @abstractmethod
    def read(self, body: bytes) -> tuple[Reading, ...]:
        """Say what the body holds: at least one reading, whatever the bytes."""

    def pieces(self, body: bytes) -> tuple[Piece, ...]:  # noqa: ARG002 - most have none
        """Name the parts of the body that mean little without other parts sent separately.

        They are remembered until the alert they belong to can be read as a whole.
        """
        return ()

    def tenants(self, body: bytes) -> frozenset[str]:  # noqa: ARG002 - most name none
        """Name the tenants that the body says it is of, by id; empty where it says nothing."""
        return frozenset()

    def greet(self, call: Call) -> Greeting | None:  # noqa: ARG002 - most are never greeted
        """Answer a call that only asks whether alerts may be sent here; `None` for any other."""
        return None

    def read_again(self, body: bytes) -> tuple[Reading, ...]:
        """Read what was fetched because of an incomplete reading of this carrier's."""
        return self.read(body)

    def compose(self, call: Call) -> bytes:
        """Give the body to keep and to read, for senders that put half of it into headers."""
        return call.body


class JsonCarrier(Carrier):
    """A carrier of JSON objects: one, an array, a page of them, or one on each line."""

    content_types = frozenset(
        {"application/json", "application/x-ndjson", "application/jsonl", "text/json"}
    )
    envelope: ClassVar[str | None] = None
    """The key under which a page keeps its objects."""
    tenant_key: ClassVar[str | None] = None
    """The key under which each object names its tenant, where Microsoft documents one.

    Not every `TenantId` is one: in a Log Analytics table it is the workspace.
    """

    @abstractmethod
    def read_one(self, item: Record) -> Iterable[Reading]:
        """Say what one object is. May raise `Undecodable`, which becomes a reading."""

    def settle(self, readings: list[Reading]) -> list[Reading]:
        """Look at all readings of one body together; the place to drop what another one covers."""
        return readings

    def entries(self, body: bytes) -> list[Record | Undecodable]:
        """Find the objects of a body. Raises `Undecodable` where it cannot be read at all."""
        return entries(body, envelope=self.envelope)

    def tenants(self, body: bytes) -> frozenset[str]:
        """Name the tenants that the body says it is of, by id; empty where it says nothing."""
        if self.tenant_key is None:
            return frozenset()
        try:
            found = self.entries(body)
        except Undecodable:
            return frozenset()
        named = (each.text(self.tenant_key) or "" for each in found if isinstance(each, Record))
        return frozenset(name.lower() for name in named if _TENANT.fullmatch(name))

    def read(self, body: bytes) -> tuple[Reading, ...]:
        """Say what the body holds: at least one reading, whatever the bytes."""
        try:
            found = self.entries(body)
        except Undecodable as error:
            return (Unreadable(reason=str(error)),)
        readings: list[Reading] = []
        for item in found:
            readings.extend(self._readings(item))
            if len(readings) > ALERTS:
                return (Unreadable(reason=f"the body makes more than {ALERTS} alerts: send fewer"),)
        settled = tuple(_once(self.settle(readings)))
        return settled or (NotForUs(reason="the body holds no alerts"),)

    def _readings(self, item: Record | Undecodable) -> Iterable[Reading]:
        try:
            if isinstance(item, Undecodable):
                raise item
            return tuple(self.read_one(item))
        except Undecodable as error:
            return (Unreadable(reason=str(error)),)


def _once(readings: Iterable[Reading]) -> Iterator[Reading]:
    """Say once what is said twice; the first reading of an alert about an account stays."""
    seen: set[tuple[str, ...]] = set()
    for reading in readings:
        key = _key(reading)
        if key not in seen:
            seen.add(key)
            yield reading


def _key(reading: Reading) -> tuple[str, ...]:
    match reading:
        case Recognised(draft=draft):
            account = draft.account.model_dump_json().lower() if draft.account else ""
            return ("recognised", draft.native_id, account)
        case Incomplete(draft=draft):
            return ("incomplete", draft.native_id)
        case NotForUs(reason=reason, native_id=native_id):
            return ("not for us", native_id, reason)
        case Unreadable(reason=reason):
            return ("unreadable", reason)
