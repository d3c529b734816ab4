"""The decision: total, kept in sentences, and never bolder than the facts allow."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from shared.model import (
    PHASES,
    Account,
    AccountKind,
    AlertKind,
    Mode,
    ObjectId,
    Phase,
    ResponderName,
    Severity,
    Upn,
)
from shared.policy.condition import Facts
from shared.policy.decide import Decision, Step, decide, merge, strength
from shared.policy.document import (
    Policy,
    Protected,
    ResponderTraits,
    Rule,
)
from shared.policy.limits import Guards

GROUPS = (
    ObjectId("6f1f2d5e-0000-4000-8000-00000000000a"),
    ObjectId("6f1f2d5e-0000-4000-8000-00000000000b"),
)
TRAITS = {
    ResponderName(name): ResponderTraits(name=ResponderName(name), phase=phase, reversible=True)
    for name, phase in (
        ("stop", Phase.EVICT),
        ("clear", Phase.EVICT),
        ("shut", Phase.CONTAIN),
        ("tell", Phase.CLOSE),
    )
}
NAMES = tuple(TRAITS)
PEOPLE = tuple(kind for kind in AccountKind if kind is not AccountKind.ORGANISATION)


def account(
    *,
    kinds: frozenset[AccountKind] = frozenset({AccountKind.CLOUD}),
    groups: frozenset[ObjectId] | None = frozenset(),
    roles: frozenset[str] | None = frozenset(),
) -> Account:
    return Account(
        object_id=ObjectId("5d1f2d5e-0000-4000-8000-000000000001"),
        upn=Upn("emma@example.com"),
        kinds=kinds,
        groups=groups,
        roles=roles,
    )


def facts(
    kind: AlertKind = AlertKind.RISKY_USER,
    severity: Severity = Severity.HIGH,
    about: Account | None = None,
) -> Facts:
    return Facts(kind=kind, severity=severity, account=about or account())


def policy(*rules: Rule, ceiling: Mode = Mode.ENFORCE) -> Policy:
    return Policy(
        mode_ceiling=ceiling,
        episode=timedelta(hours=72),
        protected=Protected(),
        guards=Guards(),
        rules=rules,
        responders=TRAITS,
    )


def some[T](items: st.SearchStrategy[T]) -> st.SearchStrategy[frozenset[T] | None]:
    return st.none() | st.frozensets(items, min_size=1)


rules = st.builds(
    Rule,
    name=st.sampled_from(("a", "b", "c", "d")),
    kinds=some(st.sampled_from(AlertKind)),
    severity=some(st.sampled_from(Severity)),
    account=some(st.sampled_from(PEOPLE)),
    groups=some(st.sampled_from(GROUPS)),
    responders=st.dictionaries(st.sampled_from(NAMES), st.sampled_from(Mode), min_size=1),
)
policies = st.builds(
    lambda several, ceiling: policy(*several, ceiling=ceiling),
    st.lists(rules, min_size=1, max_size=5),
    st.sampled_from(Mode),
)
known = st.builds(
    Facts,
    kind=st.sampled_from(AlertKind),
    severity=st.sampled_from(Severity),
    account=st.builds(
        account,
        kinds=st.frozensets(st.sampled_from(PEOPLE), min_size=1),
        groups=st.frozensets(st.sampled_from(GROUPS)),
        roles=st.frozensets(st.sampled_from(("Helpdesk Administrator",))),
    ),
)
UNKNOWN = {"groups": None, "roles": None, "kinds": frozenset[AccountKind]()}


def steps() -> st.SearchStrategy[tuple[Step, ...]]:
    modes = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(Mode))
    return modes.map(
        lambda chosen: tuple(
            Step(responder=name, phase=TRAITS[name].phase, mode=mode)
            for name, mode in chosen.items()
        )
    )


decisions = st.builds(
    Decision,
    rules=st.lists(st.sampled_from(("a", "b")), max_size=1).map(tuple),
    steps=steps(),
    reasons=st.lists(st.sampled_from(("one", "two", "three")), max_size=3).map(tuple),
    refused=st.booleans(),
)


@given(policy=policies, facts=known)
def test_every_alert_gets_an_answer_with_a_reason(policy: Policy, facts: Facts) -> None:
    decision = decide(policy, facts)
    assert decision.reasons
    assert (decision.rule is None) == (not decision.steps)


@given(policy=policies, facts=known)
def test_the_first_rule_that_fits_decides_alone(policy: Policy, facts: Facts) -> None:
    decision = decide(policy, facts)
    first = next((rule for rule in policy.rules if rule.fit(facts) == "yes"), None)
    assert decision.rules == ((first.name,) if first else ())
    assert set(decision.modes) == set(first.responders if first else ())


@given(policy=policies, facts=known)
def test_nothing_goes_further_than_the_ceiling(policy: Policy, facts: Facts) -> None:
    modes = decide(policy, facts).modes.values()
    assert all(strength(mode) <= strength(policy.mode_ceiling) for mode in modes)


@given(policy=policies, facts=known)
def test_doors_close_in_the_order_of_the_phases(policy: Policy, facts: Facts) -> None:
    order = [(PHASES.index(s.phase), s.responder) for s in decide(policy, facts).steps]
    assert order == sorted(order)


@given(
    policy=policies,
    facts=known,
    lost=st.sets(st.sampled_from(sorted(UNKNOWN)), min_size=1),
)
def test_what_an_unknown_fact_would_have_decided_waits_for_a_person(
    policy: Policy, facts: Facts, lost: set[str]
) -> None:
    """Whatever the truth is, nothing it asks for is missing, and nothing doubtful just runs."""
    unread = facts.account.model_copy(update={name: UNKNOWN[name] for name in lost})
    blind = decide(policy, facts.model_copy(update={"account": unread}))
    sighted = decide(policy, facts)
    for responder, mode in sighted.modes.items():
        least = min(mode, Mode.APPROVE, key=strength)
        assert strength(blind.modes[responder]) >= strength(least)
    if blind.modes != sighted.modes:
        assert Mode.ENFORCE not in blind.modes.values()


@given(several=st.lists(decisions, max_size=4))
def test_the_order_of_a_cases_alerts_does_not_change_its_decision(several: list[Decision]) -> None:
    results = {merge(order).model_dump_json() for order in permutations(several)}
    assert len(results) == 1


@given(several=st.lists(decisions, min_size=1, max_size=4))
def test_a_case_gets_the_strongest_answer_of_its_alerts(several: list[Decision]) -> None:
    merged = merge(several)
    assert merged.refused is any(decision.refused for decision in several)
    for name in NAMES:
        asked = [decision.modes[name] for decision in several if name in decision.modes]
        strongest = None if merged.refused else max(asked, key=strength, default=None)
        assert merged.modes.get(name) == strongest
    assert set(merged.reasons) == {reason for decision in several for reason in decision.reasons}


@given(several=st.lists(decisions, min_size=1, max_size=4))
def test_an_alert_that_joins_later_changes_no_mode_of_what_was_merged_before(
    several: list[Decision],
) -> None:
    *earlier, last = several
    assert merge([merge(earlier), last]).steps == merge(several).steps


ENFORCE = Rule(name="all", responders={NAMES[2]: Mode.ENFORCE})


def test_a_reason_names_the_rule_and_what_it_saw() -> None:
    rule = Rule(
        name="finance",
        account=frozenset({AccountKind.CLOUD}),
        groups=frozenset(GROUPS[:1]),
        responders={NAMES[2]: Mode.ENFORCE},
    )
    decision = decide(policy(rule), facts(about=account(groups=frozenset(GROUPS))))
    seen = f"kind risky_user, severity high, account cloud, in group {GROUPS[0]}"
    assert decision.reasons == (f"rule 'finance' matched: {seen}",)


def test_an_alert_that_no_rule_fits_says_so() -> None:
    rule = ENFORCE.model_copy(update={"severity": frozenset({Severity.LOW})})
    decision = decide(policy(rule), facts())
    assert (decision.rule, decision.steps) == (None, ())
    assert decision.reasons[0].startswith("no rule matched: kind risky_user, severity high")


def test_a_rule_that_cannot_be_judged_asks_for_a_person_with_the_ones_below_it() -> None:
    vip = Rule(name="vip", groups=frozenset(GROUPS), responders={NAMES[0]: Mode.OBSERVE})
    decision = decide(policy(vip, ENFORCE), facts(about=account(groups=None)))
    assert decision.rules == ("vip", "all")
    assert decision.modes == {NAMES[2]: Mode.APPROVE, NAMES[0]: Mode.OBSERVE}
    assert "the account's groups could not be read" in decision.reasons[0]


def test_the_ceiling_is_a_reason_only_where_it_holds_something_back() -> None:
    assert "mode_ceiling" in decide(policy(ENFORCE, ceiling=Mode.APPROVE), facts()).reasons[-1]
    observe = Rule(name="all", responders={NAMES[2]: Mode.OBSERVE})
    assert len(decide(policy(observe, ceiling=Mode.APPROVE), facts()).reasons) == 1


def test_about_the_organisation_only_those_answer_that_are_for_it_and_silence_is_explained() -> (
    None
):
    whole = facts(about=account(kinds=frozenset({AccountKind.ORGANISATION})))
    everything = Rule(name="all", responders=dict.fromkeys(NAMES, Mode.APPROVE))
    nobody = decide(policy(everything), whole)
    assert nobody.steps == ()
    assert "restore_auditing" in nobody.reasons[-1]
    stop = ResponderName("stop")
    traits = {**TRAITS, stop: TRAITS[stop].model_copy(update={"organisation": True})}
    able = policy(everything).model_copy(update={"responders": traits})
    assert set(decide(able, whole).modes) == {stop}
    assert set(decide(able, facts()).modes) == set(NAMES)
