"""What holds for every HTTP function, found by looking at which there are."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from lab.host_routes import Routes
from shared.errors import Transient
from shared.model import Json, TaskState
from shared.principal import Role
from shared.store.memory import MemoryStore
from shared.store.verbs import Drop, Partition, Put, Row
from shared.tasks.trail import Noted, Trail
from tests.contracts.in_process import InProcess, http_functions
from tests.contracts.needed_roles import FORM, NEEDED, allowed
from tests.tasks.approving import AZURE, Person, signed_in

FOR_MACHINES = {"alerts", "health"}
"""Sources prove themselves with their secret, and a probe is told what names nobody."""
NAME = "Ada Brandt"


def calls(method: str, case: str) -> Iterator[tuple[str, str]]:
    """Each function that answers to the method, with a path that reaches it."""
    for function, _ in http_functions():
        if method in function.trigger["methods"] and function.name not in FOR_MACHINES:
            path = re.sub(r"\{\*rest\}", case, function.trigger["route"])
            path = path.replace("{what}", "switch").replace("{id}", case)
            yield function.name, "/api/" + re.sub(r"\{\w+\}", case, path)


def of(bench: Person) -> dict[str, str]:
    """What paths of the table name."""
    return {"case": bench.the_case().id, "alert": bench.alerts()[0].id}


def stored(bench: Person) -> dict[str, Json]:
    """All rows but the trail, which says that somebody tried."""
    rows = (row for row in bench.store.rows() if not row.partition.endswith("|audit"))
    return {f"{row.partition} {row.key}": row.body for row in rows}


@pytest.mark.parametrize("auth", [None, "False"])
@pytest.mark.parametrize("accept", ["text/html", "application/json"])
async def test_without_authentication_no_route_shows_or_changes_anything(
    auth: str | None, accept: str
) -> None:
    async with Person(settings={**AZURE, "WEBSITE_AUTH_ENABLED": auth}) as bench:
        await bench.detect(1, level="medium")
        await bench.settle()
        app, case = InProcess(bench.app), bench.the_case().id
        before = stored(bench)
        headers = {**signed_in("administrator"), "accept": accept}
        asked = [(m, *call) for m in ("GET", "POST") for call in calls(m, case)]
        for method, name, path in asked:
            status, _, body = await app.ask(method, path, headers, b"reason=x&ceiling=observe")
            assert status in {403, 404}, name
            assert NAME not in body.decode(), name
        assert stored(bench) == before
        assert len(asked) > 15


def test_every_function_that_takes_a_post_has_its_role_in_the_table() -> None:
    routes = Routes((function for function, _ in http_functions()), "api")
    found = [routes.find("POST", f"/api/{path.format(case='c1', alert='a1')}") for path in NEEDED]
    assert None not in found
    named = {function.name for function, _ in (each for each in found if each)}
    takes = {f.name for f, _ in http_functions() if "POST" in f.trigger["methods"]}
    assert named == takes - FOR_MACHINES
    methods = {method for f, _ in http_functions() for method in f.trigger["methods"]}
    assert methods == {"GET", "POST", "OPTIONS"}, "a method of its own would be under no law here"


@pytest.mark.parametrize("role", [None, *Role])
async def test_each_request_takes_its_role_and_changes_nothing_for_a_lower_one(
    role: Role | None,
) -> None:
    async with Person(settings=AZURE) as bench:
        await bench.asked(as_=signed_in("reader"))
        app, places = InProcess(bench.app), of(bench)
        headers = signed_in(*([role.value] if role else []))
        before = stored(bench)
        for path in (path for path in NEEDED if not allowed(role, path)):
            status, _, _ = await app.ask("POST", f"/api/{path.format_map(places)}", headers, FORM)
            assert status == 403, path
        assert stored(bench) == before
        for path in (path for path in NEEDED if allowed(role, path)):
            status, _, _ = await app.ask("POST", f"/api/{path.format_map(places)}", headers, FORM)
            assert status != 403, path
            assert status < 500, path


@pytest.mark.parametrize("role", [None, *Role])
async def test_every_role_may_read_every_page_and_nobody_without_one(role: Role | None) -> None:
    async with Person(settings=AZURE) as bench:
        await bench.asked(as_=signed_in("reader"))
        app, case = InProcess(bench.app), bench.the_case().id
        before = stored(bench)
        for accept in ("text/html", "application/json"):
            headers = {**signed_in(*([role.value] if role else [])), "accept": accept}
            for name, path in calls("GET", case):
                status, _, body = await app.ask("GET", path, headers)
                assert (status == 403) is (role is None), name
                assert role or NAME not in body.decode(), name
        assert stored(bench) == before, "reading changes nothing"


class Away(MemoryStore):
    """A store that can go away."""

    away = False

    async def read(self, partition: Partition, key: str) -> Row | None:
        self._reach()
        return await super().read(partition, key)

    async def write(self, *changes: Put | Drop) -> tuple[str, ...]:
        self._reach()
        return await super().write(*changes)

    def scan(self, partition: Partition, **range_: Any) -> AsyncIterator[Row]:
        self._reach()
        return super().scan(partition, **range_)

    def _reach(self) -> None:
        if self.away:
            raise Transient("Storage does not answer")


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
async def test_while_storage_is_away_every_page_says_so_and_none_breaks(accept: str) -> None:
    store = Away()
    async with Person(settings=AZURE, store=store) as bench:
        await bench.asked(as_=signed_in("reader"))
        app, places = InProcess(bench.app), of(bench)
        headers = {**signed_in("administrator"), "accept": accept}
        store.away = True
        asked = [("GET", path) for _, path in calls("GET", places["case"])]
        asked += [("POST", f"/api/{path.format_map(places)}") for path in NEEDED]
        told = [(path, await app.ask(method, path, headers, FORM)) for method, path in asked]
        away = [body.decode() for _, (status, _, body) in told if status == 503]
        assert not [path for path, (status, _, _) in told if status >= 500 and status != 503]
        assert len(away) > 15
        assert all("Storage does not answer" in body for body in away)


FORGED = [
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "", "origin": "https://mallory.example"},
    {"sec-fetch-site": "same-origin", "content-type": "text/plain"},
    {"sec-fetch-site": "same-origin", "content-type": "application/json"},
]


@pytest.mark.parametrize("forged", FORGED)
async def test_no_post_of_another_site_changes_anything_in_an_administrator_s_name(
    forged: dict[str, str],
) -> None:
    async with Person(settings=AZURE) as bench:
        await bench.asked(as_=signed_in("reader"))
        app, case = InProcess(bench.app), bench.the_case().id
        before = stored(bench)
        headers = {**signed_in("administrator"), "host": "127.0.0.1:7071", **forged}
        for name, path in calls("POST", case):
            status, _, _ = await app.ask("POST", path, headers, FORM)
            assert 400 <= status < 500, name
        assert stored(bench) == before
        assert bench.tasks()["stop_forwarding"].state is TaskState.WAITING


async def test_every_page_is_sent_with_the_headers_that_close_it() -> None:
    async with Person() as bench:
        await bench.asked()
        app, case = InProcess(bench.app), bench.the_case().id
        for name, path in calls("GET", case):
            status, headers, body = await app.ask("GET", path, {"accept": "text/html"})
            if not headers["content-type"].startswith("text/html") or not body:
                continue
            assert status in {200, 404, 409}, name
            assert "default-src 'none'" in headers["Content-Security-Policy"], name
            assert headers["Cache-Control"] == "no-store", name
            assert "<main" in body.decode(), name


async def test_every_refusal_to_a_reader_who_wants_to_change_something_is_on_record() -> None:
    async with Person(settings=AZURE) as bench:
        await bench.asked(as_=signed_in("reader"))
        app, case = InProcess(bench.app), bench.the_case().id
        headers = {**signed_in("reader"), "host": "127.0.0.1:7071"}
        trail = Trail(bench.store, bench.clock.now, bench.app.settings.tenant)
        refused = 0
        for name, path in calls("POST", case):
            status, _, _ = await app.ask("POST", path, headers, FORM)
            refused += status == 403
            assert sum([mark.event is Noted.REFUSED async for mark in trail.lines()]) == refused, (
                name
            )
        assert refused > 8
