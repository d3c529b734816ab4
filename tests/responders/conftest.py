from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from lab.stand import Stand
from shared.responder import Responder

type MakeStand = Callable[..., Stand]


@pytest.fixture
async def stand() -> AsyncIterator[MakeStand]:
    made: list[Stand] = []

    def make(responder: Responder[Any], **wishes: Any) -> Stand:
        made.append(Stand(responder, **wishes))
        return made[-1]

    yield make
    for one in made:
        await one.aclose()
