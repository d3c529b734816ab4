from __future__ import annotations

import asyncio
import threading
import time
from datetime import UTC, datetime, timedelta

from lab.clock import Clock

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_a_frozen_clock_moves_only_when_it_is_told_to() -> None:
    clock = Clock.frozen(NOON)
    time.sleep(0.01)
    assert clock.now() == NOON
    clock.advance(90)
    assert clock.now() == NOON + timedelta(seconds=90)


def test_a_clock_can_be_faster_than_real_time() -> None:
    real = [100.0]
    clock = Clock(start=NOON, speed=60.0, monotonic=lambda: real[0])
    real[0] += 2
    assert clock.now() == NOON + timedelta(minutes=2)
    clock.speed = 1.0
    real[0] += 2
    assert clock.now() == NOON + timedelta(minutes=2, seconds=2)


async def test_who_sleeps_on_a_frozen_clock_wakes_when_time_has_come_and_not_before() -> None:
    clock = Clock.frozen(NOON)
    sleeper = asyncio.create_task(clock.sleep(10))
    await asyncio.sleep(0.01)
    clock.advance(9)
    await asyncio.sleep(0.01)
    assert not sleeper.done()
    clock.advance(1)
    await asyncio.wait_for(sleeper, 1)


async def test_another_thread_can_wake_the_sleeper() -> None:
    clock = Clock.frozen(NOON)
    sleeper = asyncio.create_task(clock.sleep(10))
    await asyncio.sleep(0.01)
    threading.Thread(target=clock.advance, args=(10,)).start()
    await asyncio.wait_for(sleeper, 1)


async def test_a_fast_clock_sleeps_in_lab_time() -> None:
    clock = Clock(speed=100.0)
    before = time.monotonic()
    await clock.sleep(5)
    assert time.monotonic() - before < 1


async def test_speeding_up_shortens_a_sleep_that_has_begun() -> None:
    clock = Clock(speed=1.0)
    sleeper = asyncio.create_task(clock.sleep(600))
    await asyncio.sleep(0.01)
    clock.speed = 100_000.0
    await asyncio.wait_for(sleeper, 1)
