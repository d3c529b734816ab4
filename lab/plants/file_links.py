"""Files that the owner shares with people, and those the intruder shares with itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from lab.carrier_alerts import INTRUDER_IP
from lab.file_footholds import SharingLink
from lab.footholds import Foothold
from lab.plants.sign_ins import OFFICE_IP
from lab.shared_files import SharedFiles
from lab.stage import Stage
from lab.tenant.sharing import Item, Link

_OUTSIDE: Final = ("collector@mallory.example",)


def plant(stage: Stage, oid: str) -> list[Foothold]:
    """Share two files with the intruder; one of them the owner shares with others as well."""
    files = SharedFiles(stage.tenant, oid)
    customers, payroll = files.add("Sales/Customers.xlsx"), files.add("Payroll 2026.pdf")
    weeks_ago = stage.since - timedelta(days=30)
    for item, scope, people in (
        (customers, "users", ("buyer@partner.example",)),
        (customers, "anonymous", ()),
        (files.add("Lunch menu.docx"), "organization", ()),
    ):
        link = files.share(item, scope, at=weeks_ago, ip=OFFICE_IP, people=people)
        stage.owned[f"{scope} link to “{item.name}”"] = _still(stage, oid, item, link)
    at = stage.since + timedelta(minutes=2)
    anonymous = files.share(customers, "anonymous", at=at, ip=INTRUDER_IP)
    named = files.share(payroll, "users", at=at, ip=INTRUDER_IP, kind="edit", people=_OUTSIDE)
    return [
        SharingLink("anonymous link to “Customers.xlsx”", link=anonymous),
        SharingLink("link to “Payroll 2026.pdf” for an outsider", link=named),
    ]


def _still(stage: Stage, oid: str, item: Item, link: Link) -> Callable[[], bool]:
    def there() -> bool:
        held = stage.tenant.state.drives[oid].item(item.id)
        return held is not None and link in held.links

    return there
