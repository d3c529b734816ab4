"""18: an automatic reply, which phishes whoever writes and goes on when the account is disabled."""

from __future__ import annotations

from lab.footholds import Damage, Foothold
from lab.tenant.world import World


class AutoReply(Foothold):
    """18: an automatic reply with the intruder's link in it. Dies by switching it off."""

    number = 18
    damage = Damage.MAIL_SENT

    def __init__(self, label: str, *, link: str) -> None:
        super().__init__(label)
        self.link = link

    def shut(self, world: World, oid: str) -> bool:
        """Shut when it is off, or no longer says what the intruder wrote."""
        mailbox = world.state.mailboxes.get(oid)
        if mailbox is None or mailbox.auto_reply.status == "disabled":
            return True
        return self.link not in mailbox.auto_reply.external

    def use(self, world: World, oid: str) -> str:
        """Answer the next message."""
        del world, oid
        return "sent the link to whoever wrote"
