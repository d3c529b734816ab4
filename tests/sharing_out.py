"""Which tests stay together when they are shared out over the cores.

A file whose tests share something dear, a stack, a browser or a built package, goes to one worker
as a whole; all others go one by one. pytest-xdist's own groups do nothing here: they write a
group's name behind a test's id, and this pytest no longer lets an id be written to.
"""

from __future__ import annotations

from typing import Final

from xdist.scheduler import LoadScopeScheduling

WHOLE: Final = ("tests/e2e/", "tests/package/")


class DearFilesWhole(LoadScopeScheduling):  # type: ignore[misc]
    """Shares out single tests, and the files of some folders whole."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return file if file.startswith(WHOLE) else nodeid
