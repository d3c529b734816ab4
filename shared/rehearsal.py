"""Where a policy is tried: on one account and kind of alert, or on the cases there have been."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Any, Final

from pydantic import Field, ValidationError

from shared.alerts import identity
from shared.clients.tenant import Tenant
from shared.desk import Page, json_page
from shared.door import Door
from shared.errors import FirebreakError, Gone, Refused
from shared.model import (
    Account,
    AccountRef,
    Alert,
    AlertId,
    AlertKind,
    Json,
    Mode,
    Severity,
    TenantId,
    Upn,
    Value,
)
from shared.policy.reading import PolicyError
from shared.store.verbs import Store
from shared.tasks.answer import Moment
from shared.tasks.brakes import Brakes
from shared.tasks.ledger import Clock
from shared.tasks.resolve import resolve
from shared.tasks.trial import Policed, Trial, Verdict, verdict

_LONGEST: Final = 200_000
"""Letters a policy may have."""


class Question(Value):
    """What `firebreak policy explain` asks: an alert that is imagined, about a real account."""

    user: Annotated[str, Field(min_length=1, max_length=200)]
    kind: AlertKind
    severity: Severity = Severity.HIGH


class Proposal(Value):
    """What `firebreak policy compare` sends: another policy, and how far back to look."""

    policy: Annotated[str, Field(max_length=_LONGEST)]
    days: Annotated[int, Field(ge=1, le=3650)] = 90


class Rehearsal:
    """Answers what a policy would do. Reads the tenant and the store; changes nothing."""

    def __init__(  # noqa: PLR0913 - everything it touches comes in here
        self,
        *,
        door: Door,
        store: Store,
        clock: Clock,
        tenant_id: TenantId,
        tenant: Callable[[], Tenant],
        brakes: Brakes,
        in_force: Policed,
        read: Callable[[str], Policed],
    ) -> None:
        self._door = door
        self._store = store
        self._clock = clock
        self._tenant_id = tenant_id
        self._tenant = tenant
        self._brakes = brakes
        self._in_force = in_force
        self._read = read

    async def hear(self, what: str, headers: Mapping[str, str], body: bytes) -> Page:
        """Answer `explain` or `compare`, to whoever may read pages or signs as the operator."""
        try:
            known = self._door.signed(headers, body, self._clock(), at=f"policy/{what}")
        except PermissionError as error:
            return _problem(HTTPStatus.FORBIDDEN, str(error))
        if not known and (reason := self._door.shut(headers)):
            return _problem(HTTPStatus.FORBIDDEN, reason)
        answers = {"explain": self._explain, "compare": self._compare}
        if what not in answers:
            return _problem(HTTPStatus.NOT_FOUND, "A policy can be explained or compared")
        try:
            return json_page(await answers[what](body))
        except (ValidationError, FirebreakError) as error:
            return _unanswered(error)

    async def _explain(self, body: bytes) -> Json:
        asked = Question.model_validate_json(body)
        oid, upn = identity.object_id(asked.user), identity.address(asked.user)
        if not oid and not upn:
            raise Refused(f"{asked.user!r} is neither an object id nor a user principal name")
        ref = AccountRef(object_id=oid, upn=Upn(upn) if upn else None)
        account = await resolve(ref, self._tenant())
        said = await self._verdict(self._alert(asked), account)
        shown = account.model_dump(mode="json", include={"object_id", "upn", "kinds", "roles"})
        return {"account": shown, **said.model_dump(mode="json")}

    async def _verdict(self, alert: Alert, account: Account) -> Verdict:
        """Judge as triage would now: with the switch, and with the counters as full as they are."""
        now = Moment(at=alert.received_at, pause=await self._brakes.pause())
        said = verdict([alert], account, self._in_force, now)
        if said.rule is None or Mode.ENFORCE not in said.modes.values():
            return said
        crowded = await self._brakes.crowded(alert.kind, said.rule)
        return verdict(
            [alert], account, self._in_force, now.model_copy(update={"crowded": crowded})
        )

    async def _compare(self, body: bytes) -> Json:
        proposal = Proposal.model_validate_json(body)
        tried = self._read(proposal.policy)
        trial = Trial(self._store, self._clock, self._tenant_id)
        found = await trial.run(self._in_force, tried, within=timedelta(days=proposal.days))
        return {
            "cases": len(found.judged),
            "more": found.more,
            "different": [one.model_dump(mode="json") for one in found.judged if one.differs],
        }

    def _alert(self, asked: Question) -> Alert:
        at = self._clock()
        return Alert(
            id=AlertId("0" * 32),
            tenant=self._tenant_id,
            source="policy",
            carrier="policy",
            native_id="explain",
            kind=asked.kind,
            title="An alert that is imagined",
            severity=asked.severity,
            occurred_at=at,
            received_at=at,
            raw="",
        )


def _unanswered(error: ValidationError | FirebreakError) -> Page:
    match error:
        case ValidationError():
            first = error.errors()[0]
            field = ".".join(str(part) for part in first["loc"])
            return _problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"{field}: {first['msg']}")
        case PolicyError():
            problems = [problem.model_dump() for problem in error.problems]
            said = "The policy cannot be put in force"
            return _problem(HTTPStatus.UNPROCESSABLE_ENTITY, said, problems=problems)
        case Gone():
            return _problem(HTTPStatus.NOT_FOUND, str(error))
    return _problem(HTTPStatus.CONFLICT, str(error))


def _problem(status: HTTPStatus, said: str, **more: Any) -> Page:
    return json_page({"error": said, **more}, status=status)
