"""A case, from containment to the owner's return, as a person at the command line sees it."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from lab.clock import Clock
from lab.enrolment import Enrolment
from lab.scenarios import Scenario, Story, token_thief
from lab.tenant import SimulatedTenant, TenantSettings
from lab.workbench import Workbench, as_operator
from responders import catalogue
from shared.desk import Page
from shared.model import Json
from shared.telemetry import open_log
from tests.tasks.benches import POLICY

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
BY_HAND = ("methods", "access", "apps", "devices")
"""What the six responders of the tests' policy leave to a person."""
HEAD = """\
version = 1
[guards]
privileged = "enforce"
[[rule]]
name = "everything"
irreversible = true
[rule.responders]
"""
BROWSER = {"sec-fetch-site": "same-origin", "accept": "text/html"}


class Place:
    def __init__(self, story: Story = token_thief, *, at: datetime = NOON, **settings: Any) -> None:
        slow = TenantSettings.instant(unblock_delay=timedelta(hours=1.5).total_seconds())
        self.lab = SimulatedTenant(clock=Clock.frozen(at), settings=slow)
        self.scenario: Scenario = story(self.lab)
        self.bench = Workbench(self.lab, settings={"policy": POLICY, **settings}, log=open_log())

    @property
    def oid(self) -> str:
        return self.scenario.oid

    async def contained(self, minutes: float = 0) -> str:
        for alert in self.scenario.alerts:
            await self.bench.post(alert.source, alert.body)
        self.lab.clock.advance(2)
        await self.bench.settle()
        await self.wait(minutes=minutes)
        [case] = await self.bench.cases()
        return str(case["id"])

    def phone(self, *, at: datetime | None = None) -> str:
        """Register a telephone as a method."""
        return Enrolment(self.lab).register(self.oid, "phone", at=at or self.lab.now()).id

    async def wait(self, **span: float) -> None:
        until = self.lab.now() + timedelta(**span)
        await self.bench.settle(within=timedelta(**span))
        self.lab.clock.advance(max((until - self.lab.now()).total_seconds(), 0.0))

    async def ask(self, what: str, case: str, **request: object) -> tuple[int, Json]:
        body = json.dumps({"by": "olga", **request}).encode()
        headers = as_operator(f"cases/{case}/{what.replace('_', '-')}", body, self.lab.now())
        take: Callable[..., Any] = getattr(self.bench.app, what)
        page: Page = await take(case, headers, body)
        return page.status, json.loads(page.body)

    async def green(self) -> str:
        case = await self.contained(minutes=70)
        for check in BY_HAND:
            status, said = await self.ask("confirm", case, check=check)
            assert status == 202, said
        return case

    async def back(self) -> str:
        """Let the owner back in; the owner signs in a minute later."""
        case = await self.green()
        status, said = await self.ask("restore", case)
        assert status == 202, said
        await self.wait(minutes=1)
        assert self.lab.users[self.oid].enabled
        return case

    async def lights(self, case: str) -> dict[str, str]:
        lines = (await self.bench.case(case))["way_back"]["lines"]
        return {line["name"]: line["light"] for line in lines}

    async def task(self, case: str, responder: str) -> Json:
        [found] = [t for t in (await self.bench.case(case))["tasks"] if t["responder"] == responder]
        return dict(found)

    async def events(self, case: str, event: str) -> list[Json]:
        return [e for e in (await self.bench.case(case))["happened"] if e["event"] == event]

    def ours(self) -> list[str]:
        own = self.lab.own_object_id
        return [w.what for w in self.lab.writes if w.actor == own]


def everything(folder: Path, *, without: Collection[str] = ()) -> Path:
    """Write a policy that enforces every responder but those, and what only people ask for."""
    names = set(catalogue()) - {"restore_sign_in", *without}
    path = folder / "everything.toml"
    path.write_text(HEAD + "".join(f'{name} = "enforce"\n' for name in sorted(names)))
    return path
