"""Whether each source of alerts was heard lately."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar, Final

from shared.alerts.source import Source
from shared.diagnosis import Finding, Grade, Kind
from shared.doctor.check import Check
from shared.doctor.deployment import Deployment
from shared.door import OPERATOR
from shared.pages.times import relative
from shared.tasks import keys

QUIET: Final = timedelta(days=14)
"""How long a source may be silent: a small organisation has few alerts, but a test is easy."""


class SourceSilence(Check):
    """See when each source was heard last: a sender that was cut off looks like a quiet week."""

    kinds: ClassVar = {
        "heard": Kind(
            grade=Grade.OK, state="heard", means="{subject} was heard {ago}, to the minute."
        ),
        "off": Kind(grade=Grade.OK, state="off", means="{subject} is switched off."),
        "quiet": Kind(
            grade=Grade.NOTE,
            state="silent",
            means="{subject} was heard last {ago}: it may have nothing to say, or be cut off.",
            do="Send a test alert from there, and look whether it arrives",
        ),
        "never": Kind(
            grade=Grade.NOTE,
            state="never heard",
            means="{subject} was never heard: whether it reaches the app is not proven.",
            do="Send a test alert from there, and look whether it arrives",
        ),
        "none": Kind(
            grade=Grade.OK, state="no source", means="No source is configured that sends alerts."
        ),
    }

    async def look(self, at: Deployment) -> tuple[Finding, ...]:
        """Read when each was heard."""
        senders = [one for one in at.sources.root if one.name != OPERATOR]
        found = [await self._of(at, source) for source in senders]
        return tuple(found) or (self.found("none", "sources"),)

    async def _of(self, at: Deployment, source: Source) -> Finding:
        if not source.enabled:
            return self.found("off", source.name)
        row = await at.store.read(keys.inbox(at.tenant_id), keys.heard_row(source.name))
        if row is None:
            return self.found("never", source.name)
        last, now = datetime.fromisoformat(row.body["at"]), at.clock()
        kind = "quiet" if now - last > QUIET else "heard"
        return self.found(kind, source.name, ago=relative(last, now))
