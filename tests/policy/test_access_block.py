from __future__ import annotations

from typing import Any

import pytest

from shared.clients.access_policies import AccessPolicy
from shared.model import Account, AccountKind, ObjectId, Upn
from shared.policy.access_block import why_not

GROUP = ObjectId("group")
POLICY = AccessPolicy(
    id="p",
    name="Block",
    state="enabled",
    controls=frozenset({"block"}),
    groups=frozenset({GROUP}),
    without_groups=frozenset(),
    without_users=frozenset(),
    without_roles=frozenset(),
    without_guests=False,
)
ADA = Account(
    object_id=ObjectId("ada"),
    upn=Upn("ada@contoso.example"),
    kinds=frozenset({AccountKind.CLOUD}),
    groups=frozenset({ObjectId("staff")}),
    roles=frozenset(),
)
GUEST = {"kinds": frozenset({AccountKind.GUEST})}
SOME_ROLE = {"without_roles": frozenset({"62e90394-69f5-4237-9190-012177145e10"})}


def test_a_policy_for_the_group_that_blocks_all_is_a_block() -> None:
    assert why_not(POLICY, GROUP, ADA) is None


@pytest.mark.parametrize(
    ("policy", "account", "why"),
    [
        ({"groups": frozenset()}, {}, "not for the group"),
        ({"without_groups": frozenset({GROUP})}, {}, "leaves the group out"),
        ({"without_groups": frozenset({"staff"})}, {}, "a group that this account is in"),
        ({"without_groups": frozenset({"x"})}, {"groups": None}, "nobody knows"),
        ({"without_users": frozenset({"ada"})}, {}, "leaves this account out"),
        ({"without_guests": True}, GUEST, "leaves guests out"),
        (SOME_ROLE, {"roles": frozenset({"Reports Reader"})}, "may hold one"),
        (SOME_ROLE, {"roles": None}, "may hold one"),
        ({"narrowed": ("locations",)}, {}, "locations"),
    ],
)
def test_whatever_could_let_the_account_in_is_an_objection(
    policy: dict[str, Any], account: dict[str, Any], why: str
) -> None:
    found = why_not(POLICY.model_copy(update=policy), GROUP, ADA.model_copy(update=account))
    assert found is not None
    assert why in found


@pytest.mark.parametrize(
    ("policy", "account"),
    [
        ({"without_groups": frozenset({"x"})}, {}),
        ({"without_users": frozenset({"bob"})}, {}),
        ({"without_guests": True}, {}),
        (SOME_ROLE, {}),
        ({}, {"groups": None, "roles": None}),
    ],
)
def test_an_exclusion_of_others_is_no_objection(
    policy: dict[str, Any], account: dict[str, Any]
) -> None:
    account_now = ADA.model_copy(update=account)
    assert why_not(POLICY.model_copy(update=policy), GROUP, account_now) is None
