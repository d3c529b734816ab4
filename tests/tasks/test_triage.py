from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from lab.scenarios import admin, federated_user, guest, spammer
from lab.tenant import SimulatedTenant
from lab.tenant.population import Population
from lab.tenant.transport import TenantTransport
from lab.workbench import lab_tenant
from shared.clients import graph
from shared.errors import Gone
from shared.model import (
    AccountKind,
    AccountRef,
    AlertKind,
    AlertState,
    CaseStatus,
    Mode,
    ObjectId,
    TaskState,
)
from shared.policy.reading import load
from shared.tasks.queue import WorkMessage
from shared.tasks.resolve import resolve
from tests.tasks.benches import Bench, other, policy

ENFORCE = """
[[rule]]
name = "all"
kinds = ["risky_sign_in", "admin_request", "outbound_spam"]
irreversible = true
[rule.responders]
disable_sign_in = "enforce"
revoke_sessions = "enforce"
"""


class Gate(TenantTransport):
    """A way to the tenant that is shut until somebody opens it."""

    def __init__(self, tenant: SimulatedTenant) -> None:
        super().__init__(tenant)
        self.reached, self.opened = asyncio.Event(), asyncio.Event()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.reached.set()
        await self.opened.wait()
        return await super().handle_async_request(request)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with Bench() as made:
        yield made


async def test_alerts_of_several_carriers_about_one_account_are_one_case() -> None:
    async with Bench(story=spammer) as bench:
        await bench.tell()
        await bench.ask()
        await bench.settle()
        case = bench.the_case()
        assert len(case.alerts) == 2
        assert case.kinds == {AlertKind.OUTBOUND_SPAM, AlertKind.ADMIN_REQUEST}
        told = [alert for alert in bench.alerts() if alert.id in case.alerts]
        assert {alert.case for alert in told} == {case.id}
        assert len(bench.written("/revokeSignInSessions")) == 1


async def test_ten_alerts_about_one_account_triaged_at_once_are_one_case(bench: Bench) -> None:
    for number in range(10):
        await bench.detect(number)
    held = [await bench.messages.receive() for _ in range(10)]
    await asyncio.gather(*(bench.app.work(message.text) for message in held if message))
    for message in filter(None, held):
        await bench.messages.delete(message)
    await bench.settle()
    case = bench.the_case()
    assert len(case.alerts) == len(set(case.alerts)) == 10
    assert {alert.state for alert in bench.alerts()} == {AlertState.TRIAGED}
    assert bench.journal().broken_at() is None
    assert bench.written("/revokeSignInSessions") == ["sessions revoked"]
    assert bench.unfinished() == []


async def test_alerts_about_several_accounts_at_once_are_a_case_each(bench: Bench) -> None:
    oids = [bench.oid, *Population(bench.tenant).crowd(8)]
    for number, oid in enumerate(oids):
        await bench.detect(number, oid=oid)
    held = [await bench.messages.receive() for _ in oids]
    await asyncio.gather(*(bench.app.work(message.text) for message in held if message))
    assert {case.account.object_id for case in bench.all_cases()} == set(oids)


async def test_an_alert_about_nobody_we_know_is_shown_and_not_dropped(bench: Bench) -> None:
    await bench.ask(user="nobody@contoso.example")
    await bench.settle()
    (alert,) = bench.alerts()
    assert alert.state is AlertState.UNRESOLVED
    assert alert.reason
    page = await bench.app.page("alerts", {"accept": "application/json"})
    assert alert.id in page.body
    assert bench.unfinished() == []


async def test_an_alert_that_could_not_be_resolved_is_answered_when_it_is_sent_again(
    bench: Bench,
) -> None:
    """The operator grants what was missing and replays the alert: its id is the same."""
    granted = bench.tenant.granted
    bench.tenant.granted = frozenset({graph.DOMAIN_READ_ALL})
    await bench.tell()
    await bench.settle()
    (alert,) = bench.alerts()
    assert alert.state is AlertState.UNRESOLVED
    assert graph.USER_READ_ALL in alert.reason
    bench.tenant.granted = granted
    await bench.tell()
    await bench.settle()
    (alert,) = bench.alerts()
    assert (alert.state, alert.reason) == (AlertState.TRIAGED, "")
    assert bench.the_case().status is CaseStatus.CONTAINED
    assert bench.rows("shown:") == []


async def test_unknown_groups_leave_a_rule_about_groups_to_a_person(tmp_path: Path) -> None:
    text = """
    [[rule]]
    name = "finance"
    kinds = ["risky_sign_in"]
    groups = ["11111111-1111-4111-8111-111111111111"]
    irreversible = true
    [rule.responders]
    disable_sign_in = "enforce"
    revoke_sessions = "enforce"
    """
    async with Bench(settings={"policy": policy(tmp_path, text)}) as bench:
        before = bench.tenant.snapshot()
        await bench.tell()
        bench.tenant.fail(match="GET /users/{id}/transitiveMemberOf", status=403, times=99)
        await bench.settle()
        assert bench.the_case().account.groups is None
        assert {task.mode for task in bench.tasks().values()} == {Mode.APPROVE}
        assert bench.states() == {"waiting"}
        assert any("could not be judged" in reason for reason in bench.the_case().reasons)
        assert bench.tenant.snapshot() == before


async def test_unknown_roles_wait_for_a_person(bench: Bench) -> None:
    before = bench.tenant.snapshot()
    await bench.tell()
    bench.tenant.fail(match="GET /users/{id}/transitiveMemberOf", status=403, times=99)
    await bench.settle()
    assert bench.the_case().account.roles is None
    assert bench.states() == {"waiting"}
    assert bench.tenant.snapshot() == before


@pytest.mark.parametrize("by", ["object id", "upn", "group"])
async def test_a_protected_account_is_only_reported(by: str, tmp_path: Path) -> None:
    async with Bench() as bench:
        user = bench.tenant.users[bench.oid]
        group = Population(bench.tenant).group("Break glass", [bench.oid])
        names = {"object id": user.id.upper(), "upn": user.upn.upper(), "group": group}
        field = "groups" if by == "group" else "accounts"
        text = f'[protected]\n{field} = ["{names[by]}"]\n{ENFORCE}'
        bench.app = bench.under(policy(tmp_path, text))
        before = bench.tenant.snapshot()
        await bench.tell()
        await bench.settle()
        assert bench.states() == {"observed"}
        assert bench.the_case().status is CaseStatus.OBSERVED
        assert any("protected" in reason for reason in bench.the_case().reasons)
        assert (bench.tenant.snapshot(), bench.written()) == (before, [])
        assert all(task.differences for task in bench.tasks().values())


async def test_our_own_identity_is_refused(bench: Bench) -> None:
    oid = Population(bench.tenant).person("Otto Selbst")
    settings = bench.app.settings.model_copy(update={"own_object_id": oid.upper()})
    bench.app = bench.under(settings.policy, settings=settings)
    before = bench.tenant.snapshot()
    await bench.detect(1, oid=oid)
    await bench.settle()
    case = bench.the_case()
    assert case.status is CaseStatus.NEEDS_PERSON
    assert bench.tasks() == {}
    assert any("identity Firebreak acts with" in reason for reason in case.reasons)
    assert bench.tenant.snapshot() == before


async def test_an_administrator_waits_for_a_person() -> None:
    async with Bench(story=admin) as bench:
        before = bench.tenant.snapshot()
        await bench.tell()
        await bench.settle()
        case = bench.the_case()
        assert AccountKind.PRIVILEGED in case.account.kinds
        assert bench.states() == {"waiting", "skipped"}
        assert case.status is CaseStatus.WAITING
        assert any("Global Administrator" in reason for reason in case.reasons)
        assert bench.tenant.snapshot() == before


async def test_a_role_held_through_a_group_counts() -> None:
    async with Bench() as bench:
        people = Population(bench.tenant)
        people.role("Helpdesk Administrator", [people.group("Desk", [bench.oid])])
        await bench.tell()
        await bench.settle()
        assert bench.the_case().account.roles == frozenset({"Helpdesk Administrator"})
        assert bench.written() == []


async def test_a_synced_account_of_a_federated_domain_is_known_as_both() -> None:
    async with Bench(story=federated_user) as bench:
        await bench.tell()
        await bench.settle()
        kinds = bench.the_case().account.kinds
        assert kinds == {AccountKind.SYNCED, AccountKind.FEDERATED}
        reset = bench.tasks()["reset_password"]
        assert (reset.state, bool(reset.steps)) == (TaskState.REFUSED, True)
        assert bench.the_case().status is CaseStatus.NEEDS_PERSON


async def test_a_guest_needs_a_person_and_nothing_is_called_contained() -> None:
    async with Bench(story=guest) as bench:
        await bench.tell()
        await bench.settle()
        assert bench.the_case().account.kinds == {AccountKind.GUEST}
        assert bench.the_case().status is CaseStatus.NEEDS_PERSON
        assert bench.tenant.users[bench.oid].enabled is False


async def test_an_episode_ends_with_its_window_and_the_next_alert_opens_another_case(
    bench: Bench,
) -> None:
    window = load(bench.app.settings.policy.read_text(), responders=bench.app.policy.responders)
    assert window.episode == timedelta(hours=72)
    await bench.tell()
    await bench.settle()
    bench.clock.advance(window.episode.total_seconds() - 60)
    await bench.detect(2)
    await bench.settle()
    assert len(bench.all_cases()) == 1
    bench.clock.advance(60)
    await bench.detect(3)
    await bench.settle()
    assert sorted(len(case.alerts) for case in bench.all_cases()) == [1, 2]


async def test_a_later_alert_in_the_window_does_again_what_it_makes_necessary(
    bench: Bench,
) -> None:
    await bench.tell()
    await bench.settle()
    bench.clock.advance(3600)
    page = json.loads(bench.scenario.alerts[0].body)
    moment = bench.clock.now().isoformat()
    page["value"][0] |= {"id": "d" * 64, "activityDateTime": moment, "detectedDateTime": moment}
    await bench.post("identity-protection", page)
    await bench.settle()
    assert bench.the_case().status is CaseStatus.CONTAINED
    assert len(bench.written("/revokeSignInSessions")) == 2
    assert bench.written("/users/{id}").count("accountEnabled: False") == 1


async def test_a_stronger_alert_raises_what_a_weaker_one_left_to_a_person(bench: Bench) -> None:
    await bench.detect(1, level="medium")
    await bench.settle()
    assert bench.tasks()["disable_sign_in"].state is TaskState.WAITING
    await bench.detect(2)
    await bench.settle()
    assert bench.states() == {"verified"}
    assert bench.tenant.users[bench.oid].enabled is False


async def test_a_stronger_alert_is_heard_while_a_worker_plans_for_the_weaker_one(
    bench: Bench,
) -> None:
    """The worker has claimed the tasks in the mode they had; it must begin again, not go on."""
    await bench.ask("dry", mode="dry_run")
    await bench.step()
    assert bench.waiting() == [
        WorkMessage(tenant=bench.the_case().tenant, case=bench.the_case().id)
    ]
    await bench.detect(1)
    gate = Gate(bench.tenant)
    async with httpx.AsyncClient(transport=gate) as client:
        slow = bench.under(bench.app.settings.policy, world=lab_tenant(bench.tenant, client))
        message = await bench.messages.receive()
        assert message is not None
        working = asyncio.ensure_future(slow.work(message.text))
        await gate.reached.wait()
        assert "claimed" in bench.states()
        await bench.step()
        gate.opened.set()
        await working
        await bench.messages.delete(message)
        await bench.settle()
    assert bench.states() == {"verified"}
    assert bench.tenant.users[bench.oid].enabled is False
    assert bench.journal().broken_at() is None


async def test_a_dry_run_plans_everything_and_touches_nothing(bench: Bench) -> None:
    before = bench.tenant.snapshot()
    await bench.ask(mode="dry_run")
    await bench.settle()
    case = bench.the_case()
    assert (case.dry_run, case.status) == (True, CaseStatus.OBSERVED)
    assert bench.states() == {"observed"}
    assert (bench.tenant.snapshot(), bench.written()) == (before, [])


async def test_a_dry_run_does_not_open_a_real_case_again(bench: Bench) -> None:
    await bench.tell()
    await bench.settle()
    bench.clock.advance(60)
    await bench.ask(mode="dry_run")
    await bench.settle()
    assert bench.states() == {"verified"}
    assert bench.the_case().dry_run is False


async def test_while_graph_is_away_an_alert_comes_back_with_growing_waits_and_no_flood(
    bench: Bench,
) -> None:
    bench.tenant.fail(times=10_000)
    await bench.tell()
    started, waits, steps = bench.clock.now(), [], 0
    while bench.clock.now() - started < timedelta(minutes=10):
        before = bench.clock.now()
        assert await bench.step()
        assert len(bench.messages.messages()) == 1
        await bench.app.reconcile()
        assert len(bench.messages.messages()) == 1
        waits.append((bench.clock.now() - before).total_seconds())
        steps += 1
    assert steps < 15
    assert waits == sorted(waits)
    bench.tenant.faults.clear()
    await bench.settle()
    assert bench.the_case().status is CaseStatus.CONTAINED
    assert bench.unfinished() == []


async def test_a_second_message_does_not_multiply_an_alert_that_waits(bench: Bench) -> None:
    bench.tenant.fail(times=10_000)
    for _ in range(5):
        await bench.tell()
    for _ in range(5):
        await bench.step()
    assert len(bench.messages.messages()) == 1


async def test_a_wish_to_be_left_alone_is_kept(bench: Bench) -> None:
    bench.tenant.fail(match="GET /users/{id}", status=429, retry_after=77)
    await bench.tell()
    await bench.step()
    (message,) = bench.messages.messages()
    assert (message.visible_at - bench.clock.now()).total_seconds() == 77


async def test_an_alert_nobody_stored_is_no_reason_to_fail(bench: Bench) -> None:
    await bench.tell()
    (message,) = bench.messages.messages()
    async with Bench() as empty:
        await empty.app.work(message.text)
        assert empty.store.rows() == ()


async def test_a_bystanders_case_is_another_one_and_leaves_the_habits_alone(bench: Bench) -> None:
    await bench.detect(1, oid=other(bench))
    await bench.settle()
    box = bench.tenant.mailboxes[other(bench)]
    assert box.outlook_rules == ("Colour what is urgent",)
    assert {rule.name for rule in box.rules if rule.enabled} >= {"Boss"}
    assert bench.tenant.users[bench.oid].enabled is True


@pytest.mark.parametrize("by", ["mailbox", "sid"])
async def test_an_account_named_by_mailbox_or_sid_is_found_with_all_that_is_known_of_it(
    bench: Bench, by: str
) -> None:
    user = bench.tenant.users[bench.oid]
    ref = AccountRef(mailbox=user.mail) if by == "mailbox" else AccountRef(sid=user.sid)
    found = await resolve(ref, bench.world)
    assert found == await resolve(AccountRef(object_id=ObjectId(bench.oid)), bench.world)
    assert found.groups


async def test_an_address_of_two_accounts_is_never_guessed(bench: Bench) -> None:
    mail = bench.tenant.users[bench.oid].mail
    Population(bench.tenant)._account("Ada Brandt", upn="other@contoso.example", mail=mail)
    with pytest.raises(Gone, match="2 accounts"):
        await resolve(AccountRef(mailbox=mail), bench.world)


async def test_domains_that_may_not_be_read_leave_federation_unknown_and_stop_nothing(
    bench: Bench,
) -> None:
    bench.tenant.fail(match="GET /domains", status=403)
    found = await resolve(AccountRef(object_id=ObjectId(bench.oid)), bench.world)
    assert found.kinds == {AccountKind.CLOUD}


async def test_one_message_twice_at_once_is_answered_once(bench: Bench) -> None:
    await bench.tell()
    (message,) = bench.messages.messages()
    await asyncio.gather(*(bench.app.work(message.text) for _ in range(4)))
    await bench.settle()
    case = bench.the_case()
    assert len(case.alerts) == 1
    assert [e.event.value for e in bench.journal().entries][:2] == ["opened", "decided"]
    assert len(bench.written()) == len(set(bench.written())) == 7


async def test_an_account_nobody_finds_twice_is_shown_once(bench: Bench) -> None:
    for _ in range(2):
        await bench.ask(user="nobody@contoso.example")
        await bench.settle()
    assert len(bench.rows("shown:")) == 1
    assert [alert.state for alert in bench.alerts()] == [AlertState.UNRESOLVED]


async def test_a_dry_run_joins_a_running_case_without_a_word_to_its_tasks(bench: Bench) -> None:
    await bench.tell()
    await bench.step()
    before = bench.tasks()
    await bench.ask(mode="dry_run")
    triage = bench.messages.messages()[-1]
    await bench.app.work(triage.text)
    assert bench.tasks() == before
    assert len(bench.the_case().alerts) == 2


async def test_an_alert_of_another_kind_adds_the_responders_of_its_rule(tmp_path: Path) -> None:
    text = """
    [[rule]]
    name = "signed-in"
    kinds = ["risky_sign_in"]
    [rule.responders]
    disable_sign_in = "enforce"

    [[rule]]
    name = "asked"
    kinds = ["admin_request"]
    irreversible = true
    [rule.responders]
    revoke_sessions = "enforce"
    """
    async with Bench(settings={"policy": policy(tmp_path, text)}) as bench:
        await bench.tell()
        await bench.settle()
        assert set(bench.tasks()) == {"disable_sign_in"}
        await bench.ask()
        await bench.settle()
        assert set(bench.tasks()) == {"disable_sign_in", "revoke_sessions"}
        assert bench.states() == {"verified"}
        assert bench.written() == ["accountEnabled: False", "sessions revoked"]
        assert len(bench.the_case().reasons) == 2
