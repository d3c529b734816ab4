"""All changes of a case are approved with one form: exactly those it shows, all of them or none."""

from __future__ import annotations

from collections.abc import AsyncIterator
from html.parser import HTMLParser
from urllib.parse import urlencode

import pytest

from lab.scenarios.kinds import admin
from shared.desk import Page
from shared.model import CaseStatus, TaskState
from tests.shared.principals import OLGA
from tests.tasks.approving import AZURE, Headers, Person, signed_in

NIA_ = signed_in("approver")
OLGA_ = signed_in("approver", oid=OLGA, name="Olga Berg")
PLACES = ("approvals", "case")


class Forms(HTMLParser):
    """What each form of a page sends when its button is pressed, by what the button says."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self.sends: dict[str, list[tuple[str, str]]] = {}
        self._fields = list[tuple[str, str]]()
        self._on_button = False
        self.feed(page.body)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take up a field, or begin anew with a form."""
        said = dict(attrs)
        if tag == "form":
            self._fields = []
        elif tag == "input" and (said.get("type") != "checkbox" or "checked" in said):
            self._fields.append((said.get("name") or "", said.get("value") or ""))
        self._on_button = tag == "button"

    def handle_data(self, data: str) -> None:
        """Keep what the form sends under its button's words."""
        if self._on_button and data.strip():
            self.sends[data.strip()] = self._fields
            self._on_button = False

    @property
    def of_all(self) -> dict[str, list[tuple[str, str]]]:
        """The forms that release several changes."""
        return {name: sent for name, sent in self.sends.items() if name.startswith("Approve all")}


@pytest.fixture
async def bench() -> AsyncIterator[Person]:
    async with Person(settings=AZURE) as made:
        yield made


async def shown(bench: Person, place: str, who: Headers = NIA_) -> Forms:
    html = {"accept": "text/html", **who}
    if place == "approvals":
        return Forms(await bench.app.approvals(html))
    return Forms(await bench.app.page(f"cases/{bench.the_case().id}", html))


async def press(bench: Person, sent: list[tuple[str, str]], who: Headers = NIA_) -> Page:
    return await bench.app.approve(bench.the_case().id, who, urlencode(sent).encode())


@pytest.mark.parametrize("place", PLACES)
async def test_one_button_releases_all_that_it_names_with_the_note(
    bench: Person, place: str
) -> None:
    cards = await bench.asked(as_=NIA_)
    (sent,) = (await shown(bench, place)).of_all.values()
    assert sorted(value for name, value in sent if name == "responder") == sorted(cards)
    told = [(name, "Ada is not abroad" if name == "reason" else value) for name, value in sent]
    assert (await press(bench, told)).status == 303
    released = [e for e in bench.journal().entries if e.event == "released"]
    assert {e.responder for e in released} == set(cards)
    assert {e.data["reason"] for e in released} == {"Ada is not abroad"}
    await bench.settle()
    assert bench.the_case().status is CaseStatus.CONTAINED
    assert bench.scenario.intruder.open_doors() == []


async def test_what_moved_since_the_page_was_shown_holds_all_of_it_up(bench: Person) -> None:
    await bench.asked(as_=NIA_)
    (sent,) = (await shown(bench, "case")).of_all.values()
    bench.forward("another@mallory.example")
    (alone,) = [
        fields
        for name, fields in (await shown(bench, "case")).sends.items()
        if name == "Approve" and ("responder", "stop_forwarding") in fields
    ]
    assert (await press(bench, alone)).status == 303
    await bench.settle()
    assert (await press(bench, sent)).status == 409
    waits = {name for name, task in bench.tasks().items() if task.state is TaskState.WAITING}
    assert len(waits) == 5
    (again,) = (await shown(bench, "case")).of_all.values()
    assert again != sent
    assert (await press(bench, again)).status == 303


@pytest.mark.parametrize("lost", ["responder", "fingerprint"])
async def test_a_form_that_lost_half_of_a_pair_releases_nothing(bench: Person, lost: str) -> None:
    await bench.asked(as_=NIA_)
    (sent,) = (await shown(bench, "case")).of_all.values()
    for place in (index for index, (name, _) in enumerate(sent) if name == lost):
        assert (await press(bench, sent[:place] + sent[place + 1 :])).status == 409
    assert "released" not in {entry.event for entry in bench.journal().entries}


@pytest.mark.parametrize("place", PLACES)
async def test_it_is_there_for_approvers_and_where_several_wait_alone(
    bench: Person, place: str
) -> None:
    cards = await bench.asked(as_=NIA_)
    assert not (await shown(bench, place, signed_in("reader"))).sends.keys() & {"Approve"}
    for left in range(len(cards), 0, -1):
        forms = await shown(bench, place)
        named = [f"Approve all {left} changes of this case"] if left > 1 else []
        assert list(forms.of_all) == named
        assert not (await shown(bench, place, signed_in("reader"))).of_all
        assert (await press(bench, forms.sends["Approve"])).status == 303


async def test_a_page_of_several_cases_has_a_form_for_each(bench: Person) -> None:
    await bench.asked(as_=NIA_)
    other = next(oid for oid in bench.tenant.users if oid != bench.oid)
    await bench.detect(2, level="medium", oid=other)
    await bench.settle()
    page = await bench.app.approvals({"accept": "text/html", **NIA_})
    for case in bench.all_cases():
        number = len(await bench.app._waiting.of(case.tenant, case.id))
        assert number > 1
        assert page.body.count(f"Approve all {number} changes of this case") == 1


async def test_an_administrators_account_takes_two_people_for_all_of_it_too() -> None:
    async with Person(story=admin, settings=AZURE) as bench:
        cards = await bench.asked(as_=NIA_)
        (sent,) = (await shown(bench, "case")).of_all.values()
        assert (await press(bench, sent)).status == 303
        assert {bench.tasks()[name].state for name in cards} == {TaskState.WAITING}
        again = await press(bench, sent)
        assert again.status == 409
        assert f"{sent[0][1]}: you approved this already" in again.body
        (second,) = (await shown(bench, "case", OLGA_)).of_all.values()
        assert second == sent
        assert (await press(bench, second, OLGA_)).status == 303
        said = [e for e in bench.journal().entries if e.event == "released"]
        assert {e.responder for e in said} == set(cards)
        assert all(e.text.endswith("released by Nia Okafor and Olga Berg") for e in said)


async def test_one_change_that_was_approved_by_oneself_holds_all_of_it_up() -> None:
    async with Person(story=admin, settings=AZURE) as bench:
        cards = await bench.asked(as_=NIA_)
        forms = await shown(bench, "case")
        assert (await press(bench, forms.sends["Approve"])).status == 303
        (sent,) = forms.of_all.values()
        assert (await press(bench, sent)).status == 409
        yes = [task.wait.consents for n, task in bench.tasks().items() if n in cards and task.wait]
        assert sorted(map(len, yes)) == [*[0] * (len(cards) - 1), 1]
