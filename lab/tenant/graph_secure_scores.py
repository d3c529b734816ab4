"""Microsoft Secure Score: the days' scores, the controls, and what an administrator decides."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from lab.tenant.answers import Answer, GraphRefusal, bad_request
from lab.tenant.limits import Service
from lab.tenant.operations import Ask, Json, Shape, operation
from lab.tenant.posture_state import ScoreControl, ScoreDay, StateUpdate
from lab.tenant.user_view import exact, seconds

SCORE: Final = "microsoft.graph.secureScore"
PROFILE: Final = "microsoft.graph.secureScoreControlProfile"
_READ: Final = ("SecurityEvents.Read.All", "SecurityEvents.ReadWrite.All")
_WRITE: Final = ("SecurityEvents.ReadWrite.All",)
_STATES: Final = frozenset({"Default", "Ignored", "ThirdParty", "Reviewed"})
_WRITABLE: Final = frozenset({"assignedTo", "comment", "state", "vendorInformation"})
_VENDOR: Final = {
    "provider": "SecureScore",
    "providerVersion": None,
    "subProvider": None,
    "vendor": "Microsoft",
}


@operation(
    "GET",
    "/security/secureScores",
    any_of=_READ,
    shape=Shape.MANY,
    returns=SCORE,
    service=Service.SECURE_SCORE,
)
def list_scores(ask: Ask) -> Json:
    """List the scores of the last 90 days, newest first."""
    days = sorted(ask.world.state.posture.days, key=lambda day: day.at, reverse=True)
    kept = [day for day in days if (ask.world.now() - day.at).days < _KEPT]
    return ask.page(kept, lambda day: _score(ask, day), context="security/secureScores")


_KEPT: Final = 90


@operation(
    "GET",
    "/security/secureScoreControlProfiles",
    any_of=_READ,
    shape=Shape.MANY,
    returns=PROFILE,
    service=Service.SECURE_SCORE,
)
def list_profiles(ask: Ask) -> Json:
    """List the controls."""
    controls = ask.world.state.posture.controls.values()
    context = "security/secureScoreControlProfiles"
    return ask.page(controls, lambda control: _profile(ask, control), context=context)


@operation(
    "PATCH",
    "/security/secureScoreControlProfiles/{control}",
    any_of=_WRITE,
    shape=Shape.NOTHING,
    consumes=PROFILE,
    service=Service.SECURE_SCORE,
)
def decide(ask: Ask) -> Answer:
    """Take an administrator's word on a control; Defender's own take none here."""
    controls = ask.world.state.posture.controls
    control = controls.get(ask.path["control"])
    if control is None:
        raise GraphRefusal(404, "NotFound", "The control profile was not found.")
    fields = ask.fields()
    vendor = fields.get("vendorInformation") or {}
    if not vendor.get("provider") or not vendor.get("vendor") or fields.keys() - _WRITABLE:
        raise bad_request("Provider and vendor are required.", code="BadRequest")
    if fields.get("state") not in _STATES or control.id.startswith("scid_"):
        raise bad_request("The control cannot be updated.", code="BadRequest")
    made = StateUpdate(
        state=fields["state"],
        comment=str(fields.get("comment") or ""),
        by=ask.claims.oid,
        at=ask.world.now(),
    )
    controls[control.id] = replace(control, updates=(*control.updates, made))
    ask.wrote("", f"control {control.id}: {made.state}")
    return Answer(204)


def _score(ask: Ask, day: ScoreDay) -> Json:
    controls = ask.world.state.posture.controls
    return {
        "id": f"{ask.world.tenant_id}_{day.at:%Y-%m-%d}",
        "azureTenantId": ask.world.tenant_id,
        "activeUserCount": day.users,
        "createdDateTime": seconds(day.at),
        "currentScore": sum(day.points.values()),
        "enabledServices": ["HasExchange", "HasAADP1"],
        "licensedUserCount": day.users,
        "maxScore": day.maximum,
        "averageComparativeScores": [
            {"basis": basis, "averageScore": score} for basis, score in day.averages.items()
        ],
        "controlScores": [
            {
                "controlCategory": controls[name].category if name in controls else "Apps",
                "controlName": name,
                "description": "",
                "score": points,
                # Not in the model of v1.0, whose type is open; services send it, but not all.
                **({"scoreInPercentage": day.shares[name]} if name in day.shares else {}),
            }
            for name, points in day.points.items()
        ],
        "vendorInformation": _VENDOR,
    }


def _profile(ask: Ask, control: ScoreControl) -> Json:
    return {
        "id": control.id,
        "azureTenantId": ask.world.tenant_id,
        "actionType": "Config",
        "actionUrl": "https://security.microsoft.com/securescore",
        "controlCategory": control.category,
        "title": control.title,
        "deprecated": control.deprecated,
        "implementationCost": control.cost,
        "lastModifiedDateTime": None,
        "maxScore": control.maximum,
        "rank": control.rank,
        "remediation": f"Do what it takes: {control.title}.",
        "remediationImpact": "Users may notice.",
        "service": control.service,
        "threats": ["Account Breach"],
        "tier": "Core",
        "userImpact": control.impact,
        "complianceInformation": [],
        "controlStateUpdates": [
            {
                "assignedTo": "",
                "comment": update.comment,
                "state": update.state,
                "updatedBy": update.by,
                "updatedDateTime": exact(update.at),
            }
            for update in control.updates
        ],
        "vendorInformation": _VENDOR,
    }
