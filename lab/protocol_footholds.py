"""Ways in that ask for no second factor.

#  foothold                       dies by                          lag
7  app password                   IMAP, POP and SMTP off; disable  none
8  IMAP with the password         the password, or IMAP off        `protocol_lag`
"""

from __future__ import annotations

from datetime import timedelta

from lab.access import Password, account
from lab.footholds import Damage, Foiled, Foothold
from lab.tenant.world import World


class AppPassword(Foothold):
    """7: an app password, which a reset does not end and no API lists."""

    number = 7
    damage = Damage.MAIL_READ

    def shut(self, world: World, oid: str) -> bool:
        """Shut with every protocol that takes it, or with the account."""
        user, mailbox = world.state.users.get(oid), world.state.mailboxes.get(oid)
        if user is None or mailbox is None or not user.enabled:
            return True
        protocols = mailbox.protocols
        return not (protocols.imap or protocols.pop) and mailbox.smtp_auth_disabled is True

    def use(self, world: World, oid: str) -> str:
        """Read mail with it."""
        del world, oid
        return "read mail with the app password"


class Imap(Foothold):
    """8: reading mail with the password through IMAP, which asks no second factor."""

    number = 8
    damage = Damage.MAIL_READ

    def __init__(self, label: str, *, password: Password) -> None:
        super().__init__(label)
        self.password = password

    def shut(self, world: World, oid: str) -> bool:
        """Shut with the password, or with the protocol."""
        mailbox = world.state.mailboxes.get(oid)
        return mailbox is None or not mailbox.protocols.imap or self.password.shut(world, oid)

    def lag(self, world: World) -> timedelta:
        """Minutes, because the protocol servers remember a sign-in."""
        return timedelta(seconds=world.settings.protocol_lag)

    def use(self, world: World, oid: str) -> str:
        """Read mail."""
        if not account(world, oid).enabled:
            raise Foiled("the account is disabled")
        return "read mail through IMAP"
