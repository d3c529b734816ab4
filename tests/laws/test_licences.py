"""Each responder says which licence it is nothing without, and the simulated tenant agrees."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lab.stand import Stand
from lab.tenant.settings import Licence, TenantSettings
from responders import catalogue
from shared.clients.answers import unlicensed
from shared.clients.licences import PLAN_NAMES
from shared.errors import Denied, Unavailable
from shared.model import ResponderName

RESPONDERS = catalogue()


async def nothing_without(name: ResponderName, licences: frozenset[Licence]) -> bool:
    """Whether a responder that has work to do can only say that a licence is missing."""
    responder = RESPONDERS[name]
    stand = Stand(responder, settings=TenantSettings.instant(unblock_delay=0.0))
    case = await stand.case()
    stand.lab.settings = replace(stand.lab.settings, licences=licences)
    try:
        await responder.plan(case, stand.world)
    except Unavailable:
        return True
    except Denied as error:
        return unlicensed(error)
    finally:
        await stand.aclose()
    return False


@pytest.mark.parametrize("name", RESPONDERS)
async def test_a_responder_declares_exactly_the_licence_it_can_do_nothing_without(
    name: ResponderName,
) -> None:
    declared = {PLAN_NAMES[plan] for plan in RESPONDERS[name].licences}
    everything = frozenset(Licence)
    needed = {
        licence.value
        for licence in Licence
        # Whoever has Entra ID P2 has what P1 has.
        if await nothing_without(name, everything - {licence, *_BEYOND.get(licence, ())})
        and not await nothing_without(name, everything - set(_BEYOND.get(licence, ())))
    }
    assert needed == declared


_BEYOND = {Licence.ENTRA_P1: (Licence.ENTRA_P2,)}
