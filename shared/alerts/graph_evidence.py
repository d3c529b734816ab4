"""Whom the evidence of a Graph security alert names: the user, the mailbox, or the sender.

Processes, devices and sessions carry accounts as well (SYSTEM, whoever is logged on); those are
never taken.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from shared.alerts import identity
from shared.alerts.kinds import OUTBOUND
from shared.alerts.payload import Record
from shared.errors import Undecodable
from shared.model import AccountRef, AlertKind

_USER: Final = "userevidence"
_MAILBOX: Final = "mailboxevidence"
_MESSAGE: Final = "analyzedmessageevidence"
_ADDRESS: Final = "ipevidence"
_PRINCIPALS: Final = frozenset({"serviceprincipalevidence", "oauthapplicationevidence"})
_BYSTANDERS: Final = frozenset({"contextual", "scanned", "destination"})
"""Roles of those who are only mentioned."""
_BARE_USER: Final = frozenset(
    {
        "useraccount",
        "stream",
        "createddatetime",
        "verdict",
        "remediationstatus",
        "remediationstatusdetails",
        "roles",
        "detailedroles",
        "tags",
    }
)
"""All that a userEvidence has; something without a type and with more may be a process."""


_MOST: Final = 1_000
"""Pieces of evidence; beyond it a person looks."""


class Evidence:
    """The evidence of one alert, sorted by type."""

    def __init__(self, alert: Record) -> None:
        self._found: list[tuple[str, Record]] = list(islice(_typed(alert), _MOST + 1))
        if len(self._found) > _MOST:
            raise Undecodable(f"the alert holds more than {_MOST:,} pieces of evidence")

    def of(self, sort: str) -> Iterator[Record]:
        """Pick the pieces of one type."""
        return (piece for kind, piece in self._found if kind == sort)

    @property
    def about_principal(self) -> bool:
        """Whether it names an application and no user."""
        sorts = {sort for sort, _ in self._found}
        return bool(sorts & _PRINCIPALS) and not sorts & {_USER, _MAILBOX}

    @property
    def ips(self) -> tuple[str, ...]:
        """The addresses it names, without repetition."""
        found = (piece.text("ipAddress") for piece in self.of(_ADDRESS))
        return tuple(dict.fromkeys(ip for ip in found if ip))

    @property
    def places(self) -> tuple[str, ...]:
        """Where those addresses are, as far as it says."""
        return tuple(dict.fromkeys(filter(None, map(_place, self.of(_ADDRESS)))))

    @property
    def verdicts(self) -> tuple[str, ...]:
        """What the source thinks of the users and mailboxes, and what it did about them."""
        pieces = (*self.of(_USER), *self.of(_MAILBOX))
        words = (piece.text(key) for piece in pieces for key in ("verdict", "remediationStatus"))
        return tuple(dict.fromkeys(word for word in words if word))

    def accounts(self, kind: AlertKind) -> tuple[AccountRef, ...]:
        """Name the accounts the alert is about, each once.

        In an alert about outgoing mail a recipient is a victim, not the account, and the sender
        counts only where nothing else names one.
        """
        named = [*self._users(), *self._mailboxes()]
        if kind not in OUTBOUND:
            return tuple(identity.distinct(named))
        senders, recipients = self._senders(), self._recipients()
        written_to = recipients - {sender.lower() for sender in senders}
        named = [reference for reference in named if not identity.addresses(reference) & written_to]
        if not named and len(senders) == 1:
            only = identity.account(mailbox=next(iter(senders.values())))
            named = [only] if only else []
        return tuple(identity.distinct(named))

    @property
    def compromised(self) -> tuple[AccountRef, ...]:
        """The users whom the source itself calls compromised."""
        pieces = (piece for piece in self.of(_USER) if "compromised" in _roles(piece))
        found = (_account(piece.record("userAccount")) for piece in pieces)
        return tuple(identity.distinct(each for each in found if each))

    def _users(self) -> Iterator[AccountRef]:
        for piece in self.of(_USER):
            if _concerned(piece) and (reference := _account(piece.record("userAccount"))):
                yield reference

    def _mailboxes(self) -> Iterator[AccountRef]:
        for piece in self.of(_MAILBOX):
            if not _concerned(piece):
                continue
            mailbox, upn = piece.text("primaryAddress"), piece.text("upn")
            if reference := _account(piece.record("userAccount"), mailbox=mailbox, upn=upn):
                yield reference

    def _senders(self) -> dict[str, str]:
        """Senders of outgoing messages by folded address; envelope and header must agree."""
        found: dict[str, str] = {}
        for piece in self.of(_MESSAGE):
            envelope = identity.address(piece.record("p1Sender").text("emailAddress"))
            header = identity.address(piece.record("p2Sender").text("emailAddress"))
            direction = (piece.text("antiSpamDirection") or "").lower().replace("-", "")
            agree = not header or (envelope or "").lower() == header.lower()
            if envelope and agree and direction in {"outbound", "intraorg"}:
                found[envelope.lower()] = envelope
        return found

    def _recipients(self) -> set[str]:
        found = (piece.text("recipientEmailAddress") for piece in self.of(_MESSAGE))
        return {recipient.lower() for recipient in found if recipient}


def _account(
    user: Record, *, mailbox: str | None = None, upn: str | None = None
) -> AccountRef | None:
    return identity.account(
        directory=user.text("azureAdUserId"),
        upn=user.text("userPrincipalName") or upn,
        mailbox=mailbox,
        sid=user.text("userSid"),
        on_windows=identity.windows(user.text("domainName"), user.text("accountName")),
    )


def _roles(piece: Record) -> set[str]:
    return {role.lower() for role in piece.texts("roles")}


def _concerned(piece: Record) -> bool:
    roles = _roles(piece)
    return not roles or not roles <= _BYSTANDERS


def _place(piece: Record) -> str:
    place = piece.record("location")
    parts = (place.text("city"), place.text("state"), place.text("countryName"))
    return ", ".join(filter(None, parts)) or piece.text("countryLetterCode") or ""


def _typed(alert: Record) -> Iterator[tuple[str, Record]]:
    """Pair each piece with its type: Graph's own, or the key a connector filed it under."""
    for piece in alert.records("evidence"):
        yield _type(piece) or "", piece
    for key in alert.fields:
        if key.lower().endswith("evidence") and key.lower() != "evidence":
            for piece in alert.records(key):
                yield _type(piece) or key.lower(), piece


def _type(piece: Record) -> str | None:
    declared = piece.graph_type
    if declared:
        return declared.rpartition(".")[2]
    keys = {key.lower().replace("_", "") for key in piece.fields}
    return _USER if "useraccount" in keys and keys <= _BARE_USER else None
