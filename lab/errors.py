"""What can go wrong in the lab, each in a sentence that a person can act on."""

from __future__ import annotations

from shared.errors import FirebreakError


class LabError(FirebreakError):
    """The lab cannot do what it was asked to do."""


class PortTaken(LabError):  # noqa: N818 - a state, named as an adjective
    """Somebody else listens on a port that was asked for by name."""


class NotInstalled(LabError):  # noqa: N818
    """A tool is missing and could not be fetched."""


class DidNotStart(LabError):  # noqa: N818
    """A process ended, or did not get ready in time; the text carries the tail of its log."""


class BadApp(LabError):  # noqa: N818
    """The app cannot be hosted: host.json, a setting or a function is wrong. Says which."""
