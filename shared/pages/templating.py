"""What templates can say: the filters for states, times and names, and how text is made visible."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from shared.model import number_of
from shared.pages import times, words
from shared.pages.text import visible

if TYPE_CHECKING:
    from jinja2 import Environment

_TEMPLATES: Final = Path(__file__).parent / "templates"
_ICON: Final = (
    "data:image/svg+xml,"
    "%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
    "%3Cpath fill='%23c2410c' d='M8 0l7 3v5c0 4-3 7-7 8-4-1-7-4-7-8V3z'/%3E"
    "%3Cpath fill='none' stroke='%23fff' stroke-width='2' d='M4.5 8l2.5 2.5 4.5-5'/%3E%3C/svg%3E"
)
_CODE: Final = re.compile(r"`([^`]+)`")
_RAW: Final = 4000
"""Letters of an alert's body that are shown."""


def environment(*, css: str, js: str, base: str) -> Environment:
    """Make the templates' environment, with style, script and the path that pages lie below."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "css": Markup(css),  # noqa: S704 - our own file
        "js": Markup(js),  # noqa: S704 - our own file
        "base": base,
        "icon": _ICON,
        "number_of": number_of,
    }
    environment.filters |= {
        "check_name": lambda name: name.replace("_", " ").capitalize(),
        "clock": times.clock,
        "duration": times.duration,
        "field": times.field,
        "full": times.full,
        "in_path": partial(quote, safe=""),
        "kind_said": words.kind_said,
        "machine": times.machine,
        "minute": times.minute,
        "named": words.named,
        "precise": times.precise,
        "raw": partial(visible, limit=_RAW),
        "relative": times.relative,
        "said": words.said,
        "shape_of": words.SHAPES.__getitem__,
        "sign": words.sign,
        "with_code": _with_code,
        "tone": lambda state: words.sign(state)[1],
    }
    return environment


def _shown(value: object) -> object:
    """Make every text that a template prints visible; what is not known is said to be unknown."""
    if value is None:
        return "unknown"
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return visible(value)
    return value


def _with_code(text: str) -> object:
    """Set what stands between backticks as code; all of it is escaped before."""
    from markupsafe import Markup, escape

    safe = str(escape(visible(text)))
    return Markup(_CODE.sub(r'<span class="id">\1</span>', safe))  # noqa: S704 - escaped above
