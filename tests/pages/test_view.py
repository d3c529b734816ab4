from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from shared.model import (
    AccountKind,
    AlertId,
    AlertState,
    CaseId,
    CaseStatus,
    Event,
    Mode,
    TaskState,
)
from shared.pages.case_filter import waits_for
from shared.pages.choices import ChainState, Fate, Limit, Made, Need, Tone
from shared.pages.lists import CaseRow, Tally
from shared.pages.values import CaseView
from shared.pages.view import alerts_view, case_json, case_view, cases_view
from shared.principal import Role
from tests.pages import stories
from tests.pages.stories import STORIES, ZERO, after, alert, case, task


def view(name: str) -> CaseView:
    return STORIES[name]().view()


def test_a_contained_case_says_so_and_that_nothing_waits() -> None:
    said = view("contained")
    assert (said.answer.tone, said.answer.word) == (Tone.GOOD, "Contained")
    assert said.open == ()
    assert {found.fate for found in said.footholds} == {Fate.GONE}
    assert {change.made for change in said.changes} == {Made.YES}


def test_time_to_contain_runs_from_the_first_alert_received_to_the_last_door_closed() -> None:
    story = stories.contained()
    later = alert(id="b2", received_at=after(50))
    said = replace(story, alerts=(later, *story.alerts)).view()
    assert said.contain_s == pytest.approx(1.34)
    assert said.first_alert_at == ZERO


def test_a_running_case_is_not_contained_and_names_the_open_doors() -> None:
    said = view("running")
    assert said.answer.word == "Not contained yet"
    assert said.contain_s is None
    assert "revoke sessions" in said.contain_note
    assert said.refresh_s == 3


def test_a_removed_foothold_is_not_gone_before_it_is_proven() -> None:
    fates = {found.kind: found.fate for found in view("running").footholds}
    assert fates == {
        "sign_in": Fate.APPLIED,
        "session": Fate.PLANNED,
        "password": Fate.PLANNED,
    }


def test_who_has_not_looked_yet_is_named_because_unknown_is_not_none() -> None:
    assert set(view("running").unlooked) == {"disable_inbox_rules", "stop_forwarding"}
    assert set(view("denied").unlooked) == {"disable_sign_in", "revoke_sessions"}
    assert view("contained").unlooked == ()


def test_a_change_that_waits_for_approval_has_not_been_made() -> None:
    said = view("waiting")
    assert said.answer.tone is Tone.PERSON
    assert [item.need for item in said.open] == [Need.APPROVAL]
    waiting = [c for c in said.changes if c.responder == "disable_inbox_rules"]
    assert {c.made for c in waiting} == {Made.PLANNED}
    assert {f.fate for f in said.footholds if f.responder == "disable_inbox_rules"} == {
        Fate.WAITING
    }


def test_a_synced_account_asks_a_person_with_steps_and_doubts_its_limit() -> None:
    said = view("synced")
    (item,) = said.open
    assert item.need is Need.BY_HAND
    assert item.steps[0].startswith("Reset the password in Active Directory")
    assert said.clock.limit is Limit.CONDITIONAL
    assert any("directory sync" in condition for condition in said.clock.conditions)
    assert "1 more for a person" in said.contain_note


def test_a_denied_permission_is_named_and_the_case_is_not_contained() -> None:
    said = view("denied")
    assert {item.permission for item in said.open} == {
        "User.EnableDisableAccount.All",
        "User.RevokeSessions.All",
    }
    assert said.answer.tone is Tone.BAD
    assert said.answer.word.startswith("Not contained")


def test_a_dry_run_says_that_nothing_was_changed() -> None:
    said = view("observed")
    assert "nothing was changed" in said.answer.word
    assert said.clock.limit is Limit.UNTOUCHED
    assert {change.made for change in said.changes} == {Made.PLANNED}
    assert {found.fate for found in said.footholds} == {Fate.OBSERVED}


def test_a_failure_after_the_change_was_begun_is_neither_done_nor_undone() -> None:
    said = view("failed")
    rules = [c for c in said.changes if c.responder == "disable_inbox_rules"]
    assert {c.made for c in rules} == {Made.UNSURE}
    (item,) = said.open
    assert "may have been changed in part" in item.reason
    assert "ServerBusy." in item.reason


def test_a_failed_proof_leaves_a_made_change_made() -> None:
    story = stories.contained()
    bad = task("stop_forwarding", state=TaskState.FAILED, applied_at=after(2), reason="no answer")
    said = replace(story, case=case(status=CaseStatus.NEEDS_PERSON), tasks=(bad,)).view()
    assert {c.made for c in said.changes} == {Made.YES}
    assert said.open[0].title.endswith("not proven")


def test_a_case_without_tasks_asks_a_person_to_decide_with_the_reason() -> None:
    said = view("nobody_acted")
    assert said.answer.tone is Tone.BAD
    (item,) = said.open
    assert item.need is Need.UNDECIDED
    assert "protected account" in item.reason


def test_a_foothold_that_came_back_says_so() -> None:
    story = stories.contained()
    writer = stories.Writer()
    for event in (Event.APPLIED, Event.VERIFIED, Event.REAPPEARED):
        writer.line(event, "Stop forwarding", at=900, responder="stop_forwarding")
    back = task("stop_forwarding", state=TaskState.QUEUED, applied_at=after(2))
    said = replace(
        story, case=case(), tasks=(back, *story.tasks[:2]), entries=writer.entries
    ).view()
    (found,) = (f for f in said.footholds if f.kind == "forwarding")
    assert found.fate is Fate.BACK
    assert found.died_at is None


def test_a_contained_status_is_not_believed_while_the_doors_stand_open() -> None:
    story = stories.contained()
    only_evict = tuple(t for t in story.tasks if t.responder == "stop_forwarding")
    said = replace(story, tasks=only_evict).view()
    assert (said.answer.tone, said.answer.word) == (Tone.BAD, "Not contained")


def test_contained_with_observed_footholds_counts_what_is_left() -> None:
    story = stories.contained()
    left = task(
        "stop_forwarding", mode=Mode.OBSERVE, state=TaskState.OBSERVED, finished_at=after(2)
    )
    others = tuple(t for t in story.tasks if t.responder != "stop_forwarding")
    said = replace(story, tasks=(left, *others)).view()
    assert said.answer.word == "Contained, footholds left"
    assert said.clock.limit is Limit.CONDITIONAL


def test_doors_found_closed_already_are_contained_without_a_change() -> None:
    story = stories.contained()
    tasks = tuple(
        task(t.responder, state=TaskState.SKIPPED, finished_at=after(2), **stories.UNPLANNED)
        for t in story.tasks
    )
    said = replace(story, tasks=tasks).view()
    assert said.answer.tone is Tone.GOOD
    assert said.changes == ()


def test_a_broken_chain_takes_the_good_word_s_colour_away() -> None:
    said = replace(stories.contained(), chain=ChainState.BROKEN).view()
    assert said.answer.tone is Tone.PERSON
    assert "altered" in said.answer.sentence


def test_what_happened_is_sorted_and_begins_with_what_the_alert_reports() -> None:
    said = view("contained")
    times = [line.at for line in said.happened]
    assert times == sorted(times)
    assert said.happened[0].after_s == pytest.approx(-372)
    assert said.happened[1].after_s == 0


def test_an_alert_that_does_not_say_when_it_happened_is_only_received() -> None:
    story = stories.contained()
    said = replace(story, alerts=(alert(occurred_at=ZERO, occurred_at_is_receipt=True),)).view()
    assert said.happened[0].text.startswith("Alert received")


def test_reloading_stops_when_nothing_goes_on_by_itself() -> None:
    assert stories.contained().later(minutes=30).view().refresh_s == 30
    assert stories.contained().later(hours=2).view().refresh_s is None
    assert view("denied").refresh_s is None


@pytest.mark.parametrize("name", STORIES)
def test_the_view_does_not_depend_on_the_order_of_its_input(name: str) -> None:
    story = STORIES[name]()
    shuffled = replace(
        story,
        tasks=story.tasks[::-1],
        entries=story.entries[::-1],
        alerts=story.alerts[::-1],
    )
    assert shuffled.view() == story.view()


@pytest.mark.parametrize("name", STORIES)
def test_the_json_is_plain_and_keeps_its_shape(name: str) -> None:
    said = case_json(view(name))
    assert json.loads(json.dumps(said)) == said
    assert said["shape"] == 1
    assert CaseView.model_validate(said) == view(name)


def test_the_shape_of_the_json_is_what_was_published() -> None:
    assert sorted(case_json(view("contained"))) == [
        *("alerts", "answer", "at", "chain", "changes", "clock", "compromised_since"),
        *(
            "contain_note",
            "contain_s",
            "dry_run",
            "findings",
            "first_alert_at",
            "footholds",
            "happened",
        ),
        "hardening",
        "id",
        "judgement",
        *("kinds", "open", "opened_at", "reasons", "refresh_s", "severity", "shape", "status"),
        *("tasks", "title", "unlooked", "way_back", "who"),
    ]


def test_a_change_s_stored_details_do_not_reach_the_view() -> None:
    story = stories.contained()
    secret = task("stop_forwarding", state=TaskState.VERIFIED, change={"was": "canary-7f3a"})
    assert "canary-7f3a" not in replace(story, tasks=(secret,)).view().model_dump_json()


def row(status: CaseStatus, updated: float) -> CaseRow:
    return CaseRow(
        id=CaseId(f"{status}-{updated}"),
        upn="kim@contoso.example",
        display_name="Kim",
        status=status,
        title="",
        severity="high",
        kinds=(),
        opened_at=ZERO,
        updated_at=after(updated),
        waiting=0,
        footholds=0,
    )


def test_the_list_puts_what_waits_for_people_first_and_the_newest_on_top() -> None:
    rows = [row(status, n) for status in CaseStatus for n in (1.0, 2.0)]
    said = cases_view(rows, Tally(number=2), ZERO)
    assert {r.status for r in said.for_people} == {CaseStatus.NEEDS_PERSON, CaseStatus.WAITING}
    assert {r.status for r in said.running} == {CaseStatus.OPEN}
    assert len(said.for_people) + len(said.running) + len(said.settled) == len(rows)
    for part in (said.for_people, said.running, said.settled):
        assert [r.updated_at for r in part] == sorted((r.updated_at for r in part), reverse=True)


def test_of_what_waits_the_reader_s_own_stands_on_top_and_then_the_gravest() -> None:
    severities = ("low", "high", "medium", "unknown")
    rows = [
        row(status, n).model_copy(update={"severity": severity})
        for status in (CaseStatus.WAITING, CaseStatus.NEEDS_PERSON)
        for n, severity in enumerate(severities)
    ]
    said = cases_view(rows, Tally(), ZERO, mine=waits_for(Role.RESPONDER))
    assert said.mine == len(severities)
    assert [r.status for r in said.for_people] == [
        *[CaseStatus.NEEDS_PERSON] * 4,
        *[CaseStatus.WAITING] * 4,
    ]
    assert [r.severity for r in said.for_people] == ["high", "unknown", "medium", "low"] * 2


def test_a_storm_of_waiting_cases_is_cut_and_counted() -> None:
    rows = [row(CaseStatus.WAITING, float(n)) for n in range(250)]
    said = cases_view(rows, Tally(), ZERO, mine=waits_for(Role.APPROVER))
    assert (len(said.for_people), said.people_in_all, said.mine) == (50, 250, 250)


def test_ignored_alerts_are_kept_apart_from_those_that_need_a_person() -> None:
    alerts = [alert(id=AlertId(state), state=state) for state in AlertState]
    said = alerts_view(alerts, at=ZERO)
    assert {a.state for a in said.for_people} == {
        AlertState.UNREADABLE,
        AlertState.UNRESOLVED,
        AlertState.POISONED,
    }
    assert [a.state for a in said.ignored] == [AlertState.IGNORED]


def test_account_kinds_are_kept_for_the_reader() -> None:
    assert view("synced").who.kinds == (AccountKind.SYNCED,)


def test_a_case_without_alerts_counts_from_its_opening() -> None:
    said = case_view(case(), (), (), (), at=ZERO + timedelta(minutes=1))
    assert said.first_alert_at == after(0.31)
    assert said.chain is ChainState.UNKNOWN
