"""Every page there is, of a tenant in which a lot goes on: for axe, and for pictures to look at.

The app itself answers, in this process, over the simulated tenant. Its days are played one after
the other, and each page is kept as it was answered at the hour at which it has most to show.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest

from lab import services
from lab.carrier_alerts import risk_detection
from lab.organisation import Organisation
from lab.receivers import Receivers
from lab.scenarios import STORIES, Scenario
from lab.score_history import ScoreHistory
from shared.model import Case, CaseId, ResponderName
from shared.paths import Ask
from shared.settings import PageAccess
from tests.e2e.visitor import BROWSER, Visitor
from tests.provider.practices import Bench as Practice
from tests.tasks.approving import Person, signed_in

SHIPPED = Path(__file__).resolve().parents[2] / "policy.toml"
LONG = "Wolfeschlegelsteinhausenbergerdorff" * 4
LOOKS: tuple[tuple[Literal["light", "dark"], int], ...] = (
    *(("dark", 375), ("light", 375)),
    *(("dark", 1280), ("light", 1280)),
)
_GUARDS = """
[guards.radius]
per_hour = 10
kinds = { outbound_spam = 1 }

[guards.burst]
cases = 4

[[freeze]]
name = "Year-end closing"
mode = "approve"
starts = 2026-12-20T00:00:00Z
ends = 2027-01-06T00:00:00Z

[[notify]]
channels = ["teams"]
events = ["guard_tripped"]

[[notify]]
channels = ["mail", "pager"]
events = ["proven", "guard_tripped"]
"""
_TOLD = ("spammer", "synced_user", "full_house", "admin", "guest", "false_alarm")


async def play(folder: Path, *, policy: Path = SHIPPED) -> dict[str, str]:
    """Play everything under a policy; returns each page's HTML by a name for it.

    `folder` takes the policy as it is played under: with guards that can be tripped.
    """
    async with Receivers() as far:
        with _reached(far):
            shown = await Gallery(folder, far, policy).play()
    return shown | await _tenants(folder)


class Gallery:
    """A tenant whose days are played."""

    def __init__(self, folder: Path, far: Receivers, written: Path) -> None:
        text = written.read_text(encoding="utf-8")
        policy = folder / "gallery.toml"
        policy.write_text(text.replace("[[rule]]", f"{_GUARDS}\n[[rule]]", 1), encoding="utf-8")
        channels = services.channels(far.smtp_port)
        self.far = far
        self.bench = Person(
            settings={"policy": policy, "channels": channels, "link_keys": ("k" * 40,)}
        )
        self.visitor = Visitor(self.bench.app)
        self.scenes: dict[str, Scenario] = {}

    async def play(self) -> dict[str, str]:
        """Play everything; returns each page's HTML by a name for it."""
        async with self.bench:
            await self._early()
            await self._erasures()
            await self._sweeps()
            await self._cases()
            await self._storm()
            await self._alerts()
            await self._brakes()
            await self._refused()
        return self.visitor.shown

    async def tell(self, name: str) -> None:
        """Let a story happen, and its alerts come in and be worked off."""
        scene = self.scenes[name] = STORIES[name](self.bench.tenant)
        if name == "guest":
            self._renamed(scene.oid, LONG)
        for alert in scene.alerts:
            await self.bench.post(alert.source, alert.body)
        self.bench.clock.advance(2)
        await self.bench.settle(within=timedelta(seconds=90))

    async def suspect(self, number: int) -> None:
        """Let an alert come in about one of the organisation's accounts."""
        user = self.bench.tenant.users[self._oid(number)]
        at = self.bench.clock.now() - timedelta(minutes=2)
        alert = risk_detection(self.bench.tenant, user, at=at, kind="anomalousToken")
        await self.bench.post(alert.source, alert.body)

    def case_of(self, scene: str) -> Case:
        """Find the newest case of a story's account."""
        oid = self.scenes[scene].oid
        return max(
            (case for case in self.bench.all_cases() if case.account.object_id == oid),
            key=lambda case: case.opened_at,
        )

    async def _early(self) -> None:
        """Weeks ago: an account taken, proven clean, its owner let back in."""
        await self.visitor.show("cases-none", "cases")
        await self.visitor.show("approvals-none", "approvals")
        await self.tell("token_thief")
        await self.bench.settle(within=timedelta(hours=2))
        case = self.case_of("token_thief").id
        await self.visitor.show("restore-asked", f"cases/{case}/restore")
        await self.visitor.press(f"cases/{case}/restore", reason="The owner was seen in person")
        await self.bench.settle(within=timedelta(minutes=5))
        await self.visitor.show("restore-done", f"cases/{case}/restore")
        passed = await self.visitor.press(f"cases/{case}/access-pass")
        self.visitor.shown["access-pass"] = passed.body
        await self.bench.settle(within=timedelta(days=9))
        await self.visitor.show("case-long-ago", f"cases/{case}")

    async def _erasures(self) -> None:
        """One erasure is done, one waits for a sweep, and storage holds a file back."""
        await self.visitor.show("erasures-none", "erasures")
        oid = self.scenes["token_thief"].oid
        self.bench.store.held = ("raw/",)
        await self._erase(oid, "Request 17 of 2026, by the person themselves")
        await self.visitor.show("case-erased", f"cases/{self.bench.all_cases()[0].id}")

    async def _erase(self, oid: str, reason: str) -> None:
        plan = (await self.visitor.press("erasures/plan", user=oid)).body
        seen = re.findall(r'name="seen" value="(\w+)"', plan)
        await self.visitor.press("erasures/start", user=oid, seen=seen[0], reason=reason)
        self.visitor.shown["erasure-plan"] = plan

    async def _sweeps(self) -> None:
        await self.visitor.show("posture-none", "sweeps")
        Organisation(self.bench.tenant, 40)
        ScoreHistory(self.bench.tenant).lay_out(days=90)
        for _ in range(4):
            await self.bench.app.start_sweeps()
            await self.bench.settle(within=timedelta(days=1))
            self.bench.clock.advance(24 * 3600)
        await self.bench.app.start_sweeps()
        await self._erase(self._oid(7), "Request 18 of 2026")
        await self.visitor.show("erasures", "erasures")
        await self.bench.settle(within=timedelta(hours=2))
        await self.visitor.show("posture", "sweeps")
        for name in ("mfa_coverage", "secure_score", "mail_forwarding"):
            await self.visitor.show(f"sweep-{name}", f"sweeps/{name}")
        await self.visitor.show("posture-report", "sweeps/report")

    async def _cases(self) -> None:
        """The day itself: stories of every kind, each at its own pace."""
        for scene in _TOLD:
            await self.tell(scene)
        await self.bench.settle(within=timedelta(minutes=90))
        for scene in ("full_house", "admin", "synced_user", "guest"):
            await self.visitor.show(f"case-{scene}", f"cases/{self.case_of(scene).id}")
        case = self.case_of("full_house").id
        await self.visitor.show("report", f"cases/{case}/report")
        await self.visitor.show("undo", f"cases/{case}/undo")
        await self.suspect(20)
        await self.bench.step()
        self.bench.tenant.fail(times=40)
        await self.bench.step()
        self.bench.tenant.faults.clear()
        case = max(self.bench.all_cases(), key=lambda case: case.opened_at).id
        await self.visitor.show("case-running", f"cases/{case}")
        await self.visitor.show("cases", "cases")
        await self.bench.settle(within=timedelta(seconds=90))

    async def _storm(self) -> None:
        """One rule opens many cases within minutes, the blast radius runs full, a channel dies."""
        self.far.trouble[services.TEAMS] = 503
        for number in range(9):
            await self.suspect(number)
            self.bench.clock.advance(20)
        await self.bench.settle(within=timedelta(seconds=90))
        await self.visitor.show("guards", "guards")
        await self.bench.app.reconcile()
        await self.bench.settle(within=timedelta(hours=2))
        await self.visitor.show("notifications", "notifications")
        await self.visitor.show("cases-found", "cases?q=contoso")
        await self.visitor.show("cases-not-found", "cases?q=nobody-of-this-name")
        await self.visitor.show("approvals", "approvals")
        await self.visitor.show("linked", f"approve/{await self._link()}")
        await self._judged()

    async def _judged(self) -> None:
        """Some of the storm's cases are called false alarms, and one that is none there."""
        newest = sorted(self.bench.all_cases(), key=lambda case: case.opened_at)[-3:]
        cases = [str(case.id) for case in newest]
        named = {"case": [*cases, "0" * 16], "reason": "A detection that errs, says SOC-118"}
        page = await self.visitor.press("verdicts/false-alarm", **named)
        self.visitor.shown["verdicts"] = page.body
        await self.bench.settle(within=timedelta(seconds=30))
        await self.visitor.show("case-no-alarm", f"cases/{cases[0]}")
        await self.visitor.show("cases-after-alarm", "cases?q=contoso")

    async def _alerts(self) -> None:
        """Alerts that opened no case: not readable, about nobody known, not ours, given up."""
        bench = self.bench
        await self.visitor.show("alerts-none", "alerts")
        await bench.post("defender", b'{"value": [{"title": ' + LONG.encode())
        await bench.post("office365", b'[{"Operation": "Set-Mailbox", "Id": "1"}]')
        await bench.detect(901, level="none")
        stranger = {"request": "7", "user": f"{LONG}@contoso.example", "reason": LONG, "by": "Nia"}
        await bench.post("operator", stranger)
        await bench.app.poison("a message that nobody can read")
        await bench.settle(within=timedelta(minutes=10))
        await self.visitor.show("alerts", "alerts")
        alert = next(a.id for a in bench.alerts() if a.case is None)
        await self.visitor.show("alert", f"alert/{alert}/why")

    async def _brakes(self) -> None:
        await self.visitor.press("guards/switch", ceiling="approve", reason="Too many false alarms")
        await self.visitor.show("guards-paused", "guards")
        await self.visitor.show("policy", "policy")
        await self.visitor.show("health", "health")

    async def _refused(self) -> None:
        """What somebody sees who may less, or nothing, and what is not here."""
        bench = self.bench
        settings = bench.app.settings.model_copy(
            update={"pages": PageAccess.SIGNED_IN, "website_auth": "True"}
        )
        azure = bench.under(settings.policy, settings=settings)
        reader = signed_in("reader")
        case = self.case_of("full_house").id
        await self.visitor.show("reader-case", f"cases/{case}", app=azure, more=reader)
        for name in ("approvals", "guards", "alerts", "notifications"):
            await self.visitor.show(f"reader-{name}", name, app=azure, more=reader)
        await self.visitor.show("refused-nobody", "cases", app=azure)
        await self.visitor.show("refused-no-role", "cases", app=azure, more=signed_in())
        await self.visitor.show("not-here", "cases/0123456789abcdef")
        await self.visitor.show("link-broken", "approve/not-a-link")

    def _oid(self, number: int) -> str:
        """Find an account of the organisation."""
        (oid,) = self.bench.tenant.state.where("upn", f"u{number}@contoso.example")
        return oid

    def _renamed(self, oid: str, name: str) -> None:
        user = replace(self.bench.tenant.users[oid], display_name=name)
        self.bench.tenant.state.users.seed(oid, user)

    async def _link(self) -> str:
        """Make the token of a link to one change that waits."""
        (card, *_) = (await self.bench.cards()).values()
        until = self.bench.clock.now() + timedelta(days=1)
        link = self.bench.app.links.make(
            CaseId(card["case"]),
            ResponderName(card["responder"]),
            card["fingerprint"],
            until=until,
        )
        assert link is not None
        return link.rpartition("/")[2]


@contextmanager
def _reached(far: Receivers) -> Iterator[None]:
    """Let this process find the receivers instead of the services."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in far.environment().items():
            patch.setenv(name, value)
        yield


async def _tenants(folder: Path) -> dict[str, str]:
    """Show what a provider of two customers sees."""
    async with Practice(folder) as practice:
        await practice.play("acme")
        await practice.play("globex", level="medium")
        paths = {"tenants": "", "tenants-acme": "acme/cases"}
        return {
            name: (await practice.app.at("GET", path, Ask(BROWSER, {}))).body
            for name, path in paths.items()
        }
