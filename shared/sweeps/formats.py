"""One exported line as a SIEM reads it: JSON, CEF or OCSF. Pure.

Whatever a line says may come from an intruder (a rule's name, a display name). So no format gives
out a control character or one that turns the reading direction: JSON spells them, CEF as well, and
a line is always one line.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from shared.model import Event, Json, Phase
from shared.sweeps.erased_record import Erased
from shared.sweeps.export import Exported
from shared.sweeps.tampering import Tampered
from shared.tasks.trail import Noted

VERSION: Final = "0.1.0"
_LOUD: Final = frozenset({Event.FAILED, Event.REAPPEARED, Event.EXPIRED, Noted.REFUSED})
_ACTS: Final = frozenset(
    {Event.CHANGE, Event.APPLIED, Event.UNDOING, Event.UNDONE, Event.RELEASED, Noted.SWITCHED}
)
_CEF_NAME, _CEF_TEXT, _CEF_STRING = 512, 1023, 4000
"""Letters that CEF takes as the name, as a user or message, and as a custom string."""
_OCSF: Final = "1.5.0"
_REMEDIATION: Final = 7001
"""OCSF's class Remediation Activity, in category 7."""
_OTHER: Final = 99
_TACTICS: Final[Mapping[Phase, tuple[int, str]]] = MappingProxyType(
    {
        Phase.CONTAIN: (1, "Isolate"),
        Phase.EVICT: (2, "Evict"),
        Phase.RECOVER: (3, "Restore"),
        Phase.HARDEN: (4, "Harden"),
    }
)
"""Source: schema.ocsf.io, remediation_activity, activity_id (MITRE D3FEND's tactics)."""


class Format(StrEnum):
    """What `--format` takes."""

    JSONL = "jsonl"
    CEF = "cef"
    OCSF = "ocsf"


def as_jsonl(line: Exported) -> str:
    """Write a line with everything that proves its place in the chain."""
    return json.dumps(line.model_dump(mode="json"), sort_keys=True)


def as_cef(line: Exported) -> str:
    """Write a line in ArcSight's Common Event Format, version 0.

    A text too long for its field is cut there with an ellipsis; JSON lines have the whole of it.
    Source: CEF implementation standard; `|` and backslash are escaped in the header, `=` and
    backslash in the extension.
    """
    loud = 8 if line.event in _LOUD else 5 if line.event in _ACTS else 3
    name = _cut(line.text, _CEF_NAME)
    head = ["CEF:0", "Firebreak", "Firebreak", VERSION, line.event, name, str(loud)]
    labelled = {
        "case": line.case or "",
        "responder": line.responder or "",
        "hash": line.hash,
        "data": json.dumps(line.data, sort_keys=True) if line.data else "",
        "erased": "true" if line.erased else "",
    }
    fields = {
        "rt": str(int(line.at.timestamp() * 1000)),
        "externalId": line.id,
        "suser": _cut(line.actor, _CEF_TEXT),
        "duid": line.account or "",
        "duser": _cut(line.upn, _CEF_TEXT),
        "msg": _cut(line.text, _CEF_TEXT) if plain(line.text) != name else "",
    }
    for number, (label, value) in enumerate(labelled.items(), start=1):
        if value:
            fields |= {f"cs{number}Label": label, f"cs{number}": _cut(value, _CEF_STRING)}
    told = " ".join(f"{name}={_in_extension(value)}" for name, value in fields.items() if value)
    return f"{'|'.join(map(_in_header, head))}|{told}"


def as_ocsf(line: Exported) -> str:
    """Write a line as an OCSF event of the class Remediation Activity."""
    other = (_OTHER, line.event)
    activity, name = _TACTICS.get(line.phase, other) if line.phase else other
    event: Json = {
        "category_uid": 7,
        "class_uid": _REMEDIATION,
        "activity_id": activity,
        "activity_name": name,
        "type_uid": _REMEDIATION * 100 + activity,
        "time": int(line.at.timestamp() * 1000),
        "severity_id": 4 if line.event in _LOUD else 2 if line.event in _ACTS else 1,
        "status_id": 2 if line.event == Event.FAILED else 1,
        "status_detail": line.event,
        "command_uid": line.id,
        "message": line.text,
        "metadata": {
            "version": _OCSF,
            "uid": line.id,
            "tenant_uid": line.tenant,
            "product": {"name": "Firebreak", "vendor_name": "Firebreak", "version": VERSION},
        },
        "unmapped": line.model_dump(mode="json"),
    }
    return json.dumps(event, sort_keys=True)


def as_finding(fault: Tampered) -> str:
    """Write down one thing that is not as it was written."""
    return json.dumps(fault.model_dump(mode="json"), sort_keys=True)


def as_erased(one: Erased) -> str:
    """Write down what the record says was erased, which is no fault."""
    return json.dumps({"erased": one.model_dump(mode="json")}, sort_keys=True)


FORMATS: Final[Mapping[Format, Callable[[Exported], str]]] = MappingProxyType(
    {Format.JSONL: as_jsonl, Format.CEF: as_cef, Format.OCSF: as_ocsf}
)


def _cut(text: str, most: int) -> str:
    shown = plain(text)
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"


def _in_header(text: str) -> str:
    return plain(text).replace("\\", "\\\\").replace("|", "\\|")


def _in_extension(text: str) -> str:
    return plain(text).replace("\\", "\\\\").replace("=", "\\=")


def plain(text: str) -> str:
    """Spell out what does not show: control letters, line ends, letters that turn the direction."""
    return re.sub(r".", _spelled, text, flags=re.DOTALL)


def _spelled(found: re.Match[str]) -> str:
    letter = found[0]
    # Cc controls, Cf directions and joiners, Cs halves of letters, Zl and Zp line ends.
    hidden = unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
    return f"<U+{ord(letter):04X}>" if hidden else letter
