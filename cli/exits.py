"""Exit codes: what a script can tell from how the command ended."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """How the command ended."""

    DONE = 0
    FAILED = 1
    """It could not be done; the reason is on standard error."""
    USAGE = 2
    """The command line was not understood."""
    NOT_CONTAINED = 3
    """It was done, but a foothold is left, a person is needed, or time ran out."""
    UNREACHABLE = 4
    """The app did not answer."""
    REFUSED = 5
    """The app answered and said no."""
    INTERRUPTED = 130
    TERMINATED = 143


class CommandError(Exception):
    """Ends the command with a sentence for a person and a code for a script."""

    def __init__(self, reason: str, *, code: Exit = Exit.FAILED) -> None:
        super().__init__(reason)
        self.code = code
