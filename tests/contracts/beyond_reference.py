"""Files, applications and analysed mail in v1.0, which the reference data leaves out.

Source: https://learn.microsoft.com/graph/api/resources, one page for each type, and the page of
each operation for its permissions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_ENTITY = "microsoft.graph.entity"
_SECURITY = "microsoft.graph.security"
ITEM = "microsoft.graph.driveItem"
PERMISSION = "microsoft.graph.permission"
APPLICATION = "microsoft.graph.application"
EMAIL = f"{_SECURITY}.analyzedEmail"

TYPES: Mapping[str, Any] = {
    ITEM: {
        "base": _ENTITY,
        "props": {
            "name": ["Edm.String", True],
            "webUrl": ["Edm.String", True],
            "size": ["Edm.Int64", True],
            "file": ["graph.file", True],
            "parentReference": ["graph.itemReference", True],
        },
    },
    "microsoft.graph.file": {"base": None, "props": {"mimeType": ["Edm.String", True]}},
    "microsoft.graph.itemReference": {
        "base": None,
        "props": {
            "driveId": ["Edm.String", True],
            "driveType": ["Edm.String", True],
            "id": ["Edm.String", True],
            "path": ["Edm.String", True],
        },
    },
    PERMISSION: {
        "base": _ENTITY,
        "props": {
            "expirationDateTime": ["Edm.DateTimeOffset", True],
            "grantedToIdentitiesV2": ["Collection(graph.sharePointIdentitySet)", True],
            "grantedToV2": ["graph.sharePointIdentitySet", True],
            "hasPassword": ["Edm.Boolean", True],
            "inheritedFrom": ["graph.itemReference", True],
            "link": ["graph.sharingLink", True],
            "roles": ["Collection(Edm.String)", True],
            "shareId": ["Edm.String", True],
        },
    },
    "microsoft.graph.sharingLink": {
        "base": None,
        "props": {
            "preventsDownload": ["Edm.Boolean", True],
            "scope": ["Edm.String", True],
            "type": ["Edm.String", True],
            "webUrl": ["Edm.String", True],
        },
    },
    "microsoft.graph.sharePointIdentitySet": {
        "base": None,
        "props": {"user": ["graph.sharingUser", True], "siteUser": ["graph.sharingUser", True]},
    },
    # Graph answers an open identity here, which carries the address beside id and name.
    "microsoft.graph.sharingUser": {
        "base": None,
        "props": {
            "displayName": ["Edm.String", True],
            "email": ["Edm.String", True],
            "id": ["Edm.String", True],
        },
    },
    APPLICATION: {
        "base": "microsoft.graph.directoryObject",
        "props": {
            "appId": ["Edm.String", True],
            "displayName": ["Edm.String", True],
            "keyCredentials": ["Collection(graph.keyCredential)", False],
            "passwordCredentials": ["Collection(graph.passwordCredential)", False],
        },
    },
    EMAIL: {
        "base": _ENTITY,
        "props": {
            "internetMessageId": ["Edm.String", True],
            "latestDelivery": ["self.analyzedEmailDeliveryDetail", True],
            "loggedDateTime": ["Edm.DateTimeOffset", True],
            "networkMessageId": ["Edm.String", True],
            "recipientEmailAddress": ["Edm.String", True],
            "senderDetail": ["self.analyzedEmailSenderDetail", True],
            "subject": ["Edm.String", True],
            "threatTypes": ["Collection(self.threatType)", True],
        },
    },
    f"{_SECURITY}.analyzedEmailSenderDetail": {
        "base": None,
        "props": {"fromAddress": ["Edm.String", True], "ipv4": ["Edm.String", True]},
    },
    f"{_SECURITY}.analyzedEmailDeliveryDetail": {
        "base": None,
        "props": {
            "action": ["self.deliveryAction", True],
            "latestThreats": ["Edm.String", True],
            "location": ["self.deliveryLocation", True],
            "originalThreats": ["Edm.String", True],
        },
    },
    f"{_SECURITY}.deliveryAction": {
        "enum": ["unknown", "deliveredToJunk", "delivered", "blocked", "replaced"]
    },
    f"{_SECURITY}.deliveryLocation": {
        "enum": [
            "unknown",
            "inbox_folder",
            "junkFolder",
            "deletedFolder",
            "quarantine",
            "onprem_external",
            "failed",
            "dropped",
            "others",
        ]
    },
    f"{_SECURITY}.threatType": {"enum": ["unknown", "spam", "malware", "phish", "none"]},
    f"{_SECURITY}.remediationAction": {
        "enum": ["moveToJunk", "moveToInbox", "hardDelete", "softDelete", "moveToDeletedItems"]
    },
    f"{_SECURITY}.remediationSeverity": {"enum": ["low", "medium", "high"]},
}
REMEDIATION = (
    ("displayName", "Edm.String"),
    ("description", "Edm.String"),
    ("severity", f"{_SECURITY}.remediationSeverity"),
    ("action", f"{_SECURITY}.remediationAction"),
    ("remediateSendersCopy", "Edm.Boolean"),
    ("analyzedEmails", f"Collection({EMAIL})"),
)
ROLES = frozenset({"Files.Read.All", "Files.ReadWrite.All"})
_WRITE = {"least": ["Files.ReadWrite.All"], "also": ["Sites.ReadWrite.All"]}
OPERATIONS: Mapping[str, Any] = {
    # The reference misspells the action's path.
    f"POST /security/identities/identityaccounts/{{id}}/{_SECURITY}.invokeaction": {
        "least": ["SecurityIdentitiesActions.ReadWrite.All"],
        "also": [],
    },
    "GET /applications/{id}": {
        "least": ["Application.Read.All"],
        "also": ["Application.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"],
    },
    "GET /shares/{id}/driveitem": _WRITE,
    "GET /drives/{id}/items/{id}/permissions": {
        "least": ["Files.Read.All"],
        "also": ["Files.ReadWrite.All", "Sites.Read.All", "Sites.ReadWrite.All"],
    },
    "DELETE /drives/{id}/items/{id}/permissions/{id}": _WRITE,
}
