"""Footholds killed, and what it cost the owner: Firebreak and the sequences of other responders.

Each plays against a tenant of its own, made from one seed: the same account, the same intruder who
left everything that can be left, the same 120 ms at the median for each answer. Time is virtual, so
only waiting counts; Microsoft's own lags are 0, and every clock starts when the alert is there.

What an account made elsewhere (row 20) is nobody's to touch unasked: there it counts whether the
case says so, with the steps for a person.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.foothold_tables import Kept, Played, ahead, row
from benchmarks.hands import Hands
from benchmarks.load import SHIPPED, WORKERS, Mute
from benchmarks.measuring import Session, parser
from benchmarks.sequences import PEERS, PERSON, PERSON_TAKES, Peer
from lab.clock import Clock
from lab.scenarios import Scenario, full_house, spammer
from lab.scenarios.second_door import second_door
from lab.tenant import SimulatedTenant, TenantSettings
from lab.virtual_time import run
from lab.workbench import Workbench, lab_client, lab_tenant
from responders import catalogue
from shared.clients.tenant import Tenant
from shared.errors import Transient
from shared.model import (
    AccountRef,
    Case,
    CaseId,
    Json,
    ObjectId,
    ResponderName,
    TaskState,
    TenantId,
)
from shared.store.memory import MemoryStore
from shared.tasks.resolve import resolve

START: Final = datetime(2026, 11, 23, 12, tzinfo=UTC)
SINCE: Final = timedelta(minutes=6)
_STORIES: Final = {
    "everything that can be left": full_house,
    "spam, client-side rules": spammer,
    "ways back made elsewhere": second_door,
}
_RIGHTS: Final = frozenset({"Privileged Authentication Administrator"})
"""What lets an application act on an administrator; each of them is given it."""
_FAILED: Final = 1
_EVERYTHING: Final = """
version = 1
[guards]
privileged = "enforce"
[[rule]]
name = "everything"
irreversible = true
[rule.responders]
"""

type Play = Callable[[SimulatedTenant, Scenario], Awaitable[Kept]]
"""Plays one responder."""


def played(name: str, story: Callable[[SimulatedTenant], Scenario], play: Play) -> Played:
    """Play one responder in a tenant of its own."""

    async def on(clock: Clock) -> Played:
        settings = TenantSettings(
            cae_lag=0.0, session_lag=0.0, protocol_lag=0.0, role_lag=0.0, page_size=100
        )
        tenant = SimulatedTenant(clock=clock, seed=11, settings=settings, entra_roles=_RIGHTS)
        scenario = story(tenant)
        kept = await play(tenant, scenario)
        mortal = [f for f in scenario.intruder.footholds if f.killable]
        shut = {f.label: f.closed_at for f in mortal if f.closed_at is not None}
        return Played(
            name=name,
            planted=len(mortal),
            killed={label: (at - START).total_seconds() for label, at in shut.items()},
            numbers={f.label: f.number for f in mortal},
            lost=tuple(scenario.losses()),
            calls=len(tenant.calls),
            kept=kept,
        )

    return run(on, start=START)


def peer(told: Peer) -> Play:
    """Make the play of somebody's sequence."""

    async def play(tenant: SimulatedTenant, scenario: Scenario) -> Kept:
        async with Hands(tenant) as hands:
            for step in told.steps:
                await step(hands, scenario.oid)
        return Kept(told.keeps)

    return play


async def person(tenant: SimulatedTenant, scenario: Scenario) -> Kept:
    """Play a trained person: our judgement, one step after the other, at a person's pace."""
    async with lab_client(tenant) as client:
        world = lab_tenant(tenant, client)
        case = await _case(tenant, world, scenario)
        for number, name in enumerate(PERSON):
            due = START + timedelta(seconds=PERSON_TAKES * number / (len(PERSON) - 1))
            await tenant.clock.sleep((due - tenant.now()).total_seconds())
            await _by_hand(name, case, world, tenant)
    return Kept("by memory")


async def _by_hand(name: str, case: Case, world: Tenant, tenant: SimulatedTenant) -> None:
    responder = catalogue()[ResponderName(name)]
    while True:
        try:
            change = await responder.plan(case, world)
            if change is None:
                return
            await responder.apply(change, world)
        except Transient as error:
            await tenant.clock.sleep(error.retry_after or 1.0)


async def _case(tenant: SimulatedTenant, world: Tenant, scenario: Scenario) -> Case:
    return Case(
        id=CaseId("0123456789abcdef"),
        tenant=TenantId(tenant.tenant_id),
        account=await resolve(AccountRef(object_id=ObjectId(scenario.oid)), world),
        opened_at=START,
        compromised_since=START - SINCE,
        seen_until=START,
    )


def firebreak(policy: str) -> Play:
    """Make the play of Firebreak under a policy."""

    async def play(tenant: SimulatedTenant, scenario: Scenario) -> Kept:
        store = MemoryStore()
        with TemporaryDirectory() as folder:
            file = Path(folder) / "policy.toml"
            file.write_text(policy, encoding="utf-8")
            async with Workbench(
                tenant, store=store, settings={"policy": file}, log=Mute()
            ) as bench:
                for alert in scenario.alerts:
                    await bench.post(alert.source, alert.body)
                await bench.work(workers=WORKERS)
        return Kept(_undoable(store), _said(store))

    return play


def _said(store: MemoryStore) -> int:
    """Count the ways back elsewhere that cases leave to a person."""
    cases = [Case.model_validate(row.body) for row in store.rows() if row.key == "case"]
    return sum(left.way_in is not None for case in cases for left in case.left)


def _undoable(store: MemoryStore) -> str:
    tasks = [row.body for row in store.rows() if row.key.startswith("task:")]
    made = [t["responder"] for t in tasks if t["state"] == TaskState.VERIFIED]
    back = [name for name in made if catalogue()[name].reversible]
    return f"{len(back)} of {len(made)}"


def everything() -> str:
    """Write the policy in which a person has released beforehand what they would be asked for."""
    return _EVERYTHING + "".join(f'{name} = "enforce"\n' for name in catalogue())


def shipped() -> str:
    """Give the shipped policy, as for an account without roles: nobody has been asked yet."""
    text = SHIPPED.read_text(encoding="utf-8")
    return text.replace('privileged = "approve"', 'privileged = "enforce"')


def main() -> int:
    """Play all of them in each story; exits with 1 where Firebreak left or broke something."""
    session = Session("footholds", path=parser(__doc__).parse_args().json)
    plays: dict[str, Play] = {
        "Firebreak, all released": firebreak(everything()),
        "Firebreak, nobody asked": firebreak(shipped()),
        **{name: peer(told) for name, told in PEERS.items()},
        "a trained person": person,
    }
    failed = False
    for title, story in _STORIES.items():
        found = [played(name, story, play) for name, play in plays.items()]
        session.table(f"{title}: seconds since the alert", [row(one, found[0]) for one in found])
        for one in found:
            rows = sorted({one.numbers[label] for label in one.left})
            said = f"leaves of rows {rows}" if rows else "leaves nothing"
            session.say(f"  {one.name} {said}; the owner loses: {', '.join(one.lost) or 'nothing'}")
        others = [one for one in found if not one.name.startswith("Firebreak")]
        session.table(f"{title}: who is ahead, row by row", ahead(found[0], others))
        session.keep(**{story.__name__: {one.name: _kept(one) for one in found}})
        failed = failed or len(found[0].left) > found[0].kept.said or bool(found[0].lost)
    session.end()
    return _FAILED if failed else 0


def _kept(one: Played) -> Json:
    said = one.kept.said
    return {"killed": one.killed, "left": one.left, "said": said, "lost": list(one.lost)}


if __name__ == "__main__":
    sys.exit(main())
