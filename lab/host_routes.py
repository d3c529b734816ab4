"""Find the HTTP function for a method and a path, by ASP.NET's rules for route templates.

Source: https://learn.microsoft.com/aspnet/core/fundamentals/routing#route-templates
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import unquote

from lab.errors import BadApp
from lab.host_runtime import Function

_PARAMETER = re.compile(
    r"\{(?P<star>\*{0,2})(?P<name>\w+)(?P<rules>(?::[^{}=?(:]+(?:\((?:[^()]|\\.)*\))?)*)"
    r"(?:=(?P<default>[^{}?]*))?(?P<optional>\?)?\}"
)
_RULE = re.compile(r":([^{}=?(:]+)(?:\(((?:[^()]|\\.)*)\))?")

type Check = Callable[[str], bool]

# Ranks of a segment, best first. Source: RoutePrecedence.cs of ASP.NET.
_LITERAL, _RULED, _PLAIN, _RULED_REST, _REST = 1, 2, 3, 4, 5


@dataclass(frozen=True)
class Route:
    """One function's route, ready to be matched."""

    function: Function
    methods: frozenset[str]
    """Upper case; empty means any."""
    pattern: re.Pattern[str]
    checks: tuple[tuple[str, Check], ...]
    defaults: dict[str, str]
    rank: tuple[int, ...]

    def match(self, path: str) -> dict[str, str] | None:
        """Return the route's values, or `None` where the path is not its."""
        found = self.pattern.fullmatch(path.rstrip("/"))
        if found is None:
            return None
        given = {name: value for name, value in found.groupdict().items() if value}
        values = {**self.defaults, **given}
        if all(check(values[name]) for name, check in self.checks if name in values):
            return values
        return None


class Routes:
    """All HTTP functions of an app, the most specific route first."""

    def __init__(self, functions: Iterable[Function], prefix: str) -> None:
        routes = [_route(function, prefix) for function in functions]
        self._routes = sorted(routes, key=lambda route: route.rank)

    def find(self, method: str, path: str) -> tuple[Function, dict[str, str]] | None:
        """Find who answers.

        A known path with another method is nobody's: the real host answers 404 there, not 405.
        Source: github.com/Azure/azure-functions-host issue 10098.
        """
        for route in self._routes:
            if route.methods and method not in route.methods:
                continue
            values = route.match(path)
            if values is not None:
                return route.function, values
        return None


def decoded(raw_path: bytes) -> str:
    """Decode a request's path. An encoded slash stays encoded: it separates nothing."""
    kept = re.sub("%2f", "%252F", raw_path.decode("latin-1"), flags=re.IGNORECASE)
    return "/" + unquote(kept).strip("/")


def _route(function: Function, prefix: str) -> Route:
    template = function.trigger.get("route")
    path = function.name if template is None else str(template).strip("/")
    segments = [part for part in f"{prefix}/{path}".split("/") if part]
    checks: list[tuple[str, Check]] = []
    defaults: dict[str, str] = {}
    pattern = ""
    for segment in segments:
        pattern += _segment(function.name, segment, checks, defaults)
    methods = frozenset(str(method).upper() for method in function.trigger.get("methods") or ())
    return Route(
        function=function,
        methods=methods,
        pattern=re.compile(pattern, re.IGNORECASE | re.DOTALL),
        checks=tuple(checks),
        defaults=defaults,
        rank=tuple(_rank(segment) for segment in segments),
    )


def _rank(segment: str) -> int:
    parameter = _PARAMETER.fullmatch(segment)
    if parameter is None:
        return _LITERAL if "{" not in segment else _RULED
    if parameter["star"]:
        return _RULED_REST if parameter["rules"] else _REST
    return _RULED if parameter["rules"] else _PLAIN


def _segment(
    function: str, segment: str, checks: list[tuple[str, Check]], defaults: dict[str, str]
) -> str:
    pattern, end, whole = "", 0, _PARAMETER.fullmatch(segment)
    for parameter in _PARAMETER.finditer(segment):
        pattern += re.escape(segment[end : parameter.start()])
        pattern += f"(?P<{parameter['name']}>{'.*' if parameter['star'] else '[^/]+'})"
        checks += [(parameter["name"], _check(function, *rule)) for rule in _rules(parameter)]
        if parameter["default"] is not None:
            defaults[parameter["name"]] = parameter["default"]
        end = parameter.end()
    literal = segment[end:]
    if "{" in literal or "}" in literal:
        raise BadApp(f"{function}: the route segment {segment!r} cannot be understood")
    pattern += re.escape(literal)
    # A whole segment that may be missing takes its slash with it.
    may_miss = whole and (whole["star"] or whole["optional"] or whole["default"] is not None)
    return f"(?:/{pattern})?" if may_miss else f"/{pattern}"


def _rules(parameter: re.Match[str]) -> list[tuple[str, str]]:
    return [(rule[1].lower(), rule[2] or "") for rule in _RULE.finditer(parameter["rules"])]


def _check(function: str, rule: str, argument: str) -> Check:
    """Build the test for one constraint; an unknown one stops the app, as in Azure."""
    if rule in _SHAPES:
        shape = re.compile(_SHAPES[rule], re.IGNORECASE)
        return lambda value: shape.fullmatch(value) is not None
    if rule == "regex":
        wanted = re.compile(argument, re.IGNORECASE)
        return lambda value: wanted.search(value) is not None
    if rule in _BOUNDED:
        low, high = _bounds(rule, argument)
        measure = _BOUNDED[rule]
        return lambda value: (size := measure(value)) is not None and low <= size <= high
    raise BadApp(f"{function}: the route constraint {rule!r} is unknown")


_SHAPES = {
    "int": r"[+-]?\d{1,10}",
    "long": r"[+-]?\d{1,19}",
    "bool": r"true|false",
    "guid": r"\{?[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}\}?",
    "alpha": r"[a-z]*",
    "decimal": r"[+-]?\d+(?:\.\d+)?",
    "double": r"[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?",
    "float": r"[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?",
    "required": r".+",
}


def _number(value: str) -> int | None:
    return int(value) if re.fullmatch(_SHAPES["long"], value) else None


_BOUNDED: dict[str, Callable[[str], int | None]] = {
    "length": len,
    "minlength": len,
    "maxlength": len,
    "min": _number,
    "max": _number,
    "range": _number,
}


def _bounds(rule: str, argument: str) -> tuple[float, float]:
    numbers = [int(part) for part in argument.split(",")]
    if rule.startswith("min"):
        return numbers[0], float("inf")
    if rule.startswith("max"):
        return float("-inf"), numbers[0]
    return numbers[0], numbers[-1]
