from __future__ import annotations

from dataclasses import replace

import pytest

from responders import catalogue
from shared.model import CAE_LIFE, TOKEN_LIFE, AccountKind, CaseStatus, Mode, Task, TaskState
from shared.pages.choices import Limit
from shared.pages.clock import BLOCKS, ENDS_SESSIONS, REPLACES_PASSWORD, intruder_clock
from shared.pages.values import IntruderClock
from tests.pages import stories
from tests.pages.stories import after, case, task


def done(name: str, at: float = 2.0) -> Task:
    return task(name, state=TaskState.VERIFIED, applied_at=after(at), finished_at=after(at + 1))


EVICTED = (done("disable_inbox_rules"), done("stop_forwarding"))


def told(*tasks: Task, at: float = 60, status: CaseStatus = CaseStatus.OPEN) -> IntruderClock:
    return intruder_clock(case(status=status), tasks, at=after(at))


def test_the_responders_that_close_doors_exist() -> None:
    assert {BLOCKS, ENDS_SESSIONS, REPLACES_PASSWORD} <= set(catalogue())


def test_nothing_closed_means_no_limit() -> None:
    assert told().limit is Limit.NONE
    assert told(*EVICTED).limit is Limit.NONE
    assert told(task(BLOCKS, state=TaskState.CLAIMED), *EVICTED).limit is Limit.NONE


def test_the_limit_runs_from_the_later_of_block_and_revocation() -> None:
    said = told(done(BLOCKS, 2), done(ENDS_SESSIONS, 5), done(REPLACES_PASSWORD, 9), *EVICTED)
    assert said.limit is Limit.LIMITED
    assert said.since == after(5)
    assert said.continuous_until == after(5) + CAE_LIFE
    assert said.latest_until == after(5) + TOKEN_LIFE


def test_ended_sessions_alone_do_not_stop_who_knows_the_password() -> None:
    said = told(done(ENDS_SESSIONS), *EVICTED)
    assert said.limit is Limit.NONE
    assert "password" in said.sentence


def test_ended_sessions_and_a_new_password_close_the_door_without_a_block() -> None:
    said = told(done(ENDS_SESSIONS, 2), done(REPLACES_PASSWORD, 4), *EVICTED)
    assert said.limit is Limit.LIMITED
    assert said.since == after(4)


def test_a_door_whose_proof_failed_counts_as_open() -> None:
    doubtful = task(BLOCKS, state=TaskState.FAILED, applied_at=after(2))
    assert told(doubtful, *EVICTED).limit is Limit.NONE


def test_a_door_that_was_opened_again_counts_as_open() -> None:
    undone = task(BLOCKS, state=TaskState.UNDONE, applied_at=after(2))
    assert told(undone, *EVICTED).limit is Limit.NONE


def test_a_door_found_closed_counts_from_when_it_was_looked_at() -> None:
    found = task(BLOCKS, state=TaskState.SKIPPED, finished_at=after(3))
    said = told(found, done(ENDS_SESSIONS, 1), *EVICTED)
    assert said.since == after(3)


def test_the_limit_is_over_when_the_last_token_has_run_out() -> None:
    tasks = (done(BLOCKS, 2), done(ENDS_SESSIONS, 2), *EVICTED)
    assert told(*tasks, at=2 + TOKEN_LIFE.total_seconds() - 1).limit is Limit.LIMITED
    assert told(*tasks, at=2 + TOKEN_LIFE.total_seconds()).limit is Limit.OVER


def test_forwarding_that_is_not_proven_gone_makes_the_limit_conditional_even_later() -> None:
    failed = task("stop_forwarding", state=TaskState.FAILED)
    said = told(done(BLOCKS), done(ENDS_SESSIONS), failed, at=90_000)
    assert said.limit is Limit.CONDITIONAL
    assert "stop forwarding" in said.conditions[0]


def test_nobody_having_looked_for_rules_is_a_condition() -> None:
    said = told(done(BLOCKS), done(ENDS_SESSIONS))
    assert said.limit is Limit.CONDITIONAL
    assert "Nobody looked" in said.conditions[0]


@pytest.mark.parametrize("kind", [AccountKind.SYNCED, AccountKind.FEDERATED])
def test_an_account_from_on_premises_may_be_opened_again_by_the_sync(kind: AccountKind) -> None:
    account = case().account.model_copy(update={"kinds": frozenset({kind})})
    tasks = (done(BLOCKS), done(ENDS_SESSIONS), *EVICTED)
    said = intruder_clock(case(account=account), tasks, at=after(60))
    assert said.limit is Limit.CONDITIONAL


@pytest.mark.parametrize(
    "story",
    [
        stories.observed(),
        replace(stories.observed(), case=case(status=CaseStatus.OPEN, dry_run=True)),
        replace(stories.observed(), case=case(status=CaseStatus.OPEN)),
    ],
)
def test_looking_limits_nothing(story: stories.Story) -> None:
    assert all(t.mode is Mode.OBSERVE for t in story.tasks)
    assert story.view().clock.limit is Limit.UNTOUCHED


def test_a_dry_run_whose_tasks_were_enforced_by_mistake_is_not_called_untouched() -> None:
    """The flag says what was meant; the tasks say what was done."""
    tasks = (done(BLOCKS), done(ENDS_SESSIONS), *EVICTED)
    said = intruder_clock(case(dry_run=True), tasks, at=after(60))
    assert said.limit is not Limit.UNTOUCHED


def test_the_limit_in_minutes_is_rounded_up() -> None:
    story = stories.contained()
    assert story.view().clock.latest_until == after(1.21) + TOKEN_LIFE
    assert "04:04 UTC" in story.view().clock.sentence
