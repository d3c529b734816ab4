"""People, groups, mailboxes and what they own: how a tenant is filled before a story begins.

Nothing here is recorded as a write: it was always so. Names are invented.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final

from lab.tenant.state import (
    ON_PREMISES_DOMAIN,
    Blocked,
    Contact,
    Group,
    Mailbox,
    Risk,
    Role,
    Rule,
    User,
)
from lab.tenant.world import World

_FIRST: Final = [
    "Ada",
    "Bela",
    "Cleo",
    "Dario",
    "Edda",
    "Fynn",
    "Gesa",
    "Hanno",
    "Ines",
    "Jaro",
    "Kaja",
    "Levi",
    "Mira",
    "Nils",
    "Oda",
]
_LAST: Final = [
    "Abel",
    "Brandt",
    "Carus",
    "Dorn",
    "Ebner",
    "Falk",
    "Grote",
    "Haas",
    "Imhof",
    "Jung",
    "Kern",
    "Lenz",
    "Marx",
    "Noll",
]
_WELL_KNOWN: Final = MappingProxyType(
    {"Global Administrator": "62e90394-69f5-4237-9190-012177145e10"}
)
"""Role definitions that have the same id in every tenant."""
_JUNK: Final = "Junk E-Mail Rule"


class Population:
    """Fills one tenant."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._state = world.state

    def person(self, name: str, *, domain: str = "contoso.example", **wish: Any) -> str:
        """Hire somebody with a mailbox; `wish` sets fields of the account. Returns the object id.

        A name that is taken gets a number, so that a story can be told twice.
        """
        local = self._free(name.lower().replace(" ", "."), domain)
        address = f"{local}@{domain}"
        oid = self._account(name, upn=address, mail=address, **wish)
        self._mailbox(oid, alias=local)
        return oid

    def guest(self, name: str, *, home: str = "partner.example", **wish: Any) -> str:
        """Invite somebody from another organisation; their mailbox is over there."""
        local = name.lower().replace(" ", ".")
        local = self._free(f"{local}_{home}#EXT#", "contoso.example").replace("#EXT#", "")
        upn = f"{local}#EXT#@contoso.example"
        mail = f"{name.lower().replace(' ', '.')}@{home}"
        return self._account(name, upn=upn, mail=mail, user_type="Guest", **wish)

    def account(self, name: str, *, mail: str | None = None, **wish: Any) -> str:
        """Make an account without a mailbox here; with `mail`, its mailbox is on premises."""
        local = self._free(name.lower().replace(" ", "."), "contoso.example")
        return self._account(name, upn=f"{local}@contoso.example", mail=mail, **wish)

    def synced(self, name: str, *, domain: str = "contoso.example") -> str:
        """Hire somebody whose account is mastered in the directory on premises."""
        return self.person(name, domain=domain, **self.on_premises())

    def on_premises(self) -> dict[str, Any]:
        """Give what an account has that comes from the directory on premises."""
        dice = self._world.dice
        sid = "S-1-5-21-" + "-".join(str(dice.randrange(10**8, 10**9)) for _ in range(3))
        sid = f"{sid}-{dice.randrange(1000, 9999)}"
        return {
            "synced": True,
            "on_premises_sid": sid,
            "on_premises_domain": ON_PREMISES_DOMAIN,
        }

    def crowd(self, count: int) -> list[str]:
        """Hire many people at once."""
        made = []
        for number in range(count):
            first = _FIRST[number % len(_FIRST)]
            last = _LAST[number // len(_FIRST) % len(_LAST)]
            local = f"{first}.{last}.{number}".lower()
            address = f"{local}@contoso.example"
            oid = self._account(f"{first} {last}", upn=address, mail=address)
            self._mailbox(oid, alias=local)
            made.append(oid)
        return made

    def group(self, name: str, members: Iterable[str], **wish: Any) -> str:
        """Make a group of accounts or of other groups; `wish` sets its fields."""
        group = Group(id=self._world.guid(), name=name, **wish)
        self._state.groups[group.id] = group
        self._join(group.id, members)
        return group.id

    def role(self, name: str, members: Iterable[str]) -> str:
        """Give a directory role, by its display name."""
        known = {role.name: role.id for role in self._state.roles.values()}
        if name not in known:
            made = self._world.guid(), self._world.guid()
            role = Role(id=made[0], name=name, template=_WELL_KNOWN.get(name, made[1]))
            self._state.roles[role.id] = role
            known[name] = role.id
        self._join(known[name], members)
        return known[name]

    def contact(self, name: str, address: str) -> str:
        """Add a mail contact."""
        contact = Contact(id=self._world.guid(), name=name, address=address)
        self._state.contacts[contact.id] = contact
        return contact.id

    def rule(self, oid: str, name: str, **wish: Any) -> Rule:
        """Add an inbox rule at the end; `wish` sets its fields."""
        box = self._state.mailboxes[oid]
        sequence = 1 + max((rule.sequence for rule in box.rules if not rule.hidden), default=0)
        rule = self._rule(name, **{"sequence": sequence, **wish})
        self._state.mailboxes[oid] = replace(box, rules=(*box.rules, rule))
        return rule

    def forward(self, oid: str, **wish: Any) -> None:
        """Set a mailbox's forwarding, or any other field of it."""
        self._world.change_mailbox(oid, **wish)

    def risk(self, oid: str, level: str) -> None:
        """Give an account a risk record."""
        detail = "none"
        now = self._world.now()
        self._state.risks[oid] = Risk(state="atRisk", level=level, detail=detail, updated_at=now)

    def restrict_sender(self, oid: str, reason: str) -> None:
        """Put an account on the list of senders that may not send."""
        address = str(self._state.users[oid].mail)
        blocked = Blocked(address=address, reason=reason, since=self._world.now())
        self._state.blocked[address.casefold()] = blocked

    def _account(self, name: str, **wish: Any) -> str:
        first, _, last = name.partition(" ")
        long_ago = self._world.created_at
        fields: dict[str, Any] = {
            "id": self._world.guid(),
            "display_name": name,
            "given_name": first,
            "surname": last or None,
            "created_at": long_ago,
            "password_changed_at": long_ago + timedelta(days=300),
            "sessions_valid_from": long_ago + timedelta(days=300),
            "proxy_addresses": (f"SMTP:{wish['mail']}",) if wish.get("mail") else (),
        }
        if wish.get("on_premises_domain"):
            fields["sam_account_name"] = str(wish["upn"]).partition("@")[0][:20]
        user = User(**(fields | wish))
        self._state.add_user(user)
        return user.id

    def _mailbox(self, oid: str, *, alias: str) -> None:
        junk = self._rule(_JUNK, sequence=0, hidden=True)
        guid = self._world.guid()
        self._state.mailboxes[oid] = Mailbox(oid=oid, guid=guid, alias=alias, rules=(junk,))

    def _rule(self, name: str, **wish: Any) -> Rule:
        number = self._world.dice.getrandbits(63)
        rule_id = base64.b64encode(b"\x01\x00\x00\x00" + number.to_bytes(8, "little")).decode()
        return Rule(
            id=rule_id.replace("/", "A").replace("+", "B"), number=number, name=name, **wish
        )

    def _join(self, parent: str, members: Iterable[str]) -> None:
        for member in members:
            before = self._state.memberships.get(member) or frozenset()
            self._state.memberships.seed(member, before | {parent})

    def _free(self, local: str, domain: str) -> str:
        number, wanted = 1, local
        while self._state.where("upn", f"{wanted}@{domain}"):
            number += 1
            wanted = f"{local}{number}" if "#EXT#" not in local else f"{number}{local}"
        return wanted
