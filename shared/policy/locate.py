"""Find the line on which each key and each list item of a TOML text stands.

The standard library's parser gives no positions. This walker reads only text that `tomllib` has
accepted, so it never judges, it only keeps count. The one maintained library with positions is a
pair of native packages (tree-sitter and its TOML grammar) that leaves `[[tables]]` unresolved.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_left
from collections.abc import Mapping
from typing import Final

from shared.errors import Defect

type Path = tuple[str | int, ...]
type Lines = Mapping[Path, int]

_BLANK: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_GAP: Final = re.compile(r"(?:[ \t\r\n,]|#[^\n]*)*")
_SPACE: Final = re.compile(r"[ \t]*")
_KEY: Final = re.compile(r"\"(?:\\.|[^\"\\])*\"|'[^']*'|[A-Za-z0-9_-]+")
_SCALAR: Final = re.compile(
    # Up to two quotes may stand right before the closing three, and belong to the string.
    r'"""(?:\\.|[^\\])*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:\\.|[^"\\])*"'
    r"|'[^']*'"
    r"|[^\s,\]}#][^,\]}#\n]*",  # numbers, booleans, and dates, which may hold a space
    re.DOTALL,
)


def locate(text: str) -> Lines:
    """Map the path of every table, key and list item to the line that first names it."""
    return _Walk(text).document()


class _Walk:
    """One pass over one text that is known to be valid TOML."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._breaks = [found.start() for found in re.finditer("\n", text)]
        self._lines: dict[Path, int] = {}
        self._tables: dict[Path, int] = {}
        """How many `[[tables]]` each path has so far."""

    def document(self) -> Lines:
        here: Path = ()
        self._take(_BLANK)
        while self._at < len(self._text):
            if self._text[self._at] == "[":
                here = self._header()
            else:
                self._pair(here)
            self._take(_BLANK)
        return self._lines

    def _header(self) -> Path:
        start = self._at
        width = 2 if self._text.startswith("[[", start) else 1
        self._at += width
        *outer, last = self._keys()
        self._at += width
        path: Path = ()
        for key in outer:
            path += (key,)
            self._note(path, start)
            if path in self._tables:
                path += (self._tables[path] - 1,)
        path += (last,)
        self._note(path, start)
        if width == 1:
            return path
        index = self._tables.get(path, 0)
        self._tables[path] = index + 1
        path += (index,)
        self._note(path, start)
        return path

    def _pair(self, here: Path) -> None:
        start = self._at
        for key in self._keys():
            here += (key,)
            self._note(here, start)
        self._at += 1  # the equals sign
        self._take(_SPACE)
        self._value(here)

    def _keys(self) -> list[str]:
        keys = []
        while True:
            self._take(_SPACE)
            keys.append(_unquoted(self._take(_KEY)))
            self._take(_SPACE)
            if self._text[self._at] != ".":
                return keys
            self._at += 1

    def _value(self, path: Path) -> None:
        match self._text[self._at]:
            case "[":
                self._array(path)
            case "{":
                self._inline_table(path)
            case _:
                self._take(_SCALAR)

    def _array(self, path: Path) -> None:
        self._at += 1
        index = 0
        while self._more_before("]"):
            self._note((*path, index), self._at)
            self._value((*path, index))
            index += 1

    def _inline_table(self, path: Path) -> None:
        self._at += 1
        while self._more_before("}"):
            self._pair(path)

    def _more_before(self, close: str) -> bool:
        """Go to the next item and say yes, or step over the closing bracket and say no."""
        self._take(_GAP)
        if self._text[self._at] != close:
            return True
        self._at += 1
        return False

    def _take(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        if found is None:
            raise Defect(f"Line {self._line(self._at)} is not TOML as the parser accepted it")
        self._at = found.end()
        return found.group()

    def _note(self, path: Path, at: int) -> None:
        self._lines.setdefault(path, self._line(at))

    def _line(self, at: int) -> int:
        return bisect_left(self._breaks, at) + 1


def _unquoted(key: str) -> str:
    """Read a key as the parser does, escapes included."""
    if key[0] not in "\"'":
        return key
    return str(tomllib.loads(f"key = {key}")["key"])
