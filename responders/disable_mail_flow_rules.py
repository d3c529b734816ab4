"""Disable the transport rules and connectors that the account made or changed since."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from shared.clients import audit_search, exchange, mail_flow
from shared.clients.audit_search import AuditRecord
from shared.clients.mail_flow import MailRoute, RouteKind
from shared.clients.tenant import Tenant
from shared.errors import Gone, Refused
from shared.model import Case, Difference, Foothold, Phase, Utc, Value, number_of
from shared.responder import Change, Impact, Responder

_OPERATIONS: Final = (
    *(f"{verb}-{kind}" for kind in RouteKind for verb in ("New", "Set")),
    "Enable-TransportRule",
)
"""What the unified audit log calls the making of one, and every change that puts it to use."""
_NAMES: Final = {
    RouteKind.RULE: "transport rule",
    RouteKind.INBOUND: "inbound connector",
    RouteKind.OUTBOUND: "outbound connector",
}


class MadeRoute(Value):
    """A rule or connector, and when the account last had its hands on it."""

    route: MailRoute
    at: Utc

    @property
    def label(self) -> str:
        """Name it for a person."""
        return f"{_NAMES[self.route.kind]} “{self.route.name}”"


class MailFlowRulesDisabled(Change):
    """The rules and connectors as found."""

    routes: tuple[MadeRoute, ...]

    def summary(self) -> str:
        """Say what will be done."""
        return f"Disable for the whole organisation: {', '.join(r.label for r in self.routes)}"

    def differences(self) -> tuple[Difference, ...]:
        """List them."""
        return tuple(Difference(what=r.label, was="on", becomes="off") for r in self.routes)

    def footholds(self) -> tuple[Foothold, ...]:
        """Name each and why it is the intruder's."""
        return tuple(
            Foothold(kind="mail_flow", label=made.label, reasons=(_when(made),))
            for made in self.routes
        )


class DisableMailFlowRules(Responder[MailFlowRulesDisabled]):
    """Disable the transport rules and connectors that the account made or changed since.

    An intruder in an administrator's account copies everybody's mail out with one rule, or relays
    through one connector. Exchange tells when each was changed and the unified audit log by whom;
    its search takes minutes, so it is started only where one was changed since. They concern the
    whole organisation's mail: meant for approval, and switched on again by an undo.
    """

    phase = Phase.EVICT
    hunts = True
    impact = Impact.NONE
    techniques = frozenset({"T1114.003", "T1564.008"})
    permissions = frozenset({exchange.MANAGE_AS_APP, audit_search.AUDIT_SEARCH_READ_ALL})
    exchange_roles = frozenset({mail_flow.TRANSPORT_RULES, mail_flow.CONNECTORS})

    async def plan(self, case: Case, tenant: Tenant) -> MailFlowRulesDisabled | None:
        """Read what was changed since; if there is any, look up which of it by this account."""
        who, since = case.account.who, case.compromised_since
        on = [route for route in await tenant.mail_flow.all(who) if route.enabled is not False]
        changed = [r for r in on if r.changed_at is None or r.changed_at >= since]
        if not changed:
            return None
        records = await tenant.searches.collect(
            f"firebreak {case.id} mail flow", who=who.upn, operations=_OPERATIONS, since=since
        )
        touched = [
            MadeRoute(route=route, at=at)
            for route in changed
            if (at := _touched(route, records)) is not None
        ]
        sure = tuple(made for made in touched if _only_one_of_its_name(made.route, on))
        if sure:
            return MailFlowRulesDisabled(who=who, routes=sure)
        _hand_over(touched)
        return None

    async def apply(self, change: MailFlowRulesDisabled, tenant: Tenant) -> None:
        """Disable them; one that is gone is fine."""
        for made in change.routes:
            with suppress(Gone):
                await tenant.mail_flow.switch(change.who, made.route, on=False)

    async def undo(self, change: MailFlowRulesDisabled, tenant: Tenant) -> None:
        """Switch on again those that are still there and off."""
        off = {r.id for r in await tenant.mail_flow.all(change.who) if r.enabled is False}
        for made in change.routes:
            if made.route.id in off:
                with suppress(Gone):
                    await tenant.mail_flow.switch(change.who, made.route, on=True)


def _touched(route: MailRoute, records: tuple[AuditRecord, ...]) -> Utc | None:
    """Tell when the account last made or changed it. The log names it by its name or its GUID."""
    return max(
        (
            record.at
            for record in records
            if record.operation.endswith(route.kind) and _named(record) in (route.name, route.id)
        ),
        default=None,
    )


def _named(record: AuditRecord) -> str:
    """Take the name out of what the log has, which may stand behind the organisation's."""
    return str(record.object_id or "").rpartition("\\")[2]


def _only_one_of_its_name(route: MailRoute, on: list[MailRoute]) -> bool:
    return sum(other.kind is route.kind and other.name == route.name for other in on) == 1


def _when(made: MadeRoute) -> str:
    return f"Made or changed {made.at:%Y-%m-%d %H:%M} UTC by this account, after it was compromised"


def _hand_over(unsure: list[MadeRoute]) -> None:
    """Ask a person where two have the same name: the log does not tell which of them it was."""
    if unsure:
        which = number_of(len(unsure), "rule or connector has", "rules or connectors have")
        raise Refused(
            f"{which} a name that another one has too",
            steps=tuple(
                f"Look at the {made.label} (GUID {made.route.id}) in the Exchange admin center, "
                "Mail flow, and switch off the one that is not yours"
                for made in unsure
            ),
        )
