from __future__ import annotations

import httpx
import pytest

from tests.lab.hosting import FUNCTION_KEY, MASTER_KEY, Hosted


async def test_a_request_arrives_whole(to_host: httpx.AsyncClient) -> None:
    path = "/api/echo?a=1&a=2&empty=&b=%20x"
    answer = await to_host.post(path, content=b"\x00\xffraw", headers={"x-given": "there"})
    got = answer.json()
    assert got["method"] == "POST"
    assert got["body"] == "\x00\xffraw"
    assert got["header"] == "there"
    assert got["query"] == {"a": "1,2", "b": " x"}
    assert got["url"] == f"{to_host.base_url}{path}"


async def test_an_answer_arrives_whole(to_host: httpx.AsyncClient) -> None:
    answer = await to_host.get("/api/answer")
    assert answer.status_code == 418
    assert answer.text == "grüß"
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["x-given"] == "back"
    assert answer.headers["set-cookie"] == "a=b; HttpOnly; Path=/"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/api/numbers/7", {"function": "number", "n": "7"}),
        ("/api/numbers/seven", {"function": "word", "word": "seven"}),
        ("/API/Numbers/a%2Fb", {"function": "word", "word": "a%2Fb"}),
        ("/api/files/a/b/c.txt", {"path": "a/b/c.txt"}),
        ("/api/files", {}),
    ],
)
async def test_a_path_finds_its_function(
    to_host: httpx.AsyncClient, path: str, expected: dict[str, str]
) -> None:
    assert (await to_host.get(path)).json() == expected


async def test_nobody_answers_an_unknown_path_or_a_known_one_with_another_method(
    to_host: httpx.AsyncClient,
) -> None:
    for answer in (await to_host.get("/api/nothing"), await to_host.get("/api/echo")):
        assert (answer.status_code, answer.content) == (404, b"")


async def test_a_function_that_raises_is_a_500_that_tells_nothing(
    to_host: httpx.AsyncClient, hosted: Hosted
) -> None:
    answer = await to_host.get("/api/broken")
    assert (answer.status_code, answer.content) == (500, b"")
    assert hosted.child
    assert "a secret of the app" in hosted.child.tail(200)


@pytest.mark.parametrize(
    ("path", "header", "status"),
    [
        ("/api/locked", None, 401),
        ("/api/locked", "wrong", 401),
        ("/api/locked", FUNCTION_KEY, 200),
        ("/api/locked", MASTER_KEY, 200),
        (f"/api/locked?code={FUNCTION_KEY}", None, 200),
        (f"/api/locked?code={FUNCTION_KEY}", "wrong", 401),
        ("/api/vault", FUNCTION_KEY, 401),
        ("/api/vault", MASTER_KEY, 200),
    ],
)
async def test_keys_open_what_they_may(
    to_host: httpx.AsyncClient, path: str, header: str | None, status: int
) -> None:
    headers = {"x-functions-key": header} if header else {}
    assert (await to_host.get(path, headers=headers)).status_code == status


async def test_without_keys_in_the_settings_locked_functions_stay_locked(own_host: Hosted) -> None:
    await own_host.start(LAB_FUNCTION_KEY="", LAB_MASTER_KEY="")
    async with httpx.AsyncClient(base_url=own_host.url) as client:
        assert (await client.get("/api/locked?code=")).status_code == 401
        assert (await client.get("/api/vault")).status_code == 401


async def test_a_function_can_be_run_by_hand_with_the_master_key(
    to_host: httpx.AsyncClient, hosted: Hosted
) -> None:
    path, key = "/admin/functions/new_year", {"x-functions-key": MASTER_KEY}
    assert (await to_host.post(path, json={})).status_code == 401
    assert (await to_host.post(path, json={}, headers=key)).status_code == 202
    await hosted.recorded("new year")
    nobody = await to_host.post("/admin/functions/nobody", json={}, headers=key)
    assert nobody.status_code == 404
