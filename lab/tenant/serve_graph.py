"""Microsoft Graph: who may come in, where a request goes, and how refusals look."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from lab.tenant.answers import Answer, GraphRefusal, bad_request, denied, graph_error
from lab.tenant.limits import Limits, Service
from lab.tenant.operations import Ask, Operation
from lab.tenant.settings import Throttling
from lab.tenant.tokens import GRAPH, Claims, Minter, Rejected
from lab.tenant.visit import Incoming, Visit
from lab.tenant.world import World

_CODES: Final = {429: "TooManyRequests", 503: "ServiceUnavailable", 504: "GatewayTimeout"}
_UNKNOWN: Final = "/{unknown}"
_EXPENSIVE: Final = ("/users", "/users/{id}/transitiveMemberOf")
_FEW: Final = 20


class GraphService:
    """Answers `/v1.0` and `/beta`."""

    def __init__(self, world: World, *, minter: Minter, operations: tuple[Operation, ...]) -> None:
        self._world = world
        self._minter = minter
        self._operations = operations
        self._limits = Limits()

    def open(self, incoming: Incoming, *, at: datetime) -> Visit:
        """Authenticate, route and count a request; nothing takes effect yet."""
        method, (version, *rest) = incoming.method, incoming.segments
        segments = tuple(rest)
        known = [op for op in self._operations if op.only_in in (None, version)]
        found = _route(known, method, segments)
        template = found[0].template if found else _UNKNOWN
        try:
            claims = self._claims(incoming, at=at)
            if found is None:
                raise _no_route(known, method, segments)
            self._let_in(incoming, found[0], found[1], at=at)
        except GraphRefusal as refusal:
            refused = self._refused(refusal)
            return Visit(method=method, path=template, perform=lambda: refused, refused=refused)
        operation, path = found
        owner = _owner(operation, path)

        def perform() -> Answer:
            return self._perform(operation, incoming, path=path, claims=claims)

        return Visit(method=method, path=template, perform=perform, owner=owner)

    def fail(self, status: int, *, headers: Mapping[str, str]) -> Answer:
        """Shape a fault on order."""
        code = _CODES.get(status, "InternalServerError")
        return self._refused(GraphRefusal(status, code, "A fault on order.", headers=headers))

    def begin(self, owner: str) -> None:
        """Count a request that is being answered."""
        self._limits.begin(owner)

    def end(self, owner: str) -> None:
        """Count a request that has been answered."""
        self._limits.end(owner)

    def _perform(
        self, operation: Operation, incoming: Incoming, *, path: dict[str, str], claims: Claims
    ) -> Answer:
        try:
            if not claims.roles & operation.any_of:
                raise _forbidden(operation.service)
            ask = Ask(
                world=self._world,
                operation=operation,
                path=path,
                query=incoming.query,
                body=_body(incoming),
                claims=claims,
                url=incoming.url,
                root=f"{incoming.host}/{incoming.segments[0]}",
                eventual=incoming.headers.get("consistencylevel", "").lower() == "eventual",
            )
            found = operation.handle(ask)
        except GraphRefusal as refusal:
            return self._refused(refusal)
        answer = found if isinstance(found, Answer) else Answer(200, found)
        return Answer(answer.status, answer.body, {**answer.headers, **self._headers()})

    def _claims(self, incoming: Incoming, *, at: datetime) -> Claims:
        try:
            given = incoming.headers.get("authorization", "")
            return self._minter.read(given, resource=GRAPH, at=at)
        except Rejected as error:
            challenge = f'Bearer realm="", error="invalid_token", error_description="{error}"'
            raise GraphRefusal(
                401,
                "InvalidAuthenticationToken",
                str(error),
                headers={"WWW-Authenticate": challenge},
            ) from error

    def _let_in(
        self, incoming: Incoming, operation: Operation, path: dict[str, str], *, at: datetime
    ) -> None:
        if self._world.settings.throttling is Throttling.OFF:
            return
        over = self._limits.enter(
            operation.service,
            owner=_owner(operation, path),
            cost=_cost(operation, incoming.query),
            write=incoming.method != "GET",
            users=len(self._world.state.users),
            at=at,
        )
        if over is None:
            return
        headers = {} if over.retry_after is None else {"Retry-After": str(over.retry_after)}
        code = "TooManyRequests"
        if operation.service is Service.OUTLOOK:
            code = "ApplicationThrottled"
        raise GraphRefusal(429, code, f"Too many requests: {over.limit}", headers=headers)

    def _refused(self, refusal: GraphRefusal) -> Answer:
        headers = self._headers()
        return graph_error(
            refusal.status,
            code=refusal.code,
            message=refusal.message,
            request_id=headers["request-id"],
            at=self._world.now(),
            extra={**headers, **refusal.headers},
        )

    def _headers(self) -> dict[str, str]:
        request_id = str(uuid.UUID(int=self._world.dice.getrandbits(128), version=4))
        return {"request-id": request_id, "client-request-id": request_id}


def _route(
    known: Iterable[Operation], method: str, segments: tuple[str, ...]
) -> tuple[Operation, dict[str, str]] | None:
    for operation in known:
        if operation.method == method:
            path = _match(operation.template, segments)
            if path is not None:
                return operation, path
    return None


def _no_route(known: Collection[Operation], method: str, segments: tuple[str, ...]) -> GraphRefusal:
    if any(_match(op.template, segments) is not None for op in known):
        text = f"Specified HTTP method '{method}' is not allowed for the request target."
        return GraphRefusal(405, "Request_BadRequest", text)
    for end in range(1, len(segments) + 1):
        if not any(_begins(op.template, segments[:end]) for op in known):
            text = f"Resource not found for the segment '{segments[end - 1]}'."
            return bad_request(text, code="BadRequest")
    return bad_request("The request URI is not valid.", code="BadRequest")


def _owner(operation: Operation, path: Mapping[str, str]) -> str:
    """Whose calls are counted together while they are being answered."""
    match operation.service:
        case Service.OUTLOOK:
            return path["id"]
        case Service.SECURE_SCORE:
            return str(operation.service)
    return ""


def _forbidden(service: Service) -> GraphRefusal:
    if service is Service.OUTLOOK:
        text = "Access is denied. Check credentials and try again."
        return GraphRefusal(403, "ErrorAccessDenied", text)
    return denied()


def _body(incoming: Incoming) -> dict[str, Any] | None:
    try:
        return incoming.json()
    except ValueError as error:
        text = "Unable to read JSON request payload."
        raise bad_request(text, code="BadRequest") from error


def _cost(operation: Operation, query: Mapping[str, str]) -> int:
    """Resource units, as the throttling limits list them."""
    cost = 2 if operation.template in _EXPENSIVE else 1
    cost -= "$select" in query
    top = query.get("$top", "")
    cost -= top.isdigit() and int(top) < _FEW
    return max(1, cost)


def _match(template: str, segments: tuple[str, ...]) -> dict[str, str] | None:
    parts = template.strip("/").split("/")
    if len(parts) != len(segments) or not _begins(template, segments):
        return None
    pairs = zip(parts, segments, strict=True)
    return {part[1:-1]: given for part, given in pairs if part.startswith("{")}


def _begins(template: str, segments: tuple[str, ...]) -> bool:
    parts = template.strip("/").split("/")
    return len(parts) >= len(segments) and all(
        part.startswith("{") or part.casefold() == given.casefold()
        for part, given in zip(parts, segments, strict=False)
    )
