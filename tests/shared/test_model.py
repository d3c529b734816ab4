from __future__ import annotations

import ast
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from shared import model
from shared.model import (
    UNFINISHED,
    Account,
    AccountRef,
    Alert,
    AlertId,
    AlertKind,
    Case,
    CaseId,
    Difference,
    ObjectId,
    Phase,
    ResponderName,
    Severity,
    TaskState,
    TenantId,
    Upn,
    Value,
    digest,
    now,
    number_of,
    task_id,
)

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ADA = Account(object_id=ObjectId("ada"), upn=Upn("ada@contoso.example"))
TIMES: dict[str, Callable[[datetime], Value]] = {
    "occurred_at": lambda moment: alert(occurred_at=moment),
    "received_at": lambda moment: alert(received_at=moment),
    "opened_at": lambda moment: case(opened_at=moment),
    "compromised_since": lambda moment: case(compromised_since=moment),
    "seen_until": lambda moment: case(seen_until=moment),
    "sessions_valid_from": lambda moment: account(sessions_valid_from=moment),
    "last_password_change": lambda moment: account(last_password_change=moment),
}
IDS = ("TenantId", "ObjectId", "Upn", "AlertId", "CaseId", "TaskId", "ResponderName")


def alert(**more: Any) -> Alert:
    fields: dict[str, Any] = {
        "id": AlertId("a"),
        "tenant": TenantId("t"),
        "source": "s",
        "carrier": "c",
        "native_id": "n",
        "kind": AlertKind.RISKY_USER,
        "title": "",
        "severity": Severity.HIGH,
        "occurred_at": NOON,
        "received_at": NOON,
        "raw": "raw/x",
    }
    return Alert(**{**fields, **more})


def case(**more: Any) -> Case:
    fields: dict[str, Any] = {
        "id": CaseId("c"),
        "tenant": TenantId("t"),
        "account": ADA,
        "opened_at": NOON,
        "compromised_since": NOON,
        "seen_until": NOON,
    }
    return Case(**{**fields, **more})


def account(**more: Any) -> Account:
    return Account(object_id=ObjectId("ada"), upn=Upn("ada@contoso.example"), **more)


def values() -> list[type[Value]]:
    found = [each for each in vars(model).values() if isinstance(each, type)]
    return [each for each in found if issubclass(each, Value)]


@pytest.mark.parametrize("field", TIMES)
def test_a_time_without_a_zone_does_not_construct(field: str) -> None:
    with pytest.raises(ValidationError, match="timezone"):
        TIMES[field](datetime(2026, 11, 23, 12))  # noqa: DTZ001 - the point of the test


@pytest.mark.parametrize("field", TIMES)
@pytest.mark.parametrize("hours", [-11, 0, 2, 14])
def test_a_time_from_anywhere_is_the_same_moment_in_utc(field: str, hours: int) -> None:
    local = NOON.astimezone(timezone(timedelta(hours=hours)))
    made = TIMES[field](local)
    kept = getattr(made, field)
    assert kept == NOON
    assert kept.utcoffset() == timedelta(0)


def test_the_clock_is_aware_and_in_utc() -> None:
    assert now().utcoffset() == timedelta(0)


@pytest.mark.parametrize("name", IDS)
def test_ids_are_types_of_their_own(name: str) -> None:
    kind = getattr(model, name)
    assert kind.__supertype__ is str
    assert kind.__name__ == name


@pytest.mark.parametrize("kind", values(), ids=lambda kind: kind.__name__)
def test_every_value_is_frozen_and_knows_its_fields(kind: type[BaseModel]) -> None:
    assert kind.model_config["frozen"] is True
    assert kind.model_config["extra"] == "forbid"


def test_a_value_cannot_be_changed_or_misspelt() -> None:
    difference = Difference(what="Sign-in", was="allowed", becomes="blocked")
    with pytest.raises(ValidationError, match="frozen"):
        difference.was = "blocked"  # type: ignore[misc]
    with pytest.raises(ValidationError, match="Extra"):
        Difference.model_validate({**difference.model_dump(), "becoms": "x"})


def test_a_case_survives_being_stored() -> None:
    full = case(kinds={AlertKind.RISKY_USER, AlertKind.OUTBOUND_SPAM}, reasons=("because",))
    assert Case.model_validate_json(full.model_dump_json()) == full
    assert Case.model_validate(full.model_dump(mode="json")) == full


def test_nothing_is_known_of_an_account_that_nobody_looked_at() -> None:
    unseen = account()
    assert [unseen.enabled, unseen.groups, unseen.roles, unseen.mail] == [None] * 4


@pytest.mark.parametrize(
    ("ref", "best"),
    [
        ({"object_id": "o", "upn": "u", "mailbox": "m", "sid": "s"}, "o"),
        ({"upn": "u", "mailbox": "m", "sid": "s"}, "u"),
        ({"mailbox": "m", "sid": "s"}, "m"),
        ({"sid": "s"}, "s"),
        ({}, None),
    ],
)
def test_the_most_trustworthy_name_is_used(ref: dict[str, str], best: str | None) -> None:
    assert AccountRef.model_validate(ref).best == best


def test_digests_do_not_change_between_versions() -> None:
    assert digest("contoso", "ada") == "cbdd2a445cb85c08cf3369ac1c35b9b1"
    task = task_id(TenantId("t"), ObjectId("o"), CaseId("c"), ResponderName("r"))
    assert task == "e9b01477eaed6f9b227b1d75d90a4c8e"


@given(st.lists(st.text(), min_size=1, max_size=4), st.integers(8, 64))
def test_a_digest_is_hex_of_the_length_asked_for_and_always_the_same(
    parts: list[str], length: int
) -> None:
    found = digest(*parts, length=length)
    assert found == digest(*parts, length=length)
    assert len(found) == length
    assert set(found) <= set("0123456789abcdef")


def test_where_one_part_ends_matters() -> None:
    assert len({digest("ab", "c"), digest("a", "bc"), digest("abc"), digest("abc", "")}) == 4


def test_a_task_is_named_by_all_that_makes_it() -> None:
    def name(t: str = "t", o: str = "o", c: str = "c", r: str = "r") -> str:
        return task_id(TenantId(t), ObjectId(o), CaseId(c), ResponderName(r))

    assert name() == name()
    assert len({name(), name(t="x"), name(o="x"), name(c="x"), name(r="x")}) == 5


def test_the_worker_goes_on_with_nothing_that_waits_for_a_person_or_is_over() -> None:
    assert TaskState.WAITING not in UNFINISHED
    over = {TaskState.VERIFIED, TaskState.SKIPPED, TaskState.REFUSED, TaskState.FAILED}
    assert not UNFINISHED & over
    assert list(Phase) == ["contain", "evict", "recover", "harden", "close"]


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 boxes are"), (1, "1 box is"), (2, "2 boxes are")]
)
def test_a_number_is_said_with_the_noun_and_the_verb_that_go_with_it(count: int, said: str) -> None:
    assert number_of(count, "box is", "boxes are") == said
    assert number_of(count, "rule") == f"{count} rule{'' if count == 1 else 's'}"


@pytest.mark.parametrize("floor", ["shared", "responders", "cli", "lab"])
def test_no_text_leaves_open_whether_it_is_one_or_more(floor: str) -> None:
    root = Path(__file__).parents[2] / floor
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in root.rglob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    texts = [node.value for node in nodes if isinstance(node.value, str)]
    assert [text for text in texts if re.search(r"[a-z]\((s|es)\)", text)] == []
    assert len(texts) > 100
