"""Strings from outside, made safe to store, to show and to compare."""

from __future__ import annotations

import unicodedata
from typing import Annotated

from pydantic import BeforeValidator

from shared.model import digest

LINE = 500
"""The longest line of evidence kept; more is the body's business, and the body is kept anyway."""
_NAME = 200


def clean(text: str, limit: int = LINE) -> str:
    """Make one printable line of it: no control, format or broken characters, cut to `limit`.

    Format characters hide and reorder text on a page; lone surrogates cannot be stored at all.
    """
    if not (text.isascii() and text.isprintable()):
        text = "".join(_shown(letter) for letter in text[: limit * 4])
    return text.strip()[:limit]


def _shown(letter: str) -> str:
    if letter.isspace():
        return " "
    return "" if unicodedata.category(letter).startswith("C") else letter


Line = Annotated[str, BeforeValidator(clean)]
"""A string that is one printable line by construction."""


def fold(text: str) -> str:
    """Bring a title or code to the form in which it is compared.

    Names of built-in alert policies end in U+200B, carriers change their case and one removes all
    their spaces: format characters, case and whitespace say nothing.
    """
    letters = clean(text).casefold()
    return "".join(letters.split())


def name(*parts: str | None) -> str:
    """Join what identifies a native alert; too long a name is replaced by its hash, never cut."""
    joined = ":".join(part for part in parts if part)
    cleaned = clean(joined, len(joined))
    return cleaned if len(cleaned) <= _NAME else digest(cleaned, length=64)


def notes(**lines: str | None) -> dict[str, str]:
    """Keep what an analyst wants to read: present lines only, each cleaned and cut."""
    cleaned = {key: clean(line) for key, line in lines.items() if line}
    return {key: line for key, line in cleaned.items() if line}
