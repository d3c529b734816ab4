"""A policy is tried on what there was; nothing of it is done."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lab.scenarios import spammer, token_thief
from lab.workbench import as_operator
from shared.model import Json
from shared.settings import PageAccess
from shared.store.verbs import Put
from shared.tasks import keys
from shared.tasks.trial import Retrials, Trial
from tests.shared.test_guards_page import signed
from tests.tasks.benches import Bench, other, policy

ALL = """
[[rule]]
name = "everything"
irreversible = true
[rule.responders]
disable_sign_in = "{mode}"
stop_forwarding = "{mode}"
"""


async def ask(bench: Bench, what: str, **question: Any) -> tuple[int, Json]:
    body = json.dumps(question).encode()
    page = await bench.app.rehearse(
        what, as_operator(f"policy/{what}", body, bench.clock.now()), body
    )
    return page.status, json.loads(page.body)


def modes(found: Json) -> dict[str, str]:
    return {name: str(mode) for name, mode in found["modes"].items()}


async def test_a_past_case_is_judged_under_the_policy_that_is_tried() -> None:
    async with Bench(story=token_thief) as bench:
        await bench.tell()
        await bench.settle()
        before = (bench.store.rows(), bench.written())
        tried = f"version = 1\n{ALL.format(mode='observe')}"
        status, found = await ask(bench, "compare", policy=tried, days=30)
        assert (bench.store.rows(), bench.written()) == before
    assert (status, found["cases"]) == (200, 1)
    [case] = found["different"]
    assert case["now"]["modes"]["disable_sign_in"] == "enforce"
    assert modes(case["then"]) == {"disable_sign_in": "observe", "stop_forwarding": "observe"}


async def test_the_policy_in_force_differs_from_itself_in_no_case() -> None:
    async with Bench(story=spammer) as bench:
        await bench.tell()
        await bench.settle()
        text = bench.app.settings.policy.read_text(encoding="utf-8")
        _, found = await ask(bench, "compare", policy=text, days=30)
    assert found == {"cases": 1, "more": False, "different": []}


async def test_a_case_from_before_the_time_asked_for_is_left_out() -> None:
    async with Bench(story=token_thief) as bench:
        await bench.tell()
        await bench.settle()
        bench.clock.advance(3 * 86400)
        tried = f"version = 1\n{ALL.format(mode='observe')}"
        _, found = await ask(bench, "compare", policy=tried, days=2)
    assert found == {"cases": 0, "more": False, "different": []}


async def tried(bench: Bench, *, most: int, days: int) -> Retrials:
    """Try the policy in force on the newest cases."""
    trial = Trial(bench.store, bench.clock.now, bench.app.settings.tenant, most=most)
    in_force = (bench.app.policy, ())
    return await trial.run(in_force, in_force, within=timedelta(days=days))


async def two_cases(bench: Bench) -> None:
    """Open one case, and another a week later."""
    for number in (0, 1):
        bench.clock.advance(7 * 86400)
        await bench.detect(number + 1, oid=other(bench, number))
        await bench.settle()


async def test_a_trial_that_left_older_cases_of_the_time_out_says_so() -> None:
    async with Bench() as bench:
        await two_cases(bench)
        newest, both = await tried(bench, most=1, days=30), await tried(bench, most=2, days=30)
        recent = await tried(bench, most=1, days=2)
    assert [case.upn for case in newest.judged] == [both.judged[0].upn]
    assert (newest.more, len(both.judged), both.more) == (True, 2, False)
    assert (recent.judged, recent.more) == (newest.judged, False)


async def test_a_trial_stops_at_the_first_case_that_is_older_than_asked() -> None:
    async with Bench() as bench:
        await two_cases(bench)
        bench.clock.advance(7 * 86400)
        listed = keys.cases(bench.app.settings.tenant)
        lines = [row async for row in bench.store.scan(listed, prefix=keys.LISTED)]
        oldest = max(lines, key=lambda row: row.key)
        await bench.store.write(Put(listed, oldest.key, {"unreadable": True}, oldest.etag))
        assert (await tried(bench, most=9, days=2)).judged == ()
        with pytest.raises(KeyError):
            await tried(bench, most=9, days=90)


async def test_a_policy_with_mistakes_is_not_tried_and_all_of_them_are_named() -> None:
    async with Bench() as bench:
        text = 'version = 1\nmode_celling = "observe"\n' + ALL.format(mode="perhaps")
        status, found = await ask(bench, "compare", policy=text)
    assert status == 422
    assert [problem["line"] for problem in found["problems"]] == [2, 8, 9]


async def test_an_account_is_explained_as_triage_would_decide_and_nothing_is_stored() -> None:
    async with Bench() as bench:
        before = bench.store.rows()
        status, found = await ask(
            bench, "explain", user=bench.oid, kind="risky_user", severity="high"
        )
        assert (bench.store.rows(), bench.written()) == (before, [])
        await bench.tell()
        await bench.settle()
        decided = {name: str(task.mode) for name, task in bench.tasks().items()}
    assert status == 200
    assert modes(found) == decided


async def test_a_protected_account_is_explained_with_the_guard_that_stands_before_it(
    tmp_path: Path,
) -> None:
    async with Bench() as bench:
        protected = f'[protected]\naccounts = ["{other(bench)}"]\n'
        bench.app = bench.under(policy(tmp_path, protected + ALL.format(mode="enforce")))
        _, found = await ask(bench, "explain", user=other(bench), kind="risky_user")
    assert set(modes(found).values()) == {"observe"}
    assert any("protected account" in reason for reason in found["reasons"])


@pytest.mark.parametrize(
    ("question", "status"),
    [
        ({"user": "nobody@contoso.example", "kind": "risky_user"}, 404),
        ({"user": "Ada Brandt", "kind": "risky_user"}, 409),
        ({"user": "ada@contoso.example", "kind": "bad weather"}, 422),
        ({"kind": "risky_user"}, 422),
    ],
)
async def test_a_question_that_cannot_be_answered_says_why(question: Json, status: int) -> None:
    async with Bench() as bench:
        answered, found = await ask(bench, "explain", **question)
    assert answered == status
    assert found["error"]


async def test_an_explanation_knows_of_the_switch_a_held_rule_and_a_full_counter(
    tmp_path: Path,
) -> None:
    radius = "[guards]\nradius = { per_hour = 1 }\nburst = { cases = 2 }\n"
    async with Bench() as bench:
        bench.app = bench.under(policy(tmp_path, radius + ALL.format(mode="enforce")))
        asked = {"user": other(bench), "kind": "risky_user"}
        assert set(modes((await ask(bench, "explain", **asked))[1]).values()) == {"enforce"}
        await bench.tell()
        await bench.settle()
        before = bench.store.rows()
        _, full = await ask(bench, "explain", **asked)
        assert bench.store.rows() == before
        await bench.detect(1, oid=other(bench, 1))
        await bench.settle()
        _, held = await ask(bench, "explain", **asked)
        await signed(bench, "switch", ceiling="observe", reason="false alarms")
        _, paused = await ask(bench, "explain", **asked)
    for found, mode, said in (
        (full, "approve", "guards.radius"),
        (held, "approve", "false-alarm storm"),
        (paused, "observe", "olga paused Firebreak"),
    ):
        assert set(modes(found).values()) == {mode}
        assert any(said in reason for reason in found["reasons"])


async def test_nobody_unknown_may_ask() -> None:
    async with Bench(settings={"pages": PageAccess.SIGNED_IN}) as bench:
        body = b'{"user": "ada@contoso.example", "kind": "risky_user"}'
        page = await bench.app.rehearse("explain", {}, body)
    assert page.status == 403
