"""A reading as a person is told of it: what was read, and where in the payload each point stands.

Pure; JSON, because a page, a command and a program show the same.
"""

from __future__ import annotations

from shared.alerts.carrier import Incomplete, NotForUs, Reading, Recognised, Unreadable
from shared.alerts.provenance import provenance
from shared.model import AlertDraft, Json


def explained(reading: Reading, body: bytes) -> Json:
    """Say what a reading of a body is, and why."""
    match reading:
        case Recognised(draft=draft):
            return {"sort": "recognised", **_drafted(draft, body)}
        case Incomplete(draft=draft, awaits=awaits):
            waits = awaits.model_dump(mode="json")
            return {"sort": "incomplete", "awaits": waits, **_drafted(draft, body)}
        case NotForUs(reason=reason, native_id=native):
            said = {"sort": "not for us", "reason": reason, "native_id": native}
            return {**said, **_where(body, None)}
        case Unreadable(reason=reason):
            return {"sort": "unreadable", "reason": reason}


def _drafted(draft: AlertDraft, body: bytes) -> Json:
    return {"alert": draft.model_dump(mode="json", exclude_none=True), **_where(body, draft)}


def _where(body: bytes, draft: AlertDraft | None) -> Json:
    return {"where": provenance(body, draft).model_dump(mode="json")}
