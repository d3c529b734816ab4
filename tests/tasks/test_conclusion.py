from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import chain, combinations

import pytest

from shared.model import (
    UNFINISHED,
    CaseId,
    CaseStatus,
    Leftover,
    Mode,
    Phase,
    ResponderName,
    Task,
    TaskId,
    TaskState,
    TenantId,
)
from shared.store.memory import MemoryStore
from shared.store.verbs import Drop, Exists, Put
from shared.tasks.conclusion import status_of
from shared.tasks.queue import WorkMessage
from tests.tasks.benches import NOON, Bench

NEEDS = {TaskState.FAILED, TaskState.REFUSED}
DONE = {TaskState.VERIFIED, TaskState.APPLIED}
EVERY_SET = [
    frozenset(states)
    for states in chain.from_iterable(
        combinations(TaskState, size) for size in range(len(TaskState) + 1)
    )
]


def tasks(states: frozenset[TaskState]) -> tuple[Task, ...]:
    return tuple(
        Task(
            id=TaskId(str(index)),
            tenant=TenantId("t"),
            case=CaseId("c"),
            responder=ResponderName(f"r{index}"),
            phase=Phase.CONTAIN,
            mode=Mode.ENFORCE,
            state=state,
            created_at=NOON,
        )
        for index, state in enumerate(sorted(states))
    )


def having(*states: TaskState) -> list[frozenset[TaskState]]:
    return [found for found in EVERY_SET if found & set(states)]


def test_every_set_of_states_has_a_status() -> None:
    assert len(EVERY_SET) == 2 ** len(TaskState)
    assert {status_of(tasks(found)) for found in EVERY_SET} == set(CaseStatus)


def test_a_case_is_open_exactly_while_something_goes_on_by_itself() -> None:
    for found in EVERY_SET:
        assert (status_of(tasks(found)) is CaseStatus.OPEN) == bool(found & UNFINISHED)


def test_contained_means_that_nothing_failed_waits_or_was_only_reported() -> None:
    """And that there was something: a case without tasks is nobody's success."""
    quiet = {TaskState.VERIFIED, TaskState.SKIPPED}
    for found in EVERY_SET:
        contained = status_of(tasks(found)) is CaseStatus.CONTAINED
        assert contained == (bool(found) and found <= quiet), found


def test_whatever_failed_or_was_refused_needs_a_person_when_the_rest_is_done() -> None:
    for found in having(*NEEDS):
        if not found & (UNFINISHED | {TaskState.UNDONE}):
            assert status_of(tasks(found)) is CaseStatus.NEEDS_PERSON
    assert status_of(()) is CaseStatus.NEEDS_PERSON


def test_a_case_waits_when_an_approval_is_all_that_is_missing() -> None:
    for found in having(TaskState.WAITING):
        if not found & (UNFINISHED | NEEDS | {TaskState.UNDONE}):
            assert status_of(tasks(found)) is CaseStatus.WAITING


def test_what_was_only_reported_is_never_called_contained() -> None:
    for found in having(TaskState.OBSERVED):
        assert status_of(tasks(found)) is not CaseStatus.CONTAINED
    only = frozenset({TaskState.OBSERVED})
    assert status_of(tasks(only)) is CaseStatus.OBSERVED
    assert status_of(tasks(only | {TaskState.SKIPPED})) is CaseStatus.OBSERVED
    assert status_of(tasks(only | {TaskState.VERIFIED})) is CaseStatus.NEEDS_PERSON


def test_the_order_and_number_of_tasks_do_not_matter() -> None:
    for found in EVERY_SET:
        some = tasks(found)
        assert status_of(some) is status_of((*reversed(some), *some))


class Contested(MemoryStore):
    """A store in which somebody else lists the case first, twice."""

    def __init__(self) -> None:
        super().__init__()
        self.contests = 0

    async def write(self, *changes: Put | Drop) -> tuple[str, ...]:
        if self.contests and changes[0].partition.endswith("|cases"):
            self.contests -= 1
            raise Exists("somebody else was first")
        return await super().write(*changes)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with Bench() as made:
        yield made


async def test_a_contested_list_is_read_again() -> None:
    store = Contested()
    async with Bench(store=store) as bench:
        await bench.tell()
        store.contests = 2
        await bench.settle()
        assert store.contests == 0
        (case,) = await bench.cases()
        assert case["status"] == CaseStatus.CONTAINED


async def test_what_is_left_has_a_todo_row_and_a_message_for_the_same_time(bench: Bench) -> None:
    bench.tenant.fail(match="POST */revokeSignInSessions", status=429, retry_after=120)
    await bench.tell()
    await bench.step()
    await bench.step()
    (todo,) = bench.rows("todo:")
    (message,) = bench.messages.messages()
    case = bench.the_case()
    assert bench.waiting() == [WorkMessage(tenant=case.tenant, case=case.id)]
    assert todo == {"due": message.visible_at.isoformat(), "account": bench.oid}
    assert case.status is CaseStatus.OPEN


async def test_when_all_is_done_only_the_next_look_is_left(bench: Bench) -> None:
    await bench.tell()
    await bench.settle()
    assert bench.unfinished() == []
    case = bench.the_case()
    assert case.contained_at is not None
    look = case.contained_at + timedelta(minutes=15)
    assert bench.rows("todo:") == [{"due": look.isoformat(), "account": bench.oid}]
    assert bench.waiting() == [WorkMessage(tenant=case.tenant, case=case.id)]
    (line,) = (entry for entry in bench.journal().entries if entry.event == "status")
    assert "contained" in line.text


async def test_the_list_counts_footholds_and_what_waits(bench: Bench) -> None:
    await bench.tell()
    await bench.settle()
    (row,) = [
        r.body
        for r in bench.store.rows()
        if r.key.endswith(f":{bench.the_case().id}") and "upn" in r.body
    ]
    assert row["footholds"] == sum(len(task.footholds) for task in bench.tasks().values())
    assert row["waiting"] == 0
    assert row["status"] == "contained"


def test_what_is_left_after_success_needs_a_person_unless_another_has_settled_it() -> None:
    [one] = tasks(frozenset({TaskState.VERIFIED}))
    left = one.model_copy(
        update={"steps": ("Disable it on premises",), "unless": frozenset({ResponderName("held")})}
    )
    held = one.model_copy(update={"responder": ResponderName("held")})
    assert status_of((left,)) is CaseStatus.NEEDS_PERSON
    assert status_of((left, held)) is CaseStatus.CONTAINED
    for state in (TaskState.REFUSED, TaskState.SKIPPED):
        unheld = held.model_copy(update={"state": state})
        assert status_of((left, unheld)) is CaseStatus.NEEDS_PERSON
    account = Leftover(reason="it is shared", steps=("Look at who uses it",))
    assert status_of((held,)) is CaseStatus.CONTAINED
    assert status_of((held,), (account,)) is CaseStatus.NEEDS_PERSON
