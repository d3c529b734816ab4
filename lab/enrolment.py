"""How people come to have authentication methods before a story begins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from lab.tenant.state import Authentication, AuthMethod
from lab.tenant.user_view import seconds
from lab.tenant.world import World

_USUAL: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {
        "email": {"emailAddress": "collector@mallory.example"},
        "externalAuthentication": {
            "configurationId": "0c5b0d24-1c1f-4c57-8f3a-2f0a8e3d6a55",
            "displayName": "Other provider",
        },
        "fido2": {
            "aaGuid": "d8522d9f-575b-4866-88a9-ba99fa02f35b",
            "attestationLevel": "attested",
            "displayName": "Security key",
            "model": "Key of a maker",
        },
        "hardwareOath": {},
        "microsoftAuthenticator": {
            "deviceTag": "SoftwareTokenActivated",
            "displayName": "Telephone",
            "phoneAppVersion": "6.2401.0",
        },
        "phone": {
            "phoneNumber": "+49 30 901820",
            "phoneType": "mobile",
            "smsSignInState": "notAllowedByPolicy",
        },
        "platformCredential": {
            "displayName": "Notebook",
            "keyStrength": "normal",
            "platform": "macOS",
        },
        "qrCodePin": {},
        "softwareOath": {"secretKey": None},
        "temporaryAccessPass": {
            "isUsable": True,
            "isUsableOnce": False,
            "lifetimeInMinutes": 60,
            "methodUsabilityReason": "EnabledByPolicy",
        },
        "windowsHelloForBusiness": {"displayName": "Notebook", "keyStrength": "normal"},
    }
)


class Enrolment:
    """Registers methods in one tenant as if it had happened earlier: nothing of it is a write."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._held = world.state.authentication

    def register(self, oid: str, kind: str, *, at: datetime | None, **shown: Any) -> AuthMethod:
        """Register one method at a time, or at a time that Graph does not tell (`None`)."""
        details = {**_USUAL.get(kind, {}), **shown}
        if kind == "temporaryAccessPass":
            details.setdefault("startDateTime", seconds(at or self._world.now()))
        method = AuthMethod(id=self._world.guid(), kind=kind, created_at=at, shown=details)
        before = self.of(oid)
        self._held[oid] = replace(before, methods=(*before.methods, method))
        return method

    def prefer(self, oid: str, preference: str) -> None:
        """Choose the default second factor."""
        self._held[oid] = replace(self.of(oid), preferred=preference)

    def require(self, oid: str, state: str) -> None:
        """Set the state of per-user multifactor authentication."""
        self._held[oid] = replace(self.of(oid), per_user_mfa=state)

    def of(self, oid: str) -> Authentication:
        """Read how an account proves itself."""
        return self._held.get(oid, Authentication())
