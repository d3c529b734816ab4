"""OneDrive in the simulated tenant, and the foothold that needs no account."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from lab.file_footholds import SharingLink
from lab.footholds import Foiled
from lab.intruder import Intruder
from lab.shared_files import SharedFiles
from lab.tenant.sharing import Sharing
from tests.lab.scene import confirm, disable, reset, revoke
from tests.lab.tenancy import NOON, Desk, code, make


class Shared:
    """One account with one file, shared by the owner and by the intruder."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.tenant = desk, desk.tenant
        self.oid = desk.people.person("Ada Brandt")
        desk.people.risk(self.oid, "low")
        self.files = SharedFiles(desk.tenant, self.oid)
        self.item = self.files.add("Sales/Customers 2026.xlsx")
        self.owners = self.files.share(self.item, "organization", at=NOON, ip="198.51.100.20")
        self.stolen = self.files.share(self.item, "anonymous", at=NOON, ip="192.0.2.66")
        self.foothold = SharingLink("link", link=self.stolen)
        self.intruder = Intruder(desk.tenant, self.oid, [self.foothold])

    async def patch(self, **body: object) -> None:
        await self.desk.graph("PATCH", f"/users/{self.oid}", body)

    @property
    def access(self) -> str:
        return f"/drives/{self.files.drive.id}/items/{self.item.id}/permissions"

    async def find(self, url: str) -> tuple[int, str]:
        share = "u!" + base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")
        answer = await self.desk.graph("GET", f"/shares/{share}/driveItem")
        return answer.status_code, answer.json().get("id", "")


@pytest.mark.parametrize("action", [disable, revoke, reset, confirm])
async def test_nothing_done_to_the_account_kills_a_link(action: object) -> None:
    async with Desk(make()) as desk:
        shared = Shared(desk)
        await action(shared)  # type: ignore[operator]
        desk.tenant.clock.advance(7200)
        assert shared.foothold.alive(desk.tenant)
        assert shared.intruder.attempt_all()[0].succeeded


async def test_a_link_dies_when_that_link_is_deleted_and_not_before() -> None:
    async with Desk(make()) as desk:
        shared = Shared(desk)
        answer = await desk.graph("DELETE", f"{shared.access}/{shared.owners.id}")
        assert answer.status_code == 204
        assert shared.foothold.alive(desk.tenant)
        await desk.graph("DELETE", f"{shared.access}/{shared.stolen.id}")
        assert not shared.foothold.alive(desk.tenant)
        with pytest.raises(Foiled):
            shared.foothold.act(desk.tenant, shared.oid)


async def test_a_link_dies_when_sharing_with_outsiders_is_switched_off() -> None:
    async with Desk(make()) as desk:
        shared = Shared(desk)
        drives = desk.tenant.state.drives
        drives[shared.oid] = replace(drives[shared.oid], sharing=Sharing.INSIDE)
        what = "sharing: inside only"
        desk.tenant.wrote(method="POST", path="x", actor="test", oid=shared.oid, what=what)
        assert not shared.foothold.alive(desk.tenant)


async def test_a_file_is_found_by_the_address_that_the_audit_log_gives() -> None:
    async with Desk(make()) as desk:
        shared = Shared(desk)
        record = desk.tenant.state.logbook.records[0]
        assert await shared.find(record.object_id) == (200, shared.item.id)
        assert (await shared.find(record.object_id + "x"))[0] == 404
        assert (await desk.graph("GET", "/shares/u!%25%25/driveItem")).status_code == 400


async def test_who_a_file_is_shared_with_is_its_owner_and_its_links() -> None:
    async with Desk(make()) as desk:
        shared = Shared(desk)
        owner, *links = await desk.every(shared.access)
        assert owner["roles"] == ["owner"]
        assert [(row["id"], row["link"]["scope"]) for row in links] == [
            (shared.owners.id, "organization"),
            (shared.stolen.id, "anonymous"),
        ]


async def test_what_is_not_there_cannot_be_deleted_or_listed() -> None:
    async with Desk(make()) as desk:
        shared = Shared(desk)
        for method, path in (
            ("DELETE", f"{shared.access}/{'0' * 36}"),
            ("GET", shared.access.replace(shared.item.id, "nothing")),
            ("GET", shared.access.replace(shared.files.drive.id, "nowhere")),
        ):
            answer = await desk.graph(method, path)
            assert (answer.status_code, code(answer)) == (404, "itemNotFound")
        assert desk.tenant.writes == []
