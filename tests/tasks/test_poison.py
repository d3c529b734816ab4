from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from shared.errors import Transient
from shared.model import AlertState, CaseStatus, Event, TaskState
from shared.store.memory import MemoryStore
from shared.store.verbs import Drop, Put
from shared.tasks.poison import AFRESH
from tests.tasks.benches import Bench


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with Bench() as made:
        yield made


async def take(bench: Bench) -> str:
    """Take the next message off the queue, as one that failed too often."""
    message = await bench.messages.receive()
    assert message is not None
    await bench.messages.delete(message)
    return message.text


async def test_a_message_nobody_can_read_is_kept_and_shown(bench: Bench) -> None:
    await bench.app.poison("neither\x00this nor that")
    (alert,) = bench.alerts()
    assert alert.state is AlertState.POISONED
    assert bench.store.blobs()[alert.raw] == b"neither\x00this nor that"
    page = await bench.app.page("alerts", {"accept": "application/json"})
    assert alert.id in page.body


async def test_the_same_unreadable_message_twice_is_shown_once(bench: Bench) -> None:
    for _ in range(2):
        await bench.app.poison("garbage")
    assert len(bench.alerts()) == len(bench.rows("shown:")) == 1


async def test_garbage_on_the_queue_ends_there(bench: Bench) -> None:
    await bench.messages.put("garbage")
    await bench.settle()
    assert bench.waiting() == [] == bench.rows("todo:")
    assert [alert.state for alert in bench.alerts()] == [AlertState.POISONED]


async def test_an_alert_is_shown_at_once_and_tried_afresh_before_it_is_given_up(
    bench: Bench,
) -> None:
    await bench.tell()
    text = await take(bench)
    for times in range(1, AFRESH):
        await bench.app.poison(text)
        (alert,) = bench.alerts()
        assert alert.state is AlertState.POISONED
        assert f"{times} of {AFRESH} fresh starts" in alert.reason
        bench.clock.advance(60)
        await bench.app.reconcile()
        assert await take(bench) == text
    await bench.app.poison(text)
    (alert,) = bench.alerts()
    assert (alert.state, bench.rows("todo:")) == (AlertState.POISONED, [])
    assert "send the alert again" in alert.reason
    assert len(bench.rows("shown:")) == 1
    assert text.encode() in bench.store.blobs().values()


async def test_an_alert_whose_worker_was_only_killed_too_often_is_answered_after_all(
    bench: Bench,
) -> None:
    await bench.tell()
    await bench.app.poison(await take(bench))
    bench.clock.advance(60)
    await bench.app.reconcile()
    bench.tenant.fail(times=4)
    await bench.settle()
    assert [alert.state for alert in bench.alerts()] == [AlertState.TRIAGED]
    assert bench.rows("shown:") == []
    assert bench.the_case().status is CaseStatus.CONTAINED


async def test_the_same_poisoned_message_twice_changes_nothing_more(bench: Bench) -> None:
    """The poison function itself may be killed and run again."""
    await bench.tell()
    text = await take(bench)
    await bench.app.poison(text)
    await bench.app.poison(text)
    assert len(bench.rows("shown:")) == 1
    assert [body["poisonings"] for body in bench.rows("todo:")] == [1]


async def test_an_alert_that_is_sent_again_after_it_was_poisoned_is_answered(
    bench: Bench,
) -> None:
    await bench.tell()
    await bench.app.poison(await take(bench))
    await bench.tell()
    await bench.settle()
    assert [alert.state for alert in bench.alerts()] == [AlertState.TRIAGED]
    assert bench.rows("shown:") == []
    assert bench.the_case().status is CaseStatus.CONTAINED


async def test_it_is_not_forgotten_when_graph_is_away_at_that_moment(bench: Bench) -> None:
    await bench.tell()
    await bench.app.poison(await take(bench))
    bench.tenant.fail(times=4)
    await bench.tell()
    await bench.step()
    assert len(bench.rows("todo:")) == 1
    await bench.settle()
    assert bench.the_case().status is CaseStatus.CONTAINED
    assert bench.unfinished() == []


async def test_an_alert_that_another_message_answered_is_not_marked(bench: Bench) -> None:
    await bench.tell()
    await bench.tell()
    spare = await take(bench)
    await bench.settle()
    await bench.app.poison(spare)
    assert [alert.state for alert in bench.alerts()] == [AlertState.TRIAGED]


async def test_a_case_is_tried_afresh_before_its_tasks_are_given_up(bench: Bench) -> None:
    """A worker that is killed over and over poisons messages that are perfectly good."""
    await bench.tell()
    await bench.step()
    text = await take(bench)
    for times in range(1, AFRESH):
        await bench.app.poison(text)
        assert bench.the_case().poisonings == times
        assert bench.states() == {"queued"}
        bench.clock.advance(60)
        await bench.app.reconcile()
        assert await take(bench) == text
    await bench.app.poison(text)
    assert {task.state for task in bench.tasks().values()} == {TaskState.FAILED}
    assert bench.the_case().status is CaseStatus.NEEDS_PERSON
    assert all("failed too often" in task.reason for task in bench.tasks().values())
    assert bench.unfinished() == []
    assert bench.waiting() == []


async def test_a_case_that_was_tried_afresh_comes_to_its_end(bench: Bench) -> None:
    await bench.tell()
    await bench.step()
    await bench.app.poison(await take(bench))
    bench.clock.advance(60)
    await bench.app.reconcile()
    await bench.settle()
    assert bench.states() == {"verified"}
    failed = [e for e in bench.journal().entries if e.event is Event.FAILED]
    assert len(failed) == 1
    assert str(failed[0].data["message"]) in bench.store.blobs()
    assert bench.journal().broken_at() is None


async def test_what_was_done_already_is_not_marked_as_failed(bench: Bench) -> None:
    bench.tenant.fail(match="POST */revokeSignInSessions", status=429, retry_after=200)
    await bench.tell()
    await bench.step()
    await bench.step()
    bench.clock.advance(200)
    text = await take(bench)
    for _ in range(AFRESH):
        await bench.app.poison(text)
    states = {name: task.state.value for name, task in bench.tasks().items()}
    assert states.pop("revoke_sessions") == "failed"
    assert set(states.values()) == {"verified"}


class Full(MemoryStore):
    """A store that keeps no blobs."""

    async def keep(self, name: str, data: bytes) -> None:
        raise Transient("storage is away")

    async def write(self, *changes: Put | Drop) -> tuple[str, ...]:
        return await super().write(*changes)


async def test_what_cannot_be_kept_is_not_taken_off_the_poison_queue() -> None:
    async with Bench(store=Full()) as bench:
        with pytest.raises(Transient):
            await bench.app.poison("garbage")
        assert bench.store.rows() == ()


async def test_a_message_about_nothing_we_know_is_only_kept(bench: Bench) -> None:
    await bench.tell()
    triage = await take(bench)
    await bench.tell()
    await bench.step()
    work = await take(bench)
    async with Bench() as empty:
        await empty.app.poison(triage)
        await empty.app.poison(work)
        assert {row.body["what"] for row in empty.store.rows()} == {"poisoned"}
        assert len(empty.store.blobs()) == 2
