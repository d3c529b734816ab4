"""Who is really asked for a second factor: a table of cases, and what is true of all of them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.clients.access_policies import AccessPolicy
from shared.clients.methods import MfaState
from shared.model import ObjectId
from shared.policy.mfa import (
    Asked,
    Demand,
    Person,
    coverage,
    demand,
    has_factor,
    has_strong,
    is_for,
)

NOBODY: dict[str, Any] = {
    "groups": frozenset(),
    "without_groups": frozenset(),
    "without_users": frozenset(),
    "without_roles": frozenset(),
    "without_guests": False,
}
ALL = frozenset({"All"})
BUILT_IN_MFA = frozenset(
    {"windowsHelloForBusiness", "fido2", "x509CertificateMultiFactor", "deviceBasedPush"}
    | {"temporaryAccessPassOneTime", "temporaryAccessPassMultiUse", "federatedMultiFactor"}
    | {"password,microsoftAuthenticatorPush", "password,softwareOath", "password,hardwareOath"}
    | {"password,sms", "password,voice", "sms,federatedSingleFactor"}
)
"""What GET /policies/authenticationStrengthPolicies gives for "Multifactor authentication"."""
B2B = frozenset({"internalGuest", "b2bCollaborationGuest"})


def policy(*, name: str = "MFA", state: str = "enabled", **wish: Any) -> AccessPolicy:
    fields = {**NOBODY, "controls": frozenset({"mfa"}), "users": ALL, **wish}
    return AccessPolicy(id=name, name=name, state=state, **fields)


def person(oid: str = "ada", **wish: Any) -> Person:
    return Person(object_id=ObjectId(oid), **{"per_user": MfaState.DISABLED, **wish})


STAFF, LEFT = frozenset({"staff"}), frozenset({"left"})
ADMIN = frozenset({"admin"})
WHO: list[tuple[dict[str, Any], dict[str, Any], bool | None]] = [
    ({}, {}, True),
    ({"users": frozenset({"ada"})}, {}, True),
    ({"users": frozenset({"bob"})}, {}, False),
    ({"users": frozenset({"None"})}, {}, False),
    ({"without_users": frozenset({"ada"})}, {}, False),
    ({"users": frozenset(), "groups": STAFF}, {"groups": STAFF}, True),
    ({"users": frozenset(), "groups": STAFF}, {}, False),
    ({"users": frozenset(), "groups": STAFF}, {"unread": STAFF}, None),
    ({"without_groups": LEFT}, {"groups": LEFT}, False),
    ({"without_groups": LEFT}, {"unread": LEFT}, None),
    ({"without_groups": LEFT, "without_users": frozenset({"ada"})}, {"unread": LEFT}, False),
    ({"users": frozenset(), "roles": ADMIN}, {"roles": ADMIN}, True),
    ({"users": frozenset(), "roles": ADMIN}, {"groups": ADMIN}, False),
    ({"without_roles": ADMIN}, {"roles": ADMIN}, False),
    ({"users": frozenset({"GuestsOrExternalUsers"})}, {"guest": True}, True),
    ({"users": frozenset({"GuestsOrExternalUsers"})}, {"guest": None}, None),
    ({"users": frozenset({"GuestsOrExternalUsers"})}, {}, False),
    ({"guests_left_out": B2B}, {"guest": True}, False),
    ({"guests_left_out": frozenset({"serviceProvider"})}, {"guest": True}, True),
    ({"guests_left_out": frozenset({"b2bCollaborationGuest"})}, {"guest": True}, None),
    ({"guests_left_out": B2B | {"some"}}, {"guest": True}, None),
    ({"guests_left_out": B2B | {"some"}}, {}, True),
    ({"guests_left_out": frozenset({"b2bCollaborationMember"})}, {}, None),
]


@pytest.mark.parametrize("case", WHO)
def test_a_policy_is_for_whom_it_includes_and_does_not_exclude(
    case: tuple[dict[str, Any], dict[str, Any], bool | None],
) -> None:
    rule, who, expected = case
    assert is_for(policy(**rule), person(**who)) is expected


DEMANDS: list[tuple[dict[str, Any], Demand]] = [
    ({}, Demand.FACTOR),
    ({"controls": frozenset({"block", "mfa"})}, Demand.BLOCK),
    ({"controls": frozenset({"mfa", "compliantDevice"})}, Demand.NOTHING),
    ({"controls": frozenset({"mfa", "compliantDevice"}), "needs_all": True}, Demand.FACTOR),
    ({"controls": frozenset({"compliantDevice"})}, Demand.NOTHING),
    ({"other_demands": True}, Demand.NOTHING),
    ({"other_demands": True, "needs_all": True}, Demand.FACTOR),
    ({"controls": frozenset()}, Demand.NOTHING),
    ({"controls": frozenset(), "strength": frozenset({"fido2"})}, Demand.RESISTANT),
    ({"controls": frozenset(), "strength": frozenset({"fido2", "password,sms"})}, Demand.FACTOR),
    ({"controls": frozenset(), "strength": frozenset({"password"})}, Demand.NOTHING),
    ({"controls": frozenset(), "strength": frozenset({"fido2", "qrCodePin"})}, Demand.NOTHING),
    ({"controls": frozenset(), "strength": frozenset({"fido2", "aNewMode"})}, Demand.UNKNOWN),
    ({"controls": frozenset(), "strength": frozenset({"deviceBasedPush"})}, Demand.FACTOR),
    ({"controls": frozenset(), "strength": BUILT_IN_MFA}, Demand.FACTOR),
    ({"controls": frozenset(), "strength": frozenset()}, Demand.UNKNOWN),
]


@pytest.mark.parametrize(("rule", "expected"), DEMANDS)
def test_a_policy_demands_what_no_sign_in_can_get_around(
    rule: dict[str, Any], expected: Demand
) -> None:
    assert demand(policy(**rule)) is expected


def asked(*policies: AccessPolicy, defaults: bool | None = False, **who: Any) -> Asked:
    return coverage(person(**who), policies=policies, defaults=defaults).asked


def test_a_report_only_policy_and_one_that_is_off_ask_nobody() -> None:
    assert asked(policy(state="enabledForReportingButNotEnforced")) is Asked.NEVER
    assert asked(policy(state="disabled")) is Asked.NEVER


def test_a_policy_for_some_sign_ins_does_not_cover_a_person() -> None:
    assert asked(policy(narrowed=("locations",))) is Asked.SOMETIMES
    assert asked(policy(narrowed=("locations",)), policy(name="all")) is Asked.ALWAYS


def test_security_defaults_and_per_user_mfa_cover() -> None:
    assert asked(defaults=True) is Asked.ALWAYS
    assert asked(per_user=MfaState.ENFORCED) is Asked.ALWAYS
    assert asked(per_user=MfaState.DISABLED) is Asked.NEVER


def test_what_could_not_be_read_is_unknown_and_never_no_second_factor() -> None:
    assert asked(defaults=None) is Asked.UNKNOWN
    assert asked(per_user=MfaState.UNKNOWN) is Asked.UNKNOWN
    assert coverage(person(), policies=None, defaults=False).asked is Asked.UNKNOWN
    assert asked(policy(without_groups=LEFT), unread=LEFT) is Asked.UNKNOWN


def test_whoever_is_left_out_is_told_of_which_policy() -> None:
    found = coverage(person(groups=LEFT), policies=[policy(without_groups=LEFT)], defaults=False)
    assert (found.asked, found.left_out) == (Asked.NEVER, ("MFA",))


def test_methods_are_told_apart() -> None:
    assert not has_factor({"email", "temporaryAccessPass"})
    assert has_factor({"mobilePhone"})
    assert has_factor({"somethingNew"})
    assert has_strong({"mobilePhone", "passKeyDeviceBound"})
    assert not has_strong({"microsoftAuthenticatorPush", "somethingNew"})


NAMES = st.frozensets(st.sampled_from(["a", "b", "c"]))
POLICIES = st.builds(
    policy,
    state=st.sampled_from(["enabled", "disabled", "enabledForReportingButNotEnforced"]),
    controls=st.frozensets(st.sampled_from(["mfa", "compliantDevice"])),
    users=st.frozensets(st.sampled_from(["All", "ada", "GuestsOrExternalUsers"])),
    groups=NAMES,
    without_groups=NAMES,
    without_users=st.frozensets(st.just("ada")),
    roles=NAMES,
    without_roles=NAMES,
    guests=st.sampled_from([frozenset[str](), B2B]),
    needs_all=st.booleans(),
    narrowed=st.sampled_from([(), ("locations",)]),
)
PEOPLE = st.builds(
    person,
    guest=st.sampled_from([True, False, None]),
    groups=NAMES,
    roles=NAMES,
    unread=NAMES,
    per_user=st.sampled_from(MfaState),
)
ORDER = {Asked.NEVER: 0, Asked.SOMETIMES: 1, Asked.ALWAYS: 2}


@given(who=PEOPLE, rules=st.lists(POLICIES, max_size=4), more=POLICIES)
def test_another_policy_never_asks_less(
    who: Person, rules: list[AccessPolicy], more: AccessPolicy
) -> None:
    before = coverage(who, policies=rules, defaults=False).asked
    after = coverage(who, policies=[*rules, more], defaults=False).asked
    if Asked.UNKNOWN not in {before, after}:
        assert ORDER[after] >= ORDER[before]
    if before is Asked.ALWAYS:
        assert after is Asked.ALWAYS


@given(who=PEOPLE, rules=st.lists(POLICIES, max_size=4))
def test_reading_what_was_unread_agrees_with_what_was_said_before(
    who: Person, rules: list[AccessPolicy]
) -> None:
    said = coverage(who, policies=rules, defaults=False).asked
    for groups in (who.groups, who.groups | who.unread):
        for roles in (who.roles, who.roles | who.unread):
            read = {"unread": frozenset(), "groups": groups, "roles": roles}
            whole = coverage(who.model_copy(update=read), policies=rules, defaults=False).asked
            assert said in {Asked.UNKNOWN, whole} or (
                # More sign-ins may turn out to be asked about than was promised, never fewer.
                said is Asked.SOMETIMES and whole is Asked.ALWAYS
            )


@given(who=PEOPLE, rules=st.lists(POLICIES, max_size=4))
def test_the_order_of_policies_changes_nothing(who: Person, rules: list[AccessPolicy]) -> None:
    forth = coverage(who, policies=rules, defaults=False)
    back = coverage(who, policies=rules[::-1], defaults=False)
    assert forth.asked is back.asked
    assert sorted(forth.by) == sorted(back.by)
