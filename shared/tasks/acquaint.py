"""Find out what a mailbox is, while containment runs: it decides nothing before that."""

from __future__ import annotations

import asyncio
from typing import Final

from shared.clients import exchange
from shared.clients.grants import GrantKind
from shared.clients.tenant import Tenant
from shared.errors import FirebreakError, NoMailbox
from shared.model import Account, Case, MailboxKind
from shared.needs import Needs
from shared.policy.obstacles import explained, shared_with

NEEDS: Final = Needs(
    what="Tell what kind of mailbox an account has and who uses it",
    permissions=frozenset({exchange.MANAGE_AS_APP}),
    exchange_roles=frozenset({exchange.MAIL_RECIPIENTS}),
)
PATIENCE: Final = 10.0
"""Seconds for an answer of Exchange; whatever takes longer stays unknown."""
_USES: Final = frozenset({GrantKind.MAILBOX, GrantKind.SEND_AS, GrantKind.SEND_ON_BEHALF})


async def acquainted(case: Case, tenant: Tenant) -> Case:
    """Learn what the account's mailbox is, and who uses it where it is shared.

    Never raises for what could not be read: unknown stays unknown.
    """
    kind = await _kind(case.account, tenant)
    known = case.model_copy(update={"account": case.account.model_copy(update={"mailbox": kind})})
    if kind is not MailboxKind.SHARED:
        return known
    return known.model_copy(update={"left": (shared_with(await _users(case, tenant)),)})


async def with_its_kind(error: Exception, account: Account, tenant: Tenant) -> Exception:
    """Explain an error by the account's kind, asking for that of its mailbox where it matters."""
    if isinstance(error, NoMailbox) and account.mailbox is None:
        kind = await _kind(account, tenant)
        account = account.model_copy(update={"mailbox": kind})
    return explained(error, account)


async def _kind(account: Account, tenant: Tenant) -> MailboxKind | None:
    try:
        async with asyncio.timeout(PATIENCE):
            return await tenant.mailbox.kind(account.who)
    except (FirebreakError, TimeoutError):
        return None


async def _users(case: Case, tenant: Tenant) -> frozenset[str]:
    try:
        async with asyncio.timeout(PATIENCE):
            grants = await tenant.access.grants(case.account.who)
            names = {grant.trustee for grant in grants if grant.kind in _USES}
            behind = await tenant.access.trustees(case.account.who, names)
    except (FirebreakError, TimeoutError):
        return frozenset()
    # Each cmdlet names the same person in its own way.
    return frozenset(trustee.address or trustee.name for trustee in behind.values())
