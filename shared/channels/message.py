"""What is told, in words that are safe wherever they are shown."""

from __future__ import annotations

import unicodedata
from typing import Final

from shared.model import Json, Severity, Utc, Value

_READ_AS_MARKUP: Final = str.maketrans(
    {
        "<": "\u2039",
        ">": "\u203a",
        "[": "(",
        "]": ")",
        "{": "(",
        "}": ")",
        "*": "\u2217",
        "`": "'",
        "|": "¦",
    }
)
"""Letters that a chat, a ticket or a template reads as more than themselves, and their doubles."""


class Message(Value):
    """One thing to tell. No secret stands in it, and nothing out of anybody's mail.

    The one exception is `link`, which may lead to an approval: it opens nothing without a sign-in.
    """

    event: str
    key: str
    """What it is known by, so that a channel that is told twice can see it."""
    thread: str
    """What belongs together: the case, or the event itself."""
    title: str
    text: str
    link: str
    link_words: str
    severity: Severity = Severity.UNKNOWN
    urgent: bool = False
    at: Utc
    facts: Json = {}  # noqa: RUF012 - pydantic copies it
    """The same for a machine."""


def plain(text: str, most: int = 120) -> str:
    """Make somebody else's words harmless: one line, no markup, no link, and not too long.

    Line breaks would forge mail headers, marks of direction would turn a sentence round, and an
    address would be made a link by whoever shows it.
    """
    letters = (" " if unicodedata.category(c)[0] in "CZ" else c for c in text)
    words = " ".join("".join(letters).split()).translate(_READ_AS_MARKUP)
    words = words.replace("://", ": //").replace("www.", "www .")
    return words if len(words) <= most else f"{words[: most - 1]}…"
