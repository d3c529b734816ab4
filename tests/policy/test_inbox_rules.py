from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.clients.inbox import InboxRule
from shared.policy.inbox_rules import JudgedRule, judge
from shared.policy.scored import THRESHOLD

OWN = frozenset({"contoso.example", "fed.contoso.example"})
OUT = ("drop@mallory.example",)


def rule(name: str = "Newsletters", **wish: Any) -> InboxRule:
    return InboxRule(**{"id": "1", "name": name, "enabled": True, "conditional": True, **wish})


def judged(name: str = "Newsletters", **wish: Any) -> JudgedRule:
    return judge(rule(name, **wish), OWN)


INTRUDERS = {
    "the bank mail in RSS": rule(
        ".", folder="RSS Feeds", words=("invoice", "bank"), marks_read=True, stops=True
    ),
    "deletes bounces": rule("..", deletes=True, words=("Undeliverable",), stops=True),
    "all mail out": rule("x", forwards_to=OUT, conditional=False),
    "a named rule sends all out": rule("Backup", forwards_to=OUT, conditional=False),
    "hidden redirect": rule("sync", hidden=True, forwards_to=OUT),
    "hidden, deletes all": rule("Cleaner", hidden=True, deletes=True, conditional=False),
    "all mail to the archive": rule("Tidy", folder="Archive", conditional=False),
    "warnings deleted": rule("Work", deletes=True, words=("hacked", "phishing")),
    "payments sent out": rule("Accounts", forwards_to=OUT, words=("payment",)),
    "a blank name": rule(" ", folder="Conversation History"),
    "a folder in capitals": rule("A.", folder="RSS SUBSCRIPTIONS"),
}
OWNERS = {
    "news to a folder": rule("News", folder="News", words=("news@",)),
    "invoices to a folder": rule("Invoices", folder="Invoices", words=("invoice",), stops=True),
    "a copy for a colleague": rule("Holiday", forwards_to=("igor@contoso.example",)),
    "all mail to a colleague": rule(
        "Leave", forwards_to=("igor@fed.contoso.example",), conditional=False
    ),
    "newsletters deleted": rule("Spam from the shop", deletes=True, words=("sale",)),
    "a copy to one's own phone": rule("Phone", forwards_to=OUT, words=("alarm",)),
    "old lists to the archive": rule("Lists", folder="Archive", words=("list",), marks_read=True),
    "everything to one folder": rule("All", folder="Work", conditional=False),
    "a short name alone": rule("HR", folder="HR", words=("hr@",)),
    "nothing at all": rule(),
    "hidden, as Exchange's own": rule("Auto reply helper", hidden=True),
}


@pytest.mark.parametrize("name", INTRUDERS)
def test_a_rule_that_no_owner_makes_is_the_intruders(name: str) -> None:
    found = judge(INTRUDERS[name], OWN)
    assert found.suspicious, found
    assert found.reasons


@pytest.mark.parametrize("name", OWNERS)
def test_a_rule_that_owners_make_is_the_owners(name: str) -> None:
    assert not judge(OWNERS[name], OWN).suspicious


TRAITS: list[dict[str, Any]] = [
    {"forwards_to": OUT},
    {"deletes": True},
    {"folder": "RSS Feeds"},
    {"words": ("password",)},
    {"name": "."},
    {"hidden": True},
    {"marks_read": True},
    {"stops": True},
    {"folder": "Work", "conditional": False},
]


@pytest.mark.parametrize("trait", TRAITS, ids=str)
def test_one_trait_alone_proves_nothing_and_is_named(trait: dict[str, Any]) -> None:
    found = judge(rule(**{"name": "Newsletters", **trait}), OWN)
    assert 0 < found.score < THRESHOLD
    assert len(found.reasons) == 1


flags = st.fixed_dictionaries(
    {
        "hidden": st.booleans(),
        "deletes": st.booleans(),
        "marks_read": st.booleans(),
        "stops": st.booleans(),
        "conditional": st.booleans(),
        "name": st.sampled_from(["Newsletters", ".", "", "é", "a b c"]),
        "folder": st.sampled_from([None, "Work", "RSS Feeds", "Junk Email"]),
        "words": st.sampled_from([(), ("invoice",), ("hello",)]),
        "forwards_to": st.sampled_from([(), OUT, ("a@contoso.example",)]),
    }
)


@given(flags, st.sampled_from(TRAITS))
def test_one_more_trait_never_makes_a_rule_less_suspicious(
    wish: dict[str, Any], trait: dict[str, Any]
) -> None:
    more = dict(trait)
    if more.get("folder") == "Work":
        return
    assert judge(rule(**(wish | more)), OWN).score >= judge(rule(**wish), OWN).score


@given(flags)
def test_a_score_always_has_its_reasons_and_is_the_same_again(wish: dict[str, Any]) -> None:
    found = judge(rule(**wish), OWN)
    assert bool(found.reasons) == (found.score > 0)
    assert judge(rule(**wish), OWN) == found
    assert found.suspicious == (found.score >= THRESHOLD)


@pytest.mark.parametrize(
    "address", ["a@contoso.example.mallory.example", "a@mallorycontoso.example", "nobody", ""]
)
def test_what_is_not_known_to_be_inside_is_outside(address: str) -> None:
    assert judged(forwards_to=(address,)).score > 0


def test_one_recipient_outside_among_many_inside_is_seen_and_only_he_is_named() -> None:
    found = judged(forwards_to=("a@contoso.example", *OUT, "b@contoso.example"))
    assert found.reasons == ("sends mail out to drop@mallory.example",)


def test_the_words_that_gave_it_away_are_named() -> None:
    found = judged(words=("holiday", "Wire transfer", "PAYROLL"))
    assert found.reasons == ("looks for 'Wire transfer', 'PAYROLL'",)


def test_the_way_a_rule_is_switched_does_not_matter_to_the_judgement() -> None:
    """Whoever asks leaves out rules that are off; the judgement is of the content."""
    evil = INTRUDERS["hidden redirect"]
    assert judge(evil.model_copy(update={"enabled": False}), OWN).score == judge(evil, OWN).score
