"""The old ways into a mailbox, which ask for a password and no second factor."""

from __future__ import annotations

from shared.clients.exchange import Exchange
from shared.errors import Defect, Gone
from shared.model import Json, Value, Who


class Protocols(Value):
    """Which of them are open. `None` follows the organisation's setting, or is unknown."""

    smtp_auth: bool | None
    imap: bool | None
    pop: bool | None
    ews: bool | None


ALL_SHUT = Protocols(smtp_auth=False, imap=False, pop=False, ews=False)


class MailProtocols:
    """The protocols of a mailbox, through Exchange."""

    def __init__(self, source: Exchange) -> None:
        self._exchange = source

    async def of(self, who: Who) -> Protocols:
        """Read which are open. Source: Get-CASMailbox. Raises `Gone` without a mailbox."""
        found = await self._exchange.run("Get-CASMailbox", {"Identity": who.object_id}, who)
        if len(found) != 1:
            raise Gone(f"{len(found)} mailboxes belong to the account; need exactly one")
        smtp_off = found[0].get("SmtpClientAuthenticationDisabled")
        return Protocols(
            smtp_auth=None if smtp_off is None else not smtp_off,
            imap=found[0].get("ImapEnabled"),
            pop=found[0].get("PopEnabled"),
            ews=found[0].get("EwsEnabled"),
        )

    async def organisation_lets_smtp_in(self) -> bool:
        """Whether SMTP AUTH is open to whoever has no setting of their own.

        Source: Get-TransportConfig.
        """
        found = await self._exchange.run("Get-TransportConfig", {})
        shut = found[0].get("SmtpClientAuthenticationDisabled") if len(found) == 1 else None
        if not isinstance(shut, bool):
            raise Defect("Exchange did not say whether SMTP AUTH is shut for the organisation")
        return not shut

    async def set(self, who: Who, wanted: Protocols) -> None:
        """Open or shut all of them in one call; what was unknown is left alone.

        SMTP AUTH and EWS may follow the organisation, IMAP and POP may not.
        Source: Set-CASMailbox.
        """
        smtp = wanted.smtp_auth
        parameters: Json = {
            "Identity": who.object_id,
            "SmtpClientAuthenticationDisabled": None if smtp is None else not smtp,
            "EwsEnabled": wanted.ews,
        }
        parameters |= {} if wanted.imap is None else {"ImapEnabled": wanted.imap}
        parameters |= {} if wanted.pop is None else {"PopEnabled": wanted.pop}
        await self._exchange.run("Set-CASMailbox", parameters, who)
