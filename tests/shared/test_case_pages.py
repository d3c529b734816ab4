"""What people read of cases: the page of one, and the list of all."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from urllib.parse import parse_qsl

import pytest

from shared.model import CaseId, CaseStatus, Json, TenantId
from shared.pages.case_filter import CaseFilter
from shared.pages.lists import CaseRow
from shared.store.memory import MemoryStore
from shared.store.verbs import Partition, Put, Row
from shared.tasks import keys
from shared.tasks.lines import UNSETTLED
from shared.tasks.listing import READ, SHOWN, Listing
from tests.pages.stories import after as seconds_on
from tests.pages.stories import case as a_case
from tests.shared.principals import principal
from tests.tasks.approving import AZURE, Person, signed_in
from tests.tasks.benches import Bench

CONTOSO = TenantId("contoso")


class Counting(MemoryStore):
    """A store that counts the rows it gives out."""

    def __init__(self) -> None:
        super().__init__()
        self.given = 0

    async def scan(
        self, partition: Partition, *, prefix: str = "", after: str = "", most: int | None = None
    ) -> AsyncIterator[Row]:
        async for row in super().scan(partition, prefix=prefix, after=after, most=most):
            self.given += 1
            yield row


async def filled(number: int, *, every: int = 0) -> Counting:
    """A list of so many cases, newest last; each `every`-th of them waits for approval."""
    store = Counting()
    for n in range(number):
        status = CaseStatus.WAITING if every and n % every == 0 else CaseStatus.CONTAINED
        made = a_case(id=CaseId(f"{n:016x}"), opened_at=seconds_on(n), status=status)
        row = CaseRow(
            id=made.id,
            upn=f"person{n}@contoso.example",
            display_name=f"Person {n}",
            status=status,
            title="Risk detection",
            severity="high" if n % 3 == 0 else "low",
            kinds=("risky_sign_in",),
            opened_at=made.opened_at,
            updated_at=made.opened_at,
            waiting=int(status is CaseStatus.WAITING),
            footholds=0,
            object_id=f"{n:08x}-0000-4000-8000-000000000000",
        ).model_dump(mode="json")
        at = keys.cases(CONTOSO)
        more = [Put(at, keys.open_row(made), row)] if status in UNSETTLED else []
        await store.write(Put(at, keys.list_row(made), row), *more)
    return store


async def test_pages_reach_every_case_once_newest_first_and_each_reads_a_bounded_number() -> None:
    store = await filled(730, every=7)
    listing = Listing(store, CONTOSO)
    seen: list[str] = []
    asked = CaseFilter()
    while True:
        store.given = 0
        piece = await listing.find(asked, frozenset())
        assert store.given <= SHOWN + 1
        seen += [row.id for row in piece.rows]
        if not piece.after:
            break
        asked = CaseFilter.of(dict(parse_qsl(asked.query(after=piece.after))))
    assert seen == [f"{n:016x}" for n in reversed(range(730))]


async def test_what_waits_is_found_without_walking_through_what_is_over() -> None:
    store = await filled(3000, every=1000)
    listing = Listing(store, CONTOSO)
    unsettled = await listing.unsettled()
    found = await listing.find(CaseFilter(mine=True), frozenset({CaseStatus.WAITING}))
    assert store.given == 6
    assert [row.upn for row in unsettled.rows] == [
        f"person{n}@contoso.example" for n in (2000, 1000, 0)
    ]
    assert found.rows == unsettled.rows


async def test_a_search_that_finds_nothing_says_how_far_it_came_and_goes_on_from_there() -> None:
    store = await filled(READ + 200)
    listing = Listing(store, CONTOSO)
    first = await listing.find(CaseFilter(account="person7@"), frozenset())
    assert (first.rows, first.read, store.given) == ((), READ, READ)
    rest = await listing.find(CaseFilter(account="person7@", after=first.after), frozenset())
    assert [row.upn for row in rest.rows] == ["person7@contoso.example"]
    assert (rest.after, rest.read) == ("", 200)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"severity": "high"}, True),
        ({"severity": "low"}, False),
        ({"kind": "risky_sign_in"}, True),
        ({"kind": "outbound_spam"}, False),
        ({"status": "contained"}, True),
        ({"status": "waiting"}, False),
        ({"account": "ADA"}, True),
        ({"account": "nobody@contoso.example"}, False),
        ({"q": "risk ada"}, True),
        ({"q": "risk mallory"}, False),
        ({"rule": "sure"}, True),
        ({"rule": "another"}, False),
        ({"mine": "true"}, False),
    ],
)
async def test_each_question_finds_the_case_it_describes_and_no_other(
    asked: Mapping[str, str], *, found: bool, played: Bench
) -> None:
    page = await played.app.page("cases", {"accept": "application/json"}, asked)
    rows = json.loads(page.body)["found"]
    assert [row["id"] for row in rows] == ([played.the_case().id] if found else [])
    html = await played.app.page("cases", {}, asked)
    assert ("Ada Brandt" in html.body) is found
    by_id = await played.app.page(
        "cases", {"accept": "application/json"}, {"account": played.oid.lower()}
    )
    assert len(json.loads(by_id.body)["found"]) == 1


@pytest.fixture(scope="module")
def played() -> Bench:
    """One contained case, which nothing here changes."""

    async def play() -> Bench:
        async with Bench() as bench:
            await bench.tell()
            await bench.settle()
            return bench

    return asyncio.run(play())


@pytest.mark.parametrize(
    "wrong", [{"status": "lost"}, {"kind": "x"}, {"after": "../1"}, {"q": "x" * 201}]
)
async def test_what_the_list_does_not_know_is_refused_by_name(
    wrong: dict[str, str], played: Bench
) -> None:
    page = await played.app.page("cases", {}, wrong)
    assert page.status == 400
    assert next(iter(wrong)) in page.body


ROLES = [("reader", 0), ("responder", 0), ("approver", 1), ("administrator", 1)]


@pytest.mark.parametrize(("role", "mine"), ROLES)
async def test_what_waits_for_me_depends_on_what_i_may_do(role: str, mine: int) -> None:
    async with Person(settings=AZURE) as bench:
        await bench.asked(as_=signed_in("reader"))
        headers = {"x-ms-client-principal": principal(role)}
        as_json = {**headers, "accept": "application/json"}
        view = json.loads((await bench.app.page("cases", as_json)).body)
        assert (view["mine"], view["people_in_all"]) == (mine, 1)
        found = json.loads((await bench.app.page("cases", as_json, {"mine": "true"})).body)
        assert len(found["found"]) == mine
        page = (await bench.app.page("cases", headers)).body
        assert ("Waits for you" in page) is bool(mine)


async def test_a_case_leaves_the_list_of_the_unsettled_with_its_last_task() -> None:
    async with Person() as bench:

        def unsettled() -> list[Json]:
            return bench.rows(keys.OPEN)

        cards = await bench.asked()
        (row,) = unsettled()
        assert (row["status"], row["waiting"], row["phase"]) == ("waiting", len(cards), "contain")
        await bench.approve(*cards.values())
        assert [row["status"] for row in unsettled()] == ["open"]
        await bench.settle()
        assert bench.the_case().status is CaseStatus.CONTAINED
        assert unsettled() == []
        at = keys.cases(bench.app.settings.tenant)
        (line,) = [row.body async for row in bench.store.scan(at, prefix=keys.LISTED)]
        assert (line["status"], line["phase"]) == ("contained", None)


async def test_what_waits_for_an_answer_is_said_once_with_its_buttons() -> None:
    async with Person() as bench:
        cards = await bench.asked()
        page = (await bench.app.page(f"cases/{bench.the_case().id}", {})).body
    (changed,) = re.findall(r'<h2 id="changes">.*?</section>', page, flags=re.DOTALL)
    assert 'stands <a href="#todo">above</a>' in changed
    assert page.count(">Approve</button>") == len(cards)
    for card in cards.values():
        for line in card["differences"]:
            assert line["what"] not in changed
            assert line["what"] in page
