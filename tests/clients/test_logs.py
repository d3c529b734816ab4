"""Reading logs and searching the unified audit log, as clients of the simulated tenant."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from lab.plants import sign_ins
from lab.stage import SINCE, Stage
from lab.tenant import SimulatedTenant, TenantSettings
from lab.tenant.defender import Delivery, SentMessage
from lab.tenant.graph_directory_audits import record
from lab.tenant.logbook import AuditRecord
from lab.workbench import lab_client, lab_tenant
from shared.clients.tenant import Tenant
from shared.errors import Denied, Refused, Transient
from shared.model import ObjectId, Upn
from tests.lab.tenancy import NOON, make

SEARCH_TIME = 90.0
NAME = "firebreak 0123 links"
OPERATIONS = ("AnonymousLinkCreated",)


class House:
    """One account, its logs, and our clients."""

    def __init__(self, lab: SimulatedTenant, world: Tenant) -> None:
        self.lab, self.world = lab, world
        stage = Stage(lab)
        self.oid = ObjectId(stage.people.person("Ada Brandt"))
        sign_ins.plant(stage, self.oid)
        self.upn = Upn(lab.users[self.oid].upn)
        self.since = stage.since

    def record(self, minutes: float) -> None:
        self.lab.state.logbook.records.append(
            AuditRecord(
                id=self.lab.guid(),
                at=self.lab.now() - timedelta(minutes=minutes),
                operation=OPERATIONS[0],
                service="OneDrive",
                kind="SharePointSharingOperation",
                upn=self.upn,
                object_id="https://contoso.example/x",
                ip="192.0.2.66",
                details={"SharingLinkScope": "Anonymous"},
            )
        )

    async def collect(self) -> list[str]:
        found = await self.world.searches.collect(
            NAME, who=self.upn, operations=OPERATIONS, since=self.since
        )
        return [record.id for record in found]

    @property
    def searches(self) -> int:
        return len(self.lab.state.logbook.searches)

    def give_up(self) -> None:
        """Make Microsoft forget how to finish a search."""
        for search in self.lab.state.logbook.searches.values():
            self.lab.state.logbook.given_up.add(search.id)


@pytest.fixture
async def house() -> AsyncIterator[House]:
    lab = make(TenantSettings.instant(audit_search=SEARCH_TIME))
    async with lab_client(lab) as client:
        yield House(lab, lab_tenant(lab, client))


async def test_sign_ins_since_the_compromise_tell_where_from_and_with_what(house: House) -> None:
    found = await house.world.audit.sign_ins(house.oid, since=NOON - SINCE)
    assert [(one.ip, one.status, one.client) for one in found] == [
        ("192.0.2.66", 0, "Browser"),
        ("192.0.2.66", 50126, "Authenticated SMTP"),
    ]
    assert len(await house.world.audit.sign_ins(house.oid, since=NOON - timedelta(days=30))) == 9


async def test_changes_by_and_to_an_account_name_who_and_what(house: House) -> None:
    target = (("User", house.oid),)
    record(house.lab, "User registered security info", by=house.oid, targets=target)
    record(house.lab, "Update user", by=house.oid, targets=target, at=NOON - timedelta(days=30))
    (by,) = await house.world.audit.changes_by(house.oid, since=house.since)
    (to,) = await house.world.audit.changes_to(house.oid, since=house.since)
    assert by == to
    assert (by.activity, by.by) == ("User registered security info", house.oid)
    assert [(target.id, target.kind, target.name) for target in by.targets] == [
        (house.oid, "User", house.upn)
    ]


async def test_a_log_that_may_not_be_read_is_not_an_empty_one(house: House) -> None:
    house.lab.granted = frozenset()
    with pytest.raises(Denied, match=r"AuditLog\.Read\.All"):
        await house.world.audit.sign_ins(house.oid, since=house.since)
    with pytest.raises(Denied, match=r"AuditLogsQuery\.Read\.All"):
        await house.collect()


async def test_a_search_is_started_once_and_collected_by_a_later_pass(house: House) -> None:
    for minutes in (1, 2, 3):
        house.record(minutes)
    for _ in range(3):
        with pytest.raises(Transient) as waiting:
            await house.collect()
        assert waiting.value.retry_after == 60
        house.lab.clock.advance(SEARCH_TIME / 4)
    house.lab.clock.advance(SEARCH_TIME)
    assert len(await house.collect()) == 3
    assert house.searches == 1


async def test_what_a_search_found_an_hour_ago_does_not_stand_for_now(house: House) -> None:
    with pytest.raises(Transient):
        await house.collect()
    house.lab.clock.advance(SEARCH_TIME)
    assert await house.collect() == []
    house.lab.clock.advance(3700)
    house.record(30)
    with pytest.raises(Transient):
        await house.collect()
    house.lab.clock.advance(SEARCH_TIME)
    assert len(await house.collect()) == 1
    assert house.searches == 2


async def test_a_search_that_microsoft_gives_up_is_begun_anew_but_not_for_ever(
    house: House,
) -> None:
    for _ in range(3):
        with pytest.raises(Transient):
            await house.collect()
        house.give_up()
    with pytest.raises(Refused) as refused:
        await house.collect()
    assert any(house.upn in step for step in refused.value.steps)
    assert house.searches == 3


async def test_the_details_of_a_record_are_what_its_service_adds(house: House) -> None:
    house.record(1)
    with pytest.raises(Transient):
        await house.collect()
    house.lab.clock.advance(SEARCH_TIME)
    (search,) = await house.world.searches.named(NAME)
    (record,) = await house.world.searches.records(search)
    assert record.details == {"SharingLinkScope": "Anonymous"}
    assert record.by == house.upn


def send(house: House, days: float, subject: str, recipients: int) -> None:
    message = SentMessage(
        id=house.lab.guid(),
        oid=house.oid,
        sender=house.upn,
        at=NOON - timedelta(days=days),
        subject=subject,
        ip="192.0.2.66",
        deliveries=tuple(Delivery(recipient=f"r{n}@partner.example") for n in range(recipients)),
    )
    house.lab.state.sent[message.id] = message


async def test_sent_mail_is_told_by_subject_and_count_over_all_windows(house: House) -> None:
    send(house, 25, "first", 1)
    send(house, 10, "on a seam", 2)
    send(house, 1, "last", 3)
    send(house, 60, "before", 1)
    found = await house.world.sent.by(house.upn, since=NOON - timedelta(days=30))
    assert [(one.subject, one.recipients) for one in found] == [
        ("first", 1),
        ("on a seam", 2),
        ("last", 3),
    ]
    assert "partner.example" not in repr(found)


async def test_sent_mail_is_asked_for_no_longer_than_it_is_kept(house: House) -> None:
    send(house, 89, "kept", 1)
    found = await house.world.sent.by(house.upn, since=NOON - timedelta(days=400))
    assert [one.subject for one in found] == ["kept"]
