"""Registrations of applications, and the secrets and certificates that they sign in with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lab.tenant.answers import no_such_object
from lab.tenant.directory_state import AppKey, Registration
from lab.tenant.operations import Ask, Json, operation
from lab.tenant.user_view import exact

TYPE: Final = "microsoft.graph.application"
_PLAIN: Final = ("appId", "displayName", "id")
_SELECTED: Final = (*_PLAIN, "keyCredentials", "passwordCredentials")


@operation(
    "GET",
    "/applications/{application}",
    any_of=("Application.Read.All", "Application.ReadWrite.All", "Directory.Read.All"),
    returns=TYPE,
)
def read_application(ask: Ask) -> Json:
    """Read one registration; its certificates are shown to whoever selects them."""
    found = ask.world.state.directory.registered.get(ask.path["application"].lower())
    if found is None:
        raise no_such_object(ask.path["application"])
    wanted = ask.wants(_SELECTED, TYPE) or (*_PLAIN, "passwordCredentials")
    context = f"{ask.root}/$metadata#applications/$entity"
    shown = _shown(found)
    return {"@odata.context": context, **{name: shown[name] for name in wanted}}


def secrets(keys: Iterable[AppKey]) -> list[Json]:
    """Show the secrets as Graph does: by a hint, never by what they are."""
    return [
        {**_dated(key), "hint": "aB3", "secretText": None} for key in keys if not key.certificate
    ]


def certificates(keys: Iterable[AppKey]) -> list[Json]:
    """Show the certificates."""
    return [
        {**_dated(key), "key": None, "type": "AsymmetricX509Cert", "usage": "Verify"}
        for key in keys
        if key.certificate
    ]


def described(keys: Iterable[AppKey]) -> str:
    """Write all keys as the audit log does, in one text."""
    kinds = {False: "Password", True: "AsymmetricX509Cert"}
    found = [
        f"[KeyIdentifier={key.id},KeyType={kinds[key.certificate]},KeyUsage=Verify,"
        f"DisplayName={key.name}]"
        for key in keys
    ]
    return "[" + ",".join(f'"{text}"' for text in found) + "]"


def _dated(key: AppKey) -> Json:
    return {
        "customKeyIdentifier": None,
        "displayName": key.name,
        "endDateTime": exact(key.ends),
        "keyId": key.id,
        "startDateTime": exact(key.begins),
    }


def _shown(found: Registration) -> Json:
    return {
        "appId": found.app_id,
        "displayName": found.name,
        "id": found.id,
        "keyCredentials": certificates(found.keys),
        "passwordCredentials": secrets(found.keys),
    }
