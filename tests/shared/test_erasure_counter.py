"""Who may have a person erased, what the pages say of it, and what refuses then."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

import pytest

from lab.workbench import as_operator
from shared.model import CaseStatus, Event, Json, TaskState
from shared.principal import Role
from shared.store.verbs import Drop, Put
from shared.tasks import keys
from shared.tasks.chain import ERASED
from shared.tasks.ledger import CaseFile
from tests.tasks.approving import AZURE, signed_in
from tests.tasks.benches import Bench

JSON = {"accept": "application/json"}
HTML = {"accept": "text/html"}


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with Bench() as made:
        yield await settled(made)


async def settled(bench: Bench) -> Bench:
    """Play a case whose looks are all over; what a person left open is taken for done."""
    await bench.tell()
    await bench.settle()
    case, tenant = bench.the_case(), bench.app.settings.tenant
    file = await CaseFile.load(bench.store, bench.clock.now, tenant, case.id)
    done = case.model_copy(update={"status": CaseStatus.CONTAINED, "looks": 5})
    await file.record(case=done)
    home, key = keys.cases(tenant), keys.list_row(done)
    row = await bench.store.read(home, key)
    assert row is not None
    listed = Put(home, key, row.body | {"status": done.status}, row.etag)
    await bench.store.write(
        listed, Drop(home, keys.todo_row(done.id)), Drop(home, keys.open_row(done))
    )
    return bench


async def signed(bench: Bench, what: str, **request: Any) -> tuple[int, Json]:
    """Ask as the command line does."""
    body = json.dumps({"by": "Nia", **request}).encode()
    headers = as_operator(f"erasures/{what}", body, bench.clock.now())
    page = await bench.app.erase(what, headers, body)
    return page.status, json.loads(page.body)


async def erased(bench: Bench) -> str:
    """Have the story's account erased; gives its case's number."""
    _, plan = await signed(bench, "plan", user=bench.oid)
    wish = {"user": bench.oid, "seen": plan["digest"], "reason": "Request 17"}
    status, _ = await signed(bench, "start", **wish)
    assert status == 202
    return str(bench.the_case().id)


async def test_what_was_planned_is_erased_at_once_and_listed_without_a_name(bench: Bench) -> None:
    status, plan = await signed(bench, "plan", user=bench.oid)
    assert (status, plan["sought"]["object_id"], plan["obstacles"]) == (200, bench.oid, [])
    assert [case["id"] for case in plan["cases"]] == [bench.the_case().id]
    account = bench.the_case().account
    await erased(bench)
    found = json.loads((await bench.app.erasures(JSON)).body)
    assert (found["under_way"], found["held_back"]) == ([], [])
    (done,) = found["done"]
    assert (done["by"]["name"], done["reason"]) == ("Nia", "Request 17")
    for word in (account.object_id, account.upn, account.display_name):
        assert word not in json.dumps(found)


@pytest.mark.parametrize("path", ["", ".json", "/report", "/evidence", "/restore"])
async def test_an_erased_case_says_so_and_shows_nothing_else(bench: Bench, path: str) -> None:
    account = bench.the_case().account
    case = await erased(bench)
    for headers in ({}, JSON):
        page = await bench.app.page(f"cases/{case}{path}", headers)
        assert page.status == 410
        assert "erased on 2026-11-23 by Nia" in page.body
        assert "Request 17" in page.body
        for word in (account.object_id, account.upn, account.display_name):
            assert word not in page.body


async def test_no_list_and_no_search_finds_the_name(bench: Bench) -> None:
    account = bench.the_case().account
    asked: list[dict[str, str]] = [
        {},
        {"q": account.display_name},
        {"account": account.upn},
        {"account": bench.oid},
    ]
    before = [await bench.app.page("cases", JSON, query) for query in asked]
    assert all(account.upn in page.body for page in before)
    await erased(bench)
    for query in asked:
        page = await bench.app.page("cases", JSON, query)
        for word in (account.upn, account.display_name, bench.oid):
            assert word not in page.body
    assert ERASED in (await bench.app.page("cases", {})).body


ASKED: dict[str, Json] = {
    "ask_undo": {},
    "restore": {"reason": "x"},
    "confirm": {"check": "x"},
    "approve": {"changes": [{"responder": "reset_password", "fingerprint": "0"}]},
    "since": {"since": "2026-11-20T08:00:00Z"},
}


@pytest.mark.parametrize("how", ASKED)
async def test_undo_restore_and_answers_refuse_with_a_sentence(bench: Bench, how: str) -> None:
    case = await erased(bench)
    rows = bench.store.rows()
    body = json.dumps({"by": "Nia", **ASKED[how]}).encode()
    headers = as_operator(f"cases/{case}/{how.removeprefix('ask_')}", body, bench.clock.now())
    page = await getattr(bench.app, how)(case, headers, body)
    assert page.status == 409
    assert "erased on 2026-11-23" in page.body
    assert bench.store.rows() == rows


async def test_the_page_of_an_undo_refuses_too(bench: Bench) -> None:
    page = await bench.app.show_undo(await erased(bench), {})
    assert page.status == 409
    assert "erased on 2026-11-23" in page.body


async def test_an_old_message_about_an_erased_case_does_nothing(bench: Bench) -> None:
    case = bench.the_case()
    await erased(bench)
    rows, writes = bench.store.rows(), len(bench.tenant.writes)
    message = {"do": "work", "tenant": case.tenant, "case": case.id}
    await bench.app.work(json.dumps({"v": 1, "message": message}))
    assert len(bench.tenant.writes) == writes
    assert [r.body for r in bench.store.rows() if "|case|" in r.partition] == [
        r.body for r in rows if "|case|" in r.partition
    ]


async def test_what_comes_after_an_erasure_is_a_new_case(bench: Bench) -> None:
    old = await erased(bench)
    await bench.detect(7)
    await bench.settle()
    new = [case for case in bench.all_cases() if case.id != old]
    assert [case.account.object_id for case in new] == [bench.oid]
    assert bench.tasks()["disable_sign_in"].state is TaskState.SKIPPED


async def test_both_records_say_it_before_anything_is_gone(bench: Bench) -> None:
    await erased(bench)
    lines = [row.body for row in bench.store.rows() if row.key.startswith("line:")]
    assert [line["event"] for line in lines][-1] == "erased"
    assert lines[-1]["data"]["cases"] == [bench.the_case().id]
    assert bench.journal().entries[-1].event is Event.ERASED


@pytest.mark.parametrize("role", ["reader", "responder", "approver"])
async def test_nobody_below_an_administrator_erases_or_sees_the_plan(role: str) -> None:
    async with Bench(settings=AZURE) as bench:
        await settled(bench)
        rows = [r for r in bench.store.rows() if "|audit" not in r.partition]
        body = urlencode({"user": bench.oid, "seen": "0", "reason": "x"}).encode()
        for what in ("plan", "start"):
            page = await bench.app.erase(what, signed_in(role), body)
            assert page.status == 403
            assert "Firebreak.Administrator" in page.body
            assert bench.oid not in page.body
        assert [r for r in bench.store.rows() if "|audit" not in r.partition] == rows
        assert (await bench.app.erasures(signed_in(role))).status == 200
        assert (await bench.app.erasures({})).status == 403


async def test_an_administrator_erases_from_a_form_of_ours_and_from_no_other_site() -> None:
    async with Bench(settings=AZURE) as bench:
        await settled(bench)
        who = signed_in("administrator")
        page = await bench.app.erase("plan", who, urlencode({"user": bench.oid}).encode())
        assert bench.the_case().account.display_name in page.body
        (seen,) = re.findall(r'name="seen" value="(\w+)"', page.body)
        body = urlencode({"user": bench.oid, "seen": seen, "reason": "R 17"}).encode()
        foreign = {**who, "sec-fetch-site": "cross-site"}
        assert (await bench.app.erase("start", foreign, body)).status == 403
        assert bench.the_case().erased_at is None
        answer = await bench.app.erase("start", who, body)
        assert (answer.status, answer.headers["Location"]) == (303, "/api/erasures")
        assert bench.the_case().erased_at is not None
        assert bench.journal().entries[-1].actor == "Nia Okafor"


async def test_the_page_says_who_asked_what_is_gone_and_what_storage_holds_back(
    bench: Bench,
) -> None:
    account = bench.the_case().account
    bench.store.held = ("raw/",)
    case = await erased(bench)
    page = (await bench.app.erasures(HTML)).body
    for words in ("Request 17", "Nia", f"/api/cases/{case}", "Could not be erased yet", "raw/"):
        assert words in page
    for word in (account.object_id, account.upn, account.display_name):
        assert word not in page
    assert "/api/erasures" in (await bench.app.page(f"cases/{case}", HTML)).body


@pytest.mark.parametrize("role", list(Role))
async def test_only_an_administrator_s_page_has_the_form_that_begins_an_erasure(role: Role) -> None:
    async with Bench(settings=AZURE) as bench:
        page = (await bench.app.erasures(HTML | signed_in(role))).body
        assert ("/erasures/plan" in page) is (role is Role.ADMINISTRATOR)


async def test_the_plan_of_an_open_case_names_it_and_has_no_button(bench: Bench) -> None:
    await bench.detect(7)
    await bench.settle()
    body = urlencode({"user": bench.oid}).encode()
    headers = {**HTML, "sec-fetch-site": "same-origin"}
    page = (await bench.app.erase("plan", headers, body)).body
    assert bench.the_case().id in page
    assert "/erasures/start" not in page


async def test_an_open_case_is_refused_with_its_number(bench: Bench) -> None:
    await bench.detect(7)
    await bench.settle()
    _, plan = await signed(bench, "plan", user=bench.oid)
    assert plan["obstacles"]
    wish = {"user": bench.oid, "seen": plan["digest"], "reason": "Request 17"}
    status, said = await signed(bench, "start", **wish)
    assert status == 409
    assert bench.the_case().id in said["error"]
