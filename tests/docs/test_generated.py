from __future__ import annotations

import pytest

from scripts.generate import GENERATED, ROOT


@pytest.mark.parametrize("name", GENERATED)
def test_what_is_generated_is_what_it_would_be_now(name: str) -> None:
    kept = (ROOT / name).read_text(encoding="utf-8")
    assert kept == GENERATED[name](), "run: python -m scripts.generate"
