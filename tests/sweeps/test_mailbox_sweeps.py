"""What our own sweeps find in an organisation whose truth is known."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lab.organisation_faults import FAULTS
from lab.tenant.settings import Licence, Throttling
from shared.model import Severity
from shared.posture import RunState
from shared.sweeps.parts import EXCHANGE
from tests.sweeps.swept import Swept

SWEEPS = (
    "blocked_senders",
    "break_glass",
    "inbox_rules",
    "legacy_protocols",
    "mail_forwarding",
    "mailbox_auditing",
    "mfa_coverage",
    "risky_consents",
)
AUDITING = "mailbox_auditing"
FEW = len(FAULTS) + 1
PER_MAILBOX = {"mailbox_switch", "mailbox_actions", "mailbox_age_limit"}


@pytest.mark.parametrize("name", SWEEPS)
async def test_in_an_organisation_of_a_thousand_a_sweep_finds_the_truth(name: str) -> None:
    swept = Swept(1_000, name, smtp_for_all=True)
    await swept.run()
    assert swept.truth(name)
    assert swept.found(name) == swept.truth(name)
    assert swept.last(name).state is RunState.COMPLETE


@pytest.mark.parametrize("name", SWEEPS)
async def test_how_the_far_side_cuts_its_pages_changes_nothing(name: str) -> None:
    swept = Swept(FEW, name, page_size=3)
    await swept.run()
    assert swept.found(name) == swept.truth(name)


@pytest.mark.parametrize("name", SWEEPS)
@given(at=st.integers(1, 150))
@example(at=50)
@settings(max_examples=8, deadline=None)
async def test_killed_at_any_point_and_continued_the_result_is_the_same(name: str, at: int) -> None:
    whole, stopped = (Swept(FEW, name, page_size=7) for _ in range(2))
    await whole.run()
    await stopped.die_at(at)
    await stopped.go_on()
    assert stopped.found(name) == whole.found(name) == whole.truth(name)
    if stopped.last(name).started_at == whole.last(name).started_at:
        assert stopped.outcome(name) == whole.outcome(name)


@pytest.mark.parametrize("name", SWEEPS)
async def test_no_published_limit_is_ever_broken(name: str) -> None:
    throttled = {"throttling": Throttling.PUBLISHED}
    swept = Swept(1_500, name, page_size=5, tenant=throttled)
    await swept.run()
    assert swept.found(name) == swept.truth(name)
    assert {call.status for call in swept.lab.calls} & {429, 503} == set()


async def test_exchange_is_asked_no_more_often_than_the_budget_says() -> None:
    swept = Swept(1_500, AUDITING, page_size=5)
    await swept.run()
    # Two windows that touch may both be full.
    assert 20 < swept.busiest(EXCHANGE.seconds) <= 2 * EXCHANGE.calls


async def test_the_switches_of_the_organisation_are_found_off_and_the_log_proven_empty() -> None:
    swept = Swept(FEW, AUDITING, audits=False, ingests=False)
    await swept.run()
    kinds = {kind for kind, _ in swept.found(AUDITING)}
    assert kinds >= {"organisation_switch", "log_ingestion", "log_proof"}
    assert swept.found(AUDITING) == swept.truth(AUDITING)


async def test_a_log_that_lacks_what_happened_is_found_though_its_switch_says_on() -> None:
    swept = Swept(3, AUDITING)
    swept.lab.state.logbook.records.clear()
    await swept.run()
    assert ("log_proof", "unified audit log") in swept.found(AUDITING)


@pytest.mark.parametrize(
    "tenant", [{"audit_search": 86_400.0}, {"licences": frozenset(Licence) - {Licence.ENTRA_P1}}]
)
async def test_a_proof_that_cannot_be_had_is_unknown_and_no_alarm(
    tenant: dict[str, object],
) -> None:
    swept = Swept(3, AUDITING, tenant=tenant)
    await swept.run()
    assert "log_proof" in swept.unknown(AUDITING)
    assert "log_proof" not in {kind for kind, _ in swept.found(AUDITING)}


async def test_a_search_that_takes_its_time_is_waited_for() -> None:
    swept = Swept(3, AUDITING, tenant={"audit_search": 600.0})
    await swept.run()
    assert (swept.unknown(AUDITING), swept.last(AUDITING).state) == (set(), RunState.COMPLETE)


async def test_what_is_mended_is_fixed_in_the_next_run_and_nothing_else_is() -> None:
    swept = Swept(FEW, AUDITING)
    await swept.run()
    kind, oid = min(one for one in swept.truth(AUDITING) if one[0] == "bypass")
    swept.organisation.audited(oid, bypass=False)
    await swept.day()
    # What the log held eight days ago proves nothing now, and no new thing happened.
    proof = ("log_proof", "unified audit log")
    assert swept.found(AUDITING) - {proof} == swept.truth(AUDITING) - {(kind, oid)}


async def test_what_may_not_be_read_any_more_is_unknown_and_never_fixed() -> None:
    swept = Swept(FEW, AUDITING)
    await swept.run()
    before = swept.found(AUDITING)
    swept.lab.fail(match="Get-Mailbox", status=403, times=100)
    await swept.day()
    assert swept.last(AUDITING).state is RunState.PARTIAL
    assert swept.found(AUDITING) >= {one for one in before if one[0] in PER_MAILBOX}
    assert swept.unknown(AUDITING) >= PER_MAILBOX


async def test_mailboxes_made_since_the_last_run_are_counted() -> None:
    swept = Swept(FEW, AUDITING)
    await swept.run()
    assert swept.last(AUDITING).tally["new mailboxes"] == 0
    swept.clock.advance(60)
    swept.organisation.people.person("Ada Brandt", created_at=swept.clock.now())
    await swept.day()
    assert swept.last(AUDITING).tally["new mailboxes"] == 1


async def test_the_same_switch_is_worse_where_the_licence_makes_it_count() -> None:
    swept = Swept(FEW, AUDITING)
    await swept.run()
    off = {
        held.finding.evidence["licence"]: held.finding.severity
        for held in swept.held(AUDITING)
        if held.finding.kind == "mailbox_switch"
    }
    assert off == {"Audit (Standard)": Severity.MEDIUM, "Audit (Premium)": Severity.LOW}


async def test_a_bad_rule_stays_found_after_the_log_speaks_of_it_no_more() -> None:
    swept = Swept(FEW, "inbox_rules")
    await swept.run()
    swept.lab.state.logbook.records.clear()
    await swept.day()
    assert swept.found("inbox_rules") == swept.truth("inbox_rules")
    ((_, oid),) = swept.truth("inbox_rules")
    box = swept.lab.mailboxes[oid]
    off = tuple(replace(rule, enabled=False) for rule in box.rules)
    swept.organisation.mailbox(oid, rules=off)
    await swept.day()
    assert swept.found("inbox_rules") == set()


async def test_a_rule_of_which_the_log_says_only_that_it_was_changed_is_read() -> None:
    swept = Swept(1, "inbox_rules")
    oid = swept.organisation.people.person("Ada Brandt")
    swept.organisation.people.rule(oid, ".", actions={"delete": True})
    swept.organisation.rule_written(oid, ".")
    (row,) = [r for r in swept.lab.state.logbook.records if r.operation == "New-InboxRule"]
    told = replace(row, operation="UpdateInboxRules", details={})
    swept.lab.state.logbook.records[:] = [told]
    await swept.run()
    assert swept.found("inbox_rules") == {("suspicious_rule", oid)}


async def test_a_recipient_nobody_can_find_is_an_unknown_target_and_no_harmless_one() -> None:
    swept = Swept(1, "mail_forwarding")
    oid = swept.organisation.people.person("Ada Brandt")
    swept.organisation.mailbox(oid, forwarding_recipient=swept.organisation.contact)
    swept.lab.fail(match="Get-Recipient", status=404, times=1)
    await swept.run()
    assert swept.unknown("mail_forwarding") == {"external_forwarding"}
    assert swept.found("mail_forwarding") == set()
