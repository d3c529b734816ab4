"""What people read of cases: the page of one, and the list of all."""

from __future__ import annotations

import re

from tests.tasks.approving import Person


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
