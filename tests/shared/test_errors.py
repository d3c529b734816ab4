from __future__ import annotations

import inspect
import re

import pytest

from shared import errors
from shared.errors import Conflict, Denied, FirebreakError, Refused, Transient

DRAWN = re.compile(r"^(?P<branch>[│├└─ ]*)(?P<name>[A-Z]\w+)")


def drawn() -> dict[str, str | None]:
    """Read the drawn tree: each class with the one it hangs from."""
    parents: dict[str, str | None] = {}
    above: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        match = DRAWN.match(line)
        if match is None or (match["branch"] == "" and match["name"] != "FirebreakError"):
            continue
        depth = len(match["branch"]) // 4
        del above[depth:]
        parents[match["name"]] = above[-1] if above else None
        above.append(match["name"])
    return parents


def existing() -> dict[str, type[FirebreakError]]:
    return {
        name: found
        for name, found in vars(errors).items()
        if inspect.isclass(found) and issubclass(found, FirebreakError)
    }


def test_the_drawn_tree_is_the_tree() -> None:
    real = {
        name: None if found is FirebreakError else found.__bases__[0].__name__
        for name, found in existing().items()
    }
    assert drawn() == real


@pytest.mark.parametrize("name", existing())
def test_every_error_says_in_its_docstring_what_it_means(name: str) -> None:
    assert (existing()[name].__doc__ or "").strip()


@pytest.mark.parametrize("name", existing())
def test_every_error_is_its_sentence(name: str) -> None:
    assert str(existing()[name]("a person reads this")) == "a person reads this"


def test_what_is_not_said_is_not_made_up() -> None:
    assert Refused("x").steps == ()
    assert Denied("x").permission is None
    for passing in (Transient("x"), Conflict("x")):
        assert passing.retry_after is None
        assert not passing.may_have_happened
