from __future__ import annotations

import json
from pathlib import Path

import pytest

from lab.practice import secret_of
from shared.errors import Transient
from shared.model import AlertState, Json, TenantId
from shared.store.memory import MemoryStore
from shared.store.verbs import Partition, Row
from shared.sweeps.verify import Verify
from shared.tasks.collect import STREAM
from tests.provider.practices import ACME, BOTH, GLOBEX, Bench, texts
from tests.tasks.benches import Bench as OneTenant


def alert_of(bench: Bench, name: str) -> Json:
    """What Defender says of a customer's account, with the tenant's id in it."""
    user = bench.customers[name].users[bench.stories[name].oid]
    account = {"azureAdUserId": user.id, "userPrincipalName": user.upn}
    return {
        "id": "da" + "1" * 30,
        "tenantId": bench.tenant_of(name),
        "title": "Canary of this tenant",
        "severity": "high",
        "status": "new",
        "serviceSource": "microsoftDefenderForOffice365",
        "createdDateTime": "2026-11-23T11:00:00Z",
        "evidence": [
            {"@odata.type": "#microsoft.graph.security.userEvidence", "userAccount": account}
        ],
    }


@pytest.mark.parametrize("name", BOTH)
async def test_a_source_s_name_leads_to_exactly_one_tenant(name: str, tmp_path: Path) -> None:
    async with Bench(tmp_path) as bench:
        reply = await bench.deliver(name, "defender", alert_of(bench, name))
        assert reply.status == 202
        (other,) = set(BOTH) - {name}
        assert bench.rows(name)
        assert not bench.rows(other)


@pytest.mark.parametrize(
    "address", ["acme.nowhere", "initech.defender", ".defender", "acme.", "acme.globex.defender"]
)
async def test_an_address_that_names_no_source_of_a_tenant_takes_nothing(
    address: str, tmp_path: Path
) -> None:
    async with Bench(tmp_path) as bench:
        reply = await bench.post(address, alert_of(bench, ACME), secret=secret_of(ACME))
        assert reply.status == 404
        assert not bench.store.rows()


async def test_a_secret_of_one_tenant_opens_no_source_of_another(tmp_path: Path) -> None:
    async with Bench(tmp_path) as bench:
        for secret in (secret_of(GLOBEX), secret_of("")):
            reply = await bench.post("acme.defender", alert_of(bench, ACME), secret=secret)
            assert reply.status == 401
        assert not bench.rows(ACME)


@pytest.mark.parametrize("beside", [0, 1])
async def test_what_says_that_it_is_of_another_tenant_is_refused_shown_and_not_kept(
    beside: int, tmp_path: Path
) -> None:
    async with Bench(tmp_path) as bench:
        theirs = alert_of(bench, GLOBEX)
        body = {"value": [*[alert_of(bench, ACME)] * beside, theirs]}
        for _ in range(2):
            reply = await bench.deliver(ACME, "defender", body)
            assert reply.status == 422
            assert bench.tenant_of(GLOBEX) in reply.body["error"]
        (kept,) = [r.body for r in bench.rows(ACME) if r.key.startswith("alert:")]
        assert kept["state"] == AlertState.UNREADABLE
        page = (await bench.get(f"{ACME}/alerts")).body
        assert "Refused: what source defender sent says that it is of tenant" in page
        why = (await bench.get(f"{ACME}/alert/{kept['id']}/why")).body
        strangers = {theirs["title"], bench.stories[GLOBEX].oid}
        for text in (page, why, *texts(bench.rows(ACME)), *map(str, bench.store.blobs().values())):
            assert not [mark for mark in strangers if mark in text]
        again = await bench.command(f"{ACME}/alert/{kept['id']}/again", {}, as_=ACME)
        assert again.status == 409
        assert not bench.rows(GLOBEX)
        walk = Verify(bench.store, bench.clock.now, bench.tenant_of(ACME))
        assert not [fault async for fault in walk.run()]


async def test_a_streamed_record_of_another_tenant_is_refused_and_shown_the_rest_taken() -> None:
    async with OneTenant() as bench:
        user = bench.tenant.users[bench.oid]
        risky = {
            "id": user.id,
            "riskState": "atRisk",
            "riskLevel": "high",
            "riskLastUpdatedDateTime": "2026-11-23T11:00:00Z",
            "userPrincipalName": user.upn,
        }
        ours = {"category": "RiskyUsers", "tenantId": bench.tenant.tenant_id, "properties": risky}
        theirs = ours | {"tenantId": "99999999-9999-4999-8999-999999999999"}
        events = [json.dumps({"records": [record]}).encode() for record in (theirs, ours)]
        await bench.app.stream(events)
        states = {alert.state: alert for alert in bench.alerts()}
        assert set(states) == {AlertState.UNREADABLE, AlertState.RECEIVED}
        assert states[AlertState.UNREADABLE].source == STREAM
        assert "99999999" in states[AlertState.UNREADABLE].reason


class Ailing(MemoryStore):
    """Storage that is away for one tenant."""

    def __init__(self) -> None:
        super().__init__()
        self.away: TenantId | None = None

    async def read(self, partition: Partition, key: str) -> Row | None:
        """Read one row, or fail."""
        if self.away and partition.startswith(self.away):
            raise Transient("Storage is away")
        return await super().read(partition, key)


async def test_trouble_with_one_tenant_keeps_no_timer_from_the_others(tmp_path: Path) -> None:
    async with Bench(tmp_path, store=Ailing()) as bench:
        assert isinstance(bench.store, Ailing)
        bench.store.away = bench.tenant_of(ACME)
        with pytest.raises(Transient, match="Storage is away"):
            await bench.app.reconcile()
        assert not bench.rows(ACME)
        assert [row for row in bench.rows(GLOBEX) if row.partition.endswith("|audit")]
