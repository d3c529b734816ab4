"""Compare what people decided about the app with the trail's last line about each decision.

The kill switch and an accepted finding are rows of their own: whoever turns the switch in storage
lets everything act, or stops all of it, without having asked. Each line is written before its row,
so one that stopped in between is named here as well: the row then is not what somebody decided.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Final

from pydantic import ValidationError

from shared import posture
from shared.model import TenantId
from shared.policy.guards import Pause
from shared.posture import Held, SweepName
from shared.store.verbs import Row, Store
from shared.sweeps.tampering import Tampered, at
from shared.tasks import keys
from shared.tasks.brakes import provider, switched
from shared.tasks.chain import erased
from shared.tasks.trail import Mark, Noted

_SWITCHES: Final = ((keys.PAUSE, False), (keys.PAUSE_ALL, True))
"""Each row, and whether it is the provider's over all its tenants."""


class Decided:
    """What the trail says that people decided, the last word about each."""

    def __init__(self, trail: Iterable[Mark]) -> None:
        self._switched: dict[bool, Mark] = {}
        self._accepted: dict[tuple[str, str], Mark] = {}
        self._unknown: set[Noted] = set()
        for mark in trail:
            self._take(mark)

    def _take(self, mark: Mark) -> None:
        match mark.event:
            case Noted.SWITCHED | Noted.ACCEPTED if mark == erased(mark):
                self._unknown.add(mark.event)
            case Noted.SWITCHED if "ceiling" in mark.data:
                self._switched["tenants" in mark.data] = mark
                self._unknown.discard(Noted.SWITCHED)
            case Noted.ACCEPTED:
                self._accepted[str(mark.data["sweep"]), str(mark.data["finding"])] = mark

    def switch_faults(self, row: Row | None, *, over_all: bool) -> list[str]:
        """Say what is wrong with a switch; nothing where its line was erased since."""
        mark = self._switched.get(over_all)
        if Noted.SWITCHED in self._unknown:
            return []
        if row is None or mark is None:
            return [] if row is None and mark is None else [_unlike(mark)]
        try:
            pause = Pause.model_validate(row.body)
        except ValidationError as error:
            return [f"cannot be read: {error.errors()[0]['msg']}"]
        who = provider(mark.actor) if over_all else mark.actor
        text = switched(pause.ceiling, pause.reason, over_all=over_all)
        same = pause.by == who and text == mark.text and pause.at >= mark.at
        return [] if same else [_unlike(mark)]

    def acceptance_faults(self, held: Held) -> list[str]:
        """Say what is wrong with the acceptance of a finding."""
        if held.accepted is None or Noted.ACCEPTED in self._unknown:
            return []
        mark = self._accepted.get((held.sweep, held.id))
        text = posture.accepted(held.sweep, held.id, held.accepted.until, held.accepted.reason)
        if mark is not None and (mark.text, mark.actor) == (text, held.accepted.by):
            return []
        return [_unlike(mark)]


def _unlike(mark: Mark | None) -> str:
    if mark is None:
        return "nobody decided this: the audit trail has no line about it"
    return f"is not what line {mark.seq} of the audit trail says was decided"


async def decision_faults(
    store: Store, tenant: TenantId, trail: tuple[Mark, ...]
) -> AsyncIterator[Tampered]:
    """Find each switch and each acceptance that is not as somebody decided; the trail must hold."""
    decided, brakes = Decided(trail), keys.brakes(tenant)
    for key, over_all in _SWITCHES:
        row = await store.read(brakes, key)
        for said in decided.switch_faults(row, over_all=over_all):
            yield Tampered(where=at(brakes, key), what=said)
    async for row in store.scan(keys.sweeps(tenant), prefix=keys.RUN):
        home = keys.findings(tenant, SweepName(row.key.removeprefix(keys.RUN)))
        async for found in store.scan(home):
            try:
                said_of = decided.acceptance_faults(Held.model_validate(found.body))
            except ValidationError as error:
                said_of = [f"cannot be read: {error.errors()[0]['msg']}"]
            for said in said_of:
                yield Tampered(where=at(home, found.key), what=said)
