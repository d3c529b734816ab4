"""Identity Protection: risk records, and an administrator's verdict on them."""

from __future__ import annotations

from typing import Final

from lab.tenant.answers import Answer, GraphRefusal, bad_request
from lab.tenant.limits import Service
from lab.tenant.operations import Ask, Json, Shape, operation
from lab.tenant.settings import Licence
from lab.tenant.state import Risk
from lab.tenant.user_view import exact

_WRITE: Final = ("IdentityRiskyUser.ReadWrite.All",)
_BODY: Final = "userIds"


@operation(
    "GET",
    "/identityProtection/riskyUsers/{id}",
    any_of=("IdentityRiskyUser.Read.All",),
    returns="microsoft.graph.riskyUser",
    service=Service.IDENTITY_PROTECTION,
)
def read_risky_user(ask: Ask) -> Json:
    """Read an account's risk record; one that never was at risk has none."""
    _licensed(ask)
    oid = ask.path["id"].lower()
    risk = ask.world.state.risks.get(oid)
    user = ask.world.state.users.get(oid)
    if risk is None:
        raise GraphRefusal(404, "NotFound", f"Risky user '{ask.path['id']}' was not found.")
    return {
        "@odata.context": f"{ask.root}/$metadata#identityProtection/riskyUsers/$entity",
        "id": oid,
        "isDeleted": user is None,
        "isProcessing": False,
        "riskDetail": risk.detail,
        "riskLastUpdatedDateTime": exact(risk.updated_at),
        "riskLevel": risk.level,
        "riskState": risk.state,
        "userDisplayName": user.display_name if user else None,
        "userPrincipalName": user.upn if user else None,
    }


@operation(
    "POST",
    "/identityProtection/riskyUsers/confirmCompromised",
    any_of=_WRITE,
    shape=Shape.NOTHING,
    service=Service.IDENTITY_PROTECTION,
)
def confirm_compromised(ask: Ask) -> Answer:
    """Set the risk of accounts to high."""
    return _judge(ask, state="confirmedCompromised", level="high", detail=_CONFIRMED)


@operation(
    "POST",
    "/identityProtection/riskyUsers/dismiss",
    any_of=_WRITE,
    shape=Shape.NOTHING,
    service=Service.IDENTITY_PROTECTION,
)
def dismiss(ask: Ask) -> Answer:
    """Take the risk of accounts back."""
    return _judge(ask, state="dismissed", level="none", detail="adminDismissedAllRiskForUser")


_CONFIRMED: Final = "adminConfirmedUserCompromised"


def _judge(ask: Ask, *, state: str, level: str, detail: str) -> Answer:
    _licensed(ask)
    for oid in _named(ask):
        risk = Risk(state=state, level=level, detail=detail, updated_at=ask.world.now())
        ask.world.state.risks[oid] = risk
        ask.wrote(oid, f"risk: {state}")
    return Answer(204)


def _named(ask: Ask) -> list[str]:
    fields = ask.fields()
    oids = fields.get(_BODY)
    if fields.keys() != {_BODY} or not isinstance(oids, list) or not oids:
        raise bad_request(f"The body must hold '{_BODY}' and nothing else.", code="BadRequest")
    if not all(isinstance(oid, str) for oid in oids):
        raise bad_request(f"'{_BODY}' must be strings.", code="BadRequest")
    for oid in oids:
        if oid.lower() not in ask.world.state.users:
            raise GraphRefusal(404, "NotFound", f"User '{oid}' was not found.")
    return [oid.lower() for oid in oids]


def _licensed(ask: Ask) -> None:
    if not ask.world.licensed(Licence.ENTRA_P2):
        raise GraphRefusal(403, "Forbidden", "Your tenant is not licensed for this feature.")
