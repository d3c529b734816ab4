"""Which page a path leads to: the routes of `function_app.py`, for what lies below a customer.

Azure Functions routes by itself where there is one tenant. Below `tenants/NAME/` one function takes
everything, so the same routes stand here once more; a test compares the two.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from shared.app import App
from shared.desk import Page


@dataclass(frozen=True, slots=True)
class Ask:
    """What somebody asks of a page: headers, query, and the body of a form or request."""

    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes = b""


type Values = Mapping[str, str]
type Answer = Callable[[App, Ask, Values], Awaitable[Page]]
type Verb = Callable[..., Awaitable[Page]]


def _shown(verb: Verb, *names: str) -> Answer:
    return lambda app, ask, at: verb(app, *(at[name] for name in names), ask.headers)


def _searched(verb: Verb) -> Answer:
    return lambda app, ask, _: verb(app, ask.headers, ask.query)


def _taken(verb: Verb, *names: str) -> Answer:
    return lambda app, ask, at: verb(app, *(at[name] for name in names), ask.headers, ask.body)


def _page(path: str) -> Answer:
    return lambda app, ask, at: app.page(path.format_map(at).rstrip("/"), ask.headers, ask.query)


PATHS: Final[Mapping[tuple[str, str], Answer]] = MappingProxyType(
    {
        ("GET", "cases/{id}/undo"): _shown(App.show_undo, "id"),
        ("GET", "cases/{id}/restore"): _page("cases/{id}/restore"),
        ("GET", "cases/{*rest}"): _page("cases/{rest}"),
        ("POST", "cases/{id}/undo"): _taken(App.ask_undo, "id"),
        ("POST", "cases/{id}/approve"): _taken(App.approve, "id"),
        ("POST", "cases/{id}/decline"): _taken(App.decline, "id"),
        ("POST", "cases/{id}/since"): _taken(App.since, "id"),
        ("POST", "cases/{id}/restore"): _taken(App.restore, "id"),
        ("POST", "cases/{id}/confirm"): _taken(App.confirm, "id"),
        ("POST", "cases/{id}/access-pass"): _taken(App.access_pass, "id"),
        ("GET", "alerts"): _searched(App.alerts),
        ("GET", "alert/{id}"): _page("alert/{id}"),
        ("GET", "alert/{id}/why"): _shown(App.why, "id"),
        ("POST", "alert/{id}/again"): _taken(App.read_again, "id"),
        ("GET", "approvals"): _searched(App.approvals),
        ("GET", "approve/{token}"): _shown(App.by_link, "token"),
        ("POST", "verdicts/{what}"): _taken(App.judge, "what"),
        ("GET", "guards"): _shown(App.guards),
        ("POST", "guards/{what}"): _taken(App.move_guard, "what"),
        ("GET", "erasures"): _shown(App.erasures),
        ("POST", "erasures/{what}"): _taken(App.erase, "what"),
        ("GET", "notifications"): _shown(App.notifications),
        ("POST", "notifications/{what}"): _taken(App.notify, "what"),
        ("GET", "sweeps/{*rest}"): _shown(App.show_sweep, "rest"),
        ("POST", "sweeps/{name}/{what}"): _taken(App.move_sweep, "name", "what"),
        ("GET", "policy"): _shown(App.show_policy),
        ("POST", "policy/{what}"): _taken(App.rehearse, "what"),
        ("GET", "health"): _shown(App.health),
        ("GET", "health/deep"): _shown(App.examined),
    }
)
"""From the narrowest to the widest where two would fit."""


def find(method: str, path: str) -> tuple[Answer, Values] | None:
    """Find who answers, with what stands in the path; `None` where nobody does."""
    for (known, route), answer in PATHS.items():
        found = _pattern(route).fullmatch(path) if known == method else None
        if found is not None:
            return answer, {name: text or "" for name, text in found.groupdict().items()}
    return None


def _pattern(route: str) -> re.Pattern[str]:
    """Read a route as Azure Functions does: `{*rest}` is whatever is left, and may be nothing."""
    written = re.sub(r"/\{\*(\w+)\}", r"(?:/(?P<\1>.*))?", route)
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", written))
