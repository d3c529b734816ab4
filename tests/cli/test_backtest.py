"""`firebreak backtest`: what a policy would have done with past alerts."""

from __future__ import annotations

import asyncio
import gc
import gzip
import json
import tracemalloc
from pathlib import Path
from typing import Any

from cli.backtest import Backtest
from cli.exits import Exit
from cli.gather import Gatherer
from cli.pile import Pile
from cli.policy import read
from cli.reading import Reader
from shared.model import AccountKind, Mode
from tests.alerts.read_cases import cases
from tests.cli.past_alerts import detection, lines, told, typed, user
from tests.tasks.benches import Bench

HOUR = 60.0
POLICY = """
version = 1
[[rule]]
name = "guests"
kinds = ["risky_sign_in"]
account = ["guest"]
[rule.responders]
revoke_sessions = "approve"
[[rule]]
name = "loud"
kinds = ["risky_sign_in"]
severity = ["high"]
[rule.responders]
disable_sign_in = "enforce"
stop_forwarding = "approve"
[[rule]]
name = "all"
[rule.responders]
disable_sign_in = "observe"
"""


def tried(tmp_path: Path, *words: str, policy: str = POLICY, **files: str) -> Any:
    """Write files (`a__b` is b below a) and a policy, and try the one on the others."""
    (tmp_path / "policy.toml").write_text(policy)
    for name, text in files.items():
        file = tmp_path / "past" / name.replace("__", "/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    asked = ("backtest", str(tmp_path / "past"), "--policy", str(tmp_path / "policy.toml"))
    return told(*asked, *words)


def test_it_says_per_account_and_day_what_would_have_been_done(tmp_path: Path) -> None:
    found = tried(
        tmp_path,
        first=lines(detection(1), detection(2, minutes=24 * HOUR, riskLevel="low")),
        second=json.dumps(detection(3, who=1, minutes=5)),
    )
    total = found["total"]
    assert (total["alerts"], total["cases"], total["acted"]) == (3, 2, 1)
    assert total["responders"] == {
        "disable_sign_in": {"enforce": 1, "observe": 1},
        "stop_forwarding": {"approve": 1},
    }
    assert list(found["days"]) == ["2026-05-04", "2026-05-05"]
    loud, quiet = (found["accounts"][f"user{n}.roe@contoso.example"] for n in (1, 2))
    assert (loud["acted"], loud["waited"], loud["cases"]) == (1, 1, 1)
    assert (quiet["acted"], quiet["observed"]) == (0, 1)


def test_the_app_itself_decides_the_same(tmp_path: Path) -> None:
    """The same alert through the webhook of the app, on a tenant in which the account is."""
    file = tmp_path / "past.json"

    async def live() -> dict[str, Mode]:
        async with Bench() as bench:
            (alert,) = bench.scenario.alerts
            file.write_bytes(alert.body)
            await bench.tell()
            await bench.step()
            return {str(task.responder): task.mode for task in bench.tasks().values()}

    modes = asyncio.run(live())
    policy = str(Path(__file__).resolve().parents[1] / "tasks" / "policy.toml")
    found = told("backtest", str(file), "--policy", policy)
    assert {name: {mode: 1} for name, mode in modes.items()} == found["total"]["responders"]


def test_the_brakes_trip_in_the_order_of_the_alerts_own_times(tmp_path: Path) -> None:
    policy = POLICY + "\n[guards.radius]\nper_hour = 2\n"
    burst = [detection(number, minutes=number) for number in range(5)]
    later = detection(9, minutes=3 * HOUR)
    # Written backwards: what comes first in the file happened last.
    found = tried(tmp_path, policy=policy, all=lines(later, *reversed(burst)))
    assert (found["total"]["acted"], found["total"]["radius"]) == (3, 3)
    acted = [who for who, tally in found["accounts"].items() if tally["acted"]]
    assert sorted(acted) == [f"user{number}.roe@contoso.example" for number in (0, 1, 9)]


def test_a_false_alarm_storm_is_counted(tmp_path: Path) -> None:
    policy = POLICY + "\n[guards.burst]\ncases = 3\nminutes = 10\n"
    burst = [detection(number, minutes=number) for number in range(5)]
    found = tried(tmp_path, policy=policy, all=lines(*burst))
    assert (found["total"]["acted"], found["total"]["storm"]) == (2, 3)


def test_a_protected_account_is_only_reported_on(tmp_path: Path) -> None:
    policy = POLICY + f'\n[protected]\naccounts = ["{user(1)}"]\n'
    found = tried(tmp_path, policy=policy, all=lines(detection(1), detection(2)))
    assert found["accounts"]["user1.roe@contoso.example"]["observed"] == 1
    assert found["accounts"]["user2.roe@contoso.example"]["acted"] == 1


def test_accounts_are_taken_for_what_is_said_and_guests_for_guests(tmp_path: Path) -> None:
    guest = detection(2, userPrincipalName="eve_mallory.example#EXT#@contoso.example")
    alerts = lines(detection(1), guest)
    found = tried(tmp_path, all=alerts)
    assert found["total"]["responders"]["revoke_sessions"] == {"approve": 1}
    admins = tried(tmp_path, "--account", "privileged", all=alerts)
    assert admins["total"]["acted"] == 0
    assert any("No account was looked up" in said for said in admins["unknown"])
    assert any("guests" in said for said in admins["unknown"])


def test_what_was_not_read_is_counted_with_its_reason_and_first_place(tmp_path: Path) -> None:
    found = tried(
        tmp_path,
        broken="{",
        other=json.dumps({"hello": 1}),
        over=json.dumps(detection(1, riskState="remediated")),
    )
    firsts = sorted(row["first"].rpartition("/")[2] for row in found["unreadable"])
    assert firsts == ["broken", "other, line 1"]
    assert "remediated" in found["ignored"][0]["reason"]
    assert found["total"]["cases"] == 0


def test_the_same_alert_twice_counts_once(tmp_path: Path) -> None:
    found = tried(tmp_path, a=lines(detection(1)), b=lines(detection(1)))
    assert (found["read"]["alerts"], found["read"]["repeated"]) == (1, 1)


def test_an_archive_is_read_like_a_file(tmp_path: Path) -> None:
    (tmp_path / "past").mkdir()
    (tmp_path / "past" / "may.ndjson.gz").write_bytes(
        gzip.compress(lines(*(detection(number) for number in range(3))).encode())
    )
    assert tried(tmp_path)["read"]["alerts"] == 3


def test_parts_of_a_streamed_alert_are_joined_across_files(tmp_path: Path) -> None:
    parts = {case.slug: case for case in cases() if case.carrier == "defender_streaming"}
    found = tried(
        tmp_path,
        a=parts["info-alone"].body.decode(),
        b=parts["evidence-alone"].body.decode(),
    )
    assert found["total"]["cases"] == 1
    assert found["incomplete"][0]["count"] == 1


def test_a_named_source_is_read_by_its_carrier_alone(tmp_path: Path) -> None:
    alert = lines(detection(1))
    found = tried(tmp_path, "--source", "wrong=sentinel_alert", wrong__may=alert, right=alert)
    assert found["read"]["carriers"] == {"sentinel_alert": 1, "identity_protection": 1}
    assert len(found["unreadable"]) == 1


def test_a_carrier_that_there_is_not_is_wrong_usage(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{}")
    for source in ("x=none", "x", "x=generic"):
        code, said = typed("backtest", str(tmp_path), "--source", source)
        assert code == Exit.USAGE, said


def test_no_letter_from_a_file_reaches_the_terminal_as_a_command(tmp_path: Path) -> None:
    (tmp_path / "a\x1b[2J.json").write_text('{"\x9b31m')
    _, said = typed("backtest", str(tmp_path))
    assert not set("\x1b\x9b") & set(said)


async def test_memory_does_not_grow_with_the_alerts(
    tmp_path: Path,
) -> None:
    file = tmp_path / "past.ndjson"

    async def held(alerts: int) -> int:
        file.write_text(lines(*(detection(n, who=n % 5, minutes=n) for n in range(alerts))))
        test = Backtest(read(Path("policy.toml")), frozenset({AccountKind.CLOUD}))
        tracemalloc.start()
        with Pile() as pile:
            gatherer = Gatherer(Reader({"past": "identity_protection"}), pile)
            gatherer.gather(file, say=lambda *_: None)
            await test.run(pile.in_order())
            gc.collect()
            now, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert test.total.alerts == alerts
        return now

    await held(10)
    few, many = await held(300), await held(900)
    # An alert takes thousands of bytes; pydantic remembers some thousands of short strings.
    assert (many - few) / 600 < 200
