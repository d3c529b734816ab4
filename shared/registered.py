"""Things whose file is their registration: found by lying in a folder, named by their module."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from inspect import isabstract
from pkgutil import iter_modules

from shared.errors import Defect


class Registered:
    """One file, one thing, one name; its docstring is its documentation."""

    @property
    def name(self) -> str:
        """The name of its module."""
        return type(self).__module__.rpartition(".")[2]

    @property
    def summary(self) -> str:
        """The first line of its docstring."""
        return (type(self).__doc__ or "").strip().partition("\n")[0]


def registered[T: Registered](package: str, folder: Iterable[str], kind: type[T]) -> list[T]:
    """Make the one thing of a kind that each module of a package holds, by the modules' names."""
    return [only_one(f"{package}.{module.name}", kind) for module in iter_modules(folder)]


def only_one[T: Registered](module: str, kind: type[T]) -> T:
    """Make the thing of a kind that a module holds. Raises `Defect` unless it is exactly one."""
    classes = [
        thing
        for thing in vars(import_module(module)).values()
        if isinstance(thing, type)
        and issubclass(thing, kind)
        and not isabstract(thing)
        and thing.__module__ == module
    ]
    if len(classes) != 1:
        what = kind.__name__.lower()
        raise Defect(f"{module} holds {len(classes)} {what}s; one file is one {what}")
    return classes[0]()
