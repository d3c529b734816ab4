"""Searches of the unified audit log (Purview): what an account did in all services.

A search runs for minutes on Microsoft's side: it is started, found again by its name and collected
by a later pass, and never waited for here. Rows can come up to a day late.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from shared.clients.audit import graph_time, moment_in
from shared.clients.graph import Graph
from shared.errors import Refused, Transient
from shared.model import Json, Upn, Utc, Value, now

if TYPE_CHECKING:
    from kiota_abstractions.request_information import RequestInformation
    from msgraph.graph_service_client import GraphServiceClient

AUDIT_SEARCH_READ_ALL: Final = "AuditLogsQuery.Read.All"
"""Searches all services. A right to one service alone would find less and not say so."""

_OVER: Final = frozenset({"failed", "cancelled"})
_FRESH: Final = timedelta(hours=1)
"""How long what a search found stands for what is there; rows that came later need a new one."""
_LOOK_AGAIN: Final = 60.0
"""Seconds until a search that is not finished is looked at again."""
_TRIES: Final = 3
"""Searches that Microsoft may give up before a person is asked."""


class Search(Value):
    """A search of the unified audit log, as far as it has come."""

    id: str
    name: str
    status: str
    since: Utc | None
    until: Utc | None
    """Both ends of what it looks through; rows written later are not in it."""

    @property
    def finished(self) -> bool:
        """Whether its records can be read and are all there."""
        return self.status == "succeeded"

    @property
    def failed(self) -> bool:
        """Whether it will never finish."""
        return self.status in _OVER


class AuditRecord(Value):
    """One row of the unified audit log; `details` is what its service says beyond that."""

    id: str
    at: Utc
    operation: str
    by: str | None
    object_id: str | None
    ip: str | None
    details: Json


class AuditSearches:
    """Searches of the unified audit log; Microsoft keeps them, so that they are found again."""

    def __init__(self, source: Graph, *, clock: Callable[[], datetime] = now) -> None:
        self._graph = source
        self._clock = clock

    async def collect(
        self,
        name: str,
        *,
        who: Upn | None,
        operations: Iterable[str],
        since: datetime,
        most: int | None = None,
    ) -> tuple[AuditRecord, ...]:
        """Read what an account did since a moment, from a search of that name not an hour old.

        Without `who` it is what anybody did, without `operations` everything; `most` rows are read.
        A later pass finds the search again by its name, so each question needs a name of its own.
        Raises `Transient` until one is finished, `Refused` where Microsoft cannot finish any.
        """
        moment = self._clock()
        found = await self.named(name)
        good = [search for search in found if _serves(search, since, moment)]
        if not good and sum(search.failed for search in found) >= _TRIES:
            raise Refused(
                f"Microsoft gave up the audit search “{name}” {_TRIES} times",
                steps=(
                    f"Open Audit in the Microsoft Purview portal; search for what {_said(who)} did",
                    f"Since {graph_time(since)}; activities: {', '.join(operations) or 'all'}",
                ),
            )
        done = [search for search in good if search.finished]
        if done or good:
            search = (done or good)[-1]
        else:
            search = await self.start(
                name, who=who, operations=operations, since=since, until=moment
            )
        if not search.finished:
            raise Transient(
                f"The audit search “{name}” is {search.status}", retry_after=_LOOK_AGAIN
            )
        return await self.records(search, most=most)

    async def named(self, name: str) -> tuple[Search, ...]:
        """List the searches of a name, those that look furthest last.

        Source: GET /security/auditLog/queries.
        """
        pages = self._graph.pages(
            lambda g: g.security.audit_log.queries.to_get_request_information(),
            permission=AUDIT_SEARCH_READ_ALL,
        )
        found = [_search(item) async for item in pages if item.get("displayName") == name]
        return tuple(sorted(found, key=_order))

    async def start(
        self,
        name: str,
        *,
        who: Upn | None,
        operations: Iterable[str],
        since: datetime,
        until: datetime,
    ) -> Search:
        """Start a search for what an account, or anybody, did. Changes nothing in the tenant.

        The log knows accounts by UPN only: what was done before a renaming is under the old one.
        Source: POST /security/auditLog/queries.
        """

        def build(g: GraphServiceClient) -> RequestInformation:
            from msgraph.generated.models.security.audit_log_query import AuditLogQuery

            return g.security.audit_log.queries.to_post_request_information(
                AuditLogQuery(
                    display_name=name,
                    filter_start_date_time=since,
                    filter_end_date_time=until,
                    user_principal_name_filters=[who] if who else [],
                    operation_filters=list(operations),
                )
            )

        return _search(await self._graph.write(build, permission=AUDIT_SEARCH_READ_ALL))

    async def records(self, search: Search, *, most: int | None = None) -> tuple[AuditRecord, ...]:
        """Read the records of a finished search, all or `most` of them.

        Source: GET /security/auditLog/queries/{id}/records.
        """
        pages = self._graph.pages(
            lambda g: g.security.audit_log.queries.by_audit_log_query_id(
                search.id
            ).records.to_get_request_information(),
            permission=AUDIT_SEARCH_READ_ALL,
        )
        found: list[AuditRecord] = []
        async for item in pages:
            found.append(_record(item))
            if len(found) == most:
                break
        return tuple(found)


def _said(who: Upn | None) -> str:
    return who or "everybody"


def _serves(search: Search, since: datetime, moment: datetime) -> bool:
    """Whether a search looks as far back as is wanted, and is still running or fresh."""
    if search.failed or search.since is None or search.since > since:
        return False
    if not search.finished:
        return True
    return search.until is not None and search.until >= moment - _FRESH


def _order(search: Search) -> tuple[datetime, str]:
    return search.until or datetime.min.replace(tzinfo=UTC), search.id


def _search(item: Json) -> Search:
    return Search(
        id=str(item["id"]),
        name=str(item.get("displayName") or ""),
        status=str(item.get("status") or "notStarted"),
        since=item.get("filterStartDateTime"),
        until=item.get("filterEndDateTime"),
    )


def _record(item: Json) -> AuditRecord:
    # What a service adds stands below `dynamicProperties`; older answers have it beside.
    data = item.get("auditData") or {}
    details = {**data, **(data.get("dynamicProperties") or {})}
    return AuditRecord(
        id=str(item["id"]),
        at=moment_in(item, "createdDateTime"),
        operation=str(item.get("operation") or ""),
        by=item.get("userPrincipalName") or item.get("userId"),
        object_id=item.get("objectId"),
        ip=item.get("clientIp"),
        details={k: v for k, v in details.items() if k != "dynamicProperties" and "@" not in k},
    )
