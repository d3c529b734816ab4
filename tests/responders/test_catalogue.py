from __future__ import annotations

import pytest

from responders import catalogue
from shared.errors import Defect
from shared.model import PHASES
from shared.registered import only_one
from shared.responder import Responder


def test_every_file_is_one_responder_in_the_order_in_which_doors_close() -> None:
    found = catalogue()
    order = [(PHASES.index(responder.phase), name) for name, responder in found.items()]
    assert order == sorted(order)
    assert all(name == responder.name for name, responder in found.items())


@pytest.mark.parametrize("module", ["lab.clock", "shared.responder"])
def test_a_file_without_a_responder_stops_the_start(module: str) -> None:
    with pytest.raises(Defect, match="holds 0 responders"):
        only_one(module, Responder)  # type: ignore[type-abstract]
