"""Local Functions hosts for the tests of the lab."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from tests.lab.hosting import Hosted


@pytest.fixture(scope="session")
def hosted(tmp_path_factory: pytest.TempPathFactory, azurite: str) -> Iterator[Hosted]:
    """One running host for all tests that leave it as it is."""
    shared = Hosted(tmp_path_factory.mktemp("hosted"), azurite)
    child = asyncio.run(shared.start())
    yield shared
    child.kill()


@pytest.fixture
def own_host(tmp_path: Path, azurite: str) -> Iterator[Hosted]:
    """A host for one test alone, not yet started."""
    own = Hosted(tmp_path, azurite)
    yield own
    if own.child:
        own.child.kill()


@pytest.fixture
async def to_host(hosted: Hosted) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the shared host."""
    async with httpx.AsyncClient(base_url=hosted.url) as client:
        yield client
