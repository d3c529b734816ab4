"""From a finding of a sweep to a change that somebody approved, and to a finding that is fixed."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from lab.workbench import as_operator
from shared.model import Json, Task, TaskState
from tests.sweeps.swept import Swept

AUDITING = "mailbox_auditing"
AUDIT = "enable_mailbox_audit"
RESTORE = "restore_auditing"


class Mended(Swept):
    """An organisation, and somebody at the command line."""

    async def mend(self, name: str, finding: str) -> Json:
        """Ask for a finding to be mended, and let the worker go on."""
        headers, body = self.signed(f"sweeps/{name}/mend", finding=finding)
        async with self.bench() as bench:
            page = await bench.app.move_sweep(name, "mend", headers, body)
            await bench.settle(within=timedelta(minutes=10))
        found: Json = json.loads(page.body)
        return {"status": page.status, **found}

    async def approve(self, responder: str) -> None:
        """Say yes to the change that waits, and let it be made."""
        async with self.bench() as bench:
            page = await bench.app.approvals({"accept": "application/json"})
            (card,) = [c for c in json.loads(page.body)["cards"] if c["responder"] == responder]
            change = {"responder": responder, "fingerprint": card["fingerprint"]}
            case = self.tasks()[responder].case
            headers, body = self.signed(f"cases/{case}/approve", changes=[change])
            await bench.app.approve(case, headers, body)
            await bench.settle(within=timedelta(minutes=10))

    async def undo(self, responder: str) -> None:
        """Put back what was changed."""
        case = self.tasks()[responder].case
        headers, body = self.signed(f"cases/{case}/undo", responder=responder)
        async with self.bench() as bench:
            await bench.app.ask_undo(case, headers, body)
            await bench.settle(within=timedelta(minutes=10))

    def tasks(self) -> dict[str, Task]:
        """The tasks there are, by responder."""
        rows = [row.body for row in self.store.rows() if row.key.startswith("task:")]
        return {(task := Task.model_validate(body)).responder: task for body in rows}

    def of(self, name: str, kind: str) -> str:
        """The id of the first finding of a kind."""
        return min(held.id for held in self.held(name) if held.finding.kind == kind)

    def signed(self, at: str, **request: Any) -> tuple[dict[str, str], bytes]:
        body = json.dumps({"by": "Nia", **request}).encode()
        return as_operator(at, body, self.clock.now()), body


async def test_a_finding_is_mended_by_an_approved_task_and_fixed_in_the_next_run() -> None:
    mended = Mended(26, AUDITING)
    await mended.run()
    finding = mended.of(AUDITING, "bypass")
    before = mended.lab.snapshot()
    assert (await mended.mend(AUDITING, finding))["status"] == 200
    assert mended.tasks()[AUDIT].state is TaskState.WAITING
    assert mended.lab.snapshot() == before
    await mended.approve(AUDIT)
    assert mended.tasks()[AUDIT].state is TaskState.VERIFIED
    await mended.day()
    (held,) = [held for held in mended.held(AUDITING) if held.id == finding]
    assert held.fixed_at is not None


async def test_the_same_finding_mended_twice_is_one_request() -> None:
    mended = Mended(26, AUDITING)
    await mended.run()
    finding = mended.of(AUDITING, "mailbox_switch")
    await mended.mend(AUDITING, finding)
    await mended.mend(AUDITING, finding)
    assert len([row for row in mended.store.rows() if row.key.startswith("alert:")]) == 1


@pytest.mark.parametrize(
    ("wish", "kind"),
    [({"audits": False}, "organisation_switch"), ({"ingests": False}, "log_ingestion")],
)
async def test_a_switch_of_the_organisation_is_mended_by_approval_and_put_back_by_undo(
    wish: dict[str, Any], kind: str
) -> None:
    mended = Mended(26, AUDITING, **wish)
    await mended.run()
    before = mended.lab.snapshot()
    finding = mended.of(AUDITING, kind)
    assert (await mended.mend(AUDITING, finding))["status"] == 200
    assert set(mended.tasks()) == {RESTORE}
    assert mended.tasks()[RESTORE].state is TaskState.WAITING
    assert mended.lab.snapshot() == before
    await mended.approve(RESTORE)
    assert mended.tasks()[RESTORE].state is TaskState.VERIFIED
    assert (mended.lab.state.audit_disabled, mended.lab.state.log_ingestion) == (False, True)
    await mended.undo(RESTORE)
    assert mended.tasks()[RESTORE].state is TaskState.UNDONE
    assert mended.lab.snapshot() == before


async def test_the_case_of_the_organisation_speaks_of_no_intruder_and_of_no_owner() -> None:
    mended = Mended(26, AUDITING, audits=False)
    await mended.run()
    await mended.mend(AUDITING, mended.of(AUDITING, "organisation_switch"))
    case = mended.tasks()[RESTORE].case
    async with mended.bench() as bench:
        text = (await bench.app.page(f"cases/{case}", {})).body
        asked = await bench.app.restore(
            case, *mended.signed(f"cases/{case}/restore", reason="why not")
        )
    assert "the whole organisation" in text
    assert "nobody is known to be in" in text
    assert "way back" not in text
    assert "Not contained" not in text
    assert "nobody was kept out" in asked.body
    assert set(mended.tasks()) == {RESTORE}


async def test_both_switches_found_at_once_are_one_case_and_fixed_in_the_next_run() -> None:
    mended = Mended(26, AUDITING, audits=False, ingests=False)
    await mended.run()
    findings = [mended.of(AUDITING, kind) for kind in ("organisation_switch", "log_ingestion")]
    for finding in findings:
        await mended.mend(AUDITING, finding)
    await mended.approve(RESTORE)
    await mended.day()
    fixed = {held.id for held in mended.held(AUDITING) if held.fixed_at is not None}
    assert set(findings) <= fixed


async def test_what_no_task_mends_says_what_a_person_does() -> None:
    mended = Mended(200, AUDITING)
    await mended.run()
    told = await mended.mend(AUDITING, mended.of(AUDITING, "mailbox_age_limit"))
    assert "AuditLogAgeLimit" in told["error"]
    assert mended.tasks() == {}
