"""The tenant's network side: latency, faults and hooks around every request.

Routing looks at the path only, so that one application serves graph.microsoft.com and
outlook.office365.com in process, and all of them on one loopback port.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from lab.tenant.answers import Answer
from lab.tenant.control import Control
from lab.tenant.faults import Dropped, Fault, Faults, When
from lab.tenant.records import Call
from lab.tenant.visit import Incoming, Service, Visit
from lab.tenant.world import World

_METHODS: Final = ["DELETE", "GET", "PATCH", "POST", "PUT"]
_GLANCE: Final = 0.2


class Front:
    """Takes every request in and sends every answer out."""

    def __init__(
        self, world: World, *, services: Mapping[str, Service], control: Control, faults: Faults
    ) -> None:
        self._world = world
        self._services = services
        self._control = control
        self._faults = faults
        self.app = Starlette(routes=[Route("/{path:path}", self.serve, methods=_METHODS)])

    async def answer(self, incoming: Incoming) -> Answer:
        """Answer one request. Raises `Dropped` where the answer is lost."""
        service = self._service(incoming)
        if service is None:
            return await self._control.answer(incoming)
        return await self._visit(service, incoming)

    async def serve(self, request: Request) -> Response:
        """Answer one request that came over a socket, where a lost answer never ends."""
        try:
            incoming = await _read(request)
        except ClientDisconnect:
            # It gave up while it was asking; nobody is there to read an answer.
            return Response(status_code=400)
        try:
            return response(await self.answer(incoming))
        except Dropped:
            await self._hang(request)
            service = self._service(incoming)
            return response(service.fail(504, headers={}) if service else Answer(504))

    def _service(self, incoming: Incoming) -> Service | None:
        return self._services.get(next(iter(incoming.segments), "").casefold())

    async def _visit(self, service: Service, incoming: Incoming) -> Answer:
        started = self._world.now()
        visit = service.open(incoming, at=started)
        call = Call(method=visit.method, path=visit.path, status=0, at=started)
        status = 0
        try:
            for hook in tuple(self._world.before_call):
                hook(call)
            answer = await self._answer(service, visit, fault=self._faults.pick(call.name))
            status = answer.status
        finally:
            took = (self._world.now() - started).total_seconds()
            self._world.calls.append(replace(call, status=status, took=took))
        return answer

    async def _answer(self, service: Service, visit: Visit, *, fault: Fault | None) -> Answer:
        delay = self._latency()
        counted = bool(visit.owner) and visit.refused is None
        if counted:
            service.begin(visit.owner)
        try:
            await self._pause(delay / 2)
            answer = None if _spares(fault) else visit.perform()
            await self._pause(delay / 2)
        finally:
            if counted:
                service.end(visit.owner)
        if fault is None and answer is not None:
            return answer
        return _faulty(service, fault)

    def _latency(self) -> float:
        settings = self._world.settings
        if settings.latency <= 0 or self._world.clock.speed == 0:
            return 0.0
        return self._world.dice.lognormvariate(math.log(settings.latency), settings.latency_spread)

    async def _pause(self, seconds: float) -> None:
        if seconds > 0:
            await self._world.clock.sleep(seconds)

    async def _hang(self, request: Request) -> None:
        """Say nothing until the client gives up."""
        for _ in range(int(self._world.settings.hang / _GLANCE)):
            if await request.is_disconnected():
                return
            await asyncio.sleep(_GLANCE)


def _spares(fault: Fault | None) -> bool:
    return fault is not None and fault.when is When.BEFORE_EFFECT


def _faulty(service: Service, fault: Fault | None) -> Answer:
    if fault is None:
        return service.fail(500, headers={})
    if fault.loss is not None:
        raise Dropped(fault.loss)
    wait = {} if fault.retry_after is None else {"Retry-After": f"{fault.retry_after:g}"}
    return service.fail(fault.status, headers=wait)


async def _read(request: Request) -> Incoming:
    raw = request.scope.get("raw_path") or request.url.path.encode()
    return Incoming.arrived(
        method=request.method,
        host=f"{request.url.scheme}://{request.url.netloc}",
        target=raw.partition(b"?")[0] + b"?" + request.scope["query_string"],
        headers=request.headers.raw,
        body=await request.body(),
    )


def response(answer: Answer) -> Response:
    """Write an answer as it goes over the wire."""
    headers = dict(answer.headers)
    if answer.body is None:
        return Response(status_code=answer.status, headers=headers)
    return JSONResponse(answer.body, status_code=answer.status, headers=headers)
