from __future__ import annotations

import re
from pathlib import Path

import pytest

from shared import pages

CSS = (Path(pages.__file__).parent / "static" / "firebreak.css").read_text(encoding="utf-8")
TONES = ("good", "busy", "person", "bad", "quiet")


def palettes() -> dict[str, dict[str, str]]:
    """Read the three sets of colours off the style sheet: light, dark, print."""
    found = [
        dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))
        for block in re.findall(r":root \{([^}]*)\}", CSS)
    ]
    assert len(found) == 3
    return dict(zip(("light", "dark", "print"), found, strict=True))


def luminance(colour: str) -> float:
    """Weigh a colour as WCAG 2.2 does."""
    parts = (int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark", "print"])
def test_every_text_can_be_read_on_every_ground_it_stands_on(theme: str) -> None:
    colours = palettes()[theme]
    pairs = [
        *(
            (ink, ground)
            for ink in ("ink", "soft", "link", "fire")
            for ground in ("ground", "paper")
        ),
        *((tone, f"{tone}-tint") for tone in TONES),
        *((tone, "paper") for tone in TONES),
        *(("ink", f"{tone}-tint") for tone in TONES),
        ("soft", "quiet-tint"),
        ("link", "quiet-tint"),
    ]
    too_faint = {
        pair: round(ratio, 2)
        for pair in pairs
        if (ratio := contrast(colours[pair[0]], colours[pair[1]])) < 4.5
    }
    assert too_faint == {}


def test_light_and_dark_name_the_same_colours() -> None:
    found = palettes()
    assert set(found["light"]) == set(found["dark"]) == set(found["print"])


def test_nothing_moves() -> None:
    assert not re.search(r"\b(animation|transition)\b", CSS)


def test_nothing_is_fetched() -> None:
    assert not re.search(r"url\(|@import|http", CSS)
