"""A start of the compromise that nobody answers for takes nothing of the owner's by itself."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from lab.registrations import Registrations
from shared.model import TaskState
from tests.tasks.approving import Person
from tests.tasks.benches import NOON, policy

RULE = """
[[rule]]
name = "all"
irreversible = true
[rule.responders]
disable_sign_in = "enforce"
disable_devices = "enforce"
"""
LONG_AGO = NOON - timedelta(days=20)


class Owner(Person):
    """A bench whose owner has had a laptop for twenty days."""

    def __init__(self, folder: Path, more: str = "") -> None:
        super().__init__(settings={"policy": policy(folder, more + RULE)})
        Registrations(self.tenant).device(self.oid, "owner's", at=LONG_AGO + timedelta(hours=1))

    @property
    def has_laptop(self) -> bool:
        held = self.tenant.state.directory.devices.values()
        return any(device.name == "owner's" and device.enabled for device in held)

    async def old_alert(self, at: datetime = LONG_AGO) -> None:
        """A sender tells of something that is long over."""
        (alert,) = self.scenario.alerts
        page = json.loads(alert.body)
        moment = at.isoformat()
        page["value"][0] |= {
            "id": "e" * 64,
            "activityDateTime": moment,
            "detectedDateTime": moment,
        }
        await self.post(alert.source, page)

    async def dry_run(self) -> None:
        await self.ask("dry", mode="dry_run", since=LONG_AGO.isoformat())


JOINS = (Owner.old_alert, Owner.dry_run)


@pytest.mark.parametrize("joins", JOINS)
async def test_what_joins_a_case_takes_nothing_older_at_the_later_looks(
    joins: Callable[[Owner], Awaitable[None]], tmp_path: Path
) -> None:
    async with Owner(tmp_path) as bench:
        await bench.tell()
        await bench.settle()
        await joins(bench)
        await bench.settle(within=timedelta(hours=25))
        assert bench.has_laptop


@pytest.mark.parametrize("joins", JOINS)
async def test_what_came_first_takes_nothing_older_when_a_sure_alert_joins(
    joins: Callable[[Owner], Awaitable[None]], tmp_path: Path
) -> None:
    async with Owner(tmp_path) as bench:
        await joins(bench)
        await bench.settle()
        await bench.tell()
        await bench.settle(within=timedelta(hours=1))
        assert bench.has_laptop
        assert not bench.tenant.users[bench.oid].enabled


async def test_what_rests_on_an_old_start_waits_and_says_why(tmp_path: Path) -> None:
    async with Owner(tmp_path) as bench:
        await bench.old_alert()
        await bench.settle()
        await bench.tell()
        await bench.settle()
        card = (await bench.cards())["disable_devices"]
        assert any("owner's" in line["what"] for line in card["differences"])
        assert "no person" in card["note"]
        status, _ = await bench.approve(card)
        await bench.settle()
        assert (status, bench.has_laptop) == (202, False)
        assert bench.journal().broken_at() is None


async def test_a_start_that_a_person_names_is_acted_on_at_once(tmp_path: Path) -> None:
    async with Owner(tmp_path) as bench:
        await bench.ask(since=LONG_AGO.isoformat())
        await bench.settle()
        assert not bench.has_laptop


async def test_a_start_that_a_person_corrects_is_acted_on_at_once(tmp_path: Path) -> None:
    async with Owner(tmp_path) as bench:
        await bench.tell()
        await bench.settle()
        status, _ = await bench.send("since", since=LONG_AGO.isoformat(), again=True)
        await bench.settle()
        assert (status, bench.has_laptop) == (202, False)


async def test_an_old_start_that_makes_no_difference_keeps_nothing_back(tmp_path: Path) -> None:
    async with Owner(tmp_path) as bench:
        await bench.old_alert(LONG_AGO + timedelta(hours=2))
        await bench.settle()
        Registrations(bench.tenant).device(bench.oid, "intruder's", at=NOON)
        await bench.tell()
        await bench.settle()
        assert bench.tasks()["disable_devices"].state is TaskState.VERIFIED
        assert bench.has_laptop


async def test_a_dry_run_ends_no_session_at_the_later_looks(tmp_path: Path) -> None:
    sessions = 'revoke_sessions = "enforce"'
    async with Person(settings={"policy": policy(tmp_path, f"{RULE}{sessions}\n")}) as bench:
        await bench.tell()
        await bench.settle()
        bench.clock.advance(120)
        await bench.ask("dry", mode="dry_run")
        await bench.settle(within=timedelta(hours=1))
        assert len(bench.written("revokeSignInSessions")) == 1
