from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from lab.shared_files import SharedFiles
from lab.tenant import TenantSettings
from responders.revoke_file_links import RevokeFileLinks
from shared.errors import Denied, Refused, Transient

ATTACKER = "192.0.2.66"


def links(place: Any) -> set[str]:
    drive = place.lab.state.drives[place.scenario.oid]
    return {link.id for item in drive.items for link in item.links}


def unname(place: Any) -> None:
    """Let the audit log not say which link it was."""
    book = place.lab.state.logbook
    book.records = [
        replace(record, details={**record.details, "UniqueSharingId": ""})
        for record in book.records
    ]


async def test_only_the_links_made_since_the_compromise_go(stand: Any) -> None:
    place = stand(RevokeFileLinks())
    before = links(place)
    (change,) = await place.until_done(await place.case())
    taken = {made.link.id for made in change.links}
    assert len(taken) == 2
    assert links(place) == before - taken
    assert place.scenario.losses() == []
    left = {f.label for f in place.scenario.intruder.open_doors() if f.number == 17}
    assert left == set()


async def test_what_was_shared_with_whom_is_kept_because_it_cannot_be_put_back(stand: Any) -> None:
    place = stand(RevokeFileLinks())
    change = await place.responder.plan(await place.case(), place.world)
    told = " ".join(line.what for line in change.differences())
    assert "Payroll 2026.pdf" in told
    assert "collector@mallory.example" in told
    assert all(ATTACKER in reason for f in change.footholds() for reason in f.reasons)
    assert not place.responder.reversible


async def test_the_search_is_begun_once_and_waited_for_in_the_queue(stand: Any) -> None:
    place = stand(RevokeFileLinks(), settings=TenantSettings.instant(audit_search=100.0))
    case = await place.case()
    for _ in range(2):
        with pytest.raises(Transient) as waiting:
            await place.responder.plan(case, place.world)
        assert waiting.value.retry_after == 60
        place.clock.advance(60)
    assert await place.responder.plan(case, place.world) is not None
    (search,) = place.lab.state.logbook.searches.values()
    assert search.name == f"firebreak {case.id} links"
    assert place.ours() == []


async def test_a_row_that_comes_a_day_late_is_found_by_a_later_look(stand: Any) -> None:
    place = stand(RevokeFileLinks(), settings=TenantSettings.instant(audit_lag=20 * 3600.0))
    case = await place.case()
    assert await place.responder.plan(case, place.world) is None
    place.clock.advance(24 * 3600)
    assert len((await place.responder.plan(case, place.world)).links) == 2


async def test_a_compromise_found_to_be_older_is_searched_for_anew(stand: Any) -> None:
    place = stand(RevokeFileLinks())
    case = await place.case()
    assert len((await place.responder.plan(case, place.world)).links) == 2
    earlier = case.model_copy(
        update={"compromised_since": case.compromised_since - timedelta(days=60)}
    )
    assert len((await place.responder.plan(earlier, place.world)).links) == 5


async def test_a_link_without_a_name_is_known_by_scope_and_kind(stand: Any) -> None:
    place = stand(RevokeFileLinks())
    unname(place)
    change = await place.responder.plan(await place.case(), place.world)
    assert [made.item.name for made in change.links] == ["Payroll 2026.pdf"]
    assert any("Customers.xlsx" in label for label in change.unsure)
    await place.responder.apply(change, place.world)
    assert place.scenario.losses() == []


async def test_links_that_may_be_the_owners_are_left_to_a_person(stand: Any) -> None:
    place = stand(RevokeFileLinks())
    unname(place)
    case = await place.case()
    await place.responder.apply(await place.responder.plan(case, place.world), place.world)
    with pytest.raises(Refused) as refused:
        await place.responder.plan(case, place.world)
    assert any("Customers.xlsx" in step for step in refused.value.steps)


async def test_a_file_that_was_deleted_shares_nothing(stand: Any) -> None:
    place = stand(RevokeFileLinks())
    case = await place.case()
    drives = place.lab.state.drives
    oid = place.scenario.oid
    kept = tuple(item for item in drives[oid].items if item.name != "Payroll 2026.pdf")
    drives[oid] = replace(drives[oid], items=kept)
    change = await place.responder.plan(case, place.world)
    assert [made.item.name for made in change.links] == ["Customers.xlsx"]


async def test_what_others_share_is_not_looked_at(stand: Any) -> None:
    place = stand(RevokeFileLinks())
    other = place.scenario.bystanders[0]
    files = SharedFiles(place.lab, other)
    link = files.share(files.add("Plan.docx"), "anonymous", at=place.clock.now(), ip=ATTACKER)
    await place.until_done(await place.case())
    assert link in files.drive.items[0].links


@pytest.mark.parametrize("right", sorted(RevokeFileLinks.permissions))
async def test_what_may_not_be_read_is_not_nothing(stand: Any, right: str) -> None:
    place = stand(RevokeFileLinks(), granted=RevokeFileLinks.permissions - {right})
    case = await place.case()
    with pytest.raises(Denied, match=right):
        await place.responder.plan(case, place.world)
