"""The kill switch is in force for work that is under way: between phases and before each change."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from lab.tenant.records import Call, Write
from shared.model import CaseStatus, TaskState
from tests.shared.test_guards_page import RULE, signed
from tests.tasks.benches import Bench, policy


def pull(bench: Bench, ceiling: str) -> Callable[[], None]:
    """Give a lever that somebody pulls once, while a worker is at work."""
    pulled: list[asyncio.Task[object]] = []

    def now() -> None:
        if not pulled:
            sent = signed(bench, "switch", ceiling=ceiling, reason="the wrong person")
            pulled.append(asyncio.ensure_future(sent))

    return now


async def test_a_switch_pulled_after_the_first_door_keeps_the_worker_from_the_next(
    tmp_path: Path,
) -> None:
    async with Bench(settings={"policy": policy(tmp_path, RULE)}) as bench:
        lever = pull(bench, "approve")

        def written(write: Write) -> None:
            if write.actor == bench.tenant.own_object_id:
                lever()

        bench.tenant.after_write.append(written)
        await bench.tell()
        await bench.settle()
        modes = {name: task.state.value for name, task in bench.tasks().items()}
        assert modes == {"disable_sign_in": "verified", "stop_forwarding": "waiting"}
        assert bench.the_case().status is CaseStatus.WAITING
        assert len(bench.written()) == 1


async def test_a_switch_pulled_while_a_change_is_planned_for_long_keeps_it_from_being_made(
    tmp_path: Path,
) -> None:
    async with Bench(settings={"policy": policy(tmp_path, RULE)}) as bench:
        lever = pull(bench, "observe")

        def called(call: Call) -> None:
            task = bench.tasks().get("stop_forwarding")
            if call.path == "Get-Mailbox" and task and task.state is TaskState.CLAIMED:
                lever()
                bench.clock.advance(3)

        bench.tenant.before_call.append(called)
        await bench.tell()
        await bench.settle()
        assert bench.tasks()["stop_forwarding"].state.value == "observed"
        assert bench.written("Set-Mailbox") == []
