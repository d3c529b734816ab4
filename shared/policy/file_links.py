"""Find the link that a row of the audit log speaks of among the links a file has now. Pure."""

from __future__ import annotations

import re
import uuid
from types import MappingProxyType
from typing import Final

from shared.clients.audit_search import AuditRecord
from shared.clients.files import SharingLink

OPERATIONS: Final = (
    "AnonymousLinkCreated",
    "CompanyLinkCreated",
    "SecureLinkCreated",
    "SharingLinkCreated",
)
"""What the audit log calls the making of a link (learn.microsoft.com/purview/audit-log-activities).
"""

_SCOPES: Final = MappingProxyType(
    {
        "AnonymousLinkCreated": "anonymous",
        "CompanyLinkCreated": "organization",
        "SecureLinkCreated": "users",
    }
)
_NAMED_SCOPES: Final = frozenset({"anonymous", "organization", "users"})
_TYPE: Final = re.compile(r"<Type>(\w+)</Type>")
_KINDS: Final = frozenset({"view", "edit"})


def made_by(record: AuditRecord, links: tuple[SharingLink, ...]) -> tuple[SharingLink, ...]:
    """Give the link that was made, nothing if it is gone, several if they cannot be told apart.

    SharePoint writes down the link's own id. Where it did not, or Graph's ids are of another kind,
    the link is one of the same scope and kind.
    """
    name = _text(record, "UniqueSharingId")
    if _is_guid(name) and all(_is_guid(link.id) for link in links):
        return tuple(link for link in links if link.id.lower() == name)
    scope, kind = _scope(record), _kind(record)
    return tuple(
        link
        for link in links
        if (scope is None or link.scope in (scope, None))
        and (kind is None or link.kind in (kind, None))
    )


def _scope(record: AuditRecord) -> str | None:
    said = _text(record, "SharingLinkScope")
    return _SCOPES.get(record.operation) or (said if said in _NAMED_SCOPES else None)


def _kind(record: AuditRecord) -> str | None:
    tag = _TYPE.search(str(record.details.get("EventData") or ""))
    said = tag[1].lower() if tag else _text(record, "Permission")
    return said if said in _KINDS else None


def _text(record: AuditRecord, field: str) -> str:
    return str(record.details.get(field) or "").strip().lower()


def _is_guid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
