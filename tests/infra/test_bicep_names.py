"""What a compiler would say about names: all declared, all used, modules get what they ask.

No compiler ran here; this is read from the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import pytest

from tests.infra.bicep_files import FILES, INFRA, bare, code, modules, parsed

FUNCTIONS: Final = frozenset(
    {
        "cidrSubnet",
        "concat",
        "empty",
        "environment",
        "filter",
        "guid",
        "items",
        "loadJsonContent",
        "map",
        "newGuid",
        "replace",
        "resourceGroup",
        "split",
        "string",
        "subscription",
        "subscriptionResourceId",
        "tenant",
        "toLower",
        "union",
        "uniqueString",
    }
)
"""Every function used, looked up at learn.microsoft.com/azure/azure-resource-manager/bicep."""
DECORATORS: Final = frozenset(
    {
        "allowed",
        "description",
        "maxLength",
        "maxValue",
        "metadata",
        "minLength",
        "minValue",
        "onlyIfNotExists",
        "secure",
    }
)
_KEYWORDS: Final = frozenset(
    [
        "array",
        "bool",
        "existing",
        "extension",
        "false",
        "for",
        "if",
        "in",
        "int",
        "module",
        "null",
        "object",
        "output",
        "param",
        "resource",
        "string",
        "targetScope",
        "true",
        "var",
    ]
)
_DECLARES: Final = re.compile(r"^(?:param|var|resource|module)\s+(\w+)", re.MULTILINE)
_LOCAL: Final = re.compile(r"\bfor\s+(\w+)\s+in\b|\b(\w+)\s*=>")
_WORD: Final = re.compile(r"(?<![\w.@])([A-Za-z_]\w*)(\s*\(|\s*:(?!:))?")


def _declared(text: str) -> set[str]:
    return set(_DECLARES.findall(text))


def _used(text: str) -> Iterator[tuple[str, bool]]:
    """Give each word that names something, and whether it is called."""
    bare = re.sub(r"^(extension \w+|output \w+ \w+)", "", text, flags=re.MULTILINE)
    bare = re.sub(r"^(param|var|resource|module)\s+\w+", r"\1", bare, flags=re.MULTILINE)
    for found in _WORD.finditer(bare):
        word, after = found[1], (found[2] or "").strip()
        key = after == ":" and re.search(
            r"(^|[{,\[])\s*$", bare[: found.start()].rpartition("\n")[2]
        )
        if not key and word not in _KEYWORDS:
            yield word, after == "("


@pytest.mark.parametrize("name", FILES)
def test_every_name_is_declared(name: str) -> None:
    text = code(name)
    known = _declared(text) | {a or b for a, b in _LOCAL.findall(text)}
    called = {word for word, call in _used(text) if call}
    named = {word for word, call in _used(text) if not call}
    assert called - FUNCTIONS == set()
    assert named - known == set()


@pytest.mark.parametrize("name", FILES)
def test_nothing_is_declared_and_not_used(name: str) -> None:
    text = code(name)
    kept = set(parsed(name).get("resources", {})) | set(parsed(name).get("modules", {}))
    assert _declared(text) - {word for word, _ in _used(text)} - kept == set()


@pytest.mark.parametrize("name", FILES)
def test_every_decorator_is_one_of_bicep(name: str) -> None:
    assert set(re.findall(r"^@(\w+)\(", code(name), re.MULTILINE)) <= DECORATORS


@pytest.mark.parametrize("name", FILES)
def test_a_module_gets_what_it_asks_for_and_nothing_else(name: str) -> None:
    for called in modules(name):
        asked = parsed(called.kind)["parameters"]
        given = set(called.body["params"])
        required = {each for each, found in asked.items() if found.get("default") is None}
        assert given <= set(asked), called.name
        assert required <= given, called.name


@pytest.mark.parametrize("name", FILES)
def test_what_is_read_from_a_module_it_puts_out(name: str) -> None:
    known = {called.name: set(parsed(called.kind).get("outputs", {})) for called in modules(name)}
    read = re.findall(r"\b(\w+)\.outputs\.(\w+)", code(name))
    assert [(module, out) for module, out in read if out not in known[module]] == []


def test_what_a_module_puts_out_is_read() -> None:
    read = {
        (called.kind, out)
        for name in FILES
        for called in modules(name)
        for out in re.findall(rf"\b{called.name}\.outputs\.(\w+)", code(name))
    }
    put_out = {
        (name, out)
        for name in FILES
        if name.startswith("modules/")
        for out in parsed(name).get("outputs", {})
    }
    assert put_out == read


def test_every_module_is_called_and_every_file_that_is_loaded_exists() -> None:
    called = {each.kind for name in FILES for each in modules(name)}
    assert called == {name for name in FILES if name.startswith("modules/")}
    for name in FILES:
        raw = (INFRA / name).read_text(encoding="utf-8")
        for loaded in re.findall(r"loadJsonContent\('([^']+)'\)", raw):
            assert ((INFRA / name).parent / loaded).is_file()


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("param a string\nvar b = aa\n", "aa"),
        ("param a string\nvar b = '${aa}-x'\n", "aa"),
        ("var b = true ? cc : 'x'\n", "cc"),
        ("var b = [for x in dd: x]\n", "dd"),
    ],
)
def test_an_undeclared_name_would_be_found(text: str, wrong: str) -> None:
    assert wrong in {word for word, _ in _used(bare(text))} - _declared(text)
