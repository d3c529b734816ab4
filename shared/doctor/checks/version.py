"""What runs, and whether it is what lies on disk."""

from __future__ import annotations

import platform
from hashlib import sha256
from typing import ClassVar, Final

from shared.diagnosis import Finding, Grade, Kind
from shared.doctor.check import RESTART, Check
from shared.doctor.deployment import Deployment
from shared.errors import Refused
from shared.model import SCHEMA
from shared.policy.document import LANGUAGE

_MARK: Final = 12


class Version(Check):
    """See what runs: the policy in force, the language it is written in, the rows that are read."""

    kinds: ClassVar = {
        "in_force": Kind(
            grade=Grade.OK,
            state="in force",
            means="The policy {subject} ({mark}) is in force, in language {language}; stored rows "
            "are of version {schema}; Python {python}.",
        ),
        "changed": Kind(
            grade=Grade.NOTE,
            state="restart",
            means="{subject} was changed since the app started: {mark} is in force, {there} lies "
            "on disk.",
            do="Check it, then restart the app, so that what is written is in force",
            commands=(
                "firebreak policy check {subject}",
                RESTART,
            ),
        ),
    }

    async def look(self, at: Deployment) -> tuple[Finding, ...]:
        """Compare the policy in force with the file."""
        file = at.settings.policy
        try:
            there = _marked(file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            why = f"{file.name} cannot be read any more ({type(error).__name__})"
            raise Refused(why) from error
        mark = _marked(at.policy_text)
        said = {
            "mark": mark,
            "there": there,
            "language": LANGUAGE,
            "schema": SCHEMA,
            "python": platform.python_version(),
        }
        return (self.found("in_force" if mark == there else "changed", file.name, **said),)


def _marked(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:_MARK]
