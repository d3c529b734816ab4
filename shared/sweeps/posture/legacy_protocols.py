"""See which old ways into mailboxes are open, that ask for no second factor."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import ClassVar, Final

from shared.clients import exchange
from shared.clients.mailbox_lists import Doors
from shared.model import Json, Severity, number_of
from shared.posture import Certainty, Finding
from shared.sweeps.parts import EXCHANGE, InParts, Part, of_the_whole
from shared.sweeps.sweep import Look, Page

ORGANISATION: Final = "smtp_auth_for_all"
SMTP: Final = "smtp_auth"
OLD: Final = "imap_or_pop"
_MAILBOXES: Final = 1000
_OPEN: Final = "mailboxes with IMAP or POP"
_UNSAID: Final = "mailboxes that do not say"


async def _organisation(look: Look, _: Json) -> Page:
    if not await look.tenant.protocols.organisation_lets_smtp_in():
        return Page()
    said = "Every mailbox without a setting of its own can send by SMTP AUTH"
    return of_the_whole(
        ORGANISATION, said, Severity.MEDIUM, SmtpClientAuthenticationDisabled="False"
    )


async def _mailboxes(look: Look, at: Json) -> Page:
    boxes, link = await look.tenant.mailboxes.doors(size=_MAILBOXES, link=at.get("link"))
    return Page(
        findings=tuple(_smtp(box) for box in boxes if box.smtp_auth),
        tally={
            _OPEN: float(sum(bool(box.imap or box.pop) for box in boxes)),
            _UNSAID: float(sum(_unsaid(box) for box in boxes)),
        },
        subjects=len(boxes),
        next={"link": link} if link else None,
    )


async def _old(look: Look, _: Json) -> Page:
    """Say how many there are, in one finding: in most organisations it is nearly everybody."""
    count, unsaid = (int(look.run.tally.get(name, 0)) for name in (_OPEN, _UNSAID))
    if not (count or unsaid):
        return Page(calls=0)
    return Page(
        findings=(
            Finding(
                kind=OLD,
                subject="organisation",
                title=f"{number_of(count, 'mailbox', 'mailboxes')} can be opened by IMAP or POP",
                severity=Severity.LOW,
                weight=float(count),
                evidence={"mailboxes": str(count), "not known": str(unsaid)},
                certainty=Certainty.SEEN if count else Certainty.UNKNOWN,
            ),
        ),
        calls=0,
    )


def _unsaid(box: Doors) -> bool:
    return box.imap is not True and box.pop is not True and None in (box.imap, box.pop)


def _smtp(box: Doors) -> Finding:
    return Finding(
        kind=SMTP,
        subject=box.object_id,
        account=box.object_id,
        title=f"SMTP AUTH was opened for {box.name}",
        severity=Severity.MEDIUM,
        weight=1.0,
        evidence={"account": box.name, "SmtpClientAuthenticationDisabled": "False"},
    )


class LegacyProtocols(InParts):
    """See which old ways into mailboxes are open, that ask for no second factor.

    SMTP AUTH still takes a password alone, so each mailbox for which somebody opened it is a
    finding. IMAP and POP take modern sign-ins only; how many mailboxes have them is one finding.
    """

    every = timedelta(days=7)
    budget = EXCHANGE
    kinds: ClassVar[Mapping[str, str]] = {
        ORGANISATION: "Find out what sends by it, open it for those mailboxes alone, then "
        "Set-TransportConfig -SmtpClientAuthenticationDisabled $true",
        SMTP: "Ask the owner what sends by it; ask for it to be mended: "
        "block_legacy_mail shuts it; or accept it with a reason",
        OLD: "Shut both in the plan for new mailboxes (Set-CASMailboxPlan) and where nobody uses "
        "them (Set-CASMailbox)",
    }
    permissions = frozenset({exchange.MANAGE_AS_APP})
    exchange_roles = frozenset({exchange.MAIL_RECIPIENTS, exchange.VIEW_ONLY_CONFIGURATION})
    parts = (
        Part("organisation", frozenset({ORGANISATION}), _organisation),
        Part("mailboxes", frozenset({SMTP, OLD}), _mailboxes),
        Part("count", frozenset({OLD}), _old),
    )
