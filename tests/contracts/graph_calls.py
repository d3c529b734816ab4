"""What a request to Graph and its answer have to look like, operation by operation.

Told from Microsoft's reference, not from the simulated tenant: both sides are judged by it.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from typing import Any, Final

from tests.contracts.beyond_reference import APPLICATION, EMAIL, ITEM, PERMISSION, REMEDIATION
from tests.contracts.graph_types import DOMAIN, PREFERENCES, REQUIREMENTS, Permissions, Types
from tests.contracts.recording import Exchange
from tests.contracts.roles_beyond_reference import ASSIGNMENT_REQUEST, ELIGIBILITY_REQUEST

USER: Final = "microsoft.graph.user"
RULE: Final = "microsoft.graph.messageRule"
SETTINGS: Final = "microsoft.graph.mailboxSettings"
RISK: Final = "microsoft.graph.riskyUser"
OBJECT: Final = "microsoft.graph.directoryObject"
_DIRECTORY: Final = "/rolemanagement/directory"
_ROLE: Final = "microsoft.graph.unifiedRole"
GRANT: Final = "microsoft.graph.oAuth2PermissionGrant"
AUDIT: Final = "microsoft.graph.directoryAudit"
ALERT: Final = "microsoft.graph.security.alert"
INCIDENT: Final = "microsoft.graph.security.incident"
COMMENT: Final = "microsoft.graph.security.alertComment"
IDENTITY: Final = "microsoft.graph.security.identityAccounts"
INVOKE: Final = (
    "POST /security/identities/identityaccounts/{id}/microsoft.graph.security.invokeaction"
)
SEARCH: Final = "microsoft.graph.security.auditLogQuery"
CONTROL: Final = "microsoft.graph.secureScoreControlProfile"
METHOD: Final = "microsoft.graph.authenticationMethod"
TEMPORARY_PASS: Final = "microsoft.graph.temporaryAccessPassAuthenticationMethod"
STABLE: Final = "v1.0"
BETA: Final = "beta"
_ROOT: Final = "https://graph.microsoft.com"
_ID: Final = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_CLAUSE: Final = re.compile(
    r"(?:(\w+)(?:/\w+)* eq '(?:[^']|'')*'"
    r"|(\w+) (?:ge|le) \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
    r"|(\w+)/any\((\w):\4/\w+ eq '(?:[^']|'')*'\)"
    r"|(\w+) in \('[^',]*'(?:,'[^',]*'){0,14}\))"
)
"""A comparison of a property, of one inside it, of one inside any of its items, or with several."""
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")

_MOST: Final = 999


@dataclass(frozen=True, kw_only=True)
class Call:
    """One operation: the type of its body, of its answer, and how many."""

    sends: str | None = None
    parameters: tuple[tuple[str, str], ...] = ()
    """Of an action, with their types."""
    gives: str | None = None
    reference: str | None = None
    """The collection that a reference in its body points into."""
    many: bool = False
    value: str | None = None
    """The type of a bare value."""
    expands: tuple[str, str] = ("", "")
    """What it points to and may show in full, and the type of that."""
    version: str = STABLE
    """`beta` only where v1.0 has no such resource, or does not show all of it."""


_USER_IDS: Final = (("userIds", "Collection(Edm.String)"),)
CALLS: Final = {
    "GET /users": Call(gives=USER, many=True),
    "GET /users/{id}": Call(gives=USER),
    "PATCH /users/{id}": Call(sends=USER),
    "GET /users/{id}/transitivememberof": Call(gives="microsoft.graph.directoryObject", many=True),
    "POST /users/{id}/revokesigninsessions": Call(value="Edm.Boolean"),
    "GET /users/{id}/mailfolders/inbox/messagerules": Call(gives=RULE, many=True),
    "GET /users/{id}/mailfolders/inbox/messagerules/{id}": Call(gives=RULE),
    "PATCH /users/{id}/mailfolders/inbox/messagerules/{id}": Call(sends=RULE, gives=RULE),
    "DELETE /users/{id}/mailfolders/inbox/messagerules/{id}": Call(),
    "GET /users/{id}/mailboxsettings": Call(gives=SETTINGS),
    "PATCH /users/{id}/mailboxsettings": Call(sends=SETTINGS, gives=SETTINGS),
    "GET /domains": Call(gives=DOMAIN, many=True),
    "GET /organization": Call(gives="microsoft.graph.organization", many=True),
    "GET /identityprotection/riskyusers/{id}": Call(gives=RISK),
    "POST /identityprotection/riskyusers/confirmcompromised": Call(parameters=_USER_IDS),
    "POST /identityprotection/riskyusers/dismiss": Call(parameters=_USER_IDS),
    "GET /users/{id}/authentication/methods": Call(gives=METHOD, many=True, version=BETA),
    "GET /users/{id}/authentication/signinpreferences": Call(gives=PREFERENCES, version=BETA),
    "PATCH /users/{id}/authentication/signinpreferences": Call(sends=PREFERENCES, version=BETA),
    "GET /users/{id}/authentication/requirements": Call(gives=REQUIREMENTS, version=BETA),
    "PATCH /users/{id}/authentication/requirements": Call(sends=REQUIREMENTS, version=BETA),
    "DELETE /users/{id}/authentication/hardwareoathmethods/{id}": Call(version=BETA),
    "DELETE /users/{id}/authentication/qrcodepinmethod": Call(version=BETA),
    "DELETE /users/{id}/authentication/emailmethods/{id}": Call(),
    "DELETE /users/{id}/authentication/externalauthenticationmethods/{id}": Call(),
    "DELETE /users/{id}/authentication/fido2methods/{id}": Call(),
    "DELETE /users/{id}/authentication/microsoftauthenticatormethods/{id}": Call(),
    "DELETE /users/{id}/authentication/phonemethods/{id}": Call(),
    "DELETE /users/{id}/authentication/platformcredentialmethods/{id}": Call(),
    "DELETE /users/{id}/authentication/softwareoathmethods/{id}": Call(),
    "DELETE /users/{id}/authentication/temporaryaccesspassmethods/{id}": Call(),
    "DELETE /users/{id}/authentication/windowshelloforbusinessmethods/{id}": Call(),
    "POST /users/{id}/authentication/temporaryaccesspassmethods": Call(
        sends=TEMPORARY_PASS, gives=TEMPORARY_PASS
    ),
    "GET /auditlogs/directoryaudits": Call(gives=AUDIT, many=True),
    "GET /users/{id}/oauth2permissiongrants": Call(gives=GRANT, many=True),
    "GET /oauth2permissiongrants": Call(gives=GRANT, many=True),
    "POST /oauth2permissiongrants": Call(sends=GRANT, gives=GRANT),
    "DELETE /oauth2permissiongrants/{id}": Call(),
    "GET /users/{id}/registereddevices": Call(gives=OBJECT, many=True),
    "GET /users/{id}/owneddevices": Call(gives=OBJECT, many=True),
    "PATCH /devices/{id}": Call(sends="microsoft.graph.device"),
    "GET /groups/{id}/members": Call(gives=OBJECT, many=True),
    "POST /groups/{id}/members/$ref": Call(reference="directoryObjects"),
    "DELETE /groups/{id}/members/{id}/$ref": Call(),
    f"GET {_DIRECTORY}/roleassignments": Call(gives=f"{_ROLE}Assignment", many=True),
    f"POST {_DIRECTORY}/roleassignments": Call(
        sends=f"{_ROLE}Assignment", gives=f"{_ROLE}Assignment"
    ),
    f"DELETE {_DIRECTORY}/roleassignments/{{id}}": Call(),
    f"GET {_DIRECTORY}/roledefinitions/{{id}}": Call(gives=f"{_ROLE}Definition"),
    f"GET {_DIRECTORY}/roleassignmentscheduleinstances": Call(
        gives=f"{_ROLE}AssignmentScheduleInstance", many=True
    ),
    f"GET {_DIRECTORY}/roleeligibilityscheduleinstances": Call(
        gives=f"{_ROLE}EligibilityScheduleInstance", many=True
    ),
    f"POST {_DIRECTORY}/roleassignmentschedulerequests": Call(
        sends=ASSIGNMENT_REQUEST, gives=ASSIGNMENT_REQUEST
    ),
    f"POST {_DIRECTORY}/roleeligibilityschedulerequests": Call(
        sends=ELIGIBILITY_REQUEST, gives=ELIGIBILITY_REQUEST
    ),
    "GET /identity/conditionalaccess/policies": Call(
        gives="microsoft.graph.conditionalAccessPolicy", many=True
    ),
    "GET /policies/identitysecuritydefaultsenforcementpolicy": Call(
        gives="microsoft.graph.identitySecurityDefaultsEnforcementPolicy"
    ),
    "GET /reports/authenticationmethods/userregistrationdetails": Call(
        gives="microsoft.graph.userRegistrationDetails", many=True
    ),
    "GET /groups/{id}/transitivemembers": Call(gives=OBJECT, many=True),
    "PATCH /serviceprincipals/{id}": Call(sends="microsoft.graph.servicePrincipal"),
    "GET /serviceprincipals/{id}": Call(gives="microsoft.graph.servicePrincipal"),
    "GET /applications/{id}": Call(gives=APPLICATION),
    "GET /auditlogs/signins": Call(gives="microsoft.graph.signIn", many=True),
    "GET /security/auditlog/queries": Call(gives=SEARCH, many=True),
    "POST /security/auditlog/queries": Call(sends=SEARCH, gives=SEARCH),
    "GET /security/auditlog/queries/{id}": Call(gives=SEARCH),
    "GET /security/auditlog/queries/{id}/records": Call(
        gives="microsoft.graph.security.auditLogRecord", many=True
    ),
    "GET /admin/exchange/tracing/messagetraces": Call(
        gives="microsoft.graph.exchangeMessageTrace", many=True
    ),
    "GET /shares/{id}/driveitem": Call(gives=ITEM),
    "GET /drives/{id}/items/{id}/permissions": Call(gives=PERMISSION, many=True),
    "DELETE /drives/{id}/items/{id}/permissions/{id}": Call(),
    "GET /security/collaboration/analyzedemails": Call(gives=EMAIL, many=True),
    "POST /security/collaboration/analyzedemails/remediate": Call(parameters=REMEDIATION),
    "GET /security/identities/identityaccounts": Call(gives=IDENTITY, many=True),
    INVOKE: Call(
        parameters=(
            ("accountId", "Edm.String"),
            ("action", "microsoft.graph.security.action"),
            ("identityProvider", "microsoft.graph.security.identityProvider"),
        ),
        gives="microsoft.graph.security.invokeActionResult",
    ),
    "GET /security/securescores": Call(gives="microsoft.graph.secureScore", many=True),
    "GET /security/securescorecontrolprofiles": Call(gives=CONTROL, many=True),
    "PATCH /security/securescorecontrolprofiles/{id}": Call(
        parameters=(
            ("assignedTo", "Edm.String"),
            ("comment", "Edm.String"),
            ("state", "Edm.String"),
            ("vendorInformation", "microsoft.graph.securityVendorInformation"),
        )
    ),
    "GET /security/alerts_v2/{id}": Call(gives=ALERT),
    "GET /security/incidents/{id}": Call(
        gives=INCIDENT, expands=("alerts", f"Collection({ALERT})")
    ),
    "PATCH /security/incidents/{id}": Call(sends=INCIDENT, gives=INCIDENT),
    "POST /security/incidents/{id}/comments": Call(sends=COMMENT, value=f"Collection({COMMENT})"),
    "PATCH /security/alerts_v2/{id}": Call(sends=ALERT, gives=ALERT),
    "POST /security/alerts_v2/{id}/comments": Call(sends=COMMENT, value=f"Collection({COMMENT})"),
}
"""Source: learn.microsoft.com/graph/api, one page for each operation."""


class Contract:
    """Judges what passed between our clients and the simulated tenant."""

    def __init__(self, types: Types, permissions: Permissions) -> None:
        self._types = types
        self._permissions = permissions

    def operation(self, passed: Exchange) -> str:
        """Name the operation. Raises where Graph has none, or none that we know."""
        found = self._permissions.operation(passed.request.method, passed.path)
        assert found, f"Graph has no such operation: {passed}"
        assert found in CALLS, f"say in CALLS what {found} sends and gives"
        return found

    def allowing(self, passed: Exchange) -> frozenset[str]:
        """Give the permissions each of which is enough for a request."""
        return self._permissions.allowing(self.operation(passed), passed.body)

    def problems(self, passed: Exchange) -> Iterator[str]:
        """Say whatever is wrong with a request or its answer."""
        call = CALLS[self.operation(passed)]
        if passed.request.url.scheme != "https" or passed.version != call.version:
            yield f"is not sent to {call.version} over https"
        yield from self._query(passed, call)
        yield from self._body(passed.body, call)
        if passed.status < 400:
            yield from self._answer(passed.answer, call)
        else:
            yield from _error(passed.answer)

    def _query(self, passed: Exchange, call: Call) -> Iterator[str]:
        if passed.query.keys() - {"$skiptoken"} and not call.gives:
            yield "a query where nothing is read"
            return
        known = self._types.properties(call.gives) if call.gives else {}
        for option, text in passed.query.items():
            expanded = option == "$expand" and text == call.expands[0]
            if not expanded and not _option_fits(option, text, known):
                yield f"query option {option}={text}"

    def _body(self, body: Any, call: Call) -> Iterator[str]:
        if call.sends:
            if not isinstance(body, dict) or not [n for n in body if "@odata." not in n]:
                yield "sends nothing"
            yield from self._types.problems(body, call.sends, "body")
        elif call.parameters:
            yield from self._parameters(body, dict(call.parameters))
        elif call.reference:
            if not re.fullmatch(rf"{_ROOT}/v1\.0/{call.reference}/{_ID}", _pointed_at(body)):
                yield f"refers to {body!r}"
        elif body is not None:
            yield f"sends {body!r}, where nothing is taken"

    def _parameters(self, body: Any, wanted: dict[str, str]) -> Iterator[str]:
        if not isinstance(body, dict) or body.keys() != wanted.keys():
            yield f"parameters {body!r}"
            return
        for name, kind in wanted.items():
            yield from self._types.problems(body[name], kind, name)

    def _answer(self, answer: Any, call: Call) -> Iterator[str]:
        kind = call.value or (f"Collection({call.gives})" if call.many else call.gives)
        if answer is None or kind is None:
            if answer is not kind:
                yield "an empty answer" if answer is None else "an answer where none is given"
            return
        root = f"{_ROOT}/{call.version}/"
        if not str(answer.get("@odata.context")).startswith(f"{root}$metadata#"):
            yield f"context {answer.get('@odata.context')!r}"
        if call.many or call.value:
            yield from _envelope(answer, root)
        value = answer["value"] if call.many or call.value else answer
        shown, sort = call.expands
        if shown in answer:
            yield from self._types.problems(answer[shown], sort, shown)
            value = {name: item for name, item in answer.items() if name != shown}
        yield from self._types.problems(value, kind, "answer")


def _envelope(answer: Any, root: str) -> Iterator[str]:
    if extra := answer.keys() - {"@odata.context", "@odata.nextLink", "value"}:
        yield f"beside the value: {sorted(extra)}"
    if not str(answer.get("@odata.nextLink", root)).startswith(root):
        yield f"next link {answer['@odata.nextLink']!r}"


def _pointed_at(body: Any) -> str:
    """Read a body that is nothing but a reference."""
    alone = isinstance(body, dict) and body.keys() == {"@odata.id"}
    return str(body["@odata.id"]) if alone else ""


def _error(answer: Any) -> Iterator[str]:
    """Judge an error: https://learn.microsoft.com/graph/errors#error-resource-type."""
    error = answer.get("error") if isinstance(answer, dict) else None
    if not isinstance(error, dict) or answer.keys() != {"error"}:
        yield f"is no error object: {answer!r}"
        return
    if not (error.get("code") and error.get("message")):
        yield f"an error without code or message: {error!r}"
    if extra := error.keys() - {"code", "message", "innerError", "details", "target"}:
        yield f"an error with {sorted(extra)}"


def _option_fits(option: str, text: str, known: Container[str]) -> bool:
    match option:
        case "$select":
            return all(name in known for name in text.split(","))
        case "$filter":
            compared = [_CLAUSE.fullmatch(clause) for clause in text.split(" and ")]
            return all(c and (c[1] or c[2] or c[3] or c[5]) in known for c in compared)
        case "startTime" | "endTime":
            return _TIME.fullmatch(text) is not None
        case "$top":
            return text.isdigit() and 1 <= int(text) <= _MOST
        case _:
            return option == "$skiptoken"
