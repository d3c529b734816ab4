"""Tell Microsoft what was decided about a control: written down before it is sent, and after.

It is an operator's command and no task: it changes nobody's account and nothing in the tenant but
the score, and the responders' journal belongs to cases. A decision that was asked for and has no
outcome may have reached Microsoft; the next run of the sweep shows what stands there.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

from shared.clients.secure_scores import (
    SECURITY_EVENTS_WRITE_ALL,
    ControlState,
    SecureScores,
)
from shared.errors import FirebreakError
from shared.model import TenantId, Utc, Value, digest
from shared.needs import Needs
from shared.posture import SweepName
from shared.store.verbs import Put, Store
from shared.tasks import keys

NEEDS: Final = Needs(
    what="Tell Microsoft what was decided about a control of Secure Score",
    permissions=frozenset({SECURITY_EVENTS_WRITE_ALL}),
    option="score_decisions",
)
SECURE_SCORE: Final = SweepName("secure_score")


class Outcome(StrEnum):
    """What became of a decision."""

    ASKED = "asked"
    TAKEN = "taken"
    REFUSED = "refused"


class Decision(Value):
    """One word about one control, by whom and why."""

    control: str
    state: ControlState
    reason: str
    by: str
    at: Utc
    outcome: Outcome = Outcome.ASKED
    said: str = ""


class ScoreDecisions:
    """Takes decisions about controls and remembers them."""

    def __init__(self, store: Store, tenant: TenantId, scores: SecureScores) -> None:
        self._store = store
        self._at = keys.sweep(tenant, SECURE_SCORE)
        self._scores = scores

    async def decide(
        self, control: str, state: ControlState, *, reason: str, by: str, at: datetime
    ) -> Decision:
        """Set a control's state at Microsoft. Raises what Graph says, after writing that down."""
        asked = Decision(control=control, state=state, reason=reason, by=by, at=at)
        key = keys.decision_row(at, digest(control, state, by, length=12))
        (etag,) = await self._store.write(Put(self._at, key, asked.model_dump(mode="json")))
        try:
            await self._scores.decide(control, state, f"{reason} ({by}, by Firebreak)")
        except FirebreakError as error:
            await self._end(asked, key, etag, Outcome.REFUSED, str(error))
            raise
        return await self._end(asked, key, etag, Outcome.TAKEN, "")

    async def all(self) -> tuple[Decision, ...]:
        """Read all decisions, newest first."""
        rows = [row async for row in self._store.scan(self._at, prefix=keys.DECISION)]
        return tuple(Decision.model_validate(row.body) for row in rows)

    async def _end(
        self, asked: Decision, key: str, etag: str, outcome: Outcome, said: str
    ) -> Decision:
        ended = asked.model_copy(update={"outcome": outcome, "said": said})
        await self._store.write(Put(self._at, key, ended.model_dump(mode="json"), etag))
        return ended
