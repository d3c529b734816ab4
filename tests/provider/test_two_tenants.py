from __future__ import annotations

from pathlib import Path

from shared.model import CaseStatus
from tests.provider.practices import ACME, BOTH, GLOBEX, Bench, texts


async def test_each_tenant_s_intruder_is_shut_out_of_that_tenant(tmp_path: Path) -> None:
    async with Bench(tmp_path) as bench:
        await bench.play(*BOTH)
        for name in BOTH:
            assert bench.case_of(name).status is CaseStatus.CONTAINED
            assert not bench.customers[name].users[bench.stories[name].oid].enabled


async def test_an_alert_of_one_changes_nothing_in_the_other(tmp_path: Path) -> None:
    async with Bench(tmp_path) as bench:
        before = bench.customers[GLOBEX].snapshot()
        await bench.play(ACME)
        assert bench.written(ACME)
        assert bench.customers[GLOBEX].snapshot() == before
        assert not bench.customers[GLOBEX].calls
        assert not bench.tenant.calls


async def test_no_row_of_one_knows_anything_of_the_other(tmp_path: Path) -> None:
    async with Bench(tmp_path) as bench:
        await bench.play(*BOTH)
        await bench.app.reconcile()
        for name, other in ((ACME, GLOBEX), (GLOBEX, ACME)):
            strangers = bench.marks(other)
            assert len(strangers) == 4
            for text in texts(bench.rows(name)):
                assert not [mark for mark in strangers if mark in text], text
