"""Answer HTTP requests with the app's HTTP functions: a bare ASGI app, as little as possible."""

from __future__ import annotations

import hmac
import json
import logging
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Protocol
from urllib.parse import parse_qsl

from lab.host_routes import Routes, decoded
from lab.host_runtime import RETURN, Answer, Function

type Scope = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
type Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
type Call = Callable[[Function, object], Awaitable[Answer]]

LARGEST_BODY = 100 * 1024 * 1024
"""Bytes. Source: maximum request size of Azure Functions, functions-scale.md."""

FUNCTION_KEY = "LAB_FUNCTION_KEY"
MASTER_KEY = "LAB_MASTER_KEY"
"""Settings with the host's keys. Without them no function that needs a key can be called."""

_ADMIN = "/admin/functions/"
_LOG = logging.getLogger("lab.host")


class Start(Protocol):
    """Runs a function that is not an HTTP function on demand; false where there is none."""

    def __call__(self, name: str, text: str) -> bool:
        """Start it and come back at once."""
        ...


class HttpFront:
    """The host's HTTP side: routes, keys, requests and responses."""

    def __init__(
        self, routes: Routes, *, settings: Mapping[str, str], call: Call, start: Start
    ) -> None:
        self._routes = routes
        self._call = call
        self._start = start
        self._function_key = settings.get(FUNCTION_KEY, "")
        self._master_key = settings.get(MASTER_KEY, "")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, as ASGI puts it."""
        if scope["type"] != "http":
            raise NotImplementedError(scope["type"])
        status, headers, body = await self._answer(scope, receive)
        headers.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(
        self, scope: Scope, receive: Receive
    ) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        path = decoded(scope["raw_path"])
        headers = _headers(scope)
        query = dict(_folded(parse_qsl(scope["query_string"].decode("latin-1"))))
        found = self._routes.find(scope["method"], path)
        level = "admin" if found is None else found[0].trigger.get("authLevel", "function")
        if found is None and not (scope["method"] == "POST" and path.startswith(_ADMIN)):
            return 404, [], b""
        if not self._may(str(level).lower(), headers, query):
            return 401, [], b""
        body = await _body(receive)
        if body is None:
            return 413, [], b""
        if found is None:
            return self._admin(path.removeprefix(_ADMIN), body), [], b""
        function, values = found
        if body and "content-length" not in headers:
            _LOG.warning("%s: a chunked request body was dropped, as Azure does", function.name)
            body = b""
        return await self._run(function, _request(scope, headers, values, query, body))

    async def _run(
        self, function: Function, request: object
    ) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        try:
            answer = await self._call(function, request)
        except Exception as error:  # noqa: BLE001 - whatever a function does, the caller gets a 500
            _LOG.error("%s", error or type(error).__name__)
            return 500, [], b""
        named = next((each["name"] for each in function.outputs if each["type"] == "http"), RETURN)
        return _response(answer.value if named == RETURN else answer.outputs.get(named))

    def _may(self, level: str, headers: Mapping[str, str], query: Mapping[str, str]) -> bool:
        """Check the key: the header wins over ?code=, and the master key opens everything.

        Source: Azure/azure-functions-host, AuthenticationLevelHandler.cs.
        """
        if level == "anonymous":
            return True
        given = headers.get("x-functions-key", query.get("code", "")).encode()
        keys = [self._master_key] if level == "admin" else [self._master_key, self._function_key]
        return any(hmac.compare_digest(key.encode(), given) for key in keys if key)

    def _admin(self, name: str, body: bytes) -> int:
        """Run a function by hand: POST /admin/functions/NAME with {"input": "..."}.

        Source: https://learn.microsoft.com/azure/azure-functions/functions-manually-run-non-http
        """
        try:
            text = json.loads(body or b"{}").get("input", "")
        except (ValueError, AttributeError):
            return 400
        return 202 if self._start(name, str(text)) else 404


def _headers(scope: Scope) -> dict[str, str]:
    """Read the headers: names in lower case, several values of one name joined by commas."""
    pairs = ((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
    return _folded((name.lower(), value) for name, value in pairs)


def _folded(pairs: Any) -> dict[str, str]:
    folded: dict[str, str] = {}
    for name, value in pairs:
        folded[name] = f"{folded[name]},{value}" if name in folded else value
    return folded


async def _body(receive: Receive) -> bytes | None:
    """Read the body; `None` where it is larger than Azure takes."""
    parts: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > LARGEST_BODY:
            return None
        more = message.get("more_body", False)
    return b"".join(parts)


def _request(
    scope: Scope,
    headers: Mapping[str, str],
    values: Mapping[str, str],
    query: Mapping[str, str],
    body: bytes,
) -> object:
    """Put the request the way the worker library wants it.

    Source: Azure/azure-functions-host, GrpcMessageConversionExtensions.cs: empty query values are
    left out, header names are in lower case, the body is bytes.
    """
    from azure_functions_runtime.bindings.datumdef import Datum

    def texts(pairs: Mapping[str, str]) -> dict[str, object]:
        return {name: Datum(value, "string") for name, value in pairs.items()}

    asked = scope["query_string"].decode("latin-1")
    host = headers.get("host", "127.0.0.1")
    url = f"http://{host}{scope['raw_path'].decode('latin-1')}{'?' if asked else ''}{asked}"
    parts = {
        "method": Datum(scope["method"], "string"),
        "url": Datum(url, "string"),
        "headers": texts(headers),
        "params": texts(values),
        "query": texts(query),
        "body": Datum(body, "bytes"),
    }
    return Datum(parts, "http")


def _response(answer: Any) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    if answer is None:
        return 204, [], b""
    if answer.type != "http":
        text = answer.value
        body = text if isinstance(text, bytes) else str(text).encode()
        return 200, [(b"content-type", b"text/plain; charset=utf-8")], body
    parts = answer.value
    headers = [
        (name.lower().encode("latin-1"), datum.value.encode("latin-1"))
        for name, datum in parts["headers"].items()
        if name.lower() != "content-length"
    ]
    for cookie in parts["cookies"] or ():
        headers += [(b"set-cookie", each.OutputString().encode()) for each in cookie.values()]
    return int(parts["status_code"].value), headers, parts["body"].value
