"""What a case tells where its alerts came from, and whose carriers tell of it there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Protocol

from shared.clients.security_alerts import COMPROMISED, NOT_MALICIOUS, OVER
from shared.model import Case, Difference, Judgement, number_of

_DEFENDER: Final = frozenset(
    {"graph_alerts_v2", "graph_incidents", "graph_notifications", "defender_streaming"}
)
"""Carriers whose alerts go by their ids in Microsoft Defender: streamed, pulled or pointed to, an
alert has one id there. Source: learn.microsoft.com/graph/api/resources/security-alert, `id`."""
_ALERT: Final = re.compile(r"[A-Za-z0-9_-]{1,128}", re.ASCII)
"""What such an id looks like; incidents and risks are named with a colon."""
SENTINEL: Final = frozenset({"sentinel_incident"})
"""Carriers whose alerts go by the name of an incident in Microsoft Sentinel."""
SHARED: Final = (
    " Not everything here is known to be about this account alone, so it was left open for a person"
    " to decide."
)
"""What a comment says on an incident that also concerns others, or may."""


class Graded(Protocol):
    """What a source says of an alert or incident: its status, and what else goes with that."""

    @property
    def status(self) -> str:
        """Whether it is open or over, in the source's words."""
        ...


@dataclass(frozen=True, slots=True)
class Verdicts[T: Graded]:
    """What a case says at one source, and from which statuses on nothing is left to say there."""

    compromise: T
    false_alarm: T
    over: frozenset[str]

    def of(self, case: Case) -> T:
        """Say how a case grades what it came from."""
        return self.false_alarm if case.false_alarm else self.compromise

    def named(self, said: T) -> str:
        """Say a verdict as people do."""
        return "false positive" if said == self.false_alarm else "true positive"

    def settled(self, now: T, case: Case) -> bool:
        """Whether what stands so `now` is to stay: what a person resolved keeps that verdict.

        What the case wrote there itself is corrected after a person said in it that it is wrong.
        """
        wrong = {
            Judgement.FALSE_ALARM: self.compromise,
            Judgement.COMPROMISE: self.false_alarm,
        }
        ours = case.judgement is not None and now == wrong[case.judgement]
        return now.status in self.over and not ours

    def given_since(self, now: T, was: T) -> bool:
        """Whether somebody gave a verdict after a change was planned."""
        return now.status in self.over and now != was


DEFENDER: Final = Verdicts(compromise=COMPROMISED, false_alarm=NOT_MALICIOUS, over=OVER)
"""The same for alerts and incidents of Microsoft Defender."""


def defender_alerts(case: Case) -> tuple[str, ...]:
    """List the case's alerts by their ids in Defender, each once."""
    found = (o.native_id for o in case.origins if o.carrier in _DEFENDER)
    return tuple(dict.fromkeys(one for one in found if _ALERT.fullmatch(one)))


def comment(case: Case) -> str:
    """Say where to read on, and nothing that whoever reads the source may not know."""
    if case.false_alarm:
        return (
            f"Firebreak case {case.id}: a person judged what was reported about the account "
            f"{case.account.upn} a false alarm. Who, why and what was looked at is in the case."
        )
    return (
        f"Firebreak case {case.id}: the account {case.account.upn} was compromised and the case "
        "answered it. What was found, changed and proven is in the case."
    )


def closing(incidents: int, shared: int, verdict: str) -> str:
    """Say what is done to incidents, of which `shared` may concern others and stay open."""
    closed = incidents - shared
    parts = [f"close {number_of(closed, 'incident')} as a {verdict}"] if closed else []
    if shared:
        left = number_of(shared, "incident")
        parts.append(f"comment on {left} that may concern others, left open")
    return " and ".join(parts)


def becomes(words: str, *, shared: bool) -> str:
    """Say what becomes of an incident's grading."""
    return f"left open; the comment adds:{SHARED}" if shared else words


def commented(text: str) -> Difference:
    """Show the comment, which undo cannot take back."""
    return Difference(what="Comment (stays)", was="none", becomes=text)
