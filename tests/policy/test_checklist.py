"""The checklist of the way back: unknown is never green, and a person's word grows old."""

from __future__ import annotations

from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.model import (
    TOKEN_LIFE,
    UNFINISHED,
    AccountKind,
    Case,
    Entry,
    Event,
    Json,
    Leftover,
    Phase,
    ResponderName,
    Task,
    TaskState,
    left_for_people,
)
from shared.policy.checklist import (
    WAYS_IN,
    CheckLine,
    Light,
    checklist,
    is_green,
    unsettled,
)
from tests.pages.stories import after, case, task

EVICTS = (
    "disable_inbox_rules",
    "stop_forwarding",
    "remove_auth_methods",
    "remove_delegates",
    "revoke_app_consents",
    "remove_admin_roles",
    "disable_devices",
    "stop_auto_replies",
)
CONTAINS = ("disable_sign_in", "reset_password", "revoke_sessions")
ALL = (*CONTAINS, *EVICTS)
BY_HAND = {"steps": ("Look at it",), "reason": "it is in another house"}
LEFT = Leftover(reason="It is shared", steps=("Ask who used it",))
LOOKED: Json = {WAYS_IN: [], "unknown": []}
SURE = {TaskState.VERIFIED, TaskState.SKIPPED, TaskState.REFUSED}


def made(name: str, state: TaskState = TaskState.VERIFIED, **more: object) -> Task:
    phase = Phase.CONTAIN if name in CONTAINS else Phase.EVICT
    return task(name, phase=phase, state=state, **more)


def entries(*said: tuple[Event, Json]) -> tuple[Entry, ...]:
    return tuple(
        Entry(
            seq=seq,
            at=after(seq),
            actor="olga",
            text="",
            data=data,
            salt="",
            said="",
            before="",
            hash="",
            event=event,
        )
        for seq, (event, data) in zip(count(1), said, strict=False)
    )


def confirmed(*checks: str) -> list[tuple[Event, Json]]:
    return [(Event.CONFIRMED, {"check": check}) for check in checks]


def proven(**more: object) -> Case:
    return case(contained_at=after(5), proven_at=after(4000), **more)


def lines(of: Case, tasks: tuple[Task, ...], said: tuple[Entry, ...]) -> dict[str, CheckLine]:
    found = checklist(of, tasks, said)
    assert len({line.name for line in found}) == len(found)
    return {line.name: line for line in found}


def whole() -> tuple[Task, ...]:
    return tuple(made(name) for name in ALL)


SEEN = entries((Event.RIPPLE, LOOKED))


def test_when_all_is_proven_and_looked_for_it_is_green_without_a_person() -> None:
    found = checklist(proven(), whole(), SEEN)
    assert is_green(found)
    assert not any(line.confirmable or line.todo for line in found)


@pytest.mark.parametrize(
    ("state", "more", "light", "confirmable"),
    [
        (TaskState.QUEUED, {}, Light.NOT_YET, False),
        (TaskState.CLAIMED, {}, Light.NOT_YET, False),
        (TaskState.APPLIED, {}, Light.NOT_YET, False),
        (TaskState.WAITING, {}, Light.NOT_YET, False),
        (TaskState.FAILED, {}, Light.UNKNOWN, True),
        (TaskState.REFUSED, BY_HAND, Light.NOT_YET, True),
        (TaskState.VERIFIED, BY_HAND, Light.NOT_YET, True),
        (TaskState.OBSERVED, {}, Light.NOT_YET, True),
        (TaskState.DECLINED, {}, Light.NOT_YET, True),
        (TaskState.UNDONE, {}, Light.NOT_YET, True),
        (TaskState.SKIPPED, {}, Light.GREEN, False),
    ],
)
def test_what_became_of_a_task_says_how_its_line_stands(
    state: TaskState, more: Json, light: Light, *, confirmable: bool
) -> None:
    tasks = (*whole()[:-1], made(EVICTS[-1], state, **more))
    line = lines(proven(), tasks, SEEN)["footholds"]
    assert (line.light, line.confirmable) == (light, confirmable)
    assert bool(line.todo) is (light is not Light.GREEN)


def test_what_nobody_was_asked_for_is_unknown_and_a_person_may_say_it_was_done() -> None:
    without = tuple(t for t in whole() if t.responder != "disable_devices")
    assert lines(proven(), without, SEEN)["devices"].light is Light.UNKNOWN
    said = entries((Event.RIPPLE, LOOKED), *confirmed("devices"))
    line = lines(proven(), without, said)["devices"]
    assert (line.light, line.confirmed_by) == (Light.GREEN, "olga")


@pytest.mark.parametrize("event", [Event.JOINED, Event.REAPPEARED])
def test_a_word_is_old_when_the_account_moved_after_it(event: Event) -> None:
    left = proven(left=(LEFT,))
    said = entries((Event.RIPPLE, LOOKED), *confirmed(LEFT.check))
    assert is_green(checklist(left, whole(), said))
    assert unsettled(left, said) == ()
    moved = entries((Event.RIPPLE, LOOKED), *confirmed(LEFT.check), (event, {}))
    assert not is_green(checklist(left, whole(), moved))
    assert unsettled(left, moved) == (LEFT,)


def test_what_only_a_person_can_do_is_a_line_of_its_own_and_one_word_settles_one_of_them() -> None:
    other = Leftover(reason="It made another account", steps=("Open a case",))
    left = proven(left=(LEFT, other))
    said = entries((Event.RIPPLE, LOOKED), *confirmed(other.check))
    found = lines(left, whole(), said)
    assert found[LEFT.check].light is Light.NOT_YET
    assert found[LEFT.check].steps == LEFT.steps
    assert found[other.check].light is Light.GREEN
    assert unsettled(left, said) == (LEFT,)


@pytest.mark.parametrize(
    "looks",
    [
        (),
        ((Event.RIPPLE, {"linked": [], "unknown": ["the log"]}),),
        ((Event.RIPPLE, LOOKED | {"unknown": ["it"]}),),
    ],
    ids=["nobody", "no answer", "part of it"],
)
def test_what_was_not_looked_for_elsewhere_is_unknown(
    looks: tuple[tuple[Event, Json], ...],
) -> None:
    line = lines(proven(), whole(), entries(*looks))["elsewhere"]
    assert (line.light, line.confirmable) == (Light.UNKNOWN, True)
    said = entries(*looks, *confirmed("elsewhere"))
    assert lines(proven(), whole(), said)["elsewhere"].light is Light.GREEN


def test_proof_is_never_a_persons_to_give() -> None:
    said = entries((Event.RIPPLE, LOOKED), *confirmed("proof"))
    for of, light in ((case(), Light.UNKNOWN), (case(contained_at=after(5)), Light.NOT_YET)):
        line = lines(of, whole(), said)["proof"]
        assert (line.light, line.confirmable) == (light, False)
    until = after(5) + TOKEN_LIFE
    assert f"{until:%H:%M}" in line.todo


def test_a_synced_accounts_password_is_set_twice_and_known_roles_are_reviewed() -> None:
    account = case().account
    synced = account.model_copy(update={"kinds": frozenset({AccountKind.SYNCED})})
    found = lines(proven(account=synced), (), ())
    assert "twice" in found["password"].todo
    assert "roles" in found
    plain = account.model_copy(update={"roles": frozenset[str]()})
    assert "roles" not in lines(proven(account=plain), (), ())


@given(
    states=st.dictionaries(st.sampled_from(ALL), st.sampled_from(TaskState)),
    hand=st.sets(st.sampled_from(ALL)),
    words=st.lists(
        st.one_of(
            st.sampled_from(["doors", "password", "mail", "methods", "footholds", "proof", "x"]),
            st.sampled_from([Event.JOINED, Event.REAPPEARED]),
        ),
        max_size=6,
    ),
)
def test_no_line_is_green_by_itself_over_what_is_not_known_to_be_settled(
    states: dict[str, TaskState], hand: set[str], words: list[str | Event]
) -> None:
    tasks = tuple(
        made(name, state, **(BY_HAND if name in hand else {})) for name, state in states.items()
    )
    said = entries(
        *((w, {}) if isinstance(w, Event) else (Event.CONFIRMED, {"check": w}) for w in words)
    )
    left = {t.responder for t in left_for_people(tasks)}
    bad = {t.responder for t in tasks if t.state not in SURE} | left
    running = {t.responder for t in tasks if t.state in UNFINISHED or t.state is TaskState.WAITING}
    stale = [n for n, w in enumerate(words) if isinstance(w, Event)]
    fresh = set(words[stale[-1] + 1 :] if stale else words)
    for name, line in lines(case(), tasks, said).items():
        theirs = BELONGS.get(name, frozenset()) & states.keys()
        if line.light is Light.GREEN and not line.confirmed_by:
            assert not theirs & bad
            assert name not in BELONGS or theirs
        if line.confirmed_by:
            assert name in fresh
            assert not theirs & running
        assert not (line.confirmable and theirs & running)


BELONGS = {
    "doors": frozenset({ResponderName("disable_sign_in"), ResponderName("revoke_sessions")}),
    "password": frozenset({ResponderName("reset_password")}),
    "mail": frozenset({ResponderName("disable_inbox_rules"), ResponderName("stop_forwarding")}),
    "methods": frozenset({ResponderName("remove_auth_methods")}),
}
"""Which responders answer for a line."""
