"""What a sweep takes in organisations of a thousand to 200,000 mailboxes.

Each row runs in a process of its own. `lab minutes` are what the budgets make of it, on a clock
that jumps over every pause; `seconds` are our own work, the simulated tenant's included. The
findings must equal the truth of the organisation, or the benchmark fails. `MB grown` holds the rows
of the findings and the simulated tenant's own log of calls, which are in this process here.
"""

from __future__ import annotations

import asyncio
import logging
import resource
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from time import perf_counter
from typing import Final

from benchmarks.measuring import Session, parser
from shared.model import Json
from tests.sweeps.swept import Swept

_SIZES: Final = (1_000, 10_000, 50_000, 100_000, 200_000)
_SWEEPS: Final = ("mailbox_auditing", "mail_forwarding", "legacy_protocols", "risky_consents")


def main() -> int:
    """Measure and print; fails where a sweep missed something or invented it."""
    made = parser(__doc__)
    made.add_argument("--sizes", type=int, nargs="+", default=_SIZES, metavar="MAILBOXES")
    made.add_argument("--sweeps", nargs="+", default=_SWEEPS, metavar="NAME")
    asked = made.parse_args()
    session = Session("sweep", path=asked.json)
    wrong = 0
    for name in asked.sweeps:
        rows = []
        for size in asked.sizes:
            session.progress(f"{name}, {size:,} mailboxes")
            rows.append(_apart(name, size))
        session.table(name, rows)
        wrong += sum(row["findings"] != row["truth"] for row in rows)
    session.say("Every finding is true and none is missing" if not wrong else f"{wrong} are wrong")
    session.end()
    return 1 if wrong else 0


def _apart(name: str, size: int) -> Json:
    """Measure one row in a process of its own, whose memory is nobody else's."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(measured, name, size).result()


def measured(name: str, size: int) -> Json:
    """Make an organisation, run the sweep over it once and say what that took."""
    logging.disable(logging.CRITICAL)
    begun = perf_counter()
    swept = Swept(size, name)
    made, before = perf_counter() - begun, _peak()
    start, begun = swept.clock.now(), perf_counter()
    asyncio.run(swept.run())
    took, run = perf_counter() - begun, swept.last(name)
    same = swept.found(name) == swept.truth(name)
    return {
        "mailboxes": size,
        "made s": round(made, 1),
        "seconds": round(took, 1),
        "lab minutes": round((swept.clock.now() - start).total_seconds() / 60, 1),
        "pages": run.pages,
        "calls": run.calls,
        "findings": len(swept.found(name)),
        "truth": len(swept.truth(name)) if same else -1,
        "MB before": round(before),
        "MB grown": round(_peak() - before),
    }


def _peak() -> float:
    """Read the most memory this process ever held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    sys.exit(main())
