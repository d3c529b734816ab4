"""The intruder: what a password opens, what the damage is, and when it was over."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from lab.access import CaeToken, Password
from lab.footholds import Damage
from lab.intruder import Behaviour, Intruder
from tests.lab.scene import (
    LAG,
    LIFE,
    RULES,
    Scene,
    clear_both,
    disable,
    disable_hidden,
    disable_visible,
    force_change,
    reset,
    revoke,
)
from tests.lab.tenancy import NOON, STRONG, Desk, make


async def test_the_password_opens_a_new_session_until_it_is_changed() -> None:
    async with Desk(make()) as desk:
        oid = desk.people.person("Ada Brandt")
        intruder = Intruder(desk.tenant, oid, [Password("password")])
        intruder.attempt_all()
        assert [f.number for f in intruder.footholds] == [4, 3, 1, 2]
        desk.tenant.clock.advance(5)
        await desk.graph("POST", f"/users/{oid}/revokeSignInSessions")
        intruder.attempt_all()
        assert [f.number for f in intruder.footholds] == [4, 3, 1, 2, 3, 1, 2]
        body = {"passwordProfile": {"password": STRONG}}
        await desk.graph("PATCH", f"/users/{oid}", body)
        desk.tenant.clock.advance(LAG)
        intruder.attempt_all()
        assert [f.number for f in intruder.living()] == [2, 2]
        assert len(intruder.footholds) == 7


async def test_a_disabled_account_keeps_the_password_but_does_not_let_it_in() -> None:
    async with Desk(make()) as desk:
        oid = desk.people.person("Ada Brandt")
        intruder = Intruder(desk.tenant, oid, [Password("password")])
        await desk.graph("PATCH", f"/users/{oid}", {"accountEnabled": False})
        [act] = intruder.attempt_all()
        assert (act.succeeded, "disabled" in act.detail) == (False, True)
        assert [f.number for f in intruder.living()] == [4]


async def test_a_blocking_group_keeps_the_password_out() -> None:
    async with Desk(make()) as desk:
        oid = desk.people.person("Ada Brandt")
        desk.tenant.state.blocking_groups.add(desk.people.group("Quarantine", [oid]))
        intruder = Intruder(desk.tenant, oid, [Password("password")])
        [act] = intruder.attempt_all()
        assert not act.succeeded


async def test_a_forced_change_without_a_new_password_is_made_by_the_intruder() -> None:
    async with Desk(make()) as desk:
        scene = Scene(desk)
        await force_change(scene)
        scene.intruder.attempt_all()
        user = scene.tenant.users[scene.oid]
        assert (user.password_version, user.must_change_password) == (2, False)
        assert scene.password.alive(scene.tenant)
        assert scene.session.alive(scene.tenant)
        assert scene.tenant.writes[-1].actor == "intruder"


async def test_a_new_password_that_must_be_changed_shuts_the_intruder_out_all_the_same() -> None:
    async with Desk(make()) as desk:
        scene = Scene(desk)
        await reset(scene)
        scene.intruder.attempt_all()
        assert not scene.password.alive(scene.tenant)
        assert scene.tenant.users[scene.oid].must_change_password


async def test_damage_counts_from_the_alert_on() -> None:
    async with Desk(make()) as desk:
        scene = Scene(desk)
        scene.intruder.attempt_all()
        assert not scene.intruder.damage
        scene.intruder.mark_alert()
        scene.intruder.attempt_all()
        assert scene.intruder.damage == {
            Damage.MAIL_READ: 1,
            Damage.FILES_READ: 1,
            Damage.MAIL_SENT: 1,
            Damage.MAIL_LEAKED: 3,
        }


async def test_a_persistent_intruder_answers_the_alert_with_one_more_rule() -> None:
    async with Desk(make()) as desk:
        oid = desk.people.person("Ada Brandt")
        token = CaeToken("cae", issued_at=NOON)
        intruder = Intruder(desk.tenant, oid, [token], behaviour=Behaviour.PERSISTENT)
        intruder.attempt_all()
        assert len(intruder.footholds) == 1
        intruder.mark_alert()
        intruder.attempt_all()
        intruder.attempt_all()
        assert [f.number for f in intruder.footholds] == [1, 9]
        assert intruder.damage[Damage.RULES_MADE] == 1
        assert len(await desk.every(RULES.format(oid))) == 1


async def test_containment_is_told_to_the_moment_however_seldom_the_intruder_acts() -> None:
    async with Desk(make()) as desk:
        scene = Scene(desk)
        assert scene.intruder.doors_shut_at is None
        steps = (revoke, disable, reset, disable_visible, disable_hidden, clear_both)
        for step in steps:
            scene.tenant.clock.advance(0.25)
            await step(scene)
        at = NOON + timedelta(seconds=10 + 0.25 * len(steps))
        assert scene.intruder.doors_shut_at == at
        assert scene.intruder.contained_at is None
        scene.tenant.clock.advance(LAG)
        assert scene.intruder.contained_at == NOON + timedelta(seconds=LIFE)
        assert scene.intruder.open_doors() == []


async def test_the_intruder_acts_every_interval_of_lab_time() -> None:
    async with Desk(make()) as desk:
        scene = Scene(desk)
        running = asyncio.create_task(scene.intruder.run())
        for _ in range(3):
            await asyncio.sleep(0.01)
            scene.tenant.clock.advance(scene.intruder.interval)
        await asyncio.sleep(0.01)
        running.cancel()
        assert len(scene.intruder.acts) == 4 * len(scene.kinds)
        assert scene.intruder.last_success == NOON + timedelta(seconds=10 + 9)


async def test_the_report_tells_each_foothold_as_json() -> None:
    async with Desk(make()) as desk:
        scene = Scene(desk)
        scene.intruder.attempt_all()
        await disable_visible(scene)
        state = (await desk.http.get("http://lab/lab/state")).json()
        report = state["reports"][f"intruder {scene.oid}"]
        lines = {line["label"]: line for line in report["footholds"]}
        assert lines["visible"]["alive"] is False
        assert lines["visible"]["closed_at"] == scene.tenant.now().isoformat()
        assert lines["hidden"]["last_succeeded"] is True
