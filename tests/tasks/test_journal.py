from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.model import Entry, Event, ResponderName
from shared.tasks.chain import GENESIS
from shared.tasks.journal import Journal

NOON = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)
OTHERWISE: dict[str, Any] = {
    "at": NOON + timedelta(microseconds=1),
    "event": Event.UNDONE,
    "actor": "somebody",
    "responder": ResponderName("another"),
    "text": "another text",
    "data": {"another": [1, {"deep": None}]},
    "salt": "another salt",
    "said": "d" * 64,
    "before": "f" * 64,
    "hash": "e" * 64,
}
"""For each field a value that no line of the journal below has."""


def journal(lines: int = 6) -> Journal:
    made = Journal()
    for number in range(lines):
        made.add(
            made.line(
                list(Event)[number % 4],
                f"line {number}",
                at=NOON + timedelta(seconds=number),
                responder=ResponderName("disable_sign_in") if number % 2 else None,
                data={"change": {"number": number, "text": "Ünïcode “”"}},
            )
        )
    return made


def test_lines_are_numbered_from_one_and_each_carries_the_hash_of_the_one_before() -> None:
    entries = journal().entries
    assert [entry.seq for entry in entries] == [1, 2, 3, 4, 5, 6]
    assert [entry.before for entry in entries] == [GENESIS, *(e.hash for e in entries[:-1])]
    assert journal().broken_at() is None
    assert Journal().broken_at() is None


def test_a_line_that_was_not_stored_is_not_part_of_the_journal() -> None:
    made = journal()
    made.line(Event.FAILED, "never stored", at=NOON)
    assert len(made.entries) == 6


@given(st.integers(0, 5), st.sampled_from(sorted(OTHERWISE)))
def test_a_change_to_any_field_of_any_line_is_found_at_that_line(index: int, field: str) -> None:
    entries = list(journal().entries)
    entries[index] = entries[index].model_copy(update={field: OTHERWISE[field]})
    assert Journal(entries).broken_at() == index + 1


def test_every_field_is_covered() -> None:
    assert set(OTHERWISE) == set(Entry.model_fields) - {"seq"}


@given(st.integers(0, 5), st.integers(-2, 10))
def test_a_line_with_another_number_is_found(index: int, number: int) -> None:
    entries = list(journal().entries)
    if number == entries[index].seq:
        return
    entries[index] = entries[index].model_copy(update={"seq": number})
    broken = Journal(entries).broken_at()
    assert broken is not None
    assert broken <= index + 1


@given(st.data())
def test_a_line_that_is_missing_doubled_or_moved_is_found(data: st.DataObject) -> None:
    entries = list(journal().entries)
    index = data.draw(st.integers(0, 4))
    wrong = data.draw(
        st.sampled_from(
            [
                entries[:index] + entries[index + 1 :],
                [*entries, entries[index]],
                [*entries[:index], entries[index + 1], *entries[index + 1 :]],
            ]
        )
    )
    assert Journal(wrong).broken_at() is not None


@given(st.text(max_size=30), st.recursive(st.none() | st.integers() | st.text(), st.lists))
def test_a_line_survives_json_with_its_hash(text: str, value: object) -> None:
    made = Journal()
    made.add(made.line(Event.CHANGE, text, at=NOON, data={"value": value}))
    stored = [json.loads(json.dumps(entry.model_dump(mode="json"))) for entry in made.entries]
    assert Journal(map(Entry.model_validate, stored)).broken_at() is None


@pytest.mark.parametrize("hours", [0, 5, -8])
def test_a_moment_is_the_same_moment_in_every_zone(hours: int) -> None:
    (entry,) = journal(1).entries
    body = entry.model_dump(mode="json")
    zone = f"{hours:+03}:00"
    there = (entry.at + timedelta(hours=hours)).replace(tzinfo=None).isoformat()
    body["at"] = f"{there}{zone}"
    assert Journal([Entry.model_validate(body)]).broken_at() is None


def test_entries_are_in_order_however_they_were_read() -> None:
    entries = journal().entries
    assert Journal(reversed(entries)).entries == entries
    assert Journal(reversed(entries)).broken_at() is None
