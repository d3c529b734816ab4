"""Bytes from outside as JSON objects, within limits, read by name."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Final

from shared.errors import Undecodable

DEEPEST: Final = 64
"""Levels of nesting. The deepest payload seen has eight."""
WIDEST: Final = 5_000
"""Members of one array or object."""
MOST: Final = 20_000
"""Objects and arrays of one body, counted by their brackets; a page of 250 alerts has 7,500."""
ALERTS: Final = 500
"""Alerts of one body, and readings of it: as many as Graph puts on a page of risky users."""

_DIGITS: Final = 6
"""Digits of a place in an array, which are fewer than those of any array let in."""

type Node = dict[str, object] | list[object]


class Record:
    """One JSON object, read by name whatever a connector did to the spelling of its keys.

    Connectors lower-case keys or write them with underscores: `createdDateTime`,
    `createddatetime` and `created_date_time` are one name. The exact spelling wins.
    """

    __slots__ = ("_folded", "fields")

    def __init__(self, fields: dict[str, object]) -> None:
        self.fields = fields
        self._folded: dict[str, object] | None = None

    def value(self, name: str) -> object:
        """Read the value of a name, written as Microsoft does; `None` where there is none."""
        if name in self.fields:
            return self.fields[name]
        if self._folded is None:
            pairs = self.fields.items()
            self._folded = {key.replace("_", "").lower(): value for key, value in pairs}
        return self._folded.get(name.lower())

    def text(self, *names: str) -> str | None:
        """Read the first of these names that holds a string or a whole number, trimmed."""
        for name in names:
            value = self.value(name)
            if isinstance(value, str):
                if trimmed := value.strip():
                    return trimmed
            elif isinstance(value, int) and not isinstance(value, bool):
                return str(value)
        return None

    def record(self, name: str) -> Record:
        """Read the object of a name; an empty one where there is none."""
        value = self.value(name)
        return Record(value if isinstance(value, dict) else {})

    def records(self, name: str) -> tuple[Record, ...]:
        """Read the objects in the array of a name; a lone object counts as an array of one."""
        value = self.value(name)
        members = value if isinstance(value, list) else [value]
        return tuple(Record(member) for member in members if isinstance(member, dict))

    def texts(self, name: str) -> tuple[str, ...]:
        """Read the strings in the array of a name; a lone string counts as an array of one."""
        value = self.value(name)
        members = value if isinstance(value, list) else [value]
        return tuple(member for member in members if isinstance(member, str))

    def at(self, path: str) -> object:
        """Follow a path of names joined by dots; where a key itself holds dots, the longest wins.

        A number picks from an array.
        """
        return follow(self.fields, path.split("."))

    def path(self, path: str) -> str | None:
        """Read the string or whole number at the end of a path, trimmed."""
        return Record({"found": self.at(path)}).text("found")

    def under(self, path: str) -> Record:
        """Read what stands below a path: an object there, or flat keys that begin with it."""
        found, head = self.at(path), f"{path}."
        keys = [key for key in self.fields if key.startswith(head)]
        flat = {key.removeprefix(head): self.fields[key] for key in keys}
        return Record({**flat, **found} if isinstance(found, dict) else flat)

    def has(self, *names: str) -> bool:
        """Whether each of these names is there and is not null."""
        return all(self.value(name) is not None for name in names)

    @property
    def graph_type(self) -> str | None:
        """The type Graph gave the object, in lower case, without `#microsoft.graph.`.

        Connectors rename `@odata.type` (`at_sign_odata_type` and stranger), so it is known by its
        value.
        """
        for key, value in self.fields.items():
            if not isinstance(value, str) or not key.lower().endswith("type"):
                continue
            head, mark, tail = value.lower().partition("microsoft.graph.")
            if mark and head in ("", "#"):
                return tail
        return None


def follow(node: object, segments: list[str]) -> object:
    """Follow the segments of a path; `None` where it leads nowhere."""
    if not segments:
        return node
    if isinstance(node, list):
        head = segments[0]
        inside = head.isascii() and head.isdigit() and len(head) < _DIGITS and int(head) < len(node)
        return follow(node[int(head)], segments[1:]) if inside else None
    if not isinstance(node, dict):
        return None
    for cut in range(len(segments), 0, -1):
        key = ".".join(segments[:cut])
        if key in node:
            return follow(node[key], segments[cut:])
    return None


def parse(text: str) -> object:
    """Read one JSON document within the limits. Raises `Undecodable` with the reason.

    A key that stands twice in one object is refused: which of the two is meant would be a guess.
    """
    if text.count("{") + text.count("[") > MOST:
        raise Undecodable(f"the JSON holds more than {MOST:,} objects and arrays")
    try:
        tree: object = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except RecursionError:
        raise Undecodable(f"the JSON is nested deeper than {DEEPEST} levels") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Undecodable(f"the body is not JSON ({error.msg}, {where})") from None
    except ValueError as error:
        raise Undecodable(f"the body is not JSON ({error})") from None
    _measure(tree)
    return tree


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _no_number(constant: str) -> object:
    raise ValueError(f"{constant} is not a JSON number")


def _measure(tree: object) -> None:
    level: list[Node] = [tree] if isinstance(tree, (dict, list)) else []
    for _ in range(DEEPEST):
        if not level:
            return
        if max(map(len, level)) > WIDEST:
            raise Undecodable(f"the JSON holds an array or object of more than {WIDEST:,} members")
        level = [
            child
            for node in level
            for child in (node.values() if isinstance(node, dict) else node)
            if isinstance(child, (dict, list))
        ]
    if level:
        raise Undecodable(f"the JSON is nested deeper than {DEEPEST} levels")


def entries(body: bytes, *, envelope: str | None = None) -> list[Record | Undecodable]:
    """Read the objects of a body: one object, an array, a page `{envelope: [...]}`, or NDJSON.

    A bad entry among good ones is returned as the `Undecodable` it is; a body that cannot be read
    as a whole raises it.
    """
    found = [entry for document in _documents(body) for entry in _spread(document, envelope)]
    _count(found)
    return found


def _documents(body: bytes) -> list[object]:
    try:
        text = body.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise Undecodable("the body is not UTF-8 text") from None
    if not text:
        raise Undecodable("the body is empty")
    try:
        return [parse(text)]
    except Undecodable:
        # Not splitlines: JSON strings may hold U+2028 and its like as they are.
        lines = [line for line in text.split("\n") if line.strip()]
        if not _line_by_line(lines):
            raise
        _count(lines)
        return [_line(line) for line in lines]


def _line_by_line(lines: list[str]) -> bool:
    """Tell NDJSON from a broken document: its first line stands alone, or every line opens one."""
    if not lines[1:]:
        return False
    return isinstance(_line(lines[0]), dict) or all(line.lstrip()[0] == "{" for line in lines)


def _count(members: Sequence[object]) -> None:
    if len(members) > ALERTS:
        raise Undecodable(f"the body holds more than {ALERTS:,} alerts")


def _line(line: str) -> object:
    try:
        return parse(line)
    except Undecodable as error:
        return error


def _spread(document: object, envelope: str | None) -> Iterator[Record | Undecodable]:
    if isinstance(document, list):
        for member in document:
            yield from _spread(member, envelope)
    elif isinstance(document, dict):
        page = document.get(envelope) if envelope else None
        if isinstance(page, (dict, list)):
            yield from _spread(page, envelope)
        else:
            yield Record(document)
    elif isinstance(document, Undecodable):
        yield document
    else:
        yield Undecodable("an entry of the body is not a JSON object")
