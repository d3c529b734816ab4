"""The contract of a check: it looks at one thing and says what it found; it changes nothing.

It never catches what keeps it from looking: that is "unknown", and whoever runs it says so. What it
can find stands in `kinds`, from which the documentation is made.
"""

from __future__ import annotations

import shlex
from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar, Final

from shared.diagnosis import Finding, Grade, Kind
from shared.doctor.deployment import Deployment, Shell
from shared.registered import Registered

UNKNOWN: Final = "unknown"
RESTART: Final = "az functionapp restart --name APP --resource-group GROUP"
SET: Final = "az functionapp config appsettings set --name APP --resource-group GROUP --settings "
"""How a setting of the app is set; name and value follow."""
_UNKNOWN: Final = Kind(
    grade=Grade.UNKNOWN,
    state="not known",
    means="It could not be looked at: {why}",
    do="Mend what the reason names, or wait if it passes by itself, then run `firebreak doctor`",
)


class Check(Registered, ABC):
    """One look at the deployment. The file is its registration, the docstring its words."""

    kinds: ClassVar[Mapping[str, Kind]]
    """What it can find, beside `unknown`."""
    patience: ClassVar[float] = 8.0
    """Seconds it may take."""

    @abstractmethod
    async def look(self, at: Deployment) -> tuple[Finding, ...]:
        """Say what is found, at least one thing. Raises what the clients raise."""

    def found(self, kind: str, subject: str, **said: object) -> Finding:
        """Make a finding of one of the kinds; `said` fills in what the kind leaves open."""
        known = every_kind(self)[kind]
        words = {"subject": subject, **said}
        # What comes from the tenant or the policy is one word of the shell, whatever it holds.
        quoted = {
            name: word if isinstance(word, Shell) else shlex.quote(str(word))
            for name, word in words.items()
        }
        return Finding(
            subject=subject,
            kind=kind,
            grade=known.grade,
            state=known.state,
            means=known.means.format_map(words),
            do=known.do.format_map(words),
            commands=tuple(command.format_map(quoted) for command in known.commands),
        )


def every_kind(check: Check) -> Mapping[str, Kind]:
    """Give all that a check can find, that it could not look included."""
    return MappingProxyType({**check.kinds, UNKNOWN: _UNKNOWN})
