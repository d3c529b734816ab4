from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lab.scenarios import full_house, token_thief
from shared.model import Json
from shared.store.verbs import Put
from tests.tasks.benches import Bench


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with Bench(story=full_house) as made:
        await made.tell()
        await made.settle()
        yield made


async def given_out(bench: Bench) -> Json:
    page = await bench.app.page(f"cases/{bench.the_case().id}/evidence", {})
    assert page.media == "application/json"
    found: Json = json.loads(page.body)
    return found


async def sections(bench: Bench) -> Json:
    found = await given_out(bench)
    data: Json = found["pieces"][0]["content"]["sections"]
    return data


async def test_every_section_is_read_before_the_intruder_s_things_are_gone(bench: Bench) -> None:
    found = await sections(bench)
    assert {name: part["unknown"] for name, part in found.items() if part["unknown"]} == {}
    assert {rule["name"] for rule in found["all_inbox_rules"]["data"]} >= {"..", "sync"}
    assert any(method["kind"] for method in found["authentication_methods"]["data"])
    assert found["directory_roles"]["data"]
    assert found["devices"]["data"]
    assert len(found["app_consents"]["data"]) == 3
    kinds = {grant["kind"] for grant in found["delegates"]["data"]}
    assert kinds >= {"mailbox", "send_as", "send_on_behalf", "folder"}
    assert {m["subject"] for m in found["sent_messages"]["data"]} >= {"Your voicemail"}
    assert found["automatic_replies"]["data"]["status"] == "scheduled"


async def test_of_an_automatic_reply_only_the_hash_of_its_text_is_kept(bench: Bench) -> None:
    setting = (await sections(bench))["automatic_replies"]["data"]
    assert len(setting["text_sha256"]) == 64
    text = bench.tenant.mailboxes[bench.oid].auto_reply.external
    assert text
    assert all(text.encode() not in data for data in bench.store.blobs().values())


RIGHTS = {
    "authentication_methods": "UserAuthenticationMethod.ReadWrite.All",
    "sent_messages": "ExchangeMessageTrace.Read.All",
    "app_consents": "DelegatedPermissionGrant.ReadWrite.All",
    "delegates": "Exchange.ManageAsApp",
}


async def test_a_section_that_cannot_be_read_is_unknown_and_names_the_permission() -> None:
    async with Bench(story=full_house) as bench:
        bench.tenant.granted = frozenset(
            {"User.Read.All", "Domain.Read.All", "User.EnableDisableAccount.All"}
        )
        await bench.tell()
        await bench.settle()
        found = await sections(bench)
        page = await bench.app.page(f"cases/{bench.the_case().id}", {})
        for name, right in RIGHTS.items():
            assert found[name]["data"] is None
            assert right in found[name]["unknown"]
            assert right in page.body
        assert found["account"]["unknown"] == ""


async def test_what_was_kept_is_given_out_and_vouched_for_by_the_journal(bench: Bench) -> None:
    found = await given_out(bench)
    assert found["intact"]
    assert {piece["seal"] for piece in found["pieces"]} == {"intact"}
    assert found["pieces"][0]["sha256"] in (
        entry.data.get("sha256") for entry in bench.journal().entries
    )


async def test_altered_evidence_is_named_and_never_shown(bench: Bench) -> None:
    name = next(name for name in bench.store.blobs() if name.startswith("evidence/"))
    bench.store._blobs[name] = b'{"sections":{"forged":true}}'
    found = await given_out(bench)
    assert not found["intact"]
    [bad] = [piece for piece in found["pieces"] if piece["seal"] != "intact"]
    assert (bad["seal"], bad["content"]) == ("altered", None)
    assert "forged" not in json.dumps(found)


async def test_missing_evidence_is_said_to_be_missing(bench: Bench) -> None:
    name = next(name for name in bench.store.blobs() if name.startswith("evidence/"))
    del bench.store._blobs[name]
    found = await given_out(bench)
    assert not found["intact"]
    assert "missing" in {piece["seal"] for piece in found["pieces"]}


async def test_where_the_journal_was_altered_its_hash_vouches_for_nothing(bench: Bench) -> None:
    row = next(row for row in bench.store.rows() if row.key == "journal:00000002")
    forged = {**row.body, "text": "Nothing happened"}
    await bench.store.write(Put(row.partition, row.key, forged, row.etag))
    found = await given_out(bench)
    assert not found["intact"]
    assert {piece["seal"] for piece in found["pieces"]} == {"unvouched"}
    assert all(piece["content"] is None for piece in found["pieces"])


async def test_the_case_page_counts_the_sections_and_leads_to_the_evidence(bench: Bench) -> None:
    page = await bench.app.page(f"cases/{bench.the_case().id}", {})
    assert "Authentication methods" in page.body
    assert f"cases/{bench.the_case().id}/evidence" in page.body


async def test_a_dry_run_keeps_no_evidence_and_the_page_says_so(tmp_path: Path) -> None:
    async with Bench(story=token_thief) as bench:
        await bench.ask(mode="dry_run")
        await bench.settle()
        found = await given_out(bench)
        assert (found["intact"], found["pieces"]) == (True, [])
        page = await bench.app.page(f"cases/{bench.the_case().id}", {})
        assert "nothing was removed by itself" in page.body
