"""Attack disruption: Defender has already locked an account, and says so at a title's end.

The name before the mark means what it always means. Whatever it is, the users whom Defender calls
compromised are, and locking them was the first step only.

Source: learn.microsoft.com/defender-xdr/autoad-results
"""

from __future__ import annotations

import re
from typing import Final

from shared.alerts.text import clean

_MARK: Final = re.compile(r"\s*\(\s*attack\s+disruption\s*\)\s*$", re.IGNORECASE)
NOTE: Final = "Defender has already disrupted the attack; the rest is still to be done"


def disrupted(title: str) -> bool:
    """Whether a title carries the mark."""
    return bool(_MARK.search(clean(title)))


def unmarked(title: str) -> str:
    """Give the title without the mark, as it is compared with known names."""
    return _MARK.sub("", clean(title))
