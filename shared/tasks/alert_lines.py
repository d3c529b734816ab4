"""The lines by which alerts are found that opened no case: all of them, and those for people.

A storm leaves thousands that were ignored. What still waits for a person has a line of its own, so
that it is counted and found without walking through those; each change of an alert's state writes
the lines with it.
"""

from __future__ import annotations

from typing import Final

from shared.model import ALERTS_FOR_PEOPLE, Alert, AlertState
from shared.pages.lists import Tally
from shared.store.verbs import Drop, Partition, Put, Store
from shared.tasks import keys

COUNTED: Final = 100
"""Alerts for people that are counted for a page; of more it says "at least"."""
_SHOWN: Final = ALERTS_FOR_PEOPLE | {AlertState.IGNORED}


def relisted(home: Partition, before: AlertState, alert: Alert) -> list[Put | Drop]:
    """Say what is written and removed where an alert comes from one state into another.

    One that just came in comes from `RECEIVED`, which has no line.
    """
    said = {"alert": alert.id, "state": alert.state, "source": alert.source}
    was, becomes = _keys(before, alert), _keys(alert.state, alert)
    changes: list[Put | Drop] = [Put(home, key, said) for key in becomes if key not in was]
    return changes + [Drop(home, key) for key in was if key not in becomes]


async def for_people(store: Store, home: Partition) -> Tally:
    """Count the alerts that wait for a person."""
    scan = store.scan(home, prefix=keys.PERSON, most=COUNTED + 1)
    number = len([row async for row in scan])
    return Tally(number=min(number, COUNTED), more=number > COUNTED)


def _keys(state: AlertState, alert: Alert) -> tuple[str, ...]:
    if state not in _SHOWN:
        return ()
    shown = keys.shown_row(alert.received_at, alert.id)
    if state not in ALERTS_FOR_PEOPLE:
        return (shown,)
    return shown, keys.person_row(alert.received_at, alert.id)
