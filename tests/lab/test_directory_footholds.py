"""Rows 13 to 16 and 21 of the table of footholds: what kills each, and what does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from lab.clock import Clock
from lab.directory_footholds import AdminRole, AppConsent, DeviceKey, DirectorySync, LeftOut
from lab.intruder import Intruder
from lab.registrations import Registrations
from lab.tenant import SimulatedTenant, TenantSettings
from lab.tenant.population import Population
from tests.lab.tenancy import NOON

BEFORE = NOON - timedelta(minutes=5)
LAG = timedelta(seconds=120)


class House:
    """One account with every foothold of these rows, each by a short name."""

    def __init__(self) -> None:
        self.clock = Clock.frozen(NOON)
        self.tenant = SimulatedTenant(clock=self.clock, settings=TenantSettings.instant())
        self.people, self.directory = Population(self.tenant), Registrations(self.tenant)
        self.oid = self.people.synced("Dana Roth")
        self.app = self.directory.app("Mail Backup Pro")
        self.grant = self.directory.consent(self.oid, self.app, "Mail.Read", at=BEFORE)
        self.device = self.directory.device(self.oid, "PC", at=BEFORE)
        self.role = self.people.role("Reports Reader", [self.oid])
        self.eligible = self.directory.make_eligible(self.oid, "Helpdesk Administrator")
        self.group = self.people.group("No MFA", [self.oid])
        self.footholds = {
            "consent": AppConsent("app", grant=self.grant, signed_in_at=BEFORE),
            "device": DeviceKey("PC", device=self.device, signed_in_at=BEFORE),
            "role": AdminRole("active", role=self.role),
            "eligible": AdminRole("eligible", role=self.eligible),
            "left out": LeftOut("group", group=self.group),
            "sync": DirectorySync("sync"),
        }
        self.intruder = Intruder(self.tenant, self.oid, self.footholds.values())

    def wrote(self) -> None:
        """Tell the world that something has changed, as every real write does."""
        self.tenant.wrote(method="TEST", path="/", actor="us", oid=self.oid, what="changed")

    def shut(self) -> set[str]:
        """Name the doors that are shut."""
        return {name for name, each in self.footholds.items() if each.closed_at is not None}

    def leave(self, parent: str) -> None:
        """Leave a group or role."""
        held = self.tenant.state.memberships[self.oid] - {parent}
        self.tenant.state.memberships.put(self.oid, held, at=self.tenant.now())


def nothing(house: House) -> None:
    del house


def disable(house: House) -> None:
    house.tenant.change_user(house.oid, enabled=False)


def reset(house: House) -> None:
    house.tenant.change_user(house.oid, password_version=2, password_resets=1)


def revoke(house: House) -> None:
    house.tenant.change_user(house.oid, sessions_valid_from=house.tenant.now())


def delete_grant(house: House) -> None:
    del house.tenant.state.directory.grants[house.grant.id]


def disable_app(house: House) -> None:
    apps = house.tenant.state.directory.apps
    apps[house.app] = replace(apps[house.app], enabled=False)


def disable_device(house: House) -> None:
    devices = house.tenant.state.directory.devices
    devices[house.device.id] = replace(house.device, enabled=False)


def take_role(house: House) -> None:
    house.leave(house.role)


def take_eligibility(house: House) -> None:
    house.tenant.state.directory.eligible.clear()


def leave_group(house: House) -> None:
    house.leave(house.group)


def block(house: House) -> None:
    held = house.tenant.state.memberships[house.oid] | {house.directory.quarantine()}
    house.tenant.state.memberships.put(house.oid, held, at=house.tenant.now())


def disable_on_premises(house: House) -> None:
    house.tenant.change_user(house.oid, on_premises_enabled=False)


TABLE: list[tuple[Callable[[House], None], set[str]]] = [
    (nothing, set()),
    (disable, set()),
    (reset, set()),
    (revoke, set()),
    (delete_grant, {"consent"}),
    (disable_app, {"consent"}),
    (disable_device, {"device"}),
    (take_role, {"role"}),
    (take_eligibility, {"eligible"}),
    (leave_group, {"left out"}),
    (block, {"sync"}),
    (disable_on_premises, {"sync"}),
]


@pytest.mark.parametrize(("action", "shuts"), TABLE, ids=[a.__name__ for a, _ in TABLE])
def test_an_action_shuts_exactly_the_doors_the_table_says(
    action: Callable[[House], None], shuts: set[str]
) -> None:
    house = House()
    action(house)
    house.wrote()
    assert house.shut() == shuts


def test_all_of_them_serve_the_intruder_while_nobody_acts() -> None:
    assert all(act.succeeded for act in House().intruder.attempt_all())


def served(house: House) -> set[str]:
    acts = house.intruder.attempt_all()
    names = {id(each): name for name, each in house.footholds.items()}
    return {names[id(act.foothold)] for act in acts if act.succeeded}


def test_revoked_the_app_and_the_device_wait_for_the_next_sign_in_and_live() -> None:
    house = House()
    revoke(house)
    house.wrote()
    assert served(house) == {"role", "eligible", "left out", "sync"}
    assert len(house.intruder.living()) == len(house.footholds)


def test_a_cloud_disable_stops_all_of_them_until_the_next_sync() -> None:
    house = House()
    disable(house)
    house.wrote()
    assert served(house) == set()
    assert house.tenant.sync_directory() == [house.oid]
    assert served(house) == set(house.footholds)


def test_a_block_by_group_outlives_the_sync() -> None:
    house = House()
    disable(house)
    block(house)
    house.wrote()
    house.tenant.sync_directory()
    assert served(house) == set()


@pytest.mark.parametrize(("action", "name"), [(take_role, "role"), (leave_group, "left out")])
def test_a_membership_taken_away_serves_for_minutes(action: Any, name: str) -> None:
    house = House()
    action(house)
    house.wrote()
    assert house.footholds[name].alive(house.tenant)
    house.clock.advance(LAG.total_seconds())
    assert not house.footholds[name].alive(house.tenant)


def test_a_role_through_a_group_dies_when_the_group_is_left() -> None:
    house = House()
    role = house.directory.role_group(house.oid, "Tier 0", "Teams Administrator", at=BEFORE)
    foothold = AdminRole("through a group", role=role)
    house.intruder.add(foothold)
    house.leave(next(g.id for g in house.tenant.groups.values() if g.name == "Tier 0"))
    house.wrote()
    assert foothold.closed_at is not None
