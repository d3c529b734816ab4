from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from lab.registrations import Registrations
from lab.scenarios import false_alarm
from responders.disable_devices import DisableDevices
from shared.errors import Refused

THEIRS = {"DESKTOP-7Q2", "iPhone", "SRV-TMP"}


def enabled(place: Any) -> set[str]:
    held = place.lab.state.directory.devices.values()
    return {d.name for d in held if d.owner == place.scenario.oid and d.enabled}


async def planned(place: Any) -> Any:
    return await place.responder.plan(await place.case(), place.world)


async def test_only_devices_that_came_since_the_compromise_are_disabled(stand: Any) -> None:
    place = stand(DisableDevices())
    change = await planned(place)
    assert {device.name for device in change.devices} == THEIRS
    await place.responder.apply(change, place.world)
    assert enabled(place) == {"LAPTOP-NORA"}
    assert place.scenario.losses() == []


async def test_a_device_of_the_very_second_of_the_compromise_counts(stand: Any) -> None:
    place = stand(DisableDevices(), story=false_alarm)
    case = await place.case()
    directory = Registrations(place.lab)
    directory.device(place.scenario.oid, "now", at=case.compromised_since)
    before = case.compromised_since - timedelta(seconds=1)
    directory.device(place.scenario.oid, "before", at=before)
    change = await place.responder.plan(case, place.world)
    assert [device.name for device in change.devices] == ["now"]


async def test_a_computer_joined_on_premises_is_told_to_be_disabled_there_too(stand: Any) -> None:
    change = await planned(stand(DisableDevices()))
    (line,) = [each for each in change.differences() if "on premises" in each.what]
    assert "SRV-TMP" in line.what
    assert "sync undoes this" in line.becomes


async def test_a_device_of_unknown_age_is_left_to_a_person(stand: Any) -> None:
    place = stand(DisableDevices(), story=false_alarm)
    device = Registrations(place.lab).device(place.scenario.oid, "Mystery", at=None)
    with pytest.raises(Refused, match="Nobody can tell") as refused:
        await planned(place)
    assert device.id in refused.value.steps[0]
    assert place.ours() == []


async def test_one_that_is_disabled_already_is_nobodys_concern(stand: Any) -> None:
    place = stand(DisableDevices(), story=false_alarm)
    oid, directory = place.scenario.oid, Registrations(place.lab)
    directory.device(oid, "Mystery", at=None, enabled=False)
    directory.device(oid, "Theirs", at=place.clock.now(), enabled=False)
    assert await planned(place) is None


async def test_undo_leaves_alone_what_was_disabled_before_us(stand: Any) -> None:
    place = stand(DisableDevices())
    change = await planned(place)
    await place.responder.apply(change, place.world)
    await place.responder.undo(change, place.world)
    assert enabled(place) == {"LAPTOP-NORA", *THEIRS}


async def test_undo_does_not_mind_a_device_that_was_deleted_since(stand: Any) -> None:
    place = stand(DisableDevices())
    change = await planned(place)
    await place.responder.apply(change, place.world)
    del place.lab.state.directory.devices[change.devices[0].id]
    await place.responder.undo(change, place.world)
    assert len(enabled(place)) == 3
