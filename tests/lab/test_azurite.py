from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

import pytest
from azure.storage.queue import QueueServiceClient

from lab.azurite import Azurite, AzuriteWishes
from lab.errors import PortTaken
from lab.ports import Wish, listen, port_of

ROOT = Path(__file__).parents[2]


async def test_what_was_acknowledged_survives_an_orderly_stop(tmp_path: Path) -> None:
    for attempt in range(2):
        async with Azurite(folder=tmp_path) as azurite:
            with QueueServiceClient.from_connection_string(azurite.connection_string) as client:
                queue = client.get_queue_client("kept")
                if attempt == 0:
                    queue.create_queue()
                    queue.send_message("hello")
                assert [message.content for message in queue.peek_messages()] == ["hello"]


async def test_afterwards_its_ports_are_free_and_its_folder_is_gone() -> None:
    async with Azurite() as azurite:
        folder = azurite.folder
        assert folder.exists()
    for port in azurite.ports:
        listen(port).close()
    assert not folder.exists()


async def test_a_taken_port_is_named_and_replaced() -> None:
    said: list[str] = []
    with listen() as taken:
        port = port_of(taken)
        async with Azurite(wishes=AzuriteWishes(queue=Wish(port)), say=said.append) as azurite:
            assert azurite.ports.queue != port
    # While another worker is installing the emulator, that is said as well.
    about_ports = [line for line in said if line.startswith("port")]
    assert about_ports == [f"port {port} is taken, using {azurite.ports.queue}"]


async def test_a_taken_port_that_was_asked_for_is_an_error_that_names_port_and_option() -> None:
    with listen() as taken:
        port = port_of(taken)
        wishes = AzuriteWishes(blob=Wish(port, "--blob-port"))
        with pytest.raises(PortTaken, match=rf"{port}.*--blob-port"):
            await Azurite(wishes=wishes).__aenter__()


async def test_it_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    program = (
        "import asyncio, os, signal, sys\n"
        "from pathlib import Path\n"
        "from lab.azurite import Azurite\n"
        "async def main():\n"
        "    async with Azurite(folder=Path(sys.argv[1])) as azurite:\n"
        "        print(*azurite.ports, flush=True)\n"
        "        await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, str(tmp_path), stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    assert parent.stdout
    ports = [int(port) for port in (await parent.stdout.readline()).split()]
    parent.kill()
    await parent.communicate()
    assert ports
    deadline = time.monotonic() + 15
    while not all(_free(port) for port in ports):
        assert time.monotonic() < deadline, "the emulator outlived its parent"
        await asyncio.sleep(0.05)


def _free(port: int) -> bool:
    try:
        listen(port).close()
    except PortTaken:
        return False
    return True
