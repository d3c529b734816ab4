"""How a mailbox's auditing is judged: by what somebody chose, the licence, and what is unknown."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.clients.auditing import LOGONS
from shared.clients.licences import ADVANCED_AUDITING
from shared.clients.mailbox_lists import Box
from shared.model import ObjectId, Severity, Upn
from shared.policy.mailbox_audit import (
    ACTIONS,
    AGE,
    PREMIUM,
    STANDARD,
    SWITCH,
    asks_licence,
    judge,
)
from shared.posture import Certainty

E5 = frozenset({ADVANCED_AUDITING})
E3 = frozenset({"efb87545-963c-4e0d-99df-69c6916d9eb0"})
ALL = sorted(frozenset[str]().union(*STANDARD.values(), *PREMIUM.values()))


def box(**wishes: Any) -> Box:
    well: dict[str, Any] = {
        "object_id": ObjectId("7d3c2f10-5b1e-4a7c-9c55-0d6d3a1b2c3d"),
        "upn": Upn("ada@contoso.example"),
        "kind": "UserMailbox",
        "created_at": None,
        "audited": True,
        "default_set": LOGONS,
        "actions": dict.fromkeys(LOGONS, ()),
        "kept_days": 90,
        "forwards_to_smtp": None,
        "forwards_to_recipient": None,
    }
    return Box(**(well | wishes))


def chosen(**actions: tuple[str, ...]) -> Box:
    """A mailbox for which somebody chose what is audited of some logon types."""
    left = tuple(logon for logon in LOGONS if logon not in actions)
    return box(default_set=left, actions={**dict.fromkeys(LOGONS, ()), **actions})


boxes = st.builds(
    box,
    kind=st.sampled_from(["UserMailbox", "SharedMailbox", "RoomMailbox", ""]),
    audited=st.sampled_from([True, False, None]),
    default_set=st.sets(st.sampled_from(LOGONS)).map(lambda s: tuple(x for x in LOGONS if x in s)),
    actions=st.fixed_dictionaries(
        dict.fromkeys(LOGONS, st.sets(st.sampled_from(ALL)).map(lambda found: tuple(sorted(found))))
    ),
    kept_days=st.one_of(st.none(), st.integers(0, 400)),
)
plans = st.sampled_from([E3, E5, None])


def test_a_mailbox_nobody_touched_is_as_it_should_be_under_every_licence() -> None:
    assert [judge(box(), licence) for licence in (E3, E5, None)] == [(), (), ()]


@given(boxes, plans)
def test_what_is_unknown_is_never_said_to_be_off(one: Box, licence: frozenset[str] | None) -> None:
    for finding in judge(one, licence):
        unknown = {SWITCH: one.audited is None, AGE: one.kept_days is None}
        expected = Certainty.UNKNOWN if unknown.get(finding.kind) else Certainty.SEEN
        assert finding.certainty is expected


@given(boxes, plans)
def test_the_licence_is_asked_for_wherever_it_changes_the_judgement(
    one: Box, licence: frozenset[str] | None
) -> None:
    if not asks_licence(one):
        seen = {f.kind for f in judge(one, licence) if f.certainty is Certainty.SEEN}
        assert seen <= {AGE}
        assert judge(one, E3) == judge(one, licence) or one.audited is None


@given(boxes)
def test_the_larger_licence_never_lacks_less(one: Box) -> None:
    def lacks(licence: frozenset[str]) -> float:
        return sum(f.weight for f in judge(one, licence) if f.kind == ACTIONS)

    assert lacks(E5) >= lacks(E3)


@pytest.mark.parametrize(
    ("owner", "licence", "severity", "missing"),
    [
        (ALL, E5, Severity.LOW, None),
        (["MailboxLogin"], E3, Severity.MEDIUM, "UpdateInboxRules"),
        (sorted(STANDARD["Owner"]), E3, Severity.LOW, None),
        (sorted(STANDARD["Owner"]), E5, Severity.MEDIUM, "MailItemsAccessed"),
        (sorted(STANDARD["Owner"]), None, Severity.LOW, None),
    ],
)
def test_what_is_missing_depends_on_the_licence(
    owner: list[str], licence: frozenset[str] | None, severity: Severity, missing: str | None
) -> None:
    (finding,) = judge(chosen(Owner=tuple(owner)), licence)
    assert (finding.kind, finding.severity) == (ACTIONS, severity)
    said = finding.evidence.get("missing of Owner")
    assert said is None if missing is None else missing in str(said)


def test_a_switch_that_is_off_matters_where_the_licence_makes_it_count() -> None:
    off = box(audited=False)
    said = [judge(off, licence)[0].severity for licence in (E3, E5, None)]
    assert said == [Severity.MEDIUM, Severity.LOW, Severity.MEDIUM]


@pytest.mark.parametrize("kind", ["RoomMailbox", "EquipmentMailbox", "DiscoveryMailbox"])
def test_what_is_not_audited_by_its_own_settings_is_not_judged(kind: str) -> None:
    assert judge(box(kind=kind, audited=False, kept_days=1), E3) == ()
