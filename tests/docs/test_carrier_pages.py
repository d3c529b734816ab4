"""Each carrier has a page, and what a page says comes out does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shared.alerts.catalogue import carriers
from tests.docs.carrier_pages import PAGES, blocks, outcome

WRITTEN = sorted(page for page in PAGES.glob("*.md") if page.stem != "README")


def test_every_carrier_has_a_page_and_every_page_a_carrier() -> None:
    assert {page.stem for page in WRITTEN} == set(carriers())


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.stem)
def test_the_address_is_that_of_the_page_s_own_source(page: Path) -> None:
    source = json.loads(blocks(page)["source"])
    assert source["carrier"] == page.stem
    assert f"/api/alerts/{source['name']}" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.stem)
async def test_the_payload_shown_comes_out_as_the_page_says(page: Path) -> None:
    shown = blocks(page)
    found = await outcome(json.loads(shown["source"]), shown["payload"].encode())
    assert found == json.loads(shown["outcome"])
    assert any(alert["state"] == "received" for alert in found)
