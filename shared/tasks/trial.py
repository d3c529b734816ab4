"""Try a policy before it is in force: say what it would have done with the cases there are.

Nothing is planned and nothing is written: each alert is answered anew, with what was known of its
account when the case was opened, under the policy in force and under the other one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from datetime import timedelta
from typing import Final

from shared.model import (
    Account,
    Alert,
    Case,
    CaseId,
    Mode,
    ResponderName,
    TenantId,
    Upn,
    Utc,
    Value,
)
from shared.policy.decide import Decision, merge
from shared.policy.document import Policy
from shared.policy.guards import Guard
from shared.store.verbs import Store
from shared.tasks import keys
from shared.tasks.answer import Moment, answer
from shared.tasks.ledger import CaseFile, Clock

MOST: Final = 1000
"""Cases that one trial looks at, newest first."""

type Policed = tuple[Policy, tuple[Guard, ...]]
"""A policy, and the guards that go with it."""


class Verdict(Value):
    """What one policy says to a case: the rules that apply, and how far each responder may go."""

    rule: str | None
    modes: dict[ResponderName, Mode]
    reasons: tuple[str, ...]


class Retrial(Value):
    """A past case under the policy in force, and under the one that is tried."""

    case: CaseId
    upn: Upn
    title: str
    opened_at: Utc
    now: Verdict
    then: Verdict

    @property
    def differs(self) -> bool:
        """Whether the other policy would have done something else."""
        return self.now.modes != self.then.modes


class Retrials(Value):
    """The past cases that were judged, newest first."""

    judged: tuple[Retrial, ...]
    more: bool
    """Whether there are older ones of that time, which were not looked at."""


class Trial:
    """Answers past cases under two policies."""

    def __init__(self, store: Store, clock: Clock, tenant: TenantId, *, most: int = MOST) -> None:
        self._store = store
        self._clock = clock
        self._tenant = tenant
        self._most = most

    async def run(self, in_force: Policed, tried: Policed, *, within: timedelta) -> Retrials:
        """Judge the cases opened within a time under both, newest first."""
        judged: list[Retrial] = []
        async for case in self._cases(within):
            if len(judged) == self._most:
                return Retrials(judged=tuple(judged), more=True)
            alerts = [alert async for alert in self._alerts(case)]
            judged.append(
                Retrial(
                    case=case.id,
                    upn=case.account.upn,
                    title=case.title,
                    opened_at=case.opened_at,
                    now=verdict(alerts, case.account, in_force),
                    then=verdict(alerts, case.account, tried),
                )
            )
        return Retrials(judged=tuple(judged), more=False)

    async def _cases(self, within: timedelta) -> AsyncIterator[Case]:
        since = self._clock() - within
        async for row in self._store.scan(keys.cases(self._tenant), prefix=keys.LISTED):
            file = await CaseFile.load(
                self._store, self._clock, self._tenant, CaseId(row.body["id"])
            )
            if file.exists and file.case.opened_at < since:
                # The list is newest first: whatever follows is older still.
                return
            if file.exists and not file.case.erased_at:
                yield file.case

    async def _alerts(self, case: Case) -> AsyncIterator[Alert]:
        for alert in case.alerts:
            row = await self._store.read(keys.inbox(self._tenant), keys.alert_row(alert))
            if row is not None:
                yield Alert.model_validate(row.body)


def verdict(
    alerts: Iterable[Alert], account: Account, policed: Policed, now: Moment | None = None
) -> Verdict:
    """Say what a policy does about all alerts of one account together.

    What happened is judged by the clock of its time, with neither switch nor counters, which nobody
    kept; `now` judges as of a moment whose brakes are known.
    """
    policy, guards = policed
    together: Decision = merge(
        answer(
            alert,
            account,
            policy=policy,
            guards=guards,
            moment=now or Moment(at=alert.received_at),
        )
        for alert in alerts
    )
    return Verdict(rule=together.rule, modes=together.modes, reasons=together.reasons)
