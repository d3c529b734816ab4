from __future__ import annotations

from pathlib import Path
from typing import Any

from shared.channels.configured import Channels
from shared.tasks.outbox import Notice
from tests.provider.practices import ACME, BOTH, GLOBEX, Bench
from tests.tasks.benches import POLICY

NOTIFY = '\n[[notify]]\nchannels = ["soc"]\n'


def channel(tenant: str) -> dict[str, Any]:
    """A channel of the same name for each; where it leads tells them apart."""
    url = f"https://{tenant or 'northwind'}.example/hook"
    found = {"name": "soc", "kind": "teams", "url": url}
    return {**found, "tenant": tenant} if tenant else found


def bench_of(folder: Path) -> Bench:
    policy = folder / "notify.toml"
    policy.write_text(POLICY.read_text(encoding="utf-8") + NOTIFY, encoding="utf-8")
    channels = tuple(channel(name) for name in ("", *BOTH))
    return Bench(folder, settings={"policy": policy, "channels": (channel(""),)}, more=channels[1:])


def leads_to(channels: Channels) -> str:
    (only,) = channels.root
    return str(only.model_dump(mode="python")["url"].get_secret_value())


async def test_each_tenant_tells_its_own_channel_of_its_own_cases(tmp_path: Path) -> None:
    async with bench_of(tmp_path) as bench:
        await bench.play(ACME)
        await bench.app.reconcile()
        for name in BOTH:
            assert leads_to(bench.of(name).channels) == f"https://{name}.example/hook"
        due = [row for row in bench.store.rows() if row.partition.endswith("|deliveries")]
        assert due
        assert {row.partition.partition("|")[0] for row in due} == {bench.tenant_of(ACME)}


async def test_what_is_told_begins_with_whose_it_is_and_links_below_its_address(
    tmp_path: Path,
) -> None:
    async with bench_of(tmp_path) as bench:
        await bench.play(*BOTH)
        for name, title in ((ACME, "Acme Ltd"), (GLOBEX, "Globex Inc")):
            app = bench.of(name)
            rows = [row for row in bench.rows(name) if row.partition.endswith("|outbox")]
            assert rows
            for row in rows:
                notice = Notice.model_validate(row.body)
                said = await app._deliver._telling.message(notice, app.channels.root[0])
                if said is not None:
                    assert said.title.startswith(f"{title}: ")
                    assert f"/api/tenants/{name}/" in said.link
