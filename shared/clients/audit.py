"""The directory's own logs: who signed in, and what was changed in the directory.

Both take five requests in ten seconds per application and tenant
(learn.microsoft.com/graph/throttling-limits) and are kept for 7 or 30 days, by licence.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from shared.clients.graph import Graph
from shared.clients.precedence import Rank, asking, calls_are
from shared.errors import Defect
from shared.model import Json, ObjectId, Upn, Utc, Value

if TYPE_CHECKING:
    from kiota_abstractions.request_information import RequestInformation
    from msgraph.graph_service_client import GraphServiceClient

AUDIT_LOG_READ_ALL: Final = "AuditLog.Read.All"
_CREDENTIALS: Final = "KeyDescription"
"""What a row calls an application's secrets and certificates together."""
_KEY: Final = re.compile(r"KeyIdentifier=([0-9a-fA-F-]{36})")


class SignIn(Value):
    """One sign-in; `status` is Entra's error code, 0 for a success."""

    at: Utc
    ip: str | None
    app: str | None
    client: str | None
    status: int | None


class SignInBy(SignIn):
    """One sign-in, and whose it was."""

    user: ObjectId
    upn: Upn


class AuditTarget(Value):
    """What a directory change was made to: `kind` is User, ServicePrincipal, Group, Role, ..."""

    id: str | None
    kind: str | None
    name: str | None
    added: tuple[str, ...] | None = None
    """Ids of the secrets and certificates that were added to it; `None`: the row does not say."""


class DirectoryAudit(Value):
    """One change of the directory; `by` is the object id of who made it, a user or an app."""

    at: Utc
    activity: str
    by: ObjectId | None
    targets: tuple[AuditTarget, ...]
    result: str | None


class AuditLogs:
    """The directory's own logs, newest rows seconds to minutes late.

    `remembering` shares what was read of the changes among plans made at one moment: with five
    requests in ten seconds, each of them reading for itself would keep all of them waiting.
    """

    def __init__(
        self,
        source: Graph,
        *,
        memory: dict[str, asyncio.Task[tuple[DirectoryAudit, ...]]] | None = None,
        rank: Rank = Rank.LATER,
    ) -> None:
        self._graph = source
        self._memory = memory
        self._rank = rank

    def remembering(self, rank: Rank = Rank.LATER) -> AuditLogs:
        """Make a view that asks for the same changes once, for plans made side by side.

        Whoever asks first asks for all of them, so what is shared goes no later than `rank`.
        """
        return AuditLogs(self._graph, memory={}, rank=rank)

    async def sign_ins(self, oid: ObjectId, *, since: datetime) -> tuple[SignIn, ...]:
        """List the interactive sign-ins of an account since a moment. Needs Entra ID P1.

        Source: GET /auditLogs/signIns.
        """
        pages = self._sign_ins(f"userId eq '{oid}'", since)
        return tuple([SignIn(**_sign_in(item)) async for item in pages])

    async def sign_ins_from(
        self, address: str, *, since: datetime, most: int
    ) -> tuple[SignInBy, ...]:
        """List the newest interactive sign-ins from an IP address, of whomever, at most so many.

        Source: GET /auditLogs/signIns.
        """
        found: list[SignInBy] = []
        async for item in self._sign_ins(f"ipAddress eq '{address}'", since):
            user, upn = item.get("userId"), item.get("userPrincipalName")
            if user:
                found.append(SignInBy(user=user, upn=upn or user, **_sign_in(item)))
            if len(found) == most:
                break
        return tuple(found)

    def _sign_ins(self, whose: str, since: datetime) -> AsyncIterator[Json]:
        def build(g: GraphServiceClient) -> RequestInformation:
            from kiota_abstractions.base_request_configuration import RequestConfiguration
            from msgraph.generated.audit_logs.sign_ins.sign_ins_request_builder import (
                SignInsRequestBuilder,
            )

            query = SignInsRequestBuilder.SignInsRequestBuilderGetQueryParameters(
                filter=f"{whose} and createdDateTime ge {graph_time(since)}"
            )
            return g.audit_logs.sign_ins.to_get_request_information(
                RequestConfiguration(query_parameters=query)
            )

        return self._graph.pages(build, permission=AUDIT_LOG_READ_ALL)

    async def changes_by(self, oid: ObjectId, *, since: datetime) -> tuple[DirectoryAudit, ...]:
        """List what an account changed in the directory since a moment: consents, methods, ...

        Source: GET /auditLogs/directoryAudits.
        """
        return await self._changes(f"initiatedBy/user/id eq '{oid}'", since)

    async def changes_to(self, oid: ObjectId, *, since: datetime) -> tuple[DirectoryAudit, ...]:
        """List what anybody changed about a directory object since a moment.

        Source: GET /auditLogs/directoryAudits.
        """
        return await self._changes(f"targetResources/any(t:t/id eq '{oid}')", since)

    async def between(self, since: datetime, until: datetime) -> tuple[DirectoryAudit, ...]:
        """Read some changes that anybody made in a span of time: the first page, newest first.

        Source: GET /auditLogs/directoryAudits.
        """
        span = (
            f"activityDateTime le {graph_time(until)} and activityDateTime ge {graph_time(since)}"
        )
        page = await self._graph.page(
            lambda g: _changes_request(g, span), permission=AUDIT_LOG_READ_ALL
        )
        return tuple(_audit(item) for item in page.items)

    async def _changes(self, whose: str, since: datetime) -> tuple[DirectoryAudit, ...]:
        if self._memory is None:
            return await self._read_changes(whose, since)
        key = f"{whose} {since}"
        if key not in self._memory:
            with calls_are(min(asking().rank, self._rank), asking().who):
                self._memory[key] = asyncio.ensure_future(self._read_changes(whose, since))
        return await asyncio.shield(self._memory[key])

    async def _read_changes(self, whose: str, since: datetime) -> tuple[DirectoryAudit, ...]:
        wanted = f"{whose} and activityDateTime ge {graph_time(since)}"
        pages = self._graph.pages(
            lambda g: _changes_request(g, wanted), permission=AUDIT_LOG_READ_ALL
        )
        return tuple([_audit(item) async for item in pages])


def _changes_request(g: GraphServiceClient, wanted: str) -> RequestInformation:
    from kiota_abstractions.base_request_configuration import RequestConfiguration
    from msgraph.generated.audit_logs.directory_audits.directory_audits_request_builder import (
        DirectoryAuditsRequestBuilder,
    )

    query = DirectoryAuditsRequestBuilder.DirectoryAuditsRequestBuilderGetQueryParameters(
        filter=wanted
    )
    return g.audit_logs.directory_audits.to_get_request_information(
        RequestConfiguration(query_parameters=query)
    )


def graph_time(moment: datetime) -> str:
    """Write a time as a filter takes it: UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment_in(item: Json, field: str) -> Any:
    """Take a time out of an answer; one without it cannot be placed, and is no record."""
    if not item.get(field):
        raise Defect(f"Graph answered a log entry without {field}")
    return item[field]


def _sign_in(item: Json) -> Json:
    return {
        "at": moment_in(item, "createdDateTime"),
        "ip": item.get("ipAddress"),
        "app": item.get("appDisplayName"),
        "client": item.get("clientAppUsed"),
        "status": (item.get("status") or {}).get("errorCode"),
    }


def _audit(item: Json) -> DirectoryAudit:
    by = item.get("initiatedBy") or {}
    user, app = by.get("user") or {}, by.get("app") or {}
    return DirectoryAudit(
        at=moment_in(item, "activityDateTime"),
        activity=str(item.get("activityDisplayName") or ""),
        by=user.get("id") or app.get("servicePrincipalId"),
        targets=tuple(
            AuditTarget(
                id=target.get("id"),
                kind=target.get("type"),
                name=target.get("userPrincipalName") or target.get("displayName"),
                added=_added(target),
            )
            for target in item.get("targetResources") or ()
        ),
        result=item.get("result"),
    )


def _added(target: Json) -> tuple[str, ...] | None:
    """Read which credentials are new: the row lists all of them as before and as after."""
    for item in target.get("modifiedProperties") or ():
        if item.get("displayName") == _CREDENTIALS:
            before, after = (
                {found.lower() for found in _KEY.findall(str(item.get(side) or ""))}
                for side in ("oldValue", "newValue")
            )
            return tuple(sorted(after - before))
    return None
