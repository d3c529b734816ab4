"""People are told through every channel, once, and no channel keeps a case from going on."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab import services
from lab.receivers import Receivers
from tests.tasks.telling import telling_bench, told


async def test_a_contained_case_is_told_on_every_channel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Receivers() as far, telling_bench(far, monkeypatch, tmp_path) as bench:
        await bench.tell()
        await bench.settle()
        await told(bench)
        for host in services.SERVICES:
            print(host, [(r.method, r.target[:60], r.body[:400]) for r in far.at(host)])
        print(far.mails)
        print((await bench.app.notifications({"accept": "application/json"})).body)
        assert 0
