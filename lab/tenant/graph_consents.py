"""Delegated permission grants, and the service principals that hold them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from lab.tenant.answers import Answer, GraphRefusal, bad_request, no_such_object, only_enabled
from lab.tenant.directory_state import Application, Grant
from lab.tenant.graph_applications import certificates, secrets
from lab.tenant.graph_directory_audits import record
from lab.tenant.operations import Ask, Json, Shape, operation

TYPE: Final = "microsoft.graph.oAuth2PermissionGrant"
APP: Final = "microsoft.graph.servicePrincipal"
_WRITE: Final = ("DelegatedPermissionGrant.ReadWrite.All", "Directory.ReadWrite.All")
_CLIENT: Final = re.compile(r"\s*clientId\s+eq\s+'([^']+)'\s*")
_FIELDS: Final = frozenset({"clientId", "consentType", "principalId", "resourceId", "scope"})
_APP_FIELDS: Final[Mapping[str, Callable[[Application], Any]]] = MappingProxyType(
    {
        "accountEnabled": lambda a: a.enabled,
        "appDisplayName": lambda a: a.name,
        "appId": lambda a: a.app_id,
        "appOwnerOrganizationId": lambda a: a.home,
        "displayName": lambda a: a.name,
        "id": lambda a: a.id,
        "keyCredentials": lambda a: certificates(a.keys),
        "passwordCredentials": lambda a: secrets(a.keys),
        "servicePrincipalType": lambda _: "Application",
        "verifiedPublisher": lambda a: {
            "displayName": a.publisher,
            "verifiedPublisherId": "1234567" if a.publisher else None,
            "addedDateTime": None,
        },
    }
)


@operation(
    "GET",
    "/users/{id}/oauth2PermissionGrants",
    any_of=("Directory.Read.All", "DelegatedPermissionGrant.ReadWrite.All"),
    shape=Shape.MANY,
    returns=TYPE,
)
def list_grants_of_user(ask: Ask) -> Json:
    """List what an account alone has granted; grants for all are not among them."""
    user = ask.user()
    held = [g for g in ask.world.state.directory.grants.values() if g.principal == user.id]
    return ask.page(held, _shown, context="oauth2PermissionGrants")


@operation(
    "GET",
    "/oauth2PermissionGrants",
    any_of=("Directory.Read.All", *_WRITE),
    shape=Shape.MANY,
    returns=TYPE,
)
def list_grants(ask: Ask) -> Json:
    """List all grants, or those of one client."""
    held = list(ask.world.state.directory.grants.values())
    text = ask.query.get("$filter")
    if text is not None:
        match = _CLIENT.fullmatch(text)
        if match is None:
            raise bad_request("Unsupported or invalid query filter clause specified.")
        held = [grant for grant in held if grant.client == match[1]]
    return ask.page(held, _shown, context="oauth2PermissionGrants")


@operation("POST", "/oauth2PermissionGrants", any_of=_WRITE, returns=TYPE, consumes=TYPE)
def create_grant(ask: Ask) -> Answer:
    """Grant for one account or for all; a pair of client and resource has one grant for each."""
    grant = _read(ask)
    held = ask.world.state.directory.grants
    if grant.id in held:
        raise GraphRefusal(
            409, "Request_MultipleObjectsWithSameKeyValue", "Permission entry already exists."
        )
    held[grant.id] = grant
    _wrote(ask, grant, "Add delegated permission grant")
    context = f"{ask.root}/$metadata#oauth2PermissionGrants/$entity"
    return Answer(201, {"@odata.context": context, **_shown(grant)})


@operation("DELETE", "/oauth2PermissionGrants/{grant}", any_of=_WRITE, shape=Shape.NOTHING)
def delete_grant(ask: Ask) -> Answer:
    """Take a grant back."""
    grant = ask.world.state.directory.grants.pop(ask.path["grant"], None)
    if grant is None:
        raise no_such_object(ask.path["grant"])
    _wrote(ask, grant, "Remove delegated permission grant")
    return Answer(204)


@operation(
    "GET",
    "/servicePrincipals/{client}",
    any_of=("Application.Read.All", "Application.ReadWrite.All", "Directory.Read.All"),
    returns=APP,
)
def read_service_principal(ask: Ask) -> Json:
    """Read one application."""
    app = ask.world.state.directory.apps.get(ask.path["client"].lower())
    if app is None:
        raise no_such_object(ask.path["client"])
    wanted = ask.wants(_APP_FIELDS, APP) or tuple(_APP_FIELDS)
    context = f"{ask.root}/$metadata#servicePrincipals/$entity"
    return {"@odata.context": context, **{name: _APP_FIELDS[name](app) for name in wanted}}


@operation(
    "PATCH",
    "/servicePrincipals/{client}",
    any_of=("Application.ReadWrite.All", "Directory.ReadWrite.All"),
    shape=Shape.NOTHING,
    consumes=APP,
)
def update_service_principal(ask: Ask) -> Answer:
    """Let anybody sign in to an application, or nobody; no other change of it is played."""
    apps = ask.world.state.directory.apps
    app = apps.get(ask.path["client"].lower())
    if app is None:
        raise no_such_object(ask.path["client"])
    enabled = only_enabled(ask.fields(), "ServicePrincipal")
    apps[app.id] = replace(app, enabled=enabled)
    targets = (("ServicePrincipal", app.id),)
    record(ask.world, "Update service principal", by=ask.claims.oid, targets=targets)
    ask.wrote(app.let_in_by or "", f"app {app.name!r}: accountEnabled {enabled}")
    return Answer(204)


def _shown(grant: Grant) -> Json:
    return {
        "id": grant.id,
        "clientId": grant.client,
        "consentType": grant.consent_type,
        "principalId": grant.principal,
        "resourceId": grant.resource,
        "scope": grant.scope,
    }


def _read(ask: Ask) -> Grant:
    fields = ask.fields()
    for name, value in fields.items():
        if name not in _FIELDS:
            raise bad_request(f"Resource has no property named '{name}'.")
        if not isinstance(value, str) and not (name == "principalId" and value is None):
            raise bad_request(f"Invalid value specified for property '{name}'.")
    grant = Grant(
        client=_app(ask, fields.get("clientId")),
        resource=_app(ask, fields.get("resourceId")),
        principal=fields.get("principalId"),
        scope=str(fields.get("scope") or ""),
    )
    if fields.get("consentType") != grant.consent_type:
        raise bad_request("Invalid value specified for property 'consentType'.")
    if grant.principal is not None and grant.principal not in ask.world.state.users:
        raise no_such_object(grant.principal)
    return grant


def _app(ask: Ask, oid: object) -> str:
    if not isinstance(oid, str) or oid not in ask.world.state.directory.apps:
        raise bad_request(f"Resource '{oid}' does not exist.")
    return oid


def _wrote(ask: Ask, grant: Grant, activity: str) -> None:
    targets = (("ServicePrincipal", grant.resource), ("ServicePrincipal", grant.client))
    scope = {"DelegatedPermissionGrant.Scope": grant.scope}
    record(ask.world, activity, by=ask.claims.oid, targets=targets, changed=scope)
    ask.wrote(grant.principal or grant.client, f"{activity}: {grant.scope}")
