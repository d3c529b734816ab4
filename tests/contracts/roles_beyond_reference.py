"""Requests to Privileged Identity Management and members of groups, which the reference leaves out.

Source: https://learn.microsoft.com/graph/api/resources/unifiedroleeligibilityschedulerequest,
group-post-members, group-delete-members (v1.0)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_TERM = "microsoft.graph.requestSchedule"
_REQUEST: dict[str, Any] = {
    "base": "microsoft.graph.entity",
    "props": {
        "action": ["microsoft.graph.unifiedRoleScheduleRequestActions", False],
        "appScopeId": ["Edm.String", True],
        "directoryScopeId": ["Edm.String", True],
        "isValidationOnly": ["Edm.Boolean", True],
        "justification": ["Edm.String", True],
        "principalId": ["Edm.String", True],
        "roleDefinitionId": ["Edm.String", True],
        "scheduleInfo": [_TERM, True],
        "status": ["Edm.String", False],
        "targetScheduleId": ["Edm.String", True],
    },
}
ASSIGNMENT_REQUEST = "microsoft.graph.unifiedRoleAssignmentScheduleRequest"
ELIGIBILITY_REQUEST = "microsoft.graph.unifiedRoleEligibilityScheduleRequest"
TYPES: Mapping[str, Any] = {
    ASSIGNMENT_REQUEST: _REQUEST,
    ELIGIBILITY_REQUEST: _REQUEST,
    _TERM: {
        "base": None,
        "props": {
            "expiration": ["microsoft.graph.expirationPattern", True],
            "startDateTime": ["Edm.DateTimeOffset", True],
        },
    },
    "microsoft.graph.expirationPattern": {
        "base": None,
        "props": {
            "duration": ["Edm.Duration", True],
            "endDateTime": ["Edm.DateTimeOffset", True],
            "type": ["microsoft.graph.expirationPatternType", True],
        },
    },
    "microsoft.graph.expirationPatternType": {
        "enum": ["notSpecified", "noExpiration", "afterDateTime", "afterDuration"]
    },
    "microsoft.graph.unifiedRoleScheduleRequestActions": {
        "enum": ["adminAssign", "adminUpdate", "adminRemove", "selfActivate", "selfDeactivate"]
    },
}
_MEMBERS: Mapping[str, Any] = {"least": ["GroupMember.ReadWrite.All"], "also": []}
OPERATIONS: Mapping[str, Any] = {
    "POST /groups/{id}/members/$ref": _MEMBERS,
    "DELETE /groups/{id}/members/{id}/$ref": _MEMBERS,
}
