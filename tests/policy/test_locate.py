"""The line of a key is the line a person sees it on."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from itertools import count
from pathlib import Path as File
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Defect
from shared.policy.locate import Path, locate

REPOSITORY = File(__file__).resolve().parents[2]
NOISE = ("# no comment", "[no] = {table}", "a, b ] }", "it''s = fine")
MARKER = re.compile(r"[kv]\d+_")


class Writer:
    """Write TOML in which every key and most values carry a word that stands nowhere else."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw
        self._numbers = count()

    def document(self) -> str:
        lines = [self.pair() for _ in range(self.some(3))]
        for _ in range(self.some(4)):
            lines += self.section()
        newline = self.pick("\n", "\r\n")
        return newline.join("\n".join(lines).split("\n")) + self.pick("", newline)

    def section(self) -> list[str]:
        name, child, other = self.dotted(), self.key(), self.key()
        lines = []
        for _ in range(1 + self.some(2)):
            lines += [self.pick("", "# [[not]] a table"), f"[[ {name} ]]  # here"]
            lines += [self.pair() for _ in range(self.some(2))]
            lines += self.pick([], [f"[{name} . {child}]", self.pair()])
            lines += self.pick([], [f"[[{name}.{other}]]", self.pair(), f"[[{name}.{other}]]"])
        return self.pick(lines, [f"[{name}]", self.pair(), f"[{name}.{child}]", self.pair()])

    def pair(self) -> str:
        indent = self.pick("", "  ", "\t", "\n", "# k = 1\n")
        return f"{indent}{self.dotted()} = {self.value(depth=0)}{self.pick('', ' # end', '  ')}"

    def dotted(self) -> str:
        return self.pick(".", " . ").join(self.key() for _ in range(1 + self.some(2)))

    def key(self) -> str:
        word = f"k{next(self._numbers)}_"
        return self.pick(word, f'"{word} ] = \\" #"', f"'{word}.\"[['", f'"{word}\\u00e4"')

    def value(self, *, depth: int) -> str:
        flat = (self.scalar, self.text)
        write = self.pick(*flat) if depth > 2 else self.pick(*flat, self.array, self.inline)
        return write(depth + 1)

    def scalar(self, _: int) -> str:
        return self.pick("true", "-1.5e3", "1979-05-27 07:32:00", "0xff", "07:32:00.5", "inf")

    def text(self, _: int) -> str:
        said = f"v{next(self._numbers)}_ {self.pick(*NOISE)}"
        return self.pick(
            f'"{said} \\" \\\\"',
            f"'{said.replace(chr(39), '')} \\'",
            f'"""{said}\n\\""" "" {said}"""""',
            f"'''{said}\n'' {said}'''''",
            '""',
            "''''''",
        )

    def array(self, depth: int) -> str:
        gap = self.pick("", " ", "\n  ", " # ] a comment, too\n")
        items = [self.value(depth=depth) for _ in range(self.some(3))]
        comma = self.pick("", ",") if items else ""
        return f"[{gap}{f'{gap},{gap}'.join(items)}{gap}{comma}{gap}]"

    def inline(self, depth: int) -> str:
        pairs = (f"{self.dotted()} = {self.value(depth=depth)}" for _ in range(self.some(2)))
        return f"{{ {', '.join(pairs)} }}"

    def some(self, most: int) -> int:
        return self._draw(st.integers(0, most))

    def pick[T](self, *things: T) -> T:
        return self._draw(st.sampled_from(things))


@st.composite
def documents(draw: st.DrawFn) -> str:
    return Writer(draw).document()


def walk(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    pairs: Any = ()
    if isinstance(value, dict):
        pairs = value.items()
    elif isinstance(value, list):
        pairs = enumerate(value)
    for key, item in pairs:
        yield (*path, key), item
        yield from walk(item, (*path, key))


def lines_with(text: str, word: str) -> list[int]:
    return [number for number, line in enumerate(text.split("\n"), 1) if word in line]


@given(text=documents())
def test_every_key_and_item_that_the_parser_sees_is_located(text: str) -> None:
    assert set(locate(text)) == {path for path, _ in walk(tomllib.loads(text))}


@given(text=documents())
def test_a_key_or_an_item_stands_on_the_line_where_its_word_is_written(text: str) -> None:
    lines = locate(text)
    for path, value in walk(tomllib.loads(text)):
        word = MARKER.match(str(path[-1]) if isinstance(path[-1], str) else str(value))
        if word and word.group().startswith("v"):
            assert lines[path] == lines_with(text, word.group())[0]
        elif word:  # the tables of an array repeat their headers; all else is written once
            written = lines_with(text, word.group())
            assert lines[path] in written
            assert lines[path] == written[0] or any(isinstance(part, int) for part in path)


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        ("[[rule]]\n[[rule]]\n[[rule]]\n", ("rule", 2), 3),
        (
            "[[rule]]\na = 1\n[[rule]]\n[rule.responders]\nb = 2\n",
            ("rule", 1, "responders", "b"),
            5,
        ),
        ("kinds = [\n  'a', # first\n\n  'b',\n]\n", ("kinds", 1), 4),
        ('a = """\n\n"""\nb = 1', ("b",), 4),
        ("a = {b = [1, {c = 2}]}", ("a", "b", 1, "c"), 1),
        ("\r\n\r\nx.y = 1\r\n", ("x", "y"), 3),
    ],
)
def test_the_line_of(text: str, path: Path, line: int) -> None:
    assert locate(text)[path] == line


def test_what_no_parser_accepts_is_not_walked() -> None:
    with pytest.raises(Defect, match="Line 2"):
        locate("a = 1\n= 2\n")


def test_the_shipped_policy_is_located_whole() -> None:
    text = (REPOSITORY / "policy.toml").read_text(encoding="utf-8")
    assert set(locate(text)) == {path for path, _ in walk(tomllib.loads(text))}
