"""`firebreak policy` as an engineer types it, without an app."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from cli.exits import Exit
from cli.main import app
from cli.policy import comparison

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = str(ROOT / "policy.toml")


def typed(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["policy", *words])
    return result.exit_code, result.output


def test_the_shipped_policy_can_be_put_in_force() -> None:
    code, said = typed("check", SHIPPED)
    assert code == Exit.DONE
    assert "can be put in force" in said


def test_a_check_says_how_long_what_is_collected_is_kept(tmp_path: Path) -> None:
    rule = '[[rule]]\nname = "a"\n[rule.responders]\nrevoke_sessions = "observe"\n'
    file = tmp_path / "short.toml"
    file.write_text(f"version = 1\n[retention]\ncase_days = 30\nraw_days = 0\n{rule}")
    code, said = typed("check", str(file), "--json")
    found = json.loads(said)
    assert code == Exit.DONE
    assert found["kept"] == {
        "evidence": "180 days", "bodies of alerts": "for good", "what a case says": "30 days",
    }  # fmt: skip
    assert any("case_days is shorter" in remark for remark in found["remarks"])
    assert "what a case says 30 days" in " ".join(typed("check", str(file))[1].split())


def test_retention_is_a_whole_number_of_days(tmp_path: Path) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text('version = 1\n[retention]\nraw_days = "a week"\ncase_days = -1\n')
    code, said = typed("check", str(file))
    flat = said.replace("\n", "")
    assert code == Exit.FAILED
    assert "wrong.toml:3:" in flat
    assert "wrong.toml:4:" in flat


def test_every_mistake_is_said_with_its_line_and_the_command_fails(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(
        'version = 1\nmode_celling = "observe"\n[[rule]]\nname = "a"\n'
        '[rule.responders]\ndisable_singin = "enforce"\n'
    )
    code, said = typed("check", str(file))
    flat = said.replace("\n", "")
    assert code == Exit.FAILED
    assert "mine.toml:2:" in flat
    assert "mode_ceiling" in flat
    assert "mine.toml:6:" in flat
    assert "disable_sign_in" in flat


def test_a_file_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    code, said = typed("check", str(tmp_path / "none.toml"))
    assert code == Exit.USAGE
    assert "cannot be read" in " ".join(said.split())


def test_an_explanation_includes_the_guards() -> None:
    asked = ("explain", "--kind", "risky_user", "--file", SHIPPED, "--json")
    for account, mode in (("cloud", "enforce"), ("privileged", "approve")):
        code, said = typed(*asked, "--account", account)
        assert code == Exit.DONE
        assert json.loads(said)["modes"]["disable_sign_in"] == mode


@pytest.mark.parametrize(
    ("when", "mode"),
    [
        ('days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]', "observe"),
        ("starts = 2020-01-01T00:00:00Z\nends = 2020-01-02T00:00:00Z", "enforce"),
    ],
)
def test_an_explanation_says_whether_a_freeze_is_in_force_now(
    when: str, mode: str, tmp_path: Path
) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(
        f'version = 1\n[[freeze]]\nname = "move"\nmode = "observe"\n{when}\n'
        '[[rule]]\nname = "all"\n[rule.responders]\ndisable_sign_in = "enforce"\n',
        encoding="utf-8",
    )
    code, said = typed("explain", "--kind", "risky_user", "--file", str(file), "--json")
    found = json.loads(said)
    assert (code, found["modes"]) == (Exit.DONE, {"disable_sign_in": mode})
    assert any("freeze 'move'" in reason for reason in found["reasons"]) is (mode == "observe")


def test_without_an_alert_every_setting_is_explained_with_its_line() -> None:
    code, said = typed("explain", "--file", SHIPPED, "--json")
    assert code == Exit.DONE
    lines = {line["name"]: line for line in json.loads(said)["settings"]}
    written = Path(SHIPPED).read_text(encoding="utf-8").splitlines()
    drop = lines["sweeps.score_drop"]
    assert written[drop["line"] - 1] == f"score_drop = {drop['value']}"
    assert "Secure Score" in drop["means"]
    assert all(line["means"] for line in lines.values())


@pytest.mark.parametrize("more", [True, False])
def test_a_comparison_says_when_older_cases_were_not_looked_at(*, more: bool) -> None:
    console = Console(width=120)
    with console.capture() as shown:
        console.print(comparison({"cases": 1000, "more": more, "different": []}))
    assert ("There are older ones in that time" in shown.get()) is more
    assert ("of the newest 1000 past cases" in shown.get()) is more


def test_the_schema_is_json() -> None:
    code, said = typed("schema")
    assert code == Exit.DONE
    assert json.loads(said)["title"] == "Firebreak's policy"
