from __future__ import annotations

import pytest

from lab.scenarios import STORIES
from tests.contracts.graph_types import Permissions, Types
from tests.contracts.recording import Scene


@pytest.fixture(scope="session")
def types() -> Types:
    return Types()


@pytest.fixture(scope="session")
def permissions() -> Permissions:
    return Permissions()


@pytest.fixture(params=sorted(STORIES))
async def played(request: pytest.FixtureRequest) -> Scene:
    """One story, played from its alert to the end."""
    scene = Scene(str(request.param))
    bench = await scene.play()
    await bench.client.aclose()
    return scene
