from __future__ import annotations

from typing import Any

import pytest

from lab.stand import Stand
from responders.restore_auditing import RestoreAuditing
from shared.errors import Refused
from shared.tasks.resolve import organisation


def switches(place: Stand) -> tuple[bool, bool]:
    """Whether mailboxes are audited, and whether the unified log takes anything in."""
    return not place.lab.state.audit_disabled, place.lab.state.log_ingestion


def blind(place: Stand, *, mailboxes: bool, log: bool) -> None:
    place.lab.state.audit_disabled, place.lab.state.log_ingestion = not mailboxes, log


@pytest.mark.parametrize(("mailboxes", "log"), [(False, True), (True, False), (False, False)])
async def test_each_switch_that_is_off_is_set_on_and_put_back_by_an_undo(
    stand: Any, *, mailboxes: bool, log: bool
) -> None:
    place = stand(RestoreAuditing())
    blind(place, mailboxes=mailboxes, log=log)
    (change,) = await place.until_done(await place.case())
    assert switches(place) == (True, True)
    assert len(change.differences()) == (not mailboxes) + (not log)
    await place.responder.undo(change, place.world)
    assert switches(place) == (mailboxes, log)


async def test_where_both_are_on_there_is_nothing_to_do(stand: Any) -> None:
    place = stand(RestoreAuditing())
    blind(place, mailboxes=True, log=True)
    assert await place.until_done(await place.case()) == []


async def test_a_switch_that_a_person_took_out_is_left_as_it_is(stand: Any) -> None:
    place = stand(RestoreAuditing())
    change = await place.responder.plan(await place.case(), place.world)
    less = change.without({change.pieces[1]})
    await place.responder.apply(less, place.world)
    assert switches(place) == (True, False)


async def test_it_needs_no_account_and_asks_for_none(stand: Any) -> None:
    place = stand(RestoreAuditing())
    case = await place.case()
    whole = case.model_copy(update={"account": organisation(case.tenant)})
    await place.until_done(whole)
    assert switches(place) == (True, True)


async def test_an_organisation_that_was_never_customised_says_what_a_person_does(
    stand: Any,
) -> None:
    place = stand(RestoreAuditing())
    place.lab.state.customised = False
    with pytest.raises(Refused, match="never customised") as refused:
        await place.until_done(await place.case())
    assert "Enable-OrganizationCustomization" in refused.value.steps[0]
    assert switches(place) == (False, False)
