"""`firebreak notify`: says who is reached, tries a channel, sends again what it did not take."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.exits import Exit
from cli.main import app
from lab import services
from lab.receivers import Receivers
from lab.workbench import SECRET
from shared.app import App
from tests.cli.test_erase import by_the_clock
from tests.e2e.test_approval_pages import Site, served
from tests.tasks.benches import Bench
from tests.tasks.telling import telling_bench, told

EARLIER = timedelta(hours=3)
"""As long as it takes at most until what nobody takes is given up."""


class Reached(Site):
    """An app whose people are told, and a command line that finds it."""

    def __init__(self, patch: pytest.MonkeyPatch, folder: Path) -> None:
        super().__init__()
        self.far = self.run(Receivers().__aenter__())
        self.told: Bench = telling_bench(self.far, patch, folder, at=by_the_clock() - EARLIER)
        patch.setenv("FIREBREAK_OPERATOR_SECRET", SECRET)

    @property
    def app(self) -> App:
        return self.told.app

    def contain(self) -> None:
        """Let a case be contained, and told of again and again where that fails, until now."""

        async def happen() -> None:
            await self.told.tell()
            await self.told.settle()
            await told(self.told)
            await self.told.settle(within=timedelta(hours=2))

        self.run(happen())

    def ask(self, *words: str) -> Result:
        """Type a command, which signs by the computer's clock."""
        self.told.clock.advance((by_the_clock() - self.told.clock.now()).total_seconds())
        address = self.address.removesuffix("/api")
        return CliRunner().invoke(app, ["notify", *words, "--url", address])

    def close(self) -> None:
        self.run(self.told.client.aclose())
        self.run(self.far.__aexit__())
        super().close()


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Reached]:
    made = Reached(monkeypatch, tmp_path)
    with served(made):
        yield made


def test_status_ends_well_where_everything_was_told(site: Reached) -> None:
    site.contain()
    found = site.ask("status")
    assert found.exit_code == Exit.DONE, found.output
    for channel in ("teams", "slack", "mail", "pager", "jira", "hook"):
        assert channel in found.stdout


def test_status_names_a_dead_channel_with_the_reason_and_ends_with_3(site: Reached) -> None:
    site.far.trouble[services.TEAMS] = 503
    site.contain()
    found = site.ask("status")
    assert found.exit_code == Exit.NOT_CONTAINED
    assert "It answered 503" in found.stdout
    assert "reached nobody" in found.stderr
    states = json.loads(site.ask("status", "--json").stdout)["channels"]
    assert {state["name"] for state in states if state["dead"]} == {"teams"}


def test_what_a_channel_did_not_take_is_sent_again_once_it_is_mended(site: Reached) -> None:
    site.far.trouble[services.TEAMS] = 503
    site.contain()
    before = len(site.far.at(services.TEAMS))
    del site.far.trouble[services.TEAMS]
    assert site.ask("again", "teams").exit_code == Exit.DONE
    site.run(site.told.settle())
    assert len(site.far.at(services.TEAMS)) > before
    assert site.ask("status").exit_code == Exit.DONE


def test_a_test_reaches_the_channel_and_no_other_and_says_who_asked(site: Reached) -> None:
    found = site.ask("test", "slack")
    assert found.exit_code == Exit.DONE, found.output
    assert "slack took the test" in found.stderr
    (call,) = site.far.heard
    assert call.host == services.SLACK
    assert b"asked whether this channel works" in call.body


@pytest.mark.parametrize(
    ("channel", "says"), [("slack", "It answered 404"), ("nobody", "no channel")]
)
def test_a_channel_that_does_not_take_it_ends_the_command_with_the_reason(
    site: Reached, channel: str, says: str
) -> None:
    site.far.trouble[services.SLACK] = 404
    found = site.ask("test", channel)
    assert found.exit_code == Exit.REFUSED
    assert says in found.stderr
