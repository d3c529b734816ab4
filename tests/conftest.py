"""What every test may ask for."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.azurite import Azurite
from lab.errors import NotInstalled


@pytest.fixture(scope="session")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run the storage emulator once per session (and worker); the value connects clients to it.

    Everybody shares it: name your own tables, queues and containers.
    """
    folder: Path = tmp_path_factory.mktemp("azurite")
    emulator = Azurite(folder=folder)
    with asyncio.Runner() as runner:
        try:
            runner.run(emulator.__aenter__())
        except NotInstalled as error:
            pytest.skip(f"needs the storage emulator, which cannot be installed here: {error}")
        try:
            yield emulator.connection_string
        finally:
            runner.run(emulator.__aexit__())
