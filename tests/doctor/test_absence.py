"""A guard that is absent is told: after the start, by the timer, once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lab.receivers import Receivers
from lab.services import SIEM, channels
from shared.model import Json
from shared.policy.notify import Told
from tests.tasks.benches import POLICY, Bench, other

GONE = "gone@contoso.example"
AGAIN = "too@contoso.example"
DAY = 86_400


class Watched(Bench):
    """A bench under a policy that protects whom it is told, with the lab's channels."""

    def protect(self, folder: Path, *names: str, notify: str = "") -> None:
        """Start the app again under another list of protected accounts."""
        text = POLICY.read_text(encoding="utf-8")
        listed = ", ".join(f'"{name}"' for name in names)
        path = folder / f"{len(list(folder.iterdir()))}.toml"
        path.write_text(f"{text}\n[protected]\naccounts = [{listed}]\n{notify}", encoding="utf-8")
        self.app = self.under(path)

    def absent(self) -> list[Json]:
        """List what is in the outbox about absent guards."""
        rows = [row.body for row in self.store.rows() if row.partition.endswith("|outbox")]
        return [body for body in rows if body["what"] == Told.GUARD_ABSENT]

    def deliveries(self) -> list[str]:
        """Name what was told or is being told."""
        at = [row for row in self.store.rows() if row.partition.endswith("|deliveries")]
        return [row.key for row in at]

    async def shown(self) -> int:
        """Read the number that a probe of health is shown."""
        found: Json = json.loads((await self.app.health()).body)
        count: int = found["guards_absent"]
        return count


async def test_the_first_timer_run_tells_of_a_line_that_protects_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Receivers() as far:
        for name, value in far.environment().items():
            monkeypatch.setenv(name, value)
        async with Watched(settings={"channels": channels(far.smtp_port)}) as bench:
            bench.protect(tmp_path, GONE, notify='[[notify]]\nchannels = ["hook"]\n')
            await bench.app.reconcile()
            await bench.settle()
            (told,) = far.at(SIEM)
            assert GONE in told.body.decode()
            assert json.loads(told.body)["event"] == "guard_absent"
            assert await bench.shown() == 1
            await bench.app.examined({"accept": "text/html"})
            page = (await bench.app.health({"accept": "text/html"})).body
            assert "protects nobody" in page


async def test_it_is_told_once_by_all_starts_together_and_anew_for_another_line(
    tmp_path: Path,
) -> None:
    async with Watched() as bench:
        for _ in range(3):
            bench.protect(tmp_path, GONE)
            await bench.app._absence.run()
            bench.clock.advance(DAY)
            await bench.app._absence.run()
        assert len(bench.absent()) == 1
        bench.protect(tmp_path, GONE, AGAIN)
        assert await bench.app._absence.run() == (AGAIN,)
        assert await bench.shown() == 2


async def test_once_everybody_is_there_it_is_forgotten_and_told_again_if_it_comes_back(
    tmp_path: Path,
) -> None:
    async with Watched() as bench:
        bench.protect(tmp_path, GONE)
        assert await bench.app._absence.run() == (GONE,)
        bench.protect(tmp_path, other(bench))
        assert await bench.app._absence.run() == ()
        assert await bench.shown() == 0
        bench.protect(tmp_path, GONE)
        assert await bench.app._absence.run() == (GONE,)


async def test_where_the_directory_does_not_tell_nothing_is_told_and_it_is_asked_again(
    tmp_path: Path,
) -> None:
    async with Watched() as bench:
        bench.protect(tmp_path, GONE)
        bench.tenant.fail(match="GET /users/{id}", times=1)
        assert await bench.app._absence.run() == ()
        assert await bench.shown() == 0
        assert await bench.app._absence.run() == ()
        bench.clock.advance(600)
        assert await bench.app._absence.run() == (GONE,)


async def test_a_policy_that_protects_nobody_asks_the_directory_nothing(tmp_path: Path) -> None:
    async with Watched() as bench:
        bench.protect(tmp_path)
        bench.tenant.calls.clear()
        assert await bench.app._absence.run() == ()
        assert bench.tenant.calls == []
