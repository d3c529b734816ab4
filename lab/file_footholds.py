"""Row 17 of the table: a sharing link, which needs no account at all.

 #  foothold                 dies by                                          lag
17  sharing link             that link deleted; sharing with outsiders off    none
"""

from __future__ import annotations

from lab.footholds import Damage, Foiled, Foothold
from lab.tenant.sharing import Drive, Link, Sharing
from lab.tenant.world import World


class SharingLink(Foothold):
    """17: a link to a file that opens for whoever holds it, or for an address of the intruder."""

    number = 17
    damage = Damage.FILES_READ

    def __init__(self, label: str, *, link: Link) -> None:
        super().__init__(label)
        self.link = link.id

    def shut(self, world: World, oid: str) -> bool:
        """Shut when that link is gone or leads nobody in from outside, and by nothing else."""
        drive = world.state.drives.get(oid)
        return drive is None or drive.sharing is Sharing.INSIDE or self.link not in _links(drive)

    def use(self, world: World, oid: str) -> str:
        """Open the file."""
        drive = world.state.drives.get(oid)
        if drive is None:
            raise Foiled("there is no OneDrive")
        return "read a shared file"


def _links(drive: Drive) -> set[str]:
    return {link.id for item in drive.items for link in item.links}
