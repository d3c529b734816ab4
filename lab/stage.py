"""How a story is set: its people, what the intruder holds, and what the owner must keep."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from lab.access import AccessToken, CaeToken, PlainToken, Session, SessionBasis
from lab.carrier_alerts import CarrierAlert
from lab.footholds import Foothold
from lab.intruder import Intruder
from lab.tenant import SimulatedTenant
from lab.tenant.population import Population
from lab.tenant.state import User

SINCE: Final = timedelta(minutes=6)
"""How long the intruder has been in when the alert goes out."""


@dataclass(slots=True, kw_only=True)
class Scenario:
    """One story, ready to be played."""

    name: str
    tenant: SimulatedTenant
    oid: str
    intruder: Intruder
    alerts: list[CarrierAlert]
    story: str
    bystanders: tuple[str, ...] = ()
    owned: dict[str, Callable[[], bool]] = field(default_factory=dict)
    """What must still be there afterwards, and how to see that it is."""

    @property
    def owner_things(self) -> list[str]:
        """What belongs to the owner, in words."""
        return list(self.owned)

    def losses(self) -> list[str]:
        """Which of the owner's things are gone."""
        return [thing for thing, is_there in self.owned.items() if not is_there()]


class Stage:
    """The people and things of one story while it is being set."""

    def __init__(self, tenant: SimulatedTenant) -> None:
        self.tenant = tenant
        self.people = Population(tenant)
        self.bystanders = _bystanders(tenant, self.people)
        self.since = tenant.now() - SINCE
        self.owned: dict[str, Callable[[], bool]] = {}

    def user(self, oid: str) -> User:
        """Read an account."""
        return self.tenant.users[oid]

    def owner_rule(self, oid: str, name: str, **wish: Any) -> None:
        """Give the owner a rule, which must stay on."""
        rule = self.people.rule(oid, name, **wish)

        def on() -> bool:
            return rule in self.tenant.mailboxes[oid].rules

        self.owned[f"inbox rule “{name}”"] = on

    def outlook_rules(self, oid: str, *names: str) -> None:
        """Give the owner client-side rules, which Exchange would delete."""
        self.people.forward(oid, outlook_rules=names)
        self.owned["client-side Outlook rules"] = lambda: (
            self.tenant.mailboxes[oid].outlook_rules == names
        )

    def team(self, oid: str, name: str) -> None:
        """Put the owner into a group, where they must stay."""
        group = self.people.group(name, [oid])
        state = self.tenant.state
        self.owned[f"membership of “{name}”"] = lambda: group in state.memberships[oid]

    def session(self, oid: str, label: str) -> list[Foothold]:
        """Steal a session, with both kinds of access tokens it renews."""
        session = Session(
            label,
            opened_at=self.since,
            resets=self.user(oid).password_resets,
            basis=SessionBasis.PASSWORD,
        )
        issued = self.since + timedelta(minutes=1)
        tokens: list[AccessToken] = [
            CaeToken("Exchange access token", issued_at=issued, session=session),
            PlainToken("Graph access token", issued_at=issued, session=session),
        ]
        return [*tokens, session]

    def scene(
        self,
        name: str,
        oid: str,
        *,
        footholds: list[Foothold],
        alerts: list[CarrierAlert],
        story: str,
    ) -> Scenario:
        """Put the story together."""
        return Scenario(
            name=name,
            tenant=self.tenant,
            oid=oid,
            intruder=Intruder(self.tenant, oid, footholds),
            alerts=alerts,
            story=story,
            bystanders=self.bystanders,
            owned=self.owned,
        )


def _bystanders(tenant: SimulatedTenant, people: Population) -> tuple[str, ...]:
    """Find the two who are always there, or bring them in."""
    upns = ("hanna.weiss@contoso.example", "igor.blum@contoso.example")
    known = [oid for upn in upns for oid in tenant.state.where("upn", upn)]
    if known:
        return tuple(known)
    hanna, igor = people.person("Hanna Weiss"), people.person("Igor Blum")
    people.rule(hanna, "Boss", conditions={"senderContains": ["igor"]}, actions=to_folder("Boss"))
    people.rule(
        hanna, "Holiday", enabled=False, actions={"forwardTo": sent_to("igor.blum@contoso.example")}
    )
    people.forward(hanna, outlook_rules=("Colour what is urgent",))
    people.forward(igor, forwarding_recipient=hanna, keeps_copy=True)
    people.rule(
        igor, "Invoices", conditions={"subjectContains": ["invoice"]}, actions=to_folder("Invoices")
    )
    people.group("Everybody", [hanna, igor])
    return hanna, igor


def to_folder(folder: str) -> dict[str, Any]:
    """Say that a rule moves mail to a folder."""
    return {"moveToFolder": folder}


def sent_to(*addresses: str) -> list[dict[str, Any]]:
    """Name the recipients of a rule."""
    return [{"emailAddress": {"name": address, "address": address}} for address in addresses]
