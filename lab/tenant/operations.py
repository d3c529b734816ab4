"""What a Graph operation is: one small function that declares path, permissions and answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from lab.tenant.answers import Answer, bad_request, denied, no_such_object
from lab.tenant.limits import Service
from lab.tenant.paging import page_of
from lab.tenant.state import User
from lab.tenant.tokens import Claims
from lab.tenant.world import World

type Json = dict[str, Any]
type Handler = Callable[[Ask], Answer | Json | None]


class Shape(StrEnum):
    """What an operation answers with."""

    ONE = "one object"
    MANY = "a page of objects"
    NOTHING = "no content"
    ACCEPTED = "no content yet"
    VALUE = "a bare value"


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of Graph. Any one of `any_of` lets a caller in.

    `returns` names the type of the object or of each item; `consumes` that of the body.
    """

    method: str
    template: str
    handle: Handler
    any_of: frozenset[str]
    shape: Shape
    returns: str | None = None
    consumes: str | None = None
    service: Service = Service.DIRECTORY
    only_in: str | None = None
    """The one version that has it, `beta` or `v1.0`; `None`: both."""

    @property
    def name(self) -> str:
        """What faults and calls are named by."""
        return f"{self.method} {self.template}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request to Graph, authenticated and routed."""

    world: World
    operation: Operation
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Json | None
    claims: Claims
    url: str
    """The request's URL up to its query, for next links and contexts."""
    root: str
    """The service root, such as https://graph.microsoft.com/v1.0."""
    eventual: bool = False
    """Whether the caller accepts answers that lag, by the header ConsistencyLevel."""

    @property
    def version(self) -> str:
        """The version of Graph that is asked, `v1.0` or `beta`."""
        return self.root.rpartition("/")[2]

    @property
    def seen_at(self) -> datetime:
        """The moment that readers of the directory are shown."""
        return self.world.as_seen()

    def user(self) -> User:
        """Find the account the path names, as it truly is. Raises what Graph answers."""
        return self._found(self.world.user(self.path["id"]))

    def user_as_seen(self) -> User:
        """Find the account the path names, as readers see it."""
        return self._found(self.world.user(self.path["id"], at=self.seen_at))

    def require(self, *any_of: str) -> None:
        """Refuse a caller whose token has none of these permissions."""
        if not self.claims.roles & set(any_of):
            raise denied()

    def wants(self, known: Iterable[str], type_name: str) -> tuple[str, ...] | None:
        """Read `$select`; refuses properties that the type does not have."""
        text = self.query.get("$select")
        if text is None:
            return None
        names = {name.casefold(): name for name in known}
        wanted = [part.strip() for part in text.split(",") if part.strip()]
        for part in wanted:
            if part.casefold() not in names:
                raise bad_request(
                    f"Could not find a property named '{part}' on type '{type_name}'.",
                    code="BadRequest",
                )
        return tuple(dict.fromkeys(names[part.casefold()] for part in wanted))

    @property
    def advanced(self) -> bool:
        """Whether the caller asks for what Graph calls an advanced query."""
        return self.eventual and self.query.get("$count") == "true"

    def page[T](self, items: Iterable[T], show: Callable[[T], Json], *, context: str) -> Json:
        """Answer one page of a list, with a next link where more follows.

        A count is given only to whoever accepts that it may lag.
        """
        listed = list(items)
        page = page_of(
            listed,
            show,
            query=self.query,
            url=self.url,
            size=self.world.settings.page_size,
            context=f"{self.root}/$metadata#{context}",
        )
        if self.advanced:
            page["@odata.count"] = len(listed)
        return page

    def fields(self) -> Json:
        """Read the body without OData annotations, which the SDK adds and Graph accepts."""
        if self.body is None:
            raise bad_request("Empty Payload. JSON content expected.", code="BadRequest")
        return {k: v for k, v in self.body.items() if not k.startswith("@odata.")}

    def wrote(self, oid: str, what: str) -> None:
        """Tell the world that this request changed something."""
        self.world.wrote(
            method=self.operation.method,
            path=self.operation.template,
            actor=self.claims.oid,
            oid=oid,
            what=what,
        )

    def _found(self, user: User | None) -> User:
        if user is None:
            raise no_such_object(self.path["id"])
        return user


def operation(  # noqa: PLR0913 - a declaration
    method: str,
    template: str,
    *,
    any_of: Iterable[str],
    shape: Shape = Shape.ONE,
    returns: str | None = None,
    consumes: str | None = None,
    service: Service = Service.DIRECTORY,
    only_in: str | None = None,
) -> Callable[[Handler], Operation]:
    """Declare a function as an operation of Graph."""

    def declare(handle: Handler) -> Operation:
        return Operation(
            method=method,
            template=template,
            handle=handle,
            any_of=frozenset(any_of),
            shape=shape,
            returns=returns,
            consumes=consumes,
            service=service,
            only_in=only_in,
        )

    return declare
