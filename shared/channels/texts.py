"""The short texts that are told, made from one template each."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from shared.channels.message import plain

if TYPE_CHECKING:
    from jinja2 import Environment

_FILE: Final = Path(__file__).with_name("templates") / "texts.txt"
_SECTION: Final = re.compile(r"^=== (\w+)\n", re.MULTILINE)
_LONGEST: Final = 3000
"""Characters of a text; what goes on is on the page."""


def written(name: str, **facts: object) -> tuple[str, str]:
    """Write the title and the text of an event."""
    text = _templates().get_template(str(name)).render(facts).strip()
    title, _, body = text.partition("\n")
    cut = body if len(body) <= _LONGEST else f"{body[: _LONGEST - 1]}…"
    return title, cut


@cache
def _templates() -> Environment:
    from jinja2 import DictLoader, Environment, StrictUndefined

    _, *parts = _SECTION.split(_FILE.read_text(encoding="utf-8"))
    sections = dict(zip(parts[::2], parts[1::2], strict=True))
    return Environment(
        loader=DictLoader(sections),
        autoescape=False,  # noqa: S701 - no HTML is made here; `finalize` makes each value plain
        finalize=_plain,
        undefined=StrictUndefined,
    )


def _plain(value: Any) -> str:
    return plain(str(value), most=400)
