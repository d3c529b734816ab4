"""One payload grown in one place at a time, as somebody would who wants a parser to take long.

What repeats is varied: each copy of an array's member names another person, so that nothing is
saved by having been seen before.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from typing import Any, Final
from uuid import UUID

_GUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_GUIDS: Final = 1 << 128

type Grow = Callable[[Any, int], Any]


def places(document: Any) -> Iterator[tuple[str, Grow]]:
    """Name each place of a document that can grow, and how: give it the document and how often."""
    yield "several documents", lambda whole, times: [varied(whole, n) for n in range(times)]
    yield from _inside(document, ())


def lines(document: Any, times: int) -> bytes:
    """Write a document on each of many lines, another person on each."""
    return "\n".join(json.dumps(varied(document, number)) for number in range(times)).encode()


def fitted(document: Any, grow: Grow, size: int) -> bytes:
    """Grow a document in one place to the largest body that is not above `size` bytes."""
    few, more = (len(json.dumps(grow(document, times))) for times in (10, 20))
    each = max((more - few) // 10, 1)
    times = max((size - few) // each, 1)
    # Numbers get longer as they go.
    while len(body := json.dumps(grow(document, times)).encode()) > size and times > 1:
        times = times * 19 // 20
    return body


def varied(node: Any, number: int) -> Any:
    """Make of a payload one about somebody else: other addresses, other ids."""
    if isinstance(node, dict):
        return {key: varied(value, number) for key, value in node.items()}
    if isinstance(node, list):
        return [varied(member, number) for member in node]
    if not isinstance(node, str):
        return node
    if _GUID.fullmatch(node):
        return str(UUID(int=(UUID(node).int + number) % _GUIDS))
    return f"p{number}.{node}" if "@" in node and " " not in node else node


def _inside(node: Any, way: tuple[str | int, ...]) -> Iterator[tuple[str, Grow]]:
    named = "/".join(map(str, way)) or "the document"
    if isinstance(node, (dict, list)) and node:
        yield named, lambda whole, times: _put(whole, way, lambda it: _grown(it, times))
        for key, member in node.items() if isinstance(node, dict) else enumerate(node):
            yield from _inside(member, (*way, key))
    elif isinstance(node, str):
        yield named, lambda whole, times: _put(whole, way, lambda it: f"{it} {'a.@' * times}")


def _grown(node: Any, times: int) -> Any:
    if isinstance(node, dict):
        key = next(iter(node))
        return node | {f"{key}.{number}": varied(node[key], number) for number in range(times)}
    return [varied(member, number) for number in range(times) for member in node]


def _put(whole: Any, way: tuple[str | int, ...], change: Callable[[Any], Any]) -> Any:
    if not way:
        return change(whole)
    whole = copy.deepcopy(whole)
    node = whole
    for key in way[:-1]:
        node = node[key]
    node[way[-1]] = change(node[way[-1]])
    return whole
