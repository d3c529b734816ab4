from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lab.clock import Clock
from lab.mortal import Fuse, Killed, MortalBench
from lab.score_history import CONTROLS, ScoreHistory
from lab.tenant import SimulatedTenant, TenantSettings
from lab.tenant.limits import Limits, Service
from lab.tenant.settings import Throttling
from lab.workbench import Workbench
from shared.model import Json
from shared.policy.secure_score import Board
from shared.posture import SweepName
from shared.store.memory import MemoryQueue, MemoryStore
from shared.sweeps.floor import LEASE
from shared.sweeps.posture import sweeps
from shared.tasks import keys
from shared.tasks.overdue import GRACE

NAME = SweepName("secure_score")
ONLY = {NAME: sweeps()[NAME]}
SHIPPED = (Path(__file__).resolve().parents[2] / "policy.toml").read_text(encoding="utf-8")
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
FULL = {"AdminMFAV2": 10.0, "BlockLegacyAuthentication": 8.0, "exo_mailboxaudit": 5.0}


class Place:
    """A tenant with a past, and the app on it."""

    def __init__(self, *, policy: Path | None = None, **settings: Any) -> None:
        self.clock = Clock.frozen(NOON)
        wanted = {"page_size": 25, **settings}
        self.lab = SimulatedTenant(clock=self.clock, settings=TenantSettings.instant(**wanted))
        self.history = ScoreHistory(self.lab)
        self.store = MemoryStore()
        wished = {"policy": policy} if policy else {}
        self.bench = Workbench(self.lab, store=self.store, sweeps=ONLY, settings=wished)

    async def run(self) -> Json:
        """Run the sweep to its end and show it."""
        await self.bench.app.start_sweeps()
        await self.bench.settle(within=timedelta(days=1))
        return await self.shown()

    async def shown(self) -> Json:
        page = await self.bench.app.show_sweep(NAME, {"accept": "application/json"})
        found: Json = json.loads(page.body)
        return found

    async def next_day(self, points: dict[str, float]) -> Json:
        self.clock.advance(86_400)
        self.history.day(self.clock.now(), points)
        return await self.run()

    def kept(self, prefix: str) -> dict[str, Json]:
        start = f"{keys.KEPT}{prefix}"
        found = {row.key: row.body for row in self.store.rows() if row.key.startswith(start)}
        return {key.removeprefix(start): body for key, body in found.items()}

    @property
    def board(self) -> Board:
        (body,) = self.kept("board").values()
        return Board.model_validate(body)

    def titles(self, shown: Json, kind: str) -> list[str]:
        return [f["subject"] for f in shown["worst"] if f["kind"] == kind and f["state"] != "fixed"]


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    made = Place()
    async with made.bench:
        yield made


async def test_the_first_run_fills_in_all_that_microsoft_still_has(place: Place) -> None:
    place.history.lay_out(days=120)
    shown = await place.run()
    assert shown["run"]["state"] == "complete"
    assert len(place.kept("day:")) == 90
    assert shown["run"]["subjects"] == len(CONTROLS) + 3


async def test_history_goes_on_beyond_what_microsoft_keeps(place: Place) -> None:
    place.history.lay_out(days=90)
    await place.run()
    for _ in range(5):
        await place.next_day(FULL)
    assert len(place.kept("day:")) == 95


async def test_open_controls_are_findings_and_decided_or_past_ones_are_not(place: Place) -> None:
    place.history.lay_out(days=3)
    shown = await place.run()
    found = set(place.titles(shown, "open_control"))
    assert found == {"MFARegistrationV2", "mdo_blockmailforward", "IntegratedApps", "scid_2001"}
    assert {aside.control for aside in place.board.aside} == {
        "AcceptedControl",
        "ThirdPartyControl",
        "ReviewedControl",
    }


async def test_a_control_that_lost_its_points_is_a_regression_and_is_told(place: Place) -> None:
    place.history.lay_out(days=3)
    await place.run()
    shown = await place.next_day({**FULL, "AdminMFAV2": 0.0})
    assert place.titles(shown, "regression") == ["AdminMFAV2"]
    assert place.titles(shown, "drop") == ["tenant"]
    told = [row.body["said"] for row in place.store.rows() if "said" in row.body]
    assert any("Require MFA for administrators" in said for said in told)
    shown = await place.next_day(FULL)
    assert place.titles(shown, "regression") == []
    assert shown["run"]["counts"]["fixed"] >= 2


@pytest.mark.parametrize(("tolerated", "told"), [(40.0, False), (5.0, True)])
async def test_the_policy_says_from_which_drop_on_somebody_is_told(
    tmp_path: Path, tolerated: float, *, told: bool
) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text(f"{SHIPPED.replace('score_drop = 2.0', f'score_drop = {tolerated}')}")
    place = Place(policy=policy)
    async with place.bench:
        place.history.lay_out(days=3)
        await place.run()
        shown = await place.next_day({**FULL, "AdminMFAV2": 0.0})
        assert place.titles(shown, "drop") == (["tenant"] if told else [])
        assert place.titles(shown, "regression") == ["AdminMFAV2"]
        said = [row.body["said"] for row in place.store.rows() if "said" in row.body]
        assert any("Secure Score fell" in text for text in said) is told


async def test_a_maximum_that_rose_by_a_new_control_is_no_regression(place: Place) -> None:
    place.history.lay_out(days=60)
    shown = await place.run()
    (month,) = [one for one in place.board.since if one.span == "last month"]
    assert month.change is not None
    assert place.titles(shown, "regression") == place.titles(shown, "drop") == []


async def test_a_control_somebody_accepts_at_microsoft_is_fixed_here(place: Place) -> None:
    place.history.lay_out(days=3)
    await place.run()
    place.history.decide("mdo_blockmailforward", "Ignored", place.clock.now())
    shown = await place.next_day(FULL)
    assert "mdo_blockmailforward" not in place.titles(shown, "open_control")


async def test_no_score_at_all_is_a_gap_and_nothing_is_called_fixed(place: Place) -> None:
    place.history.lay_out(days=3)
    before = await place.run()
    place.lab.state.posture.controls.clear()
    shown = await place.next_day({})
    assert shown["run"]["state"] == "partial"
    assert shown["run"]["gaps"] == ["Microsoft returned no control"]
    assert shown["run"]["counts"]["unknown"] == before["run"]["counts"]["open"]
    assert shown["run"]["counts"]["fixed"] == 0


async def test_a_score_that_stands_still_is_said_to_be_out_of_date(place: Place) -> None:
    place.history.lay_out(days=3)
    await place.run()
    place.clock.advance(5 * 86_400)
    shown = await place.run()
    assert place.board.stale
    assert place.titles(shown, "stale") == ["tenant"]


async def test_a_missing_permission_is_named_and_the_run_is_given_up(place: Place) -> None:
    place.history.lay_out(days=3)
    place.lab.granted = frozenset()
    shown = await place.run()
    assert shown["run"]["state"] == "failed"
    assert "SecurityEvents.Read.All" in shown["run"]["reason"]


async def test_the_published_limits_are_kept_under_throttling() -> None:
    place = Place(page_size=2, throttling=Throttling.PUBLISHED)
    async with place.bench:
        place.history.lay_out(days=90)
        shown = await place.run()
        assert shown["run"]["state"] == "complete"
        assert len(place.kept("day:")) == 90
        assert {call.status for call in place.lab.calls} == {200}
        assert len(place.lab.calls) == shown["run"]["calls"] > 45


def findings(store: MemoryStore) -> list[Json]:
    """What was found, without when and by which run."""
    return [row.body["finding"] for row in store.rows() if "finding" in row.body]


@pytest.mark.parametrize("points", [(3,), (30,), (90,), (150, 40), (220, 10, 60)])
async def test_stopped_and_continued_it_finds_the_same(points: tuple[int, ...]) -> None:
    whole, stopped = Place(page_size=3), Place(page_size=3)
    for place in (whole, stopped):
        place.history.lay_out(days=9)
    await whole.run()
    messages = MemoryQueue(stopped.clock.now)
    for at in (*points, None):
        bench = MortalBench(
            stopped.lab, store=stopped.store, messages=messages, fuse=Fuse(at), sweeps=ONLY
        )
        async with bench:
            with suppress(Killed):
                await bench.app.start_sweeps()
                await bench.app.reconcile()
                await bench.settle(within=timedelta(hours=1))
        stopped.clock.advance((LEASE + GRACE).total_seconds() + 1)
        bench.bury()
    assert findings(stopped.store) == findings(whole.store) != []
    await whole.bench.client.aclose()
    await stopped.bench.client.aclose()


def test_the_simulated_service_takes_four_calls_side_by_side_and_no_fifth() -> None:
    limits = Limits()
    owner = str(Service.SECURE_SCORE)
    ask = {"owner": owner, "cost": 1, "write": False, "users": 10, "at": NOON}
    for _ in range(4):
        assert limits.enter(Service.SECURE_SCORE, **ask) is None  # type: ignore[arg-type]
        limits.begin(owner)
    refused = limits.enter(Service.SECURE_SCORE, **ask)  # type: ignore[arg-type]
    assert refused is not None
    assert refused.limit == "secure score, concurrency"


@pytest.mark.parametrize("name", sweeps())
def test_every_sweep_says_what_it_is_and_what_to_do_about_what_it_finds(name: SweepName) -> None:
    sweep = sweeps()[name]
    assert sweep.name == name
    assert sweep.summary
    assert all(sweep.kinds.values())
    assert sweep.permissions or sweep.exchange_roles
    assert sweep.calls_per_page <= sweep.budget.calls
