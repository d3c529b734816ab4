"""What a rule asks for, and whether it ever gets a turn."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shared.model import Account, AccountKind, AlertKind, ObjectId, Severity, Upn
from shared.policy.condition import Condition, Facts, Fit, hidden_by

GROUPS = (
    ObjectId("6f1f2d5e-0000-4000-8000-00000000000a"),
    ObjectId("6f1f2d5e-0000-4000-8000-00000000000b"),
)


def lists[T](*some: T, every: Iterable[T] = ()) -> st.SearchStrategy[frozenset[T] | None]:
    few = st.frozensets(st.sampled_from(some), min_size=1)
    return st.one_of(st.none(), few, st.just(frozenset(every or some)))


conditions = st.builds(
    Condition,
    kinds=lists(AlertKind.RISKY_USER, AlertKind.OUTBOUND_SPAM, every=AlertKind),
    severity=lists(Severity.HIGH, Severity.MEDIUM, every=Severity),
    account=lists(AccountKind.CLOUD, AccountKind.PRIVILEGED, every=AccountKind),
    groups=lists(*GROUPS),
)


def _subsets[T](things: tuple[T, ...]) -> list[frozenset[T]]:
    picks = product((False, True), repeat=len(things))
    return [frozenset(t for t, taken in zip(things, pick, strict=True) if taken) for pick in picks]


# What the conditions can name, and one of each that only "everything" covers.
EVERYTHING = [
    Facts(
        kind=kind,
        severity=severity,
        account=Account(
            object_id=ObjectId("5d1f2d5e-0000-4000-8000-000000000001"),
            upn=Upn("a@example.com"),
            kinds=kinds,
            groups=groups,
            roles=frozenset(),
        ),
    )
    for kind, severity, kinds, groups in product(
        (AlertKind.RISKY_USER, AlertKind.OUTBOUND_SPAM, AlertKind.ADMIN_REQUEST),
        (Severity.HIGH, Severity.MEDIUM, Severity.UNKNOWN),
        _subsets((AccountKind.CLOUD, AccountKind.PRIVILEGED, AccountKind.GUEST))[1:],
        _subsets(GROUPS),
    )
]


@given(rules=st.lists(conditions, min_size=1, max_size=5))
def test_a_rule_is_called_unreachable_exactly_when_no_case_ever_reaches_it(
    rules: list[Condition],
) -> None:
    reached = {
        next((i for i, rule in enumerate(rules) if rule.fit(facts) is Fit.YES), None)
        for facts in EVERYTHING
    }
    assert {i for i in range(len(rules)) if hidden_by(rules, i)} == set(range(len(rules))) - reached


@given(rules=st.lists(conditions, min_size=2, max_size=5))
def test_the_rules_named_as_hiding_another_do_hide_it_by_themselves(rules: list[Condition]) -> None:
    hidden = hidden_by(rules, len(rules) - 1)
    assume(hidden)
    alone = [rules[i] for i in hidden]
    assert hidden_by([*alone, rules[-1]], len(alone))


def facts(**account: object) -> Facts:
    known = {"object_id": "5d1f2d5e-0000-4000-8000-000000000001", "upn": "a@example.com"}
    return Facts(
        kind=AlertKind.RISKY_USER,
        severity=Severity.HIGH,
        account=Account.model_validate(known | account),
    )


IN_GROUP = Condition(groups=frozenset(GROUPS[:1]))
PRIVILEGED = Condition(account=frozenset({AccountKind.PRIVILEGED}))
CLOUD = Condition(account=frozenset({AccountKind.CLOUD}))


@pytest.mark.parametrize(
    ("condition", "account", "fit"),
    [
        (IN_GROUP, {"groups": GROUPS}, Fit.YES),
        (IN_GROUP, {"groups": [GROUPS[0].upper()]}, Fit.YES),
        (IN_GROUP, {"groups": [GROUPS[1]]}, Fit.NO),
        (IN_GROUP, {"groups": None}, Fit.UNKNOWN),
        (PRIVILEGED, {"roles": ["Global Administrator"]}, Fit.YES),
        (PRIVILEGED, {"kinds": ["cloud", "privileged"], "roles": None}, Fit.YES),
        (PRIVILEGED, {"kinds": ["cloud"], "roles": []}, Fit.NO),
        (PRIVILEGED, {"kinds": ["cloud"], "roles": None}, Fit.UNKNOWN),
        (PRIVILEGED, {"kinds": [], "roles": []}, Fit.NO),
        (CLOUD, {"kinds": ["cloud"], "roles": None}, Fit.YES),
        (CLOUD, {"kinds": ["synced"], "roles": None}, Fit.NO),
        (CLOUD, {"kinds": [], "roles": []}, Fit.UNKNOWN),
    ],
)
def test_what_is_unknown_about_an_account_is_neither_yes_nor_no(
    condition: Condition, account: dict[str, object], fit: Fit
) -> None:
    assert condition.fit(facts(**account)) is fit
    assert bool(condition.unknowns(facts(**account))) is (fit is Fit.UNKNOWN)


def test_what_surely_does_not_match_needs_no_more_facts() -> None:
    low = Condition(severity=frozenset({Severity.LOW}), groups=frozenset(GROUPS))
    assert low.fit(facts(groups=None)) is Fit.NO


def test_an_unknown_severity_matches_only_a_rule_that_names_it() -> None:
    unsaid = facts().model_copy(update={"severity": Severity.UNKNOWN})
    assert Condition(severity=frozenset({Severity.LOW})).fit(unsaid) is Fit.NO
    assert Condition(severity=frozenset({Severity.UNKNOWN})).fit(unsaid) is Fit.YES
