from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from random import Random

import httpx
from azure.core.exceptions import ResourceNotFoundError

from lab.host_queues import Backoff
from lab.host_storage import Queues
from tests.lab.hosting import Hosted, eventually


async def test_a_message_is_worked_on_once_and_then_gone(hosted: Hosted) -> None:
    hosted.put(name="one")
    await hosted.recorded("work finished", name="one")
    await hosted.empty()
    (started,) = hosted.records("work started", name="one")
    assert started["count"] == 1
    assert started["receipt"]
    assert started["inserted"].endswith("+00:00")


async def test_an_output_of_a_function_reaches_the_queue(
    to_host: httpx.AsyncClient, hosted: Hosted
) -> None:
    answer = await to_host.post("/api/put", json={"name": "from the output"})
    assert answer.status_code == 202
    await hosted.recorded("work finished", name="from the output")


async def test_a_failing_message_waits_its_visibility_timeout_and_ends_in_the_poison_queue(
    hosted: Hosted,
) -> None:
    hosted.put(name="bad", fail=True)
    await hosted.recorded("buried", text=json.dumps({"name": "bad", "fail": True}))
    first, second = hosted.records("work started", name="bad")
    assert [first["count"], second["count"]] == [1, 2]
    assert second["at"] - first["at"] >= 0.9


async def test_a_message_in_another_encoding_is_buried_as_it_came(own_host: Hosted) -> None:
    own_host.change('POISON = "work-%SUFFIX%-poison"', 'POISON = "other-%SUFFIX%"')
    await own_host.start()
    with own_host.queue("work") as queue:
        queue.send_message("not base64!")
    with own_host.queue("work", "-poison") as poison:

        def content() -> list[str]:
            try:
                return [each.content for each in poison.peek_messages()]
            except ResourceNotFoundError:  # it is made when the first message gets there
                return []

        await eventually(content)
        assert content() == ["not base64!"]
    assert own_host.records("work started") == []


async def test_after_a_crash_the_message_comes_back_and_a_long_run_keeps_it(
    own_host: Hosted,
) -> None:
    child = await own_host.start("--invisible-for", "2")
    own_host.put(name="crashed", seconds=2.5)
    await own_host.recorded("work started")
    child.kill()
    await own_host.start("--invisible-for", "2")
    await own_host.recorded("work finished")
    # The second run took longer than the message was invisible: it was renewed, and nobody got it
    # a third time.
    await own_host.empty()
    first, second = own_host.records("work started")
    assert second["count"] == 2
    assert second["at"] - first["at"] >= 1.5


async def test_a_message_put_by_the_host_itself_wakes_the_poller(hosted: Hosted) -> None:
    queues = Queues({"AzureWebJobsStorage": hosted.connection}, encoded=True)
    name = f"wake-{hosted.suffix}"
    wake, other = asyncio.Event(), asyncio.Event()
    queues.wait_for(name, wake)
    queues.wait_for("another", other)
    await queues.put(queues.client({"queueName": name}), "hello")
    await queues.close()
    assert wake.is_set()
    assert not other.is_set()


def test_an_idle_poller_slows_down_to_its_longest_pause_and_starts_over() -> None:
    backoff = Backoff(timedelta(seconds=2), Random(7))  # noqa: S311 - the same each time
    pauses = [backoff.next() for _ in range(8)]
    assert pauses[0] == 0.1
    for n, pause in enumerate(pauses[1:6]):
        assert 0.1 + 0.08 * 2**n <= pause <= min(0.1 + 0.12 * 2**n, 2)
    assert pauses[6:] == [2, 2]
    backoff.reset()
    assert backoff.next() == 0.1
