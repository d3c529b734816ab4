"""Methods of every kind that the intruder registered, beside those the owner has had for years."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from lab.enrolment import Enrolment
from lab.footholds import Foothold
from lab.method_footholds import RegisteredMethod, StolenPass
from lab.stage import Stage
from lab.tenant.state import AuthMethod

_KINDS: Final = (
    "email",
    "externalAuthentication",
    "fido2",
    "hardwareOath",
    "platformCredential",
    "qrCodePin",
    "softwareOath",
    "windowsHelloForBusiness",
)


def plant(stage: Stage, oid: str) -> list[Foothold]:
    """Register everything; the intruder's Authenticator is the default, not the owner's phone."""
    enrolment = Enrolment(stage.tenant)
    long_ago = stage.tenant.created_at + timedelta(days=400)
    for kind in ("phone", "fido2", "windowsHelloForBusiness"):
        _own(stage, oid, enrolment.register(oid, kind, at=long_ago))
    for bystander in stage.bystanders:
        if not enrolment.of(bystander).methods:
            enrolment.register(bystander, "phone", at=long_ago)
    at = stage.since + timedelta(minutes=2)
    theirs = [enrolment.register(oid, kind, at=at) for kind in _KINDS]
    phone = {"phoneType": "alternateMobile", "phoneNumber": "+1 202 5550142"}
    theirs.append(enrolment.register(oid, "phone", at=at, **phone))
    theirs.append(enrolment.register(oid, "microsoftAuthenticator", at=at, displayName="Emulator"))
    enrolment.prefer(oid, "push")
    access = enrolment.register(oid, "temporaryAccessPass", at=at, lifetimeInMinutes=480)
    return [
        *(RegisteredMethod(f"{one.kind} registered by the intruder", method=one) for one in theirs),
        StolenPass("Temporary Access Pass", method=access),
    ]


def _own(stage: Stage, oid: str, method: AuthMethod) -> None:
    held = stage.tenant.state.authentication
    stage.owned[f"own {method.kind} method"] = lambda: method in held[oid].methods
