"""Which modules of msgraph-sdk the app can ever import.

The SDK has some 17,000 modules and imports them inside the functions that need them. What the app
can reach follows from names: a function of the SDK runs only where its name stands somewhere in our
code, or where the SDK itself calls it (`SERIALIZER`). So the closure starts with what our code
imports, reads each module it reaches, and follows every import that stands outside of functions or
in a function whose name we use. It takes more than what is used and never less; the whole test
suite checks that nothing outside of it is ever loaded.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Final

SDK: Final = "msgraph"
SERIALIZER: Final = frozenset({"serialize", "__init__", "__post_init__"})
"""What runs in the SDK without being named by us: bodies are written by its serializer."""


@dataclass(slots=True)
class Used:
    """What our code names, and which modules of the SDK it imports itself."""

    names: set[str] = field(default_factory=lambda: set(SERIALIZER))
    modules: set[str] = field(default_factory=lambda: {SDK})

    def read(self, tree: ast.AST) -> None:
        """Add what one of our files uses; a name in a string may be one for `getattr`."""
        for node in ast.walk(tree):
            match node:
                case ast.Attribute(attr=name) | ast.Constant(value=str(name)):
                    self.names.add(name)
                case ast.ImportFrom(module=str(module)) if module.partition(".")[0] == SDK:
                    named = [each.name for each in node.names]
                    self.names.update(named)
                    self.modules.update((module, *(f"{module}.{name}" for name in named)))


def closure(libraries: Path, code: Iterable[Path]) -> frozenset[Path]:
    """Find the files of the SDK, relative to `libraries`, that the files of `code` can need."""
    used = Used()
    for own in code:
        used.read(ast.parse(own.read_text(encoding="utf-8")))
    found: dict[str, Path] = {}
    wanted = list(used.modules)
    while wanted:
        module = wanted.pop()
        file = _file(libraries, module)
        if module in found or file is None:
            continue
        found[module] = file
        above = list(accumulate(module.split(".")[:-1], lambda upper, name: f"{upper}.{name}"))
        tree = ast.parse((libraries / file).read_text(encoding="utf-8"))
        package = module if file.name == "__init__.py" else above[-1]
        wanted += [*above, *_imports(_running(tree, used.names), package)]
    return frozenset(found.values())


def _file(libraries: Path, module: str) -> Path | None:
    place = Path(*module.split("."))
    files = (place / "__init__.py", place.with_suffix(".py"))
    return next((file for file in files if (libraries / file).is_file()), None)


def _running(node: ast.AST, names: set[str]) -> Iterator[ast.AST]:
    """Give what can run in a module: no body of a function that nobody names, nothing for types."""
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                continue
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) if name not in names:
                continue
        yield child
        yield from _running(child, names)


def _imports(nodes: Iterable[ast.AST], package: str) -> Iterator[str]:
    for node in nodes:
        match node:
            case ast.ImportFrom(module=module, level=level):
                parts = package.split(".")[: -level + 1 or None] if level else []
                base = ".".join([*parts, *filter(None, [module])])
                if base.partition(".")[0] == SDK:
                    yield base
                    yield from (f"{base}.{each.name}" for each in node.names)
            case ast.Import():
                yield from (e.name for e in node.names if e.name.partition(".")[0] == SDK)
