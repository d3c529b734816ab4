"""Which tests stay together when they are shared out over the cores.

A file whose tests share something dear, a stack, a browser or a built package, goes to one worker
as a whole; all others go one by one. pytest-xdist's own groups do nothing here: they write a
group's name behind a test's id, and this pytest no longer lets an id be written to.
"""

from __future__ import annotations

from typing import Final

from xdist.scheduler import LoadScopeScheduling

WHOLE: Final = ("tests/e2e/", "tests/package/")
LONG: Final = (
    "tests/benchmarks/",
    "tests/cli/test_backtest.py",
    "tests/contracts/test_function_app.py",
    "tests/docs/test_contributing.py",
    "tests/lab/test_stack.py",
    "tests/laws/test_responder_laws.py",
    "tests/tasks/test_approval_crashes.py",
    "tests/tasks/test_crash_matrix.py",
    "tests/tasks/test_notify.py",
)
"""What takes longest goes first, so that no core waits for another at the end."""


def longest_first(nodeid: str) -> bool:
    """Give what a test is sorted by; those alike stay in the order they come in."""
    return not nodeid.startswith(LONG)


class DearFilesWhole(LoadScopeScheduling):  # type: ignore[misc]
    """Shares out single tests, and the files of some folders whole."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return file if file.startswith(WHOLE) else nodeid
