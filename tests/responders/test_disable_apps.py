from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from lab.registrations import Registrations
from lab.scenarios import false_alarm
from responders.disable_apps import DisableApps
from responders.revoke_app_consents import RevokeAppConsents

MICROSOFT = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"


async def planned(place: Any) -> Any:
    return await place.responder.plan(await place.case(), place.world)


def enabled(place: Any) -> set[str]:
    return {app.name for app in place.lab.state.directory.apps.values() if app.enabled}


async def test_the_apps_that_the_account_let_in_are_disabled_and_no_other(stand: Any) -> None:
    place = stand(DisableApps())
    change = await planned(place)
    assert {new.app.name for new in change.apps} == {"Mail Backup Pro", "Document Viewer"}
    before = enabled(place)
    await place.responder.apply(change, place.world)
    assert before - enabled(place) == {"Mail Backup Pro", "Document Viewer"}
    assert not [f for f in place.scenario.intruder.open_doors() if f.number == 13]
    assert place.scenario.losses() == []


async def test_it_finds_them_when_the_consents_are_gone_already(stand: Any) -> None:
    place = stand(DisableApps())
    case = await place.case()
    first = RevokeAppConsents()
    change = await first.plan(case, place.world)
    assert change is not None
    await first.apply(change, place.world)
    found = await place.responder.plan(case, place.world)
    assert len(found.apps) == 2


@pytest.mark.parametrize(
    "home", [MICROSOFT, "72f988bf-86f1-41af-91ab-2d7cd011db47", "the organisation itself"]
)
async def test_an_app_of_microsoft_or_of_ones_own_is_never_disabled(stand: Any, home: str) -> None:
    place = stand(DisableApps(), story=false_alarm)
    at = place.clock.now() - timedelta(minutes=1)
    home = place.lab.tenant_id if "itself" in home else home
    oid = place.scenario.oid
    Registrations(place.lab).app("Portal", home=home, let_in_by=oid, let_in_at=at)
    assert await planned(place) is None


async def test_an_app_that_others_used_before_is_theirs_too(stand: Any) -> None:
    place = stand(DisableApps(), story=false_alarm)
    directory = Registrations(place.lab)
    app = directory.app("Known for years")
    directory.consent(place.scenario.bystanders[0], app, "Mail.Read", at=None)
    directory.consent(place.scenario.oid, app, "Mail.Read", at=place.clock.now())
    assert await planned(place) is None


async def test_an_app_let_in_before_the_compromise_stays(stand: Any) -> None:
    place = stand(DisableApps(), story=false_alarm)
    case = await place.case()
    before = case.compromised_since - timedelta(seconds=1)
    Registrations(place.lab).app("Before", let_in_by=place.scenario.oid, let_in_at=before)
    assert await place.responder.plan(case, place.world) is None


async def test_undo_enables_what_we_disabled_and_leaves_what_was_deleted_since(stand: Any) -> None:
    place = stand(DisableApps())
    before = enabled(place)
    change = await planned(place)
    await place.responder.apply(change, place.world)
    gone = change.apps[0].app
    del place.lab.state.directory.apps[gone.object_id]
    await place.responder.undo(change, place.world)
    assert enabled(place) == before - {gone.name}
