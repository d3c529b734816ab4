"""A policy that is wrong does not start, and says where and what to do."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from shared.model import Mode, Phase, ResponderName
from shared.policy.document import ResponderTraits
from shared.policy.reading import PolicyError, load

GROUP = "6f1f2d5e-0000-4000-8000-00000000000a"
TRAITS = {
    traits.name: traits
    for traits in (
        ResponderTraits(name=ResponderName("shut"), phase=Phase.CONTAIN, reversible=True),
        ResponderTraits(name=ResponderName("reset"), phase=Phase.CONTAIN, reversible=False),
        ResponderTraits(name=ResponderName("clear"), phase=Phase.EVICT, reversible=True),
    )
}
GOOD = """\
version = 1
[[rule]]
name = "all"
[rule.responders]
shut = "enforce"
"""


def problems(text: str) -> list[tuple[int, str]]:
    with pytest.raises(PolicyError) as caught:
        load(text, responders=TRAITS)
    return [(problem.line, problem.sentence) for problem in caught.value.problems]


# One mistake in each section; the line that must be named says what must be said about it.
MISTAKES = dict(
    section.split("\n", 1)
    for section in (Path(__file__).parent / "mistakes.txt")
    .read_text(encoding="utf-8")
    .split("\n=== ")[1:]
)
REST = """
[[rule]]
name = "rest"
kinds = ["unsupported"]
responders.shut = "observe"
"""


@pytest.mark.parametrize("text", MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_named_with_its_line_and_what_to_do(text: str) -> None:
    marks = [line.partition("# <- ")[2] for line in text.splitlines()]
    expected = [(number, said) for number, said in enumerate(marks, 1) if said]
    unread = "not TOML" in text or "[[rule]]" in text
    found = problems(text if unread else text + REST)
    assert [line for line, _ in found] == [line for line, _ in expected]
    assert all(said in sentence for (_, said), (_, sentence) in zip(expected, found, strict=True))


def test_a_policy_without_rules_is_a_mistake() -> None:
    assert problems("version = 1\n")[0][1].startswith("there is no rule")
    assert problems("version = 1\n\nrule = []\n")[0][0] == 3


def test_a_missing_version_is_a_mistake() -> None:
    assert problems(GOOD.replace("version = 1\n", "")) == [(1, "'version' is missing; add it")]


def test_all_mistakes_are_reported_together_in_the_order_of_their_lines() -> None:
    text = """\
version = 3
celing = "observe"
[protected]
accounts = ["nobody", "b@example.com"]
[[rule]]
name = "a"
kinds = ["risky_user", "risk"]
severity = ["high"]
[rule.responders]
reset = "enforce"
shutt = "observe"
clear = "never"
[[rule]]
name = "a"
"""
    assert [line for line, _ in problems(text)] == [1, 2, 4, 7, 10, 11, 12, 13, 14]
    with pytest.raises(PolicyError, match=r"(?m)^tenant\.toml:11: unknown responder 'shutt'"):
        load(text, responders=TRAITS, file="tenant.toml")


def test_a_misspelt_rule_is_not_accused_of_hiding_the_ones_below() -> None:
    text = GOOD.replace("name =", "severty = ['high']\nname =") + (
        "[[rule]]\nname = 'low'\nresponders.shut = 'observe'\n"
    )
    assert [line for line, _ in problems(text)] == [3]


def test_finality_can_be_meant() -> None:
    text = GOOD.replace("name =", "irreversible = true\nname =") + "reset = 'enforce'\n"
    assert load(text, responders=TRAITS).rules[0].responders[ResponderName("reset")] is Mode.ENFORCE


def test_what_cannot_be_put_back_may_be_asked_for_or_reported_without_saying_so() -> None:
    for mode in ("approve", "observe"):
        assert load(GOOD + f"reset = '{mode}'\n", responders=TRAITS)


def test_what_is_left_out_has_careful_defaults() -> None:
    policy = load(GOOD, responders=TRAITS)
    assert policy.episode == timedelta(hours=72)
    assert policy.guards.privileged is Mode.APPROVE
    assert policy.mode_ceiling is Mode.ENFORCE
    assert policy.protected.accounts == frozenset()


def test_ids_are_compared_in_lower_case() -> None:
    text = GOOD + f"[protected]\naccounts = ['Emma@Example.com']\ngroups = ['{GROUP.upper()}']\n"
    protected = load(text, responders=TRAITS).protected
    assert protected.accounts == {"emma@example.com"}
    assert protected.groups == {GROUP}


def test_a_byte_order_mark_of_a_windows_editor_is_no_mistake() -> None:
    assert load("\ufeff" + GOOD.replace("\n", "\r\n"), responders=TRAITS).rules
