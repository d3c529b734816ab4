from __future__ import annotations

import json
import logging

import pytest

from lab.workbench import SECRET
from shared.store.memory import MemoryStore
from shared.sweeps.export import Export
from shared.sweeps.formats import FORMATS
from shared.telemetry import open_log
from tests.contracts.recording import Scene


def secrets_of(scene: Scene) -> set[str]:
    """Collect the password that was set and every token that was sent."""
    bodies = [each.body for each in scene.recorder.passed if isinstance(each.body, dict)]
    passwords = {b["passwordProfile"]["password"] for b in bodies if "passwordProfile" in b}
    tokens = {e.request.headers["Authorization"].split()[1] for e in scene.recorder.passed}
    assert passwords, "the story has to reset a password, or this test proves nothing"
    assert tokens
    return passwords | tokens | {SECRET}


@pytest.mark.parametrize("story", ["token_thief", "spammer", "full_house"])
async def test_a_whole_case_leaves_no_password_and_no_token_anywhere(
    story: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    scene = Scene(story)
    bench = await scene.play(log=open_log())
    kept = bench.store
    assert isinstance(kept, MemoryStore)
    places = {
        "rows": "".join(json.dumps(row.body) for row in kept.rows()),
        "blobs": b"".join(kept.blobs().values()).decode(),
        "log": caplog.text,
        "queue": "".join(message.text for message in bench.messages.messages()),
    }
    export = Export(kept, bench.clock.now, bench.app.settings.tenant)
    for shape, write in FORMATS.items():
        places[f"export {shape}"] = "".join([write(line) async for line in export.lines()])
    for path in ("cases", "alerts"):
        places[f"page {path}"] = (await bench.app.page(path, {"accept": "text/html"})).body
    places["guards"] = (await bench.app.guards({"accept": "text/html"})).body
    places["approvals"] = (await bench.app.approvals({"accept": "text/html"})).body
    for case in await bench.cases():
        for path in ("", "/report", ".json", "/evidence", "/restore"):
            page = await bench.app.page(f"cases/{case['id']}{path}", {})
            places[f"page {path}"] = page.body
    assert all(places.values())
    for secret in secrets_of(scene):
        for place, text in places.items():
            assert secret not in text, f"a secret is in the {place}"
            assert json.dumps(secret)[1:-1] not in text, f"a secret is in the {place}"


async def test_messages_on_the_queue_name_nobody() -> None:
    scene = Scene("token_thief")
    user = scene.lab.users[scene.scenario.oid]
    bench = await scene.post()
    texts: list[str] = []
    while message := await bench.messages.receive():
        texts.append(message.text)
        await bench.app.work(message.text)
        await bench.messages.delete(message)
    assert len(texts) > 1
    for text in texts:
        for personal in (user.upn, user.display_name, user.id, user.sid):
            assert personal.lower() not in text.lower()
