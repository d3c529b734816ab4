"""Brakes lower and never raise; what cannot be read, or breaks, waits for a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Denied
from shared.model import Account, AccountKind, Mode, ObjectId, Phase, ResponderName, Upn
from shared.policy.brakes import standing_guards
from shared.policy.decide import Decision, Step, strength
from shared.policy.document import Protected, ResponderTraits
from shared.policy.guards import (
    Guard,
    GuardSubject,
    Limit,
    NotOurselves,
    OwnIdentity,
    PrivilegedAccounts,
    ProtectedAccounts,
    Verdict,
    apply_guards,
)
from shared.policy.reading import load

EMMA = "5d1f2d5e-0000-4000-8000-00000000000e"
GROUP = "6f1f2d5e-0000-4000-8000-00000000000a"
NAMES = tuple(ResponderName(name) for name in ("shut", "reset", "clear"))


def subject(
    *,
    groups: frozenset[ObjectId] | None = frozenset(),
    roles: frozenset[str] | None = frozenset(),
    kinds: frozenset[AccountKind] = frozenset({AccountKind.CLOUD}),
) -> GuardSubject:
    return GuardSubject(
        account=Account(
            object_id=ObjectId(EMMA),
            upn=Upn("Emma@Example.com"),
            groups=groups,
            roles=roles,
            kinds=kinds,
        )
    )


def step(name: ResponderName, mode: Mode) -> Step:
    return Step(responder=name, phase=Phase.CONTAIN, mode=mode)


OWN = OwnIdentity(object_id=ObjectId("6f1f2d5e-0000-4000-8000-0000000000ff"))
NOW = datetime(2026, 11, 23, tzinfo=UTC)
ENFORCE = Decision(
    rules=("all",),
    steps=tuple(step(name, Mode.ENFORCE) for name in NAMES),
    reasons=("rule 'all' matched",),
)


@dataclass(frozen=True)
class Says:
    """A guard that always says the same."""

    verdict: Verdict | None

    def judge(self, subject: GuardSubject) -> Verdict | None:
        return self.verdict


@dataclass(frozen=True)
class Breaks:
    """A guard whose facts cannot be read."""

    error: Exception

    def judge(self, subject: GuardSubject) -> Verdict | None:
        raise self.error


guards = st.one_of(
    st.builds(Says, st.none()),
    st.builds(
        Says, st.builds(Verdict, limit=st.sampled_from(Limit), reason=st.sampled_from(("a", "b")))
    ),
    st.just(Breaks(KeyError("x"))),
    st.builds(
        NotOurselves,
        st.builds(OwnIdentity, object_id=st.sampled_from([None, ObjectId(EMMA), ObjectId(GROUP)])),
    ),
    st.builds(PrivilegedAccounts, st.sampled_from(Mode)),
)
subjects = st.builds(
    subject,
    groups=st.sampled_from([None, frozenset(), frozenset({ObjectId(GROUP)})]),
    roles=st.sampled_from([None, frozenset(), frozenset({"Global Administrator"})]),
)
decisions = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(Mode)).map(
    lambda modes: Decision(steps=tuple(step(name, mode) for name, mode in modes.items()))
)


@given(decision=decisions, several=st.lists(guards, max_size=4), who=subjects)
def test_guards_never_raise_a_mode_and_never_add_a_step(
    decision: Decision, several: list[Guard], who: GuardSubject
) -> None:
    after = apply_guards(decision, several, who)
    for name, mode in after.modes.items():
        assert strength(mode) <= strength(decision.modes[name])
    assert after.refused or set(after.modes) == set(decision.modes)


@given(decision=decisions, several=st.lists(guards, max_size=3), who=subjects)
def test_the_order_of_the_guards_does_not_matter(
    decision: Decision, several: list[Guard], who: GuardSubject
) -> None:
    results = [apply_guards(decision, order, who) for order in permutations(several)]
    assert len({(r.steps, r.refused, tuple(sorted(r.reasons))) for r in results}) == 1


@given(decision=decisions, several=st.lists(guards, max_size=3), who=subjects)
def test_whatever_a_guard_lowers_has_a_reason(
    decision: Decision, several: list[Guard], who: GuardSubject
) -> None:
    after = apply_guards(decision, several, who)
    if after.steps != decision.steps:
        assert len(after.reasons) > len(decision.reasons)


def test_a_guard_that_breaks_leaves_everything_to_a_person_and_tells_no_secret() -> None:
    after = apply_guards(ENFORCE, [Breaks(RuntimeError("password=hunter2"))], subject())
    assert set(after.modes.values()) == {Mode.APPROVE}
    assert "the guard Breaks could not judge (RuntimeError)" in after.reasons[-1]
    assert "hunter2" not in after.reasons[-1]


def test_a_guard_that_is_denied_a_fact_says_which_permission_it_lacks() -> None:
    after = apply_guards(ENFORCE, [Breaks(Denied("Grant Group.Read.All"))], subject())
    assert "Grant Group.Read.All" in after.reasons[-1]


def test_a_brake_that_changes_nothing_leaves_no_reason() -> None:
    observed = Decision(steps=(step(NAMES[0], Mode.OBSERVE),))
    says = Says(Verdict(limit=Limit.APPROVE, reason="not heard"))
    assert apply_guards(observed, [says], subject()) == observed


def test_a_refusal_leaves_no_step_and_is_not_mistaken_for_no_rule() -> None:
    after = apply_guards(ENFORCE, [Says(Verdict(limit=Limit.REFUSE, reason="no"))], subject())
    assert (after.refused, after.steps, after.rules) == (True, (), ("all",))


@pytest.mark.parametrize("entry", [EMMA, EMMA.upper(), "emma@example.COM"])
def test_a_protected_account_is_only_reported(entry: str) -> None:
    protected = Protected.model_validate({"accounts": [entry]})
    after = apply_guards(ENFORCE, [ProtectedAccounts(protected)], subject())
    assert set(after.modes.values()) == {Mode.OBSERVE}
    assert "act by hand" in after.reasons[-1]


@pytest.mark.parametrize("entry", ["emma@example.co", "mma@example.com", "emma@example.com.au"])
def test_a_protected_account_is_never_found_by_a_part_of_its_name(entry: str) -> None:
    protected = Protected.model_validate({"accounts": [entry]})
    assert apply_guards(ENFORCE, [ProtectedAccounts(protected)], subject()) == ENFORCE


@pytest.mark.parametrize(
    ("groups", "mode"),
    [
        (frozenset({ObjectId(GROUP.upper())}), Mode.OBSERVE),
        (frozenset({ObjectId(EMMA)}), Mode.ENFORCE),
        (None, Mode.APPROVE),
    ],
)
def test_a_protected_group_counts_and_unknown_groups_wait(
    groups: frozenset[ObjectId] | None, mode: Mode
) -> None:
    guard = ProtectedAccounts(Protected.model_validate({"groups": [GROUP]}))
    assert set(apply_guards(ENFORCE, [guard], subject(groups=groups)).modes.values()) == {mode}


@pytest.mark.parametrize(
    "role", ["Directory Synchronization Accounts", "On Premises Directory Sync Account"]
)
def test_the_account_of_the_directory_sync_is_only_reported_though_no_line_names_it(
    role: str,
) -> None:
    text = """version = 1
[guards]
privileged = "enforce"
[[rule]]
name = "all"
[rule.responders]
shut = "enforce"
"""
    shut = ResponderTraits(name=NAMES[0], phase=Phase.CONTAIN, reversible=True)
    guards = standing_guards(load(text, responders={NAMES[0]: shut}), OWN)
    sync = subject(roles=frozenset({role}))
    after = apply_guards(ENFORCE, guards, sync.model_copy(update={"at": NOW}))
    assert set(after.modes.values()) == {Mode.OBSERVE}
    assert role in after.reasons[-1]


def test_unknown_groups_do_not_matter_where_no_group_is_protected() -> None:
    guard = ProtectedAccounts(Protected.model_validate({"accounts": [GROUP]}))
    assert guard.judge(subject(groups=None)) is None


@pytest.mark.parametrize(
    "own",
    [
        OwnIdentity(object_id=ObjectId(EMMA.upper())),
        OwnIdentity(object_id=ObjectId(GROUP), app_id=EMMA),
    ],
)
def test_our_own_identity_is_refused(own: OwnIdentity) -> None:
    assert apply_guards(ENFORCE, [NotOurselves(own)], subject()).refused


def test_another_identity_passes_without_a_word() -> None:
    own = OwnIdentity(object_id=ObjectId(GROUP), app_id=GROUP)
    assert apply_guards(ENFORCE, [NotOurselves(own)], subject()) == ENFORCE


def test_an_unknown_own_identity_is_said_and_stops_nothing() -> None:
    after = apply_guards(ENFORCE, [NotOurselves(OwnIdentity())], subject())
    assert after.steps == ENFORCE.steps
    assert "own identity is unknown" in after.reasons[-1]


ADMIN = frozenset({"Global Administrator"})


@pytest.mark.parametrize(
    ("roles", "kinds", "furthest", "mode"),
    [
        (ADMIN, [], Mode.APPROVE, Mode.APPROVE),
        (None, [AccountKind.PRIVILEGED], Mode.APPROVE, Mode.APPROVE),
        (None, [AccountKind.CLOUD], Mode.APPROVE, Mode.APPROVE),
        (None, [AccountKind.CLOUD], Mode.OBSERVE, Mode.OBSERVE),
        (ADMIN, [], Mode.OBSERVE, Mode.OBSERVE),
        (ADMIN, [], Mode.ENFORCE, Mode.ENFORCE),
        (frozenset[str](), [AccountKind.CLOUD], Mode.APPROVE, Mode.ENFORCE),
    ],
)
def test_a_privileged_account_goes_no_further_than_the_policy_lets_it(
    roles: frozenset[str] | None, kinds: list[AccountKind], furthest: Mode, mode: Mode
) -> None:
    who = subject(roles=roles, kinds=frozenset(kinds))
    after = apply_guards(ENFORCE, [PrivilegedAccounts(furthest)], who)
    assert set(after.modes.values()) == {mode}


def test_the_standing_guards_hold_what_the_policy_says() -> None:
    written = f"""\
version = 1
guards.privileged = "observe"
protected.accounts = ["{GROUP}"]
[[rule]]
name = "all"
responders.shut = "enforce"
"""
    shut = ResponderTraits(name=NAMES[0], phase=Phase.CONTAIN, reversible=True)
    policy = load(written, responders={NAMES[0]: shut})
    standing = standing_guards(policy, OwnIdentity(object_id=ObjectId(GROUP)))
    assert apply_guards(ENFORCE, standing, subject()) == ENFORCE
    admin = apply_guards(ENFORCE, standing, subject(roles=ADMIN))
    assert set(admin.modes.values()) == {Mode.OBSERVE}
    own = subject().account.model_copy(update={"object_id": ObjectId(GROUP)})
    after = apply_guards(ENFORCE, standing, GuardSubject(account=own))
    assert (after.refused, len(after.reasons)) == (True, 3)
