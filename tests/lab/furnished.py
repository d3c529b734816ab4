"""What an account needs so that every operation has something to answer with."""

from __future__ import annotations

from lab.carrier_alerts import risk_detection, suspicious_forwarding
from lab.registrations import Registrations
from lab.score_history import ScoreHistory
from lab.tenant import graph_identities
from lab.tenant.directory_state import packed
from tests.lab.furnished_logs import write_logs
from tests.lab.tenancy import NOON, Desk


def furnish(desk: Desk, oid: str) -> dict[str, str]:
    """Give an account things with ids of their own; returns the ids by their place in a path."""
    tenant = desk.tenant
    user = tenant.users[oid]
    suspicious_forwarding(tenant, user, at=tenant.now())
    risk_detection(tenant, user, at=tenant.now(), kind="anonymizedIPAddress")
    ScoreHistory(tenant, shares=False).lay_out(days=3)
    return {
        "{control}": "AdminMFAV2",
        "{aid}": next(iter(tenant.state.alerts)),
        "{identity}": graph_identities.identity(user),
        "{adaccount}": graph_identities.account(user),
        "{iid}": next(iter(tenant.state.alerts.values())).body["incidentId"],
        **registered(desk, oid),
        **write_logs(desk, oid),
    }


def registered(desk: Desk, oid: str) -> dict[str, str]:
    """Give an account a device and an app with a consent, and somebody else a role and a group."""
    directory = Registrations(desk.tenant)
    app = directory.app("Tool", publisher="Tool Ltd")
    registration = directory.register("Payroll export")
    for holder in (app, registration):
        directory.give_key(holder, "sync", by=oid, at=NOON)
        directory.give_key(holder, "sign", by=oid, at=NOON, certificate=True)
    grant = directory.consent(oid, app, "User.Read", at=desk.tenant.now())
    device = directory.device(oid, "Notebook", at=desk.tenant.now())
    directory.quarantine()
    other = desk.people.person("Tom Ost")
    held = directory.activate(other, "Reports Reader", start=NOON)
    directory.make_eligible(other, "Groups Administrator", start=NOON)
    role = desk.tenant.state.roles[held].template
    return {
        "{client}": app,
        "{application}": registration,
        "{grant}": grant.id,
        "{device}": device.id,
        "{role}": role,
        "{assignment}": f"{packed(role, other)}-1",
        "{group}": desk.people.group("Choir", [other]),
        "{member}": other,
    }
