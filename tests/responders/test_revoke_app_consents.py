from __future__ import annotations

from typing import Any

import pytest

from lab.registrations import Registrations
from lab.scenarios import false_alarm
from lab.tenant import TenantSettings
from lab.tenant.settings import Licence
from responders.revoke_app_consents import RevokeAppConsents
from shared.errors import Refused

RISKY = "Mail.Read offline_access"
FREE = TenantSettings.instant(licences=frozenset[Licence]())


def grants(place: Any) -> dict[str, Any]:
    held = place.lab.state.directory.grants.values()
    return {place.lab.state.directory.apps[g.client].name: g for g in held if g.principal}


async def planned(place: Any) -> Any:
    return await place.responder.plan(await place.case(), place.world)


async def test_only_what_was_consented_to_since_the_compromise_is_taken_back(stand: Any) -> None:
    place = stand(RevokeAppConsents())
    change = await planned(place)
    assert {judged.app.name for judged in change.consents} == {"Mail Backup Pro", "Document Viewer"}
    await place.responder.apply(change, place.world)
    assert set(grants(place)) == {"Minutes"}
    assert place.scenario.losses() == []


async def test_a_harmless_consent_of_before_survives_however_risky_it_looks(stand: Any) -> None:
    place = stand(RevokeAppConsents(), story=false_alarm)
    directory = Registrations(place.lab)
    directory.consent(place.scenario.oid, directory.app("Old mail app"), RISKY, at=None)
    assert await planned(place) is None


async def test_each_reason_is_told(stand: Any) -> None:
    place = stand(RevokeAppConsents())
    change = await planned(place)
    told = {found.label: found.reasons for found in change.footholds()}
    (reasons,) = [r for label, r in told.items() if "Mail Backup Pro" in label]
    assert reasons == (
        "Given 2026-11-23 11:55 UTC, after the compromise began",
        "Gives access: Mail.Read, Mail.Send",
        "Works while the owner is away (offline_access)",
        "The publisher is not verified",
        "Another organisation registered the app",
    )


async def test_an_app_that_stays_enabled_is_told_to_whoever_decides(stand: Any) -> None:
    place = stand(RevokeAppConsents())
    change = await planned(place)
    left = [line for line in change.differences() if "rest of the organisation" in line.what]
    assert len(left) == 2
    await place.responder.apply(change, place.world)
    assert all(app.enabled for app in place.lab.state.directory.apps.values())


async def test_undo_gives_back_the_scope_to_the_letter(stand: Any) -> None:
    place = stand(RevokeAppConsents())
    before = grants(place)
    change = await planned(place)
    await place.responder.apply(change, place.world)
    await place.responder.undo(change, place.world)
    assert grants(place) == before
    assert before["Mail Backup Pro"].scope.startswith(" ")


async def test_undo_refuses_where_the_owner_has_consented_anew(stand: Any) -> None:
    place = stand(RevokeAppConsents())
    change = await planned(place)
    await place.responder.apply(change, place.world)
    first = change.consents[0]
    anew = Registrations(place.lab).consent(
        place.scenario.oid, first.app.object_id, "User.Read", at=place.clock.now()
    )
    with pytest.raises(Refused, match="given anew since"):
        await place.responder.undo(change, place.world)
    assert grants(place)[first.app.name] == anew
    assert len(grants(place)) == 2


async def test_without_the_audit_log_only_what_all_speaks_against_is_taken_back(stand: Any) -> None:
    place = stand(RevokeAppConsents(), settings=FREE)
    change = await planned(place)
    assert [judged.app.name for judged in change.consents] == ["Mail Backup Pro"]
    await place.responder.apply(change, place.world)
    with pytest.raises(Refused, match="no licence") as refused:
        await planned(place)
    said = " ".join(refused.value.steps)
    assert "Document Viewer" in said
    assert "Minutes" in said


async def test_an_app_of_our_own_is_never_convicted_by_content(stand: Any) -> None:
    place = stand(RevokeAppConsents(), story=false_alarm, settings=FREE)
    directory = Registrations(place.lab)
    app = directory.app("Our intranet", home=place.lab.tenant_id)
    directory.consent(place.scenario.oid, app, RISKY, at=None)
    with pytest.raises(Refused, match="Nobody can tell"):
        await planned(place)


async def test_an_account_without_consents_needs_no_licence(stand: Any) -> None:
    place = stand(RevokeAppConsents(), story=false_alarm, settings=FREE)
    assert await planned(place) is None


async def test_a_consent_given_for_everybody_is_reported_and_left(stand: Any) -> None:
    place = stand(RevokeAppConsents(), story=false_alarm)
    directory = Registrations(place.lab)
    app = directory.app("Tenant Reader")
    directory.consent(None, app, RISKY, at=None)
    directory.log_consent(place.scenario.oid, app, at=place.clock.now())
    with pytest.raises(Refused, match="whole organisation") as refused:
        await planned(place)
    assert any("disable the app" in step for step in refused.value.steps)
    assert place.ours() == []


async def test_a_grant_of_a_deleted_app_is_taken_back_by_its_id(stand: Any) -> None:
    place = stand(RevokeAppConsents())
    gone = grants(place)["Document Viewer"]
    del place.lab.state.directory.apps[gone.client]
    change = await planned(place)
    assert gone.client in change.summary()
    await place.responder.apply(change, place.world)
    assert gone.id not in place.lab.state.directory.grants
