"""The table of footholds, row by row: what kills it kills it, and what does not, does not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lab.access import CaeToken, Session, SessionBasis
from lab.footholds import Forwarding
from lab.intruder import Intruder
from lab.tenant import TenantSettings
from lab.tenant.settings import AccessPolicy
from tests.lab.scene import (
    DROP,
    LAG,
    LIFE,
    Action,
    Scene,
    clear_both,
    clear_recipient,
    clear_smtp,
    confirm,
    delete_visible,
    disable,
    disable_all_visible,
    disable_another,
    disable_hidden,
    disable_visible,
    force_change,
    reset,
    revoke,
    smtp_off,
)
from tests.lab.tenancy import NOON, Desk, make

TABLE: list[tuple[Action, set[str]]] = [
    (disable, {"cae", "plain", "session", "passkey"}),
    (revoke, {"cae", "plain", "session", "passkey"}),
    (reset, {"cae", "plain", "session", "password", "smtp"}),
    (force_change, set()),
    (confirm, {"cae"}),
    (disable_visible, {"visible"}),
    (delete_visible, {"visible"}),
    (disable_another, set()),
    (disable_all_visible, {"visible"}),
    (disable_hidden, {"hidden"}),
    (clear_both, {"forwarding"}),
    (clear_recipient, set()),
    (clear_smtp, set()),
    (smtp_off, {"smtp"}),
]
LAGS = {"cae": LAG, "session": LAG, "passkey": LAG, "smtp": LAG}


@pytest.mark.parametrize(("action", "shuts"), TABLE, ids=[a.__name__ for a, _ in TABLE])
async def test_an_action_shuts_exactly_the_doors_the_table_says(
    action: Action, shuts: set[str]
) -> None:
    async with Desk(make()) as desk:
        scene = Scene(desk)
        await action(scene)
        assert scene.closed() == shuts


@pytest.mark.parametrize(("action", "shuts"), TABLE, ids=[a.__name__ for a, _ in TABLE])
async def test_a_foothold_dies_at_the_write_and_its_lag_and_not_before(
    action: Action, shuts: set[str]
) -> None:
    async with Desk(make()) as desk:
        scene = Scene(desk)
        await action(scene)
        at = scene.tenant.now()
        for name in shuts - {"plain"}:
            expected = at + timedelta(seconds=LAGS.get(name, 0.0))
            assert scene.intruder.died_at(scene.kinds[name]) == expected
        assert scene.dead() == shuts - {"plain"} - LAGS.keys()
        scene.tenant.clock.advance(LAG)
        assert scene.dead() == shuts - {"plain"}


async def test_a_plain_token_outlives_everything_until_it_expires() -> None:
    async with Desk(make()) as desk:
        scene = Scene(desk)
        plain = scene.kinds["plain"]
        for action in (disable, reset, revoke, confirm):
            await action(scene)
        scene.tenant.clock.advance(LIFE - 11)
        assert plain.alive(scene.tenant)
        assert plain.act(scene.tenant, scene.oid) == "listed files"
        scene.tenant.clock.advance(1)
        assert not plain.alive(scene.tenant)
        assert scene.intruder.died_at(plain) == NOON + timedelta(seconds=LIFE)


async def test_a_living_session_renews_both_tokens_for_ever() -> None:
    async with Desk(make()) as desk:
        scene = Scene(desk)
        for _ in range(4):
            scene.tenant.clock.advance(LIFE - 1)
            scene.intruder.attempt_all()
        assert not scene.dead()
        assert scene.intruder.died_at(scene.kinds["plain"]) is None


async def test_a_revoked_session_renews_through_its_lag_and_the_token_lives_on_from_there() -> None:
    async with Desk(make()) as desk:
        scene = Scene(desk)
        await revoke(scene)
        scene.tenant.clock.advance(LAG - 1)
        last = scene.tenant.now()
        scene.intruder.attempt_all()
        scene.tenant.clock.advance(2)
        assert not scene.session.alive(scene.tenant)
        plain, cae = scene.kinds["plain"], scene.kinds["cae"]
        assert scene.intruder.died_at(plain) == last + timedelta(seconds=LIFE)
        assert not cae.alive(scene.tenant)
        acts = {act.foothold: act.succeeded for act in scene.intruder.attempt_all()}
        assert acts[plain]
        assert not acts[cae]
        assert not acts[scene.session]


async def test_a_session_renews_what_high_risk_cut_off_unless_a_policy_blocks() -> None:
    for policies, lives in ((frozenset[AccessPolicy](), True), (frozenset(AccessPolicy), False)):
        async with Desk(make(TenantSettings.instant(policies=policies))) as desk:
            scene = Scene(desk)
            await confirm(scene)
            scene.tenant.clock.advance(LAG)
            scene.intruder.attempt_all()
            assert scene.kinds["cae"].alive(scene.tenant) is lives


async def test_taking_a_risk_back_is_no_critical_event() -> None:
    async with Desk(make()) as desk:
        oid = desk.people.person("Ada Brandt")
        desk.people.risk(oid, "high")
        token = CaeToken("cae", issued_at=NOON)
        Intruder(desk.tenant, oid, [token])
        await desk.graph("POST", "/identityProtection/riskyUsers/dismiss", {"userIds": [oid]})
        assert token.closed_at is None


async def test_enabling_again_revives_a_session_that_nobody_revoked() -> None:
    async with Desk(make()) as desk:
        scene = Scene(desk)
        await disable(scene)
        scene.tenant.clock.advance(LAG)
        assert not scene.session.alive(scene.tenant)
        await scene.patch(accountEnabled=True)
        assert scene.session.alive(scene.tenant)
        await revoke(scene)
        await disable(scene)
        await scene.patch(accountEnabled=True)
        scene.tenant.clock.advance(LAG)
        assert not scene.session.alive(scene.tenant)


async def test_a_directory_sync_gives_a_synced_accounts_session_back() -> None:
    async with Desk(make()) as desk:
        oid = desk.people.synced("Dana Roth")
        session = Session("s", opened_at=NOON, resets=0, basis=SessionBasis.PASSWORD)
        intruder = Intruder(desk.tenant, oid, [session])
        await desk.graph("PATCH", f"/users/{oid}", {"accountEnabled": False})
        assert intruder.open_doors() == []
        desk.tenant.sync_directory()
        assert intruder.open_doors() == [session]


async def test_rules_and_forwarding_go_on_when_the_account_is_disabled() -> None:
    async with Desk(make()) as desk:
        scene = Scene(desk)
        for action in (disable, reset, revoke):
            await action(scene)
        scene.tenant.clock.advance(LIFE)
        acts = {a.foothold: a.succeeded for a in scene.intruder.attempt_all()}
        for name in ("visible", "hidden", "forwarding"):
            assert acts[scene.kinds[name]]


async def test_clearing_one_forwarder_wakes_the_other() -> None:
    async with Desk(make()) as desk:
        scene = Scene(desk)
        forwarding = scene.kinds["forwarding"]
        assert "ForwardingAddress" in forwarding.act(scene.tenant, scene.oid)
        await clear_recipient(scene)
        assert "ForwardingSmtpAddress" in forwarding.act(scene.tenant, scene.oid)


async def test_an_address_asleep_behind_the_owners_own_forwarding_is_alive_but_gets_nothing() -> (
    None
):
    async with Desk(make()) as desk:
        scene = Scene(desk)
        colleague = scene.desk.people.person("Igor Blum")
        desk.people.forward(scene.oid, forwarding_recipient=colleague)
        sleeper = Forwarding("asleep", smtp=DROP)
        intruder = Intruder(scene.tenant, scene.oid, [sleeper])
        [act] = intruder.attempt_all()
        assert (act.succeeded, sleeper.alive(scene.tenant)) == (False, True)


async def test_a_rule_that_is_put_back_lives_again() -> None:
    async with Desk(make()) as desk:
        scene = Scene(desk)
        await disable_visible(scene)
        await scene.rule("PATCH", "visible", {"isEnabled": True})
        assert scene.closed() == set()


async def test_a_restricted_sender_sends_no_spam_until_it_is_let_go() -> None:
    async with Desk(make()) as desk:
        scene = Scene(desk)
        smtp = scene.kinds["smtp"]
        assert smtp.act(scene.tenant, scene.oid) == "sent spam"
        desk.people.restrict_sender(scene.oid, "spam")
        acts = {a.foothold: a for a in scene.intruder.attempt_all()}
        assert "5.1.8" in acts[smtp].detail
        address = scene.tenant.users[scene.oid].mail
        await desk.output("Remove-BlockedSenderAddress", SenderAddress=address)
        desk.tenant.clock.advance(desk.tenant.settings.unblock_delay)
        assert smtp.act(scene.tenant, scene.oid) == "sent spam"


async def test_somebody_elses_containment_kills_nothing_here() -> None:
    async with Desk(make()) as desk:
        scene = Scene(desk)
        here, scene.oid = scene.oid, desk.people.person("Hanna Weiss")
        for action in (disable, reset, revoke, confirm):
            await action(scene)
        scene.oid = here
        assert scene.closed() == set()
