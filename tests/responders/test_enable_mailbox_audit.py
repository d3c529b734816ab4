from __future__ import annotations

from types import MappingProxyType
from typing import Any

import pytest

from lab.scenarios import guest
from lab.tenant.mailbox_state import Auditing
from responders.enable_mailbox_audit import EnableMailboxAudit
from shared.errors import Defect, Gone, Refused


def audit(place: Any, **wish: Any) -> Auditing:
    chosen = MappingProxyType(wish.pop("custom", {}))
    made = Auditing(custom=chosen, **wish)
    place.lab.change_mailbox(place.scenario.oid, auditing=made)
    return made


def held(place: Any) -> Auditing:
    found: Auditing = place.lab.mailboxes[place.scenario.oid].auditing
    return found


async def plan(place: Any) -> Any:
    return await place.responder.plan(await place.case(), place.world)


async def test_afterwards_everything_is_written_down(stand: Any) -> None:
    place = stand(EnableMailboxAudit())
    await place.until_done(await place.case())
    assert held(place) == Auditing()
    assert held(place).default_set == ("Admin", "Delegate", "Owner")


@pytest.mark.parametrize(
    "wish",
    [
        {"enabled": False},
        {"bypass": True},
        {"custom": {"Owner": ("MailboxLogin",)}},
        {"custom": {"Admin": (), "Delegate": (), "Owner": ()}},
        {"enabled": False, "bypass": True, "custom": {"Admin": ("Create",)}},
    ],
)
async def test_each_gap_is_found_closed_and_can_be_opened_again(
    stand: Any, wish: dict[str, Any]
) -> None:
    place = stand(EnableMailboxAudit())
    before = audit(place, **dict(wish))
    (change,) = await place.until_done(await place.case())
    assert held(place) == Auditing()
    assert len(change.differences()) == len(change.summary().split(":")[1].split(", "))
    await place.responder.undo(change, place.world)
    assert held(place) == before


async def test_a_switch_that_says_on_is_set_off_and_on_again(stand: Any) -> None:
    place = stand(EnableMailboxAudit())
    audit(place, enabled=True, custom={"Owner": ()})
    seen: list[bool] = []
    place.lab.on_write(lambda _: seen.append(held(place).enabled))
    await place.until_done(await place.case())
    assert seen == [False, True]


async def test_a_mailbox_that_is_audited_is_left_alone(stand: Any) -> None:
    place = stand(EnableMailboxAudit())
    audit(place)
    assert await plan(place) is None


async def test_where_the_organisation_audits_nothing_a_person_is_told(stand: Any) -> None:
    place = stand(EnableMailboxAudit())
    place.lab.state.audit_disabled = True
    with pytest.raises(Refused, match="whole organisation") as refused:
        await plan(place)
    assert any("restore_auditing" in step for step in refused.value.steps)


async def test_an_organisation_that_does_not_say_is_not_taken_to_audit(stand: Any) -> None:
    place = stand(EnableMailboxAudit())
    place.lab.state.audit_disabled = None
    with pytest.raises(Defect, match="AuditDisabled"):
        await plan(place)


async def test_undo_leaves_actions_that_were_chosen_since(stand: Any) -> None:
    place = stand(EnableMailboxAudit())
    (change,) = await place.until_done(await place.case())
    after = audit(place, custom={"Owner": ("HardDelete",)})
    with pytest.raises(Refused, match="since"):
        await place.responder.undo(change, place.world)
    assert held(place) == after


async def test_without_a_mailbox_it_is_gone(stand: Any) -> None:
    place = stand(EnableMailboxAudit(), story=guest)
    with pytest.raises(Gone):
        await plan(place)
