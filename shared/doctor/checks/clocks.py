"""Whether our clock and Graph's tell the same time."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar, Final

from shared.diagnosis import Finding, Grade, Kind
from shared.doctor.check import RESTART, Check
from shared.doctor.deployment import Deployment
from shared.model import number_of

MOST: Final = timedelta(seconds=60)
"""Signatures of senders and tokens stand five minutes; what is compared with times that Graph
tells (who registered what since when) stands less."""


class Clocks(Check):
    """See whether the app's clock and Graph's agree: what the intruder did is told by its time."""

    kinds: ClassVar = {
        "agree": Kind(
            grade=Grade.OK, state="agree", means="Our clock is {apart} {way} {subject}'s."
        ),
        "differ": Kind(
            grade=Grade.BAD,
            state="differ",
            means="Our clock is {apart} {way} {subject}'s: signatures are refused, and "
            "what was done since the compromise is told wrongly.",
            do="Restart the app, so that it lands on another machine; if it stays so, tell "
            "whoever runs the machine to synchronise its clock",
            commands=(RESTART,),
        ),
    }

    async def look(self, at: Deployment) -> tuple[Finding, ...]:
        """Compare with the date of an answer, in the middle of asking."""
        before = at.clock()
        theirs = await at.tenant.server_clock.time()
        ours = before + (at.clock() - before) / 2
        apart = ours - theirs
        kind = "differ" if abs(apart) > MOST else "agree"
        seconds = round(apart.total_seconds())
        way = "ahead of" if seconds > 0 else "behind"
        return (self.found(kind, "Graph", apart=number_of(abs(seconds), "second"), way=way),)
