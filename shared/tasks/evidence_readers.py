"""What is read of an account as evidence: one reader for each section. None of them writes.

A reader gives a value that says what it is by its type. Of an automatic reply only the hash of its
text is given, of a sent message its subject and never its body.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from shared.clients import audit, consents, exchange, graph, roles, sent
from shared.clients.tenant import Tenant
from shared.errors import Gone
from shared.model import Case
from shared.needs import Needs

NEEDS: Final = Needs(
    what="Keep as evidence what an account was like",
    permissions=frozenset(
        {
            audit.AUDIT_LOG_READ_ALL,
            exchange.MANAGE_AS_APP,
            graph.MAILBOX_SETTINGS_READ,
            graph.USER_READ_ALL,
            sent.MESSAGE_TRACE_READ_ALL,
        }
    ),
    borrows=frozenset(
        {
            consents.GRANT_WRITE_ALL,
            graph.AUTHENTICATION_METHOD_WRITE_ALL,
            graph.MAILBOX_SETTINGS_WRITE,
            roles.ROLE_WRITE,
        }
    ),
    exchange_roles=frozenset({exchange.MAIL_RECIPIENTS, exchange.USER_OPTIONS}),
)
"""What reading all sections takes; a missing one makes its sections unknown and stops nothing."""

type Reader = Callable[[Case, Tenant], Awaitable[Any]]


async def _account(case: Case, tenant: Tenant) -> Any:
    return await tenant.directory.account(case.account.object_id)


async def _memberships(case: Case, tenant: Tenant) -> Any:
    return await tenant.directory.memberships(case.account.object_id)


async def _methods(case: Case, tenant: Tenant) -> Any:
    return await tenant.methods.all(case.account.object_id)


async def _roles(case: Case, tenant: Tenant) -> Any:
    return await tenant.roles.of(case.account.object_id)


async def _devices(case: Case, tenant: Tenant) -> Any:
    return await tenant.devices.of(case.account.object_id)


async def _consents(case: Case, tenant: Tenant) -> Any:
    return await tenant.consents.of(case.account.object_id)


async def _visible_rules(case: Case, tenant: Tenant) -> Any:
    return await tenant.inbox.all(case.account.object_id)


async def _all_rules(case: Case, tenant: Tenant) -> Any:
    return await tenant.mailbox.rules(case.account.who)


async def _forwarding(case: Case, tenant: Tenant) -> Any:
    return await tenant.mailbox.forwarding(case.account.who)


async def _delegates(case: Case, tenant: Tenant) -> Any:
    return await tenant.access.grants(case.account.who)


async def _automatic_replies(case: Case, tenant: Tenant) -> Any:
    return (await tenant.auto_replies.of(case.account.object_id)).setting


async def _sent_messages(case: Case, tenant: Tenant) -> Any:
    if case.account.mail is None:
        raise Gone("The account has no mail address by which messages could be traced")
    return await tenant.sent.by(case.account.mail, since=case.compromised_since)


async def _sign_ins(case: Case, tenant: Tenant) -> Any:
    return await tenant.audit.sign_ins(case.account.object_id, since=case.compromised_since)


async def _directory_changes(case: Case, tenant: Tenant) -> Any:
    return await tenant.audit.changes_by(case.account.object_id, since=case.compromised_since)


READERS: Final[Mapping[str, Reader]] = MappingProxyType(
    {
        "account": _account,
        "memberships": _memberships,
        "authentication_methods": _methods,
        "directory_roles": _roles,
        "devices": _devices,
        "app_consents": _consents,
        "visible_inbox_rules": _visible_rules,
        "all_inbox_rules": _all_rules,
        "forwarding": _forwarding,
        "delegates": _delegates,
        "automatic_replies": _automatic_replies,
        "sent_messages": _sent_messages,
        "sign_ins": _sign_ins,
        "directory_changes": _directory_changes,
    }
)

LOGS: Final = frozenset({"sent_messages", "sign_ins", "directory_changes"})
"""Sections that closing doors does not change: where a limit holds them up they are read later."""
