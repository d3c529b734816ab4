"""A link to a change leads to it at the tenant it was made for, and at no other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

import pytest

from shared.desk import Page
from shared.model import Task, TaskState
from shared.paths import Ask
from tests.provider.practices import ACME, BOTH, GLOBEX, Bench
from tests.tasks.approving import AZURE, signed_in

KEY: Final = "a key of thirty-two letters......"
HOME: Final = ""


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with Bench(tmp_path, settings={**AZURE, "link_keys": (KEY,)}) as made:
        await made.play(*BOTH, level="medium")
        yield made


def waiting(bench: Bench, name: str) -> Task:
    """The change of a customer that the links of these tests lead to."""
    rows = [row.body for row in bench.rows(name) if row.key == "task:stop_forwarding"]
    [task] = [Task.model_validate(body) for body in rows]
    return task


def analyst(bench: Bench) -> dict[str, str]:
    """Somebody who may approve everywhere."""
    return signed_in("approver.all", tid=bench.tenant.tenant_id)


def link(bench: Bench, name: str) -> str:
    """The token of the link that a customer's people were told of."""
    task = waiting(bench, name)
    links = bench.app.customers[name].links
    until = bench.clock.now() + timedelta(hours=1)
    made = links.make(task.case, task.responder, task.fingerprint or "", until=until)
    assert made is not None
    assert f"/tenants/{name}/" in made
    return made.rpartition("/")[2]


async def opened(bench: Bench, name: str, token: str) -> Page:
    """Open a link's token at a customer, or with an empty name at the provider's own tenant."""
    if name == HOME:
        return await bench.app.by_link(token, analyst(bench))
    return await bench.get(f"{name}/approve/{token}", analyst(bench))


async def pressed(bench: Bench, name: str, of: str, token: str) -> Page:
    """Press "approve" at a customer for a change of another, having come by its link."""
    task = waiting(bench, of)
    form = {"responder": task.responder, "fingerprint": task.fingerprint or "", "link": token}
    ask = Ask(analyst(bench), {}, urlencode(form).encode())
    return await bench.app.at("POST", f"{name}/cases/{task.case}/approve", ask)


async def test_a_link_is_refused_at_every_other_tenant_and_shows_nothing_there(
    bench: Bench,
) -> None:
    token = link(bench, ACME)
    for elsewhere in (HOME, GLOBEX):
        page = await opened(bench, elsewhere, token)
        assert page.status == 409
        assert "a case of another tenant" in page.body
        assert not [mark for mark in bench.marks(ACME) if mark in page.body]
    assert (await opened(bench, ACME, token)).status == 200


async def test_a_link_releases_nothing_at_another_tenant_and_stays_good_at_its_own(
    bench: Bench,
) -> None:
    token = link(bench, ACME)
    for of in BOTH:
        page = await pressed(bench, GLOBEX, of, token)
        assert page.status == 409
        assert "a case of another tenant" in page.body
    assert {waiting(bench, name).state for name in BOTH} == {TaskState.WAITING}
    assert (await pressed(bench, ACME, ACME, token)).status == 303
    await bench.settle()
    states = {name: waiting(bench, name).state for name in BOTH}
    assert states == {ACME: TaskState.VERIFIED, GLOBEX: TaskState.WAITING}
