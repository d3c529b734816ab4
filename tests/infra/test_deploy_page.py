"""docs/deploy.md can be followed: commands, choices, outputs and figures are the templates' own."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from croniter import croniter

from shared.alerts.source import Sources
from tests.infra.bicep_files import INFRA, ROOT, parsed
from tests.infra.command_line import follow

PAGE: Final = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
SHELL: Final = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
BASH: Final = shutil.which("bash") or "/bin/bash"
GIVEN_BY_AZD: Final = {"AZURE_ENV_NAME", "AZURE_LOCATION", "AZURE_PRINCIPAL_ID"}
VARIABLES: Final = {
    found[1]: found[2]
    for found in re.finditer(
        r"\$\{([A-Z0-9_]+)(?:=([^}]*))?\}",
        (INFRA / "main.parameters.json").read_text(encoding="utf-8"),
    )
}
"""Each variable of the azd environment that is a parameter, and its default."""


def test_every_choice_is_explained_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `([A-Z0-9_]+)` \| ([^|]+) \|", PAGE, re.MULTILINE))
    choices = {name: value for name, value in VARIABLES.items() if name not in GIVEN_BY_AZD}
    costs = {name for name in rows if name in VARIABLES}
    assert costs == set(choices)
    for name, default in choices.items():
        if default is not None:
            assert rows[name] == f"`{default}`", name


@pytest.mark.parametrize("block", SHELL, ids=lambda block: block.split("\n")[0][:40])
def test_every_block_is_a_shells(block: str) -> None:
    done = subprocess.run([BASH, "-n"], input=block, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_command_of_ours_is_one_there_is() -> None:
    named = re.findall(r"^firebreak ([^|>#\n]+)", "\n".join(SHELL), re.MULTILINE)
    named += re.findall(r"`firebreak ([^`]+)`", PAGE)
    assert named
    for command in named:
        follow(command.split())


def test_every_value_that_is_read_or_set_there_is() -> None:
    known = set(VARIABLES) | set(parsed("main.bicep")["outputs"])
    used = set(re.findall(r"azd env (?:get-value|set) ([A-Z0-9_]+)", PAGE)) - {"NAME"}
    assert used
    assert used <= known
    assert set(re.findall(r"\b(?:AZURE|SERVICE|SIGN_IN)_[A-Z_]+\b", PAGE)) <= known


def test_sign_in_gets_the_parameters_it_asks_for() -> None:
    asked = parsed("sign-in.bicep")["parameters"]
    (block,) = (each for each in SHELL if "sign-in.bicep" in each)
    given = set(re.findall(r"\b(\w+)=\"\$\(", block))
    assert given == {name for name, found in asked.items() if found["default"] is None}


def test_the_secrets_named_are_those_of_the_vault() -> None:
    made = parsed("modules/key-vault.bicep")["resources"]
    names = {made[each]["config"]["name"] for each in ("sources", "channels", "linkKeys")}
    assert set(re.findall(r"\bfirebreak-[a-z-]+\b", PAGE)) == names


def test_the_source_of_the_playbook_is_valid_and_named_as_its_address_ends() -> None:
    (example,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    (source,) = Sources.model_validate(json.loads(example)).root
    text = (INFRA / "main.bicep").read_text(encoding="utf-8")
    assert f"/api/alerts/{source.name}'" in text


def test_every_link_leads_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", PAGE):
        if not target.startswith("https://"):
            assert (ROOT / "docs" / target).exists(), target
    titles = {
        re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-")
        for title in re.findall(r"^##+ (.+)$", PAGE, re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE)) <= titles


def test_what_idling_costs_follows_from_the_timers() -> None:
    """Flex Consumption bills each run as a second at least, at the instance's memory."""
    text = (ROOT / "function_app.py").read_text(encoding="utf-8")
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    runs = 0
    for schedule in re.findall(r'timer_trigger\(schedule="([^"]+)"', text):
        second, *rest = schedule.split()
        ticks = croniter(" ".join((*rest, second)), begin, second_at_beginning=False)
        while ticks.get_next(datetime) <= begin + timedelta(days=1):
            runs += 1
    said = re.search(r"three timers.* some ([\d,]+) GB-s", PAGE)
    assert said
    assert abs(int(said[1].replace(",", "")) - runs * 30 * 2) < 1000
