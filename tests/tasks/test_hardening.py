"""From a finding of a sweep to a change that a person approved, and back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from lab.tenant.mailbox_state import Auditing
from shared.model import CaseStatus, TaskState
from tests.tasks.approving import Person

SHIPPED = Path(__file__).resolve().parents[2] / "policy.toml"
AUDIT = "enable_mailbox_audit"


def house() -> Person:
    person = Person(settings={"policy": SHIPPED})
    person.tenant.change_mailbox(person.oid, auditing=Auditing(enabled=False, bypass=True))
    return person


async def test_a_request_to_harden_changes_nothing_before_somebody_says_yes() -> None:
    async with house() as person:
        before = person.tenant.snapshot()
        await person.ask(mode="harden", reason="the sweep found auditing off")
        await person.settle()
        assert person.tenant.snapshot() == before
        assert person.the_case().status is CaseStatus.WAITING
        assert person.tasks()[AUDIT].state is TaskState.WAITING
        assert "disable_sign_in" not in person.tasks()


async def test_what_was_approved_is_done_proven_and_can_be_put_back() -> None:
    async with house() as person:
        was = person.box
        await person.ask(mode="harden", reason="the sweep found auditing off")
        await person.settle()
        card = (await person.cards())[AUDIT]
        status, _ = await person.approve(card)
        assert status < 300
        await person.settle()
        assert person.box.auditing == Auditing()
        assert replace(person.box, auditing=was.auditing) == was
        assert person.tasks()[AUDIT].state is TaskState.VERIFIED
        await person.undo(AUDIT)
        await person.settle()
        assert person.box.auditing == was.auditing


async def test_a_word_that_the_organisation_is_compromised_opens_no_case() -> None:
    async with house() as person:
        await person.ask(user=person.tenant.tenant_id)
        await person.settle()
        assert await person.cases() == []
