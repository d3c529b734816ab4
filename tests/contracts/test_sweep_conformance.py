"""What the sweeps ask Microsoft for is what Microsoft documents, with the rights they name."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.clients import exchange
from shared.posture import SweepName
from shared.sweeps.parts import InParts
from shared.sweeps.posture import sweeps
from tests.contracts.graph_calls import Contract
from tests.contracts.graph_types import Permissions, Types
from tests.contracts.recording import EXCHANGE, GRAPH, Recorder
from tests.sweeps.swept import Swept

LISTINGS = {"Get-Mailbox", "Get-CASMailbox", "Get-MailboxAuditBypassAssociation"}
SWITCHES = {"Get-OrganizationConfig", "Get-AdminAuditLogConfig", "Get-TransportConfig"}
ONE = {"Get-Recipient": {"Identity"}, "Get-InboxRule": {"Mailbox", "IncludeHidden"}}
"""Source: learn.microsoft.com/powershell/module/exchangepowershell, one page for each cmdlet."""
NAMES = [name for name, sweep in sweeps().items() if isinstance(sweep, InParts)]


async def swept(name: SweepName) -> Recorder:
    town, recorder = Swept(60, name, page_size=20), Recorder()
    async with town.bench() as bench:
        recorder.watch(bench.client)
        await bench.app.start_sweeps()
        await bench.settle(within=timedelta(days=1))
    assert town.found(name) == town.truth(name)
    return recorder


@pytest.mark.parametrize("name", NAMES)
async def test_what_a_sweep_asks_graph_for_fits_graph_and_its_permissions(
    name: SweepName, types: Types, permissions: Permissions
) -> None:
    contract, passed = Contract(types, permissions), (await swept(name)).to(GRAPH)
    assert [f"{each}: {p}" for each in passed for p in contract.problems(each)] == []
    allowed = sweeps()[name].permissions | sweeps()[name].borrows
    assert [str(each) for each in passed if not contract.allowing(each) & allowed] == []


@pytest.mark.parametrize("name", NAMES)
async def test_a_sweep_only_reads_in_exchange_and_reads_whole_lists(name: SweepName) -> None:
    passed = (await swept(name)).to(EXCHANGE)
    for each in passed:
        asked = each.body["CmdletInput"]
        cmdlet, parameters = asked["CmdletName"], asked["Parameters"]
        assert cmdlet.startswith("Get-")
        if cmdlet in LISTINGS:
            assert parameters == {"ResultSize": "Unlimited"}
        elif cmdlet in SWITCHES:
            assert parameters == {}
        else:
            assert parameters.keys() <= ONE.get(cmdlet, set())
    asks_exchange = exchange.MANAGE_AS_APP in sweeps()[name].permissions
    assert bool(passed) == asks_exchange
