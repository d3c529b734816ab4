"""What tells an intruder in another account: addresses, targets, rule shapes, apps. Pure.

They are read off the kept evidence of a case. What the owner had before the compromise is not the
intruder's: an office's address or a tool of everybody would point at the whole organisation.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from pydantic import TypeAdapter

from shared.clients.audit import DirectoryAudit, SignIn
from shared.clients.audit_search import AuditRecord
from shared.clients.consents import Grant
from shared.clients.inbox import InboxRule
from shared.clients.mailbox import Forwarding
from shared.model import Json, ObjectId, Value
from shared.policy.inbox_rules import judge

_CONSENT: Final = "Consent to application"
_RIGHT_PASSWORD: Final = frozenset({0, 50055, 50072, 50074, 50076, 50079, 53003, 500121})
"""Entra's codes for a success, and for a right password that something else stopped.

Source: learn.microsoft.com/entra/identity-platform/reference-error-codes
"""
_MAILBOX_RULES: Final = ("New-InboxRule", "Set-InboxRule")
CHANGES: Final = (*_MAILBOX_RULES, "UpdateInboxRules", "Set-Mailbox")
"""What the audit log calls changes of rules and forwarding."""
_WORDS: Final = ("Subject", "Body", "SubjectOrBody", "From", "FromAddress")

_FORWARDING: Final = TypeAdapter(Forwarding)
_GRANTS: Final = TypeAdapter(tuple[Grant, ...])
_CHANGES: Final = TypeAdapter(tuple[DirectoryAudit, ...])
_RULES: Final = TypeAdapter(tuple[InboxRule, ...])
_SIGN_INS: Final = TypeAdapter(tuple[SignIn, ...])


class Shape(Value):
    """An inbox rule without its name: what it looks for and what it does."""

    words: tuple[str, ...]
    folder: str
    deletes: bool

    @property
    def label(self) -> str:
        """Say what it does."""
        does = "deletes" if self.deletes else f"moves to “{self.folder}”"
        return f"{does} what has {', '.join(repr(word) for word in self.words)}"


class Traits(Value):
    """The intruder's traits in one account; `unknown` says which could not be read."""

    addresses: frozenset[str] = frozenset()
    targets: frozenset[str] = frozenset()
    shapes: frozenset[Shape] = frozenset()
    apps: frozenset[ObjectId] = frozenset()
    unknown: tuple[str, ...] = ()

    def shared_with(self, other: Traits) -> tuple[str, ...]:
        """Say which traits two accounts have in common."""
        return (
            *(f"signed in from {ip} as well" for ip in sorted(self.addresses & other.addresses)),
            *(f"forwards to {to} as well" for to in sorted(self.targets & other.targets)),
            *(f"has a rule that {shape.label} as well" for shape in self.shapes & other.shapes),
            *(f"consented to the app {app} as well" for app in sorted(self.apps & other.apps)),
        )


def traits(sections: Mapping[str, Json], *, own_domains: frozenset[str]) -> Traits:
    """Read the traits off evidence; an unknown section gives none and is named.

    Whoever signed in since the compromise may be the owner too: those addresses are to be taken
    away by the caller.
    """
    rules = _part(sections, "all_inbox_rules", _RULES) or ()
    bad = [rule for rule in rules if judge(rule, own_domains).suspicious]
    forwarding = _part(sections, "forwarding", _FORWARDING) or Forwarding()
    sends = [to for rule in bad for to in rule.forwards_to] + [forwarding.to_smtp or ""]
    targets = {to.rpartition(":")[2].lower() for to in sends}
    needed = ("all_inbox_rules", "forwarding", "sign_ins", "app_consents", "directory_changes")
    return Traits(
        addresses=frozenset(
            entry.ip
            for entry in _part(sections, "sign_ins", _SIGN_INS) or ()
            if entry.ip and knew_password(entry)
        ),
        targets=frozenset(to for to in targets if to and to.rpartition("@")[2] not in own_domains),
        shapes=frozenset(shape for rule in bad if (shape := _shape(rule))),
        apps=_apps(sections),
        unknown=tuple(
            f"{name.replace('_', ' ')}: {sections[name]['unknown']}"
            for name in needed
            if name in sections and sections[name].get("unknown")
        ),
    )


def knew_password(entry: SignIn) -> bool:
    """Whether whoever signed in had the password or a session; an unknown outcome counts."""
    return entry.status is None or entry.status in _RIGHT_PASSWORD


def in_record(record: AuditRecord, found: Traits) -> tuple[str, ...]:
    """Say which of the intruder's traits a row about a rule or forwarding shows."""
    text = json.dumps(record.details, ensure_ascii=False).lower()
    reasons = [
        f"{record.operation} sends mail to {target} ({record.at:%Y-%m-%d %H:%M} UTC)"
        for target in sorted(found.targets)
        if re.search(rf"(?<![\w.+-]){re.escape(target)}(?![\w.-])", text)
    ]
    shape = _written(record) if record.operation in _MAILBOX_RULES else None
    if shape is not None and shape in found.shapes:
        reasons.append(f"{record.operation} made a rule that {shape.label}")
    return tuple(reasons)


def _part[T](sections: Mapping[str, Json], name: str, kind: TypeAdapter[T]) -> T | None:
    data = sections.get(name, {}).get("data")
    return None if data is None else kind.validate_python(data)


def _apps(sections: Mapping[str, Json]) -> frozenset[ObjectId]:
    """Name the apps that were consented to since the compromise and are still allowed."""
    changes = _part(sections, "directory_changes", _CHANGES) or ()
    consented = {t.id for c in changes if c.activity == _CONSENT for t in c.targets}
    grants = _part(sections, "app_consents", _GRANTS) or ()
    return frozenset(grant.client for grant in grants if grant.client in consented)


def _shape(rule: InboxRule) -> Shape | None:
    return _shaped(rule.words, rule.folder, deletes=rule.deletes)


def _written(record: AuditRecord) -> Shape | None:
    given = {str(p.get("Name")): p.get("Value") for p in record.details.get("Parameters") or ()}
    names = (f"{part}Contains{word}" for part in _WORDS for word in ("Words", "Word"))
    words = [w for name in names for w in str(given.get(name) or "").split(";")]
    deletes = str(given.get("DeleteMessage")).lower() == "true"
    return _shaped(words, given.get("MoveToFolder"), deletes=deletes)


def _shaped(words: Iterable[str], folder: Any, *, deletes: bool) -> Shape | None:
    """Make a shape, or nothing of a rule so plain that anybody may have it."""
    said = tuple(sorted({word.strip().lower() for word in words if word.strip()}))
    if not said or not (folder or deletes):
        return None
    place = str(folder or "").rpartition("\\")[2].rpartition(":")[2].lower()
    return Shape(words=said, folder=place, deletes=deletes)
