"""What holds between tenants, by looking at what there is: keys, messages, pages, commands."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, get_args
from urllib.parse import urlencode

import pytest
from pydantic import BaseModel

from shared.errors import FirebreakError, Undecodable
from shared.model import Json, TenantId
from shared.paths import PATHS, Ask, find
from shared.store.verbs import Row
from shared.tasks import keys, queue
from tests.contracts.in_process import InProcess, http_functions
from tests.provider.practices import ACME, BOTH, GLOBEX, Bench
from tests.tasks.approving import AZURE, signed_in

FOR_MACHINES = {"alerts"}
"""By the name of the source, not below a tenant's pages."""
BODIES: tuple[Json, ...] = (
    {"changes": [{"responder": "stop_forwarding", "fingerprint": "f"}]},
    {"responder": "stop_forwarding", "fingerprint": "f", "reason": "r"},
    {"responder": None},
    {"since": "2026-11-20T08:00:00Z"},
    {"ceiling": "observe", "reason": "r"},
    {"rule": "all", "reason": "r"},
    {"check": "methods"},
    {"channel": "soc"},
    {},
)


def partitions() -> Iterator[tuple[str, Callable[..., str]]]:
    for name, made in inspect.getmembers(keys, inspect.isfunction):
        if made.__module__ == keys.__name__ and made.__annotations__.get("return") == "Partition":
            yield name, made


@pytest.mark.parametrize("name", [name for name, _ in partitions()])
def test_every_partition_leads_with_its_tenant(name: str) -> None:
    made = dict(partitions())[name]
    more = ["x"] * (len(inspect.signature(made).parameters) - 1)
    assert made(TenantId("one"), *more).split("|")[0] == "one"
    assert made(TenantId("one"), *more) != made(TenantId("other"), *more)


def messages() -> list[type[BaseModel]]:
    return list(get_args(queue.Message.__value__))


@pytest.mark.parametrize("kind", messages(), ids=lambda kind: kind.__name__)
async def test_a_message_is_worked_on_with_its_own_tenant_s_rights_only(
    kind: type[BaseModel], tmp_path: Path
) -> None:
    async with Bench(tmp_path) as bench:
        await bench.play(ACME)
        known = bench.case_of(ACME)
        values: dict[str, Any] = {
            "tenant": bench.tenant_of(GLOBEX),
            "alert": known.alerts[0],
            "case": known.id,
            "tasks": [row.body["id"] for row in bench.rows(ACME) if row.key.startswith("task:")],
            "sweep": "secure_score",
            "run": "r" * 16,
            "turn": 1,
            "delivery": "d" * 16,
        }
        message = kind.model_validate({k: v for k, v in values.items() if k in kind.model_fields})
        before, done = rows(bench, ACME), bench.written(ACME)
        with suppress(FirebreakError):
            await bench.app.work(queue.encode(message))  # type: ignore[arg-type]
        await bench.app.poison(queue.encode(message))  # type: ignore[arg-type]
        await bench.settle()
        assert rows(bench, ACME) == before
        assert bench.written(ACME) == done
        assert not bench.customers[GLOBEX].calls


async def test_a_message_of_a_tenant_that_is_not_served_is_refused_kept_and_told(
    tmp_path: Path,
) -> None:
    async with Bench(tmp_path) as bench:
        await bench.play(ACME)
        before = {name: rows(bench, name) for name in BOTH}
        known = bench.case_of(ACME).id
        text = queue.encode(queue.WorkMessage(tenant=TenantId("f" * 36), case=known))
        with pytest.raises(Undecodable, match="another tenant"):
            await bench.app.work(text)
        await bench.app.poison(text)
        home = [
            row for row in bench.store.rows() if row.partition.startswith(bench.tenant.tenant_id)
        ]
        assert any("not served here" in json.dumps(row.body) for row in home)
        assert {name: rows(bench, name) for name in BOTH} == before


def rows(bench: Bench, name: str) -> list[Row]:
    """A customer's rows, but for what nobody asked about: when a source was heard."""
    return [row for row in bench.rows(name) if not row.key.startswith("heard:")]


def reached(method: str, known: dict[str, str]) -> Iterator[str]:
    """Every path that a method has, filled with what is known of a case."""
    for verb, route in PATHS:
        if verb == method:
            plain = route.replace("{*", "{")
            yield from (plain.format_map({"name": "secure_score", **f}) for f in fillings(known))


def fillings(known: dict[str, str]) -> Iterator[dict[str, str]]:
    """What may stand in a path: each id where an id is wanted, each word where a word is."""
    case, alert = known["case"], known["alert"]
    for rest in (case, f"{case}.json", f"{case}/report", f"{case}/evidence", ""):
        for what in ("switch", "release", "test", "again", "run", "explain", "compare"):
            yield {"id": case, "rest": rest, "token": known["token"], "what": what}
            yield {"id": alert, "rest": rest, "token": known["token"], "what": what}


async def the_known(bench: Bench) -> dict[str, str]:
    """What somebody may have overheard of a case of Acme's that waits for an answer."""
    await bench.play(ACME, level="medium")
    case = bench.case_of(ACME)
    (card, *_) = await bench.of(ACME)._waiting.of(case.tenant, case.id)
    link = bench.of(ACME).links.make(
        case.id, card.responder, card.fingerprint, until=card.expires_at
    )
    assert link is not None
    return {"case": case.id, "alert": case.alerts[0], "token": link.rpartition("/")[2]}


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_what_is_known_of_one_opens_nothing_of_it_through_the_other_s_pages(
    method: str, tmp_path: Path
) -> None:
    async with Bench(tmp_path, settings={"link_keys": ["k" * 32]}) as bench:
        known = await the_known(bench)
        marks = bench.marks(ACME) - set(known.values())
        before, done = rows(bench, ACME), bench.written(ACME)
        paths = list(dict.fromkeys(reached(method, known)))
        assert len(paths) > 15
        for path in paths:
            headers = {"sec-fetch-site": "same-origin", "accept": "text/html"}
            body = urlencode({"reason": "x", "ceiling": "observe", "check": "methods"}).encode()
            ask, found = Ask(headers, {}, body), find(method, path)
            assert found is not None
            answer, at = found
            for page in (
                await bench.app.at(method, f"{GLOBEX}/{path}", ask),
                await answer(bench.app, ask, at),
            ):
                assert not [mark for mark in marks if mark in page.body], path
                assert "Ada Brandt" not in page.body, path
        assert rows(bench, ACME) == before
        assert bench.written(ACME) == done


async def test_a_command_signed_for_one_moves_nothing_in_the_other(tmp_path: Path) -> None:
    azure = {**AZURE, "link_keys": ["k" * 32]}
    async with Bench(tmp_path, settings=azure) as bench:
        known = await the_known(bench)
        before, done = rows(bench, ACME), bench.written(ACME)
        for path in dict.fromkeys(reached("POST", known)):
            for request in BODIES:
                page = await bench.command(f"{ACME}/{path}", request, as_=GLOBEX)
                assert page.status == 403, path
        assert rows(bench, ACME) == before
        assert bench.written(ACME) == done


async def test_the_same_command_signed_for_its_own_tenant_is_taken(tmp_path: Path) -> None:
    async with Bench(tmp_path, settings=AZURE) as bench:
        request = {"ceiling": "observe", "reason": "false alarms"}
        page = await bench.command(f"{ACME}/guards/switch", request, as_=ACME)
        assert page.status == 200
        for name, ceiling in ((ACME, "observe"), (GLOBEX, None)):
            pause = await bench.of(name)._brakes.pause()
            assert (pause.ceiling if pause else None) == ceiling


def test_below_a_tenant_lies_every_page_that_there_is() -> None:
    declared = {
        (method, function.trigger["route"])
        for function, _ in http_functions()
        if function.name not in FOR_MACHINES
        for method in function.trigger["methods"]
    }
    assert set(PATHS) == declared


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_tenant_s_page_answers_as_the_same_page_of_one_tenant_alone(
    method: str, tmp_path: Path
) -> None:
    async with Bench(tmp_path, settings={"link_keys": ["k" * 32]}) as bench:
        known = await the_known(bench)
        alone = InProcess(bench.of(ACME))
        asked = 0
        for path in dict.fromkeys(reached(method, known)):
            for query in ({}, {"status": "nonsense"}, {"case": "0" * 16}, {"after": "0:x"}):
                ask = Ask({"accept": "application/json"}, query)
                page = await bench.app.at(method, f"{ACME}/{path}", ask)
                written = f"/api/{path}?{urlencode(query)}"
                status, _, body = await alone.ask(method, written, ask.headers)
                assert (page.status, page.body) == (status, body.decode()), written
                asked += status == 200
        assert asked > 15 or method == "POST"


@pytest.mark.parametrize("name", ["initech", GLOBEX])
async def test_a_tenant_that_is_not_here_and_one_that_is_not_yours_look_the_same(
    name: str, tmp_path: Path
) -> None:
    async with Bench(tmp_path, settings=AZURE) as bench:
        acme = signed_in("administrator", tid=bench.tenant_of(ACME))
        for path in ("cases", "guards", "nowhere"):
            page = await bench.get(f"{name}/{path}", acme)
            assert page.status == 403
            assert "No tenant of this name is open to you" in page.body
            assert "Globex" not in page.body
