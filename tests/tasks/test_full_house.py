"""All responders together, against an intruder who left everything that can be left."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from lab.clock import Clock
from lab.scenarios import full_house
from lab.tenant import SimulatedTenant, TenantSettings
from lab.workbench import Workbench
from responders import catalogue

HEAD = """\
version = 1
[guards]
privileged = "enforce"
[[rule]]
name = "everything"
irreversible = true
[rule.responders]
"""


async def test_every_responder_together_leaves_no_foothold_and_breaks_nothing(
    tmp_path: Path,
) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text(HEAD + "".join(f'{name} = "enforce"\n' for name in catalogue()))
    lab = SimulatedTenant(
        clock=Clock.frozen(datetime(2026, 11, 23, 12, tzinfo=UTC)),
        settings=TenantSettings.instant(),
        entra_roles=frozenset({"Privileged Authentication Administrator"}),
    )
    scenario = full_house(lab)
    healthy = {oid: lab.snapshot()["mailboxes"][oid] for oid in scenario.bystanders}
    async with Workbench(lab, settings={"policy": policy}) as bench:
        for alert in scenario.alerts:
            await bench.post(alert.source, alert.body)
        lab.clock.advance(2)
        await bench.settle(within=timedelta(hours=4))
        [case] = await bench.cases()
    states = {task["responder"]: task["state"] for task in case["tasks"]}
    assert set(states) == set(catalogue())
    # The alert came from Identity Protection, so there is nothing to close in Defender or Sentinel;
    # and the account is the cloud's own.
    assert states.pop("close_alert") == "skipped"
    assert states.pop("close_incident") == "skipped"
    assert states.pop("close_sentinel_incident") == "skipped"
    assert states.pop("disable_on_premises") == "skipped"
    # Nobody switched the auditing of the whole organisation off.
    assert states.pop("restore_auditing") == "skipped"
    # No rule lets the owner back in: that takes a person.
    assert states.pop("restore_sign_in") == "queued"
    assert set(states.values()) == {"verified"}
    assert "proven at" in case["answer"]["word"]
    assert [foothold.label for foothold in scenario.intruder.open_doors()] == []
    assert scenario.losses() == []
    assert {oid: lab.snapshot()["mailboxes"][oid] for oid in healthy} == healthy
