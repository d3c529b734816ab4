"""What holds for every kind of account, whatever the responders: each is told as it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lab.clock import Clock
from lab.scenarios import STORIES, Scenario
from lab.tenant import SimulatedTenant, TenantSettings
from lab.tenant.settings import Licence
from lab.workbench import Workbench
from responders import catalogue
from shared.clients import graph
from shared.model import AccountRef, Json, ResponderName, Upn
from shared.responder import Responder
from shared.tasks.resolve import resolve
from shared.tasks.turns import ONCE

HEAD = """\
version = 1
[guards]
privileged = "enforce"
[[rule]]
name = "everything"
irreversible = true
[rule.responders]
"""
FREE = frozenset[Licence]()
EVERYTHING = frozenset(Licence)
KINDS = (
    "token_thief",
    "synced_user",
    "federated_user",
    "on_premises_mailbox",
    "guest",
    "admin",
    "restricted_user",
    "shared_mailbox",
    "no_mailbox",
    "full_house",
)
CYCLE = timedelta(minutes=30)
each_kind = pytest.mark.parametrize(
    ("name", "licences"),
    [(name, paid) for name in KINDS for paid in (EVERYTHING, FREE)],
    ids=[f"{name}-{paid}" for name in KINDS for paid in ("licensed", "unlicensed")],
)


class Told:
    """One story played to its end with every responder, while the directory synchronises."""

    def __init__(self, name: str, licences: frozenset[Licence], folder: Path) -> None:
        self.lab = SimulatedTenant(
            clock=Clock.frozen(datetime(2026, 11, 23, 12, tzinfo=UTC)),
            settings=TenantSettings.instant(licences=licences),
            entra_roles=frozenset({"Privileged Authentication Administrator"}),
        )
        self.scenario: Scenario = STORIES[name](self.lab)
        self.policy = folder / "policy.toml"
        self.policy.write_text(HEAD + "".join(f'{n} = "enforce"\n' for n in catalogue()))
        self.before = self.lab.snapshot(without=self.scenario.oid)

    async def play(self) -> Json:
        async with Workbench(self.lab, settings={"policy": self.policy}) as bench:
            for alert in self.scenario.alerts:
                await bench.post(alert.source, alert.body)
            self.lab.clock.advance(2)
            for _ in range(3):
                await bench.settle(within=CYCLE)
                self.lab.sync_directory()
            [case] = await bench.cases()
            return case


def _waits(task: Json) -> bool:
    """Whether it has its own time: after the owner's return, or when the rest has ended well."""
    ends = {"queued", "applied"} if task["responder"] in ONCE else {"queued"}
    return (task["responder"] in ONCE or task["phase"] == "close") and task["state"] in ends


@each_kind
async def test_every_responder_ends_with_a_plan_that_sticks_or_words_a_person_can_act_on(
    name: str, licences: frozenset[Licence], tmp_path: Path
) -> None:
    told = Told(name, licences, tmp_path)
    case = await told.play()
    assert {task["responder"] for task in case["tasks"]} == set(catalogue())
    for task in case["tasks"]:
        assert task["state"] in {"verified", "skipped", "refused"} or _waits(task), task
        assert "defect" not in task["reason"].lower()
        if task["state"] == "refused":
            assert len(task["reason"]) > 20, task
    for item in case["open"]:
        assert item["need"] != "by_hand" or (item["reason"] and item["steps"]), item
    assert told.scenario.losses() == []


@each_kind
async def test_no_foothold_is_silently_counted_as_gone(
    name: str, licences: frozenset[Licence], tmp_path: Path
) -> None:
    """While anything of the intruder's can still be used, a person is called."""
    told = Told(name, licences, tmp_path)
    case = await told.play()
    doors = [foothold.label for foothold in told.scenario.intruder.open_doors()]
    if doors:
        assert case["status"] == "needs_person", doors
        assert "proven" not in case["answer"]["word"]
        assert any(item["steps"] or item["reason"] for item in case["open"])


@pytest.mark.parametrize("responder", list(catalogue().values()), ids=lambda r: r.name)
async def test_an_account_that_was_renamed_meanwhile_is_still_the_same_account(
    responder: Responder[Any], stand: Any
) -> None:
    place = stand(responder)
    case = await place.case()
    place.lab.change_user(place.scenario.oid, upn="another.name@contoso.example")
    others = place.others()
    assert await place.until_done(case)
    assert place.others() == others
    assert place.scenario.losses() == []


async def test_a_password_that_is_refused_leaves_the_account_blocked(tmp_path: Path) -> None:
    told = Told("token_thief", EVERYTHING, tmp_path)
    told.lab.granted -= {graph.USER_PASSWORD_ALL}
    case = await told.play()
    states = {task["responder"]: task["state"] for task in case["tasks"]}
    assert (states["reset_password"], states["disable_sign_in"]) == ("failed", "verified")
    assert told.lab.users[told.scenario.oid].enabled is False
    assert case["status"] == "needs_person"


async def test_a_guest_that_an_alert_names_by_upn_is_found_and_shut_out(stand: Any) -> None:
    """The `#` in a guest's UPN would cut a URL short, and the call would say that all is well."""
    place = stand(catalogue()[ResponderName("disable_sign_in")], story=STORIES["guest"])
    upn = place.lab.users[place.scenario.oid].upn
    assert "#EXT#" in upn
    account = await resolve(AccountRef(upn=Upn(upn)), place.world)
    assert account.object_id == place.scenario.oid
    await place.until_done((await place.case()).model_copy(update={"account": account}))
    assert place.lab.users[place.scenario.oid].enabled is False
