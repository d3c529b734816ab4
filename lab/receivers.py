"""Everybody who is told, on loopback: Teams, Slack, pagers, tickets, webhooks, and a mail relay.

The services are reached through an HTTPS proxy that answers in their place, so that whoever sends
uses their real addresses and real TLS, and nothing leaves the computer.
"""

from __future__ import annotations

import asyncio
import ssl
import tempfile
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from lab.certificates import Authority
from lab.ports import LOOPBACK
from lab.services import SERVICES, Answer, Request, Service

HANG = 0
"""A status that stands for no answer at all."""
LOST = -1
"""One that stands for an answer that does not arrive: what was asked for is done."""


def _unpinned(_host: str, _body: bytes) -> None:
    """Leave it in the lists."""


@dataclass(kw_only=True)
class Receivers:
    """The far side of all notifications, as an async context manager."""

    heard: list[Request] = field(default_factory=list)
    mails: list[str] = field(default_factory=list)
    trouble: dict[str, int] = field(default_factory=dict)
    """What a host, or a path of it, answers instead, such as 503; `HANG` for nothing."""
    behind: set[str] = field(default_factory=set)
    """Hosts whose search does not show yet what was opened a moment ago, as Jira's does not.

    Source: developer.atlassian.com/cloud/jira/platform/search-and-reconcile.
    """
    pin: Callable[[str, bytes], None] = _unpinned
    """Is given each call's host and body as it comes; of a mail, `mail` and the message."""

    async def __aenter__(self) -> Self:
        self._services: dict[str, Service] = {host: made() for host, made in SERVICES.items()}
        self._released, self._news = asyncio.Event(), asyncio.Event()
        async with AsyncExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="firebreak-")))
            authority = Authority(folder, hosts=tuple(SERVICES))
            self._bundle = authority.bundle
            self._tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            self._tls.load_cert_chain(authority.certificate, authority.key)
            self._proxy = await asyncio.start_server(self._relay, LOOPBACK)
            stack.push_async_callback(_closed, self._proxy)
            self._smtp = await asyncio.start_server(self._mail, LOOPBACK)
            stack.push_async_callback(_closed, self._smtp)
            self._open = stack.pop_all()
        return self

    async def __aexit__(self, *_error: object) -> None:
        self.release()
        await self._open.aclose()

    def release(self) -> None:
        """Let whoever hangs go."""
        self._released.set()

    def environment(self) -> dict[str, str]:
        """Say how a process comes here instead of to the services."""
        return {
            "HTTPS_PROXY": f"http://{LOOPBACK}:{_port(self._proxy)}",
            "NO_PROXY": f"{LOOPBACK},localhost",
            "REQUESTS_CA_BUNDLE": str(self._bundle),
            "SSL_CERT_FILE": str(self._bundle),
        }

    @property
    def smtp_port(self) -> int:
        """Where the mail relay listens."""
        return _port(self._smtp)

    def at(self, host: str) -> list[Request]:
        """List what one host was told."""
        return [request for request in self.heard if request.host == host]

    async def until_heard(self, host: str) -> None:
        """Wait until one host is told something."""
        while not self.at(host):
            self._news.clear()
            await self._news.wait()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            host = head.split()[1].partition(":")[0]
            if host not in self._services:
                writer.write(b"HTTP/1.1 502 Nobody of that name\r\n\r\n")
                await writer.drain()
                return
            writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
            await writer.drain()
            await writer.start_tls(self._tls)
            while request := await _read(reader, host):
                answer = await self._answer(request)
                if self._status(request) == LOST:
                    break
                writer.write(answer.encoded())
                await writer.drain()
        writer.close()

    def lose_tickets(self, host: str) -> None:
        """Delete every ticket of a host, as somebody there may."""
        self._services[host] = SERVICES[host]()

    def _status(self, request: Request) -> int | None:
        """Say what is answered instead."""
        whole = self.trouble.get(request.host)
        return self.trouble.get(f"{request.host}{request.path}", whole)

    async def _answer(self, request: Request) -> Answer:
        self.heard.append(request)
        self.pin(request.host, request.body)
        self._news.set()
        status = self._status(request)
        if status == HANG:
            await self._released.wait()
            return Answer(504)
        if status not in {None, LOST}:
            return Answer(status)
        if request.host in self.behind and request.path.endswith("/search/jql"):
            return Answer(200, {"issues": []})
        return self._services[request.host].answer(request)

    async def _mail(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            writer.write(b"220 relay.contoso.example\r\n")
            while line := await reader.readline():
                verb = line.split(None, 1)[0].upper() if line.strip() else b""
                if verb == b"DATA":
                    writer.write(b"354 Go on\r\n")
                    letter = await reader.readuntil(b"\r\n.\r\n")
                    self.mails.append(letter.decode())
                    self.pin("mail", letter.removesuffix(b".\r\n"))
                writer.write(b"221 Bye\r\n" if verb == b"QUIT" else b"250 OK\r\n")
                await writer.drain()
        writer.close()


async def _read(reader: asyncio.StreamReader, host: str) -> Request | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.rstrip().split("\r\n")
    method, target, _ = first.split()
    pairs = (line.partition(":") for line in lines)
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(host=host, method=method, target=target, headers=headers, body=body)


async def _closed(server: asyncio.Server) -> None:
    server.close()
    server.close_clients()
    await server.wait_closed()


def _port(server: asyncio.Server) -> int:
    return int(server.sockets[0].getsockname()[1])
