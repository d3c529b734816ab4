"""The worker killed at every await of one case: what was lost, and what was done twice.

Before and after every verb of the store, every message put, every call to the tenant. After a death
the sender sends again, the queue delivers again, the timer looks; then the tenant, the tasks, the
journal, the queue and the intruder's footholds are compared with a run in which nobody died.
"""

from __future__ import annotations

import random
import sys
from collections import defaultdict
from collections.abc import Iterable
from itertools import count
from typing import Final

from benchmarks.measuring import Session, parser
from lab.crash import Ending, Run, Verdict, kill
from lab.scenarios import STORIES, Story
from shared.model import Json

_FAILED: Final = 1


def main() -> int:
    """Run the matrix and print it; exits with 1 where something was lost or doubled."""
    made = parser(__doc__)
    made.add_argument("--story", choices=sorted(STORIES), default="token_thief")
    made.add_argument(
        "--twice", type=int, default=100, metavar="N", help="also N runs with two deaths each"
    )
    asked = made.parse_args()
    session = Session("crash_matrix", path=asked.json)
    story = STORIES[asked.story]
    reference = Run(story=story).until_the_end()
    once = _matrix(story, reference, session)
    twice = _pairs(story, reference, asked.twice)
    rows = [*_by_place(once), _row("all, one death", once)]
    rows += [_row("sampled, two deaths", twice)] if twice else []
    session.table(f"{asked.story}: killed at each of {reference.points} awaits", rows)
    bad = [v for v in (*once, *twice) if v.lost or v.doubled]
    for verdict in bad:
        session.say(f"killed at {verdict.kills} {verdict.died}: {verdict.lost} {verdict.doubled}")
    session.keep(
        story=asked.story,
        kills=len(once) + len(twice),
        lost=sum(bool(v.lost) for v in bad),
        doubled=sum(bool(v.doubled) for v in bad),
        reference_faults=list(reference.faults),
    )
    session.end()
    return _FAILED if bad or reference.faults else 0


def _matrix(story: Story, reference: Ending, session: Session) -> list[Verdict]:
    """Kill at 1, 2, 3 and so on, until a run is through before its worker can be killed."""
    verdicts: list[Verdict] = []
    for at in count(1):
        verdict = kill(reference, at, run=Run(story=story))
        if not verdict.died:
            return verdicts
        verdicts.append(verdict)
        session.progress(f"{at} of {reference.points}: died {verdict.died[0]}")
    return verdicts


def _pairs(story: Story, reference: Ending, runs: int) -> list[Verdict]:
    dice = random.Random(1)
    points = reference.points
    drawn = [(dice.randint(1, points), dice.randint(1, points)) for _ in range(runs)]
    return [kill(reference, *pair, run=Run(story=story)) for pair in drawn]


def _by_place(verdicts: Iterable[Verdict]) -> list[Json]:
    places: dict[str, list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        places[verdict.died[0]].append(verdict)
    return [_row(place, places[place]) for place in sorted(places)]


def _row(place: str, verdicts: list[Verdict]) -> Json:
    return {
        "killed": place,
        "kills": len(verdicts),
        "lost": sum(bool(verdict.lost) for verdict in verdicts),
        "doubled": sum(bool(verdict.doubled) for verdict in verdicts),
        "harmless repeats": sum(verdict.repeated for verdict in verdicts),
    }


if __name__ == "__main__":
    sys.exit(main())
