"""Microsoft Secure Score: the score of each day, its controls, and what was decided of one.

Microsoft keeps 90 days. A day's row can be missing for weeks, an average over others can be -1,
and the state of a control is that of the newest of its updates, whatever their order.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from shared.clients.graph import Graph
from shared.errors import Refused
from shared.model import Json, Utc, Value

if TYPE_CHECKING:
    from kiota_abstractions.request_information import RequestInformation
    from msgraph.generated.models.security_vendor_information import SecurityVendorInformation
    from msgraph.graph_service_client import GraphServiceClient

SECURITY_EVENTS_READ_ALL: Final = "SecurityEvents.Read.All"
SECURITY_EVENTS_WRITE_ALL: Final = "SecurityEvents.ReadWrite.All"

SCORES_PER_PAGE: Final = 30
"""Days of one page; each carries a line for every control."""
PROFILES_PER_PAGE: Final = 100
_DEFENDER: Final = "scid_"
_LONGEST: Final = 600
"""Characters of a text of Microsoft's that are kept; the rest is a click away."""
_WHOLE: Final = 100.0
_EVER: Final = datetime.min.replace(tzinfo=UTC)


class ControlState(StrEnum):
    """What the organisation decided about a control; `open` where nothing was."""

    OPEN = "open"
    RISK_ACCEPTED = "risk accepted"
    THIRD_PARTY = "solved by a third party"
    ALTERNATIVE = "solved in another way"
    PLANNED = "planned"
    UNKNOWN = "unknown"


_STATES: Final = {
    "": ControlState.OPEN,
    "default": ControlState.OPEN,
    "ignored": ControlState.RISK_ACCEPTED,
    "riskaccepted": ControlState.RISK_ACCEPTED,
    "thirdparty": ControlState.THIRD_PARTY,
    "reviewed": ControlState.ALTERNATIVE,
    "alternatemitigation": ControlState.ALTERNATIVE,
    "planned": ControlState.PLANNED,
}
SETTABLE: Final = {
    ControlState.OPEN: "Default",
    ControlState.RISK_ACCEPTED: "Ignored",
    ControlState.THIRD_PARTY: "ThirdParty",
    ControlState.ALTERNATIVE: "Reviewed",
}
"""What Graph takes for each state that it lets us set."""


class ControlScore(Value):
    """What one control brought on one day. `share` is in per cent of its most; `None` unknown."""

    points: float
    category: str
    share: float | None = None


class DayScore(Value):
    """The score of one day, in points; the maximum moves whenever Microsoft adds a control.

    `averages` are in per cent, by the organisations they are over; `None` is unknown.
    """

    day: date
    points: float
    maximum: float
    controls: dict[str, ControlScore]
    averages: dict[str, float | None]


class Control(Value):
    """One control, as Microsoft describes it and as the organisation decided about it."""

    id: str
    title: str
    category: str
    service: str
    maximum: float
    rank: int | None
    cost: str
    """Low, Moderate or High; empty where it is not said. `impact`, on users, likewise."""
    impact: str
    tier: str
    deprecated: bool
    state: ControlState
    state_at: Utc | None
    threats: tuple[str, ...]
    remediation: str
    url: str

    @property
    def updatable(self) -> bool:
        """Whether Graph takes a state for it; Defender's own take one in its portal only."""
        return not self.id.startswith(_DEFENDER)


class SecureScores:
    """The scores and controls of the tenant, page by page."""

    def __init__(self, source: Graph) -> None:
        self._graph = source

    async def days(self, link: str | None = None) -> tuple[tuple[DayScore, ...], str | None]:
        """Read one page of scores, and the link to the next. Source: GET /security/secureScores."""

        def build(g: GraphServiceClient) -> RequestInformation:
            from kiota_abstractions.base_request_configuration import RequestConfiguration
            from msgraph.generated.security.secure_scores.secure_scores_request_builder import (
                SecureScoresRequestBuilder as Builder,
            )

            wanted = Builder.SecureScoresRequestBuilderGetQueryParameters(top=SCORES_PER_PAGE)
            return g.security.secure_scores.to_get_request_information(
                RequestConfiguration(query_parameters=wanted)
            )

        page = await self._graph.page(build, permission=SECURITY_EVENTS_READ_ALL, link=link)
        return tuple(_day(item) for item in page.items), page.next

    async def controls(self, link: str | None = None) -> tuple[tuple[Control, ...], str | None]:
        """Read one page of controls, and the link to the next.

        Source: GET /security/secureScoreControlProfiles.
        """

        def build(g: GraphServiceClient) -> RequestInformation:
            from kiota_abstractions.base_request_configuration import RequestConfiguration
            from msgraph.generated.security.secure_score_control_profiles.secure_score_control_profiles_request_builder import (  # noqa: E501
                SecureScoreControlProfilesRequestBuilder as Builder,
            )

            wanted = Builder.SecureScoreControlProfilesRequestBuilderGetQueryParameters(
                top=PROFILES_PER_PAGE
            )
            return g.security.secure_score_control_profiles.to_get_request_information(
                RequestConfiguration(query_parameters=wanted)
            )

        page = await self._graph.page(build, permission=SECURITY_EVENTS_READ_ALL, link=link)
        return tuple(_control(item) for item in page.items), page.next

    async def decide(self, control: str, state: ControlState, comment: str) -> None:
        """Tell Microsoft what was decided about a control. Raises `Refused` where it takes none.

        The documented body is flat, although the resource has a list of updates; provider and
        vendor have to be in it. Source: PATCH /security/secureScoreControlProfiles/{id}.
        """
        if control.startswith(_DEFENDER):
            raise Refused(
                "Graph takes no state for Defender's own controls",
                steps=("Open the recommendation in the Defender portal and set its status there",),
            )
        if state not in SETTABLE:
            raise Refused(f"Graph takes no such state; it takes {', '.join(SETTABLE)}")

        def build(g: GraphServiceClient) -> RequestInformation:
            from msgraph.generated.models.secure_score_control_profile import (
                SecureScoreControlProfile as Body,
            )

            said = {"assignedTo": "", "comment": comment, "state": SETTABLE[state]}
            body = Body(additional_data=dict(said), vendor_information=_vendor())
            profiles = g.security.secure_score_control_profiles
            one = profiles.by_secure_score_control_profile_id(control)
            return one.to_patch_request_information(body)

        await self._graph.write(build, permission=SECURITY_EVENTS_WRITE_ALL)


def _vendor() -> SecurityVendorInformation:
    from msgraph.generated.models.security_vendor_information import SecurityVendorInformation

    return SecurityVendorInformation(provider="SecureScore", vendor="Microsoft")


def _day(found: Json) -> DayScore:
    controls = {
        str(item["controlName"]): ControlScore(
            points=float(item.get("score") or 0.0),
            category=str(item.get("controlCategory") or ""),
            share=_percent(item.get("scoreInPercentage")),
        )
        for item in found.get("controlScores") or ()
        if item.get("controlName")
    }
    averages = {
        str(item["basis"]): _percent(item.get("averageScore"))
        for item in found.get("averageComparativeScores") or ()
        if item.get("basis")
    }
    return DayScore(
        day=datetime.fromisoformat(str(found["createdDateTime"])).date(),
        points=float(found.get("currentScore") or 0.0),
        maximum=float(found.get("maxScore") or 0.0),
        controls=controls,
        averages=averages,
    )


def _percent(value: object) -> float | None:
    """Read a percentage; -1, which Microsoft gives for what it does not know, is unknown."""
    known = isinstance(value, (int, float)) and 0 <= value <= _WHOLE
    return float(value) if known and isinstance(value, (int, float)) else None


def _control(found: Json) -> Control:
    state, at = newest_state(found.get("controlStateUpdates") or ())
    return Control(
        id=str(found["id"]),
        title=str(found.get("title") or found["id"]),
        category=str(found.get("controlCategory") or ""),
        service=str(found.get("service") or ""),
        maximum=float(found.get("maxScore") or 0.0),
        rank=found.get("rank"),
        cost=str(found.get("implementationCost") or ""),
        impact=str(found.get("userImpact") or ""),
        tier=str(found.get("tier") or ""),
        deprecated=bool(found.get("deprecated")),
        state=state,
        state_at=at,
        threats=tuple(str(threat) for threat in found.get("threats") or ()),
        remediation=str(found.get("remediation") or "")[:_LONGEST],
        url=str(found.get("actionUrl") or "")[:_LONGEST],
    )


def newest_state(updates: Iterable[Json]) -> tuple[ControlState, datetime | None]:
    """Find what was decided last; one without a time is older than any that has one."""
    dated = [
        (datetime.fromisoformat(str(at)) if (at := one.get("updatedDateTime")) else None, one)
        for one in updates
    ]
    if not dated:
        return ControlState.OPEN, None
    at, last = max(dated, key=lambda pair: (pair[0] is not None, pair[0] or _EVER))
    word = str(last.get("state") or "").replace(" ", "").casefold()
    return _STATES.get(word, ControlState.UNKNOWN), at
