"""Make text from outside safe to look at: what hides or reorders letters is shown as what it is.

Alerts, display names and rule names are written by whoever attacks us. Escaping keeps them from
becoming markup; this keeps them from lying to the eye (Unicode TR 36 and TR 39, "Trojan Source").
"""

from __future__ import annotations

import json
import re
from typing import Final

LIMIT: Final = 2000
"""Letters of one text that are shown; the rest is counted."""

_LYING: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # controls, but not tab and line feed
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0"  # drawn as nothing
    "\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # width, direction, breaks
    "\U000e0000-\U000e0fff"  # tags
    "\ud800-\udfff]"  # half a letter: cannot be encoded
    "|(?<![^\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f])"  # joiners that join nothing
)
_STACKED: Final = re.compile("([\u0300-\u036f]{3})[\u0300-\u036f]+")


def visible(text: str, *, limit: int = LIMIT) -> str:
    """Show letters that hide or reorder others by their number, and cut what is too long."""
    cut = len(text) - limit
    if cut <= 0 and text.isascii() and text.isprintable():
        return text
    shown = _STACKED.sub(r"\1", _LYING.sub(_number, text[:limit]))
    return f"{shown} … ({cut:,} more characters)" if cut > 0 else shown


def escaped(text: str) -> str:
    """Write letters of a JSON text that hide, or that a terminal obeys, the way JSON escapes them.

    In JSON they stand within strings alone, so it says the same as before.
    """
    return _LYING.sub(lambda found: json.dumps(found.group())[1:-1], text)


def _number(found: re.Match[str]) -> str:
    return f"[U+{ord(found.group()):04X}]"
