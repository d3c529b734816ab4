from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shared.pages.text import LIMIT, visible


def test_letters_that_reverse_the_text_are_shown_by_number() -> None:
    assert visible("invoice\u202efdp.exe") == "invoice[U+202E]fdp.exe"


def test_letters_without_width_are_shown_by_number() -> None:
    assert visible("pay\u200bpal\ufeff") == "pay[U+200B]pal[U+FEFF]"


def test_terminal_codes_are_shown_by_number() -> None:
    assert visible("\x1b[31mred\x00") == "[U+001B][31mred[U+0000]"


def test_half_a_letter_can_be_shown() -> None:
    assert visible("a\ud800b").encode() == b"a[U+D800]b"


def test_names_of_people_stay_as_they_are() -> None:
    for name in ("Zoë Ångström", "محمد‌رضا", "李小龍", "דנה כהן", "👩\u200d💻 Kim"):
        assert visible(name) == name


def test_a_joiner_between_plain_letters_is_shown() -> None:
    assert visible("ad\u200dmin") == "ad[U+200D]min"


def test_marks_piled_on_one_letter_are_thinned_out() -> None:
    assert visible("a" + "\u0301" * 50) == "a" + "\u0301" * 3


def test_what_is_cut_off_is_counted() -> None:
    shown = visible("x" * (LIMIT + 1234))
    assert shown.startswith("x" * LIMIT)
    assert shown.endswith("(1,234 more characters)")


@given(st.text(st.characters(codec=None), max_size=200))
def test_any_text_can_be_sent_and_showing_it_twice_changes_nothing(text: str) -> None:
    shown = visible(text, limit=10_000)
    shown.encode()
    assert visible(shown, limit=10_000) == shown
