"""Whether people are reached."""

from __future__ import annotations

from typing import ClassVar

from shared.diagnosis import Finding, Grade, Kind
from shared.doctor.check import Check
from shared.doctor.deployment import Deployment
from shared.pages.channel_view import ChannelState
from shared.tasks.told import states


class Channels(Check):
    """See whether every channel takes what it is told, and whether somebody is told at all."""

    kinds: ClassVar = {
        "reached": Kind(
            grade=Grade.OK, state="reached", means="{subject} took {told} in the last week."
        ),
        "none": Kind(
            grade=Grade.NOTE,
            state="nobody is told",
            means="No channel is configured, so nobody is told when a person is needed.",
            do="Set FIREBREAK_CHANNELS, and write [[notify]] into policy.toml",
        ),
        "untold": Kind(
            grade=Grade.NOTE,
            state="not used",
            means="{subject} is configured, but no [[notify]] of the policy names it.",
            do="Name {subject} in a [[notify]] of policy.toml, or take it out of "
            "FIREBREAK_CHANNELS",
        ),
        "untried": Kind(
            grade=Grade.NOTE,
            state="not proven",
            means="{subject} was told nothing in the last week: whether it works is not proven.",
            do="Send a test to it, and look whether it arrives",
            commands=("firebreak notify test {subject}",),
        ),
        "failing": Kind(
            grade=Grade.NOTE,
            state="retrying",
            means="Not taken by {subject} so far, and tried again: {failing}, because: {why}",
            do="Look whether its address and secret still hold",
            commands=("firebreak notify test {subject}",),
        ),
        "dead": Kind(
            grade=Grade.BAD,
            state="dead",
            means="Given up and reached nobody by {subject}: {dead}, because: {why}",
            do="Mend its address or secret in FIREBREAK_CHANNELS, try it, then send again what it "
            "did not take",
            commands=("firebreak notify test {subject}", "firebreak notify again {subject}"),
        ),
    }

    async def look(self, at: Deployment) -> tuple[Finding, ...]:
        """Read what became of what was to be told."""
        kinds = {channel.name: channel.kind for channel in at.channels.root}
        found = await states(at.store, at.tenant_id, kinds, at=at.clock())
        if not found:
            return (self.found("none", "channels"),)
        named = {name for route in at.policy.routes for name in route.channels}
        named |= {channel.name for channel in at.channels.callbacks}
        return tuple(self._of(one, named=one.name in named) for one in found)

    def _of(self, state: ChannelState, *, named: bool) -> Finding:
        said = {
            "told": state.told,
            "dead": state.dead,
            "failing": state.failing,
            "why": state.reason or "no reason was given",
        }
        return self.found(_kind(state, named=named), state.name, **said)


def _kind(state: ChannelState, *, named: bool) -> str:
    if state.dead:
        return "dead"
    if not named:
        return "untold"
    if state.failing:
        return "failing"
    return "reached" if state.told else "untried"
