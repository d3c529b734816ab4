from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.scenarios import STORIES
from shared.errors import Undecodable
from shared.model import AlertId, CaseId, TaskId, TenantId
from shared.tasks.queue import Message, TriageMessage, UndoMessage, WorkMessage, decode, encode
from tests.tasks.benches import Bench

ids = st.text("0123456789abcdef-", min_size=1, max_size=40)
messages = st.one_of(
    st.builds(TriageMessage, tenant=ids.map(TenantId), alert=ids.map(AlertId)),
    st.builds(
        WorkMessage,
        tenant=ids.map(TenantId),
        case=ids.map(CaseId),
        tasks=st.lists(ids.map(TaskId), max_size=4).map(tuple),
    ),
    st.builds(
        UndoMessage,
        tenant=ids.map(TenantId),
        case=ids.map(CaseId),
        tasks=st.lists(ids.map(TaskId), max_size=4).map(tuple),
    ),
)
TRIAGE = TriageMessage(tenant=TenantId("t"), alert=AlertId("a"))


@given(messages)
def test_a_message_that_is_read_is_the_one_that_was_written(message: Message) -> None:
    assert decode(encode(message)) == message


@given(st.one_of(st.text(), st.binary().map(lambda raw: raw.decode("latin-1"))))
def test_garbage_is_undecodable_and_nothing_else(text: str) -> None:
    with pytest.raises(Undecodable):
        decode(text)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["v", "message", "do", "tenant", "x"]), json_values))
def test_json_that_is_no_message_is_undecodable(body: dict[str, object]) -> None:
    with pytest.raises(Undecodable):
        decode(json.dumps(body))


@given(messages, st.text(min_size=1, max_size=10), json_values)
def test_a_field_we_do_not_know_is_undecodable(message: Message, name: str, value: object) -> None:
    body = json.loads(encode(message))
    if name in body["message"]:
        return
    body["message"][name] = value
    with pytest.raises(Undecodable):
        decode(json.dumps(body))


@pytest.mark.parametrize("version", [0, 2, 99, "1", None])
def test_a_message_of_another_version_is_refused(version: object) -> None:
    body = json.loads(encode(TRIAGE)) | {"v": version}
    with pytest.raises(Undecodable, match="v"):
        decode(json.dumps(body))


def test_a_refusal_repeats_nothing_of_the_message() -> None:
    with pytest.raises(Undecodable) as refused:
        decode('{"v": 1, "message": {"do": "triage", "tenant": {"ada@contoso.example": 1}}}')
    assert "ada" not in str(refused.value)


@pytest.mark.parametrize("name", sorted(STORIES))
async def test_no_message_says_anything_about_a_person(name: str) -> None:
    """Neither name nor address nor object id; what came and what was put is all looked at."""
    async with Bench(story=STORIES[name]) as bench:
        seen: list[str] = []
        user = bench.tenant.users[bench.oid]
        await bench.tell()
        bench.tenant.fail(match="POST */revokeSignInSessions", status=429, retry_after=9)
        while waiting := bench.messages.messages():
            seen += [message.text for message in waiting]
            if not await bench.step():
                break
        everything = " ".join(seen).lower()
        given_away = {user.id, user.upn, user.display_name, str(user.mail)}
        local = user.upn.partition("@")[0]
        assert not [said for said in (*given_away, local) if said.lower() in everything]
        assert seen or name == "false_alarm"
