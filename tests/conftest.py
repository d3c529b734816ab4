"""What every test may ask for."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from lab.azurite import Azurite
from lab.errors import NotInstalled
from scripts.package.closure import SDK, closure
from scripts.package.stage import code
from tests.sharing_out import DearFilesWhole, longest_first

# How long a machine takes that does other things as well says nothing about what it tries.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> DearFilesWhole:
    """Share tests out so that what is dear is made once."""
    return DearFilesWhole(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start what takes longest first."""
    items.sort(key=lambda item: longest_first(item.nodeid))


def pytest_collection_finish() -> None:
    """Spare the collector what lives to the end: every module and every test there is.

    It would walk through all of it again and again, for about a fifth of the suite's time.
    """
    gc.collect()
    gc.freeze()


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


@pytest.fixture(scope="session", autouse=True)
def _nothing_of_the_sdk_is_loaded_that_is_not_shipped() -> Iterator[None]:
    """Hold what the package has of msgraph-sdk against all that was loaded when a session ends."""
    yield
    loaded = [m for name, m in sys.modules.items() if name.partition(".")[0] == SDK]
    files = {Path(file) for module in loaded if (file := module.__file__)}
    if files:
        libraries = Path(str(distribution("msgraph-sdk").locate_file("")))
        shipped = closure(libraries, code(Path(__file__).parents[1]))
        assert {file.relative_to(libraries) for file in files} <= shipped
