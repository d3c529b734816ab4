"""The HTTP functions of the app in this process, routed as Azure routes them."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any
from unittest import mock
from urllib.parse import parse_qsl

import azure.functions as func

from lab.host_routes import Routes, decoded
from lab.host_runtime import Function
from shared.app import App

type Headers = Mapping[str, str]
type About = Callable[[str, bytes], Headers]


@cache
def http_functions() -> tuple[tuple[Function, Callable[..., Any]], ...]:
    """Every HTTP function of `function_app.py`; the library lists them once per process."""
    known = {"FIREBREAK_TENANT_ID": "3272ea75-4e08-474e-9784-d97c611e591f"}
    with mock.patch.dict(os.environ, known):
        module = importlib.import_module("function_app")
    found = []
    for each in module.app.get_functions():
        trigger = each.get_trigger().get_dict_repr()
        if trigger["type"] == "httpTrigger":
            methods = [method.value for method in trigger["methods"]]
            name = each.get_function_name()
            declared = Function(name, name, {**trigger, "methods": methods}, ())
            found.append((declared, each.get_user_function()))
    return tuple(found)


class InProcess:
    """An ASGI app over one Firebreak; `about` adds headers to each request by its path and body."""

    def __init__(
        self, app: App, *, about: Callable[[str, bytes], Headers] = lambda _, __: {}
    ) -> None:
        self._app = app
        self._about = about
        self._routes = Routes((function for function, _ in http_functions()), "api")
        self._calls = {function.name: call for function, call in http_functions()}

    async def ask(
        self, method: str, path: str, headers: Headers | None = None, body: bytes = b""
    ) -> tuple[int, dict[str, str], bytes]:
        """Answer one request."""
        place, _, query = path.partition("?")
        plain = decoded(place.encode())
        found = self._routes.find(method, plain)
        if found is None:
            return 404, {}, b""
        function, values = found
        request = func.HttpRequest(
            method=method,
            url=f"http://127.0.0.1{path}",
            headers={**(headers or {}), **self._about(plain, body)},
            params=dict(parse_qsl(query)),
            route_params=values,
            body=body,
        )
        module = importlib.import_module("function_app")
        with mock.patch.object(module, "firebreak", self._app):
            answer = await self._calls[function.name](request)
        media = f"{answer.mimetype}; charset={answer.charset}"
        return answer.status_code, {**answer.headers, "content-type": media}, answer.get_body()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request, as ASGI puts it."""
        if scope["type"] == "lifespan":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        path = scope["raw_path"].decode("latin-1").partition("?")[0]
        query = scope["query_string"].decode("latin-1")
        headers = {
            name.decode("latin-1"): text.decode("latin-1") for name, text in scope["headers"]
        }
        asked = f"{path}?{query}" if query else path
        status, said, answer = await self.ask(scope["method"], asked, headers, body)
        pairs = [(name.lower().encode(), text.encode("latin-1")) for name, text in said.items()]
        await send({"type": "http.response.start", "status": status, "headers": pairs})
        await send({"type": "http.response.body", "body": answer})
