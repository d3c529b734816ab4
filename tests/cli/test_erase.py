"""What `firebreak erase` shows before and after, and `firebreak audit verify` of it."""

from __future__ import annotations

import getpass
import io
from datetime import UTC, datetime
from typing import Self

import httpx
import pytest

from cli.audit import erased_line
from cli.erase import erase, list_view
from cli.exits import CommandError, Exit
from cli.remote import Remote
from lab.workbench import SECRET
from shared.sweeps.verify import Verify
from tests.cli.test_alerts import printed
from tests.shared.test_erasure_counter import settled
from tests.tasks.benches import Bench


def by_the_clock() -> datetime:
    """Tell the computer's time when a test begins: by it the command line signs."""
    return datetime.now(UTC).replace(microsecond=250_000)


class Wired(Remote):
    """The command line's own client, on the app of a bench instead of a network."""

    def __init__(self, bench: Bench) -> None:
        super().__init__("http://127.0.0.1", secret=SECRET)
        self._http = httpx.AsyncClient(
            base_url=self.url, headers=self._http.headers, transport=httpx.MockTransport(self._hear)
        )
        self._bench = bench

    async def __aenter__(self) -> Self:
        return self

    async def _hear(self, request: httpx.Request) -> httpx.Response:
        app, headers = self._bench.app, dict(request.headers)
        what = request.url.path.removeprefix("/api/erasures").strip("/")
        asked = app.erase(what, headers, request.content) if what else app.erasures(headers)
        page = await asked
        return httpx.Response(page.status, text=page.body)


async def run(bench: Bench, *, yes: bool = True, reason: str = "Request 17") -> None:
    await erase(Wired(bench), bench.oid, reason, yes=yes, within=0, as_json=False)


async def test_the_plan_is_shown_first_and_the_end_is_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with Bench(at=by_the_clock()) as bench:
        await settled(bench)
        case = bench.the_case()
        await run(bench)
        said = " ".join(capsys.readouterr().out.split())
        for words in (case.id, case.account.display_name, bench.oid, "What stays", "hashes"):
            assert words in said
        assert said.index("What stays") < said.index("is done")
        assert bench.the_case().erased_at is not None


async def test_without_a_yes_nothing_is_erased(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    async with Bench(at=by_the_clock()) as bench:
        await settled(bench)
        with pytest.raises(CommandError, match="Nothing was erased") as raised:
            await run(bench, yes=False)
        assert raised.value.code == Exit.REFUSED
        assert bench.the_case().erased_at is None


async def test_an_open_case_ends_the_command_with_its_number() -> None:
    async with Bench(at=by_the_clock()) as bench:
        await bench.tell()
        await bench.settle()
        with pytest.raises(CommandError, match=bench.the_case().id) as raised:
            await run(bench)
        assert raised.value.code == Exit.REFUSED


async def test_the_list_names_what_is_held_back_and_nobody_who_is_erased() -> None:
    async with Bench(at=by_the_clock()) as bench:
        await settled(bench)
        bench.store.held = ("evidence/",)
        account = bench.the_case().account
        await run(bench)
        async with Wired(bench) as remote:
            shown = printed(list_view(await remote.erasures()))
        flat = " ".join(shown.split())
        assert "immutability policy" in flat
        assert "Request 17" in flat
        for name in (account.upn, account.display_name, bench.oid):
            assert name not in flat


async def test_a_verification_says_erased_on_which_day_and_by_whom() -> None:
    async with Bench(at=by_the_clock()) as bench:
        await settled(bench)
        await run(bench)
        walk = Verify(bench.store, bench.clock.now, bench.app.settings.tenant)
        assert [fault async for fault in walk.run()] == []
        said = [erased_line(one) for one in walk.erased.erasures]
        assert any(
            f"erased on {by_the_clock():%Y-%m-%d} by {getpass.getuser()}" in one for one in said
        )
        assert any(bench.the_case().id in one for one in said)
