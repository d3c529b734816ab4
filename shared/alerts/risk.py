"""Whether a risk that Microsoft Entra ID Protection reports is still live.

Source of the words: Graph v1.0 metadata, enumerations riskState, riskDetail and riskLevel. Records
of Entra's diagnostic settings use the same ones.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from shared.alerts.text import Line, clean, fold
from shared.errors import Undecodable
from shared.model import Severity, Value

CONFIRMED: Final = "adminConfirmedUserCompromised"
"""The detail our own `confirm_compromised` leaves, and an administrator's click as well."""

_LIVE: Final = frozenset({"atrisk", "confirmedcompromised"})
_CLOSED: Final = frozenset({"none", "confirmedsafe", "remediated", "dismissed"})
_UNSAID: Final = frozenset({"", "unknown", "unknownfuturevalue"})
_SETTLED: Final = frozenset(
    {
        "aiconfirmedsigninsafe",
        "adminconfirmedsigninsafe",
        "adminconfirmedaccountsafe",
        "admindismissedallriskforuser",
        "admindismissedriskforsignin",
        "m365dadmindismisseddetection",
        "userperformedsecuredpasswordchange",
        "userperformedsecuredpasswordreset",
        "userchangedpasswordonpremises",
        "userpassedmfadrivenbyriskbasedpolicy",
    }
)
"""Details that say the risk is over. Not among them: `microsoftRevokedSessions` and
`adminGeneratedTemporaryPassword`, which leave the intruder's knowledge of the password as it was.
"""

_LEVELS: Final = {
    "high": Severity.HIGH,
    "medium": Severity.MEDIUM,
    "low": Severity.LOW,
    "none": Severity.INFORMATIONAL,
}


class Standing(StrEnum):
    """How a risk stands."""

    LIVE = "live"
    DISPUTED = "disputed"
    UNSAID = "unsaid"
    CLOSED = "closed"


class Risk(Value):
    """How a risk stands, and why if it is not plainly live."""

    standing: Standing
    reason: Line = ""


def judge(state: str | None, detail: str | None) -> Risk:
    """Weigh the state against the detail. Raises `Undecodable` for a state nobody documents.

    Where they disagree (`atRisk` with `aiConfirmedSigninSafe`) neither wins: the detail may be the
    fresher of the two, so acting by itself could lock out a person Microsoft has cleared; and it
    may be what the intruder achieved by passing for the owner, so dropping it could miss him. The
    alert is shown with low severity and held for a person.
    """
    word, why = fold(state or ""), fold(detail or "")
    if word in _CLOSED:
        return Risk(standing=Standing.CLOSED, reason=_over(state, detail))
    if word in _UNSAID:
        unsaid = "the source does not say whether the risk is still live"
        return Risk(standing=Standing.UNSAID, reason=unsaid)
    if word not in _LIVE:
        raise Undecodable(
            f"riskState {clean(state or '', 40)!r} is not a state Microsoft documents"
        )
    if why in _SETTLED:
        disagree = f"the state says {state}, the detail says {detail}: a person decides"
        return Risk(standing=Standing.DISPUTED, reason=disagree)
    return Risk(standing=Standing.LIVE)


def _over(state: str | None, detail: str | None) -> str:
    more = f" ({detail})" if detail and fold(detail) not in {"none", *_UNSAID} else ""
    return f"the risk is not live: its state is {state}{more}"


def severity(level: str | None, standing: Standing) -> Severity:
    """Read a risk level; `hidden` (the tenant lacks the licence) is unknown, not low.

    A risk that somebody called settled is quiet, whatever its level was.
    """
    if standing is Standing.DISPUTED:
        return Severity.LOW
    return _LEVELS.get(fold(level or ""), Severity.UNKNOWN)


def confirmed(*words: str | None) -> str | None:
    """Find the mark of an administrator's verdict on the user, ours included, among these."""
    return CONFIRMED if fold(CONFIRMED) in {fold(word or "") for word in words} else None
