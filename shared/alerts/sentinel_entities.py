"""Whom the entities of a Sentinel alert or incident name: accounts and mailboxes, each once.

Two spellings: Azure Resource Manager's (`kind` and `properties`) and the alert's own (`Type`, with
`$id` and `$ref` for what is told in one place and meant in another). An account inside another
entity is whose process it was or who was logged on, and is never taken.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from shared.alerts import identity
from shared.alerts.kinds import OUTBOUND
from shared.alerts.payload import Record, parse
from shared.alerts.text import fold
from shared.errors import Undecodable
from shared.model import AccountRef, AlertKind

_ACCOUNT: Final = "account"
_MAILBOX: Final = "mailbox"
_MESSAGE: Final = "mailmessage"
_ADDRESS: Final = "ip"
_OUTGOING: Final = frozenset({"outbound", "intraorg"})
_MOST: Final = 1_000
"""Entities; beyond it a person looks."""


class Entities:
    """The entities of one alert or incident, sorted by type."""

    def __init__(self, value: object) -> None:
        self._found = list(islice(_typed(_tree(value)), _MOST + 1))
        if len(self._found) > _MOST:
            raise Undecodable(f"it holds more than {_MOST:,} entities")

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._found)

    @property
    def ips(self) -> tuple[str, ...]:
        """The addresses they name, without repetition."""
        found = (entity.text("address") for entity in self._of(_ADDRESS))
        return tuple(dict.fromkeys(ip for ip in found if ip))

    def accounts(self, kind: AlertKind) -> tuple[AccountRef, ...]:
        """Name the accounts, each once.

        In an alert about outgoing mail a recipient is a victim, not the account, and the sender
        counts only where nothing else names one.
        """
        named = [*filter(None, map(_account, self._of(_ACCOUNT)))]
        named += filter(None, map(_mailbox, self._of(_MAILBOX)))
        if kind in OUTBOUND:
            senders = self._senders()
            written_to = self._recipients() - set(senders)
            named = [each for each in named if not identity.addresses(each) & written_to]
            if not named and len(senders) == 1:
                named = [*filter(None, [identity.account(mailbox=next(iter(senders.values())))])]
        return tuple(identity.distinct(named))

    def _of(self, sort: str) -> Iterator[Record]:
        return (entity for kind, entity in self._found if kind == sort)

    def _senders(self) -> dict[str, str]:
        """Senders of outgoing messages by folded address; envelope and header must agree."""
        found: dict[str, str] = {}
        for message in self._of(_MESSAGE):
            envelope = identity.address(message.text("p1Sender", "sender"))
            header = identity.address(message.text("p2Sender")) or envelope
            agree = (envelope or "").lower() == (header or "").lower()
            direction = fold(message.text("antispamDirection") or "").replace("-", "")
            if envelope and agree and direction in _OUTGOING:
                found[envelope.lower()] = envelope
        return found

    def _recipients(self) -> set[str]:
        found = (message.text("recipient") for message in self._of(_MESSAGE))
        return {recipient.lower() for recipient in found if recipient}


def _account(entity: Record) -> AccountRef | None:
    return identity.account(
        directory=entity.text("aadUserId"),
        upn=_principal_name(entity),
        sid=entity.text("sid"),
        on_windows=identity.windows(entity.text("ntDomain"), entity.text("accountName", "name")),
    )


def _principal_name(entity: Record) -> str | None:
    """Put name and suffix together; a bare name is nobody's, and two domains contradict."""
    whole, suffix = entity.text("accountName", "name"), entity.text("upnSuffix")
    if not whole or not suffix:
        return None
    local, at, domain = whole.rpartition("@")
    if at:
        return whole if local and domain.lower() == suffix.lower() else None
    return f"{whole}@{suffix}"


def _mailbox(entity: Record) -> AccountRef | None:
    return identity.account(
        directory=entity.text("externalDirectoryObjectId", "aadId"),
        upn=entity.text("upn"),
        mailbox=entity.text("mailboxPrimaryAddress"),
    )


def _tree(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return parse(value) if value.strip() else None
    except Undecodable:
        # The alert around it stands all the same; it names nobody, so a person is asked.
        return None


def _typed(tree: object) -> Iterator[tuple[str, Record]]:
    """Pair each entity with its type; what is only pointed at is looked up."""
    told = dict(_told(tree))
    for hint, member in _members(tree):
        entity = told.get(str(member.get("$ref")), member) if "$ref" in member else member
        record = Record(entity)
        properties = record.record("properties")
        sort = record.text("kind") or record.text("type") or hint
        yield fold(sort), properties if properties.fields else record


def _members(tree: object) -> Iterator[tuple[str, dict[str, object]]]:
    """Find the outermost entities: in an array, alone, or in an object keyed by their type."""
    if isinstance(tree, dict) and not Record(tree).text("kind", "type"):
        pairs = [(key, member) for key, members in tree.items() for member in _many(members)]
    else:
        pairs = [("", member) for member in _many(tree)]
    return ((hint, member) for hint, member in pairs if isinstance(member, dict))


def _many(node: object) -> list[object]:
    return node if isinstance(node, list) else [node]


def _told(tree: object) -> Iterator[tuple[str, dict[str, object]]]:
    """Find what has an `$id`, however deep it lies."""
    waiting: list[object] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            if "$id" in node:
                yield str(node["$id"]), node
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
