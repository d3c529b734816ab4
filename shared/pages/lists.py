"""What the lists of cases and of alerts say, as frozen values: the API's JSON has these fields."""

from __future__ import annotations

from shared.model import AlertState, CaseId, CaseStatus, Judgement, Phase, Utc, Value
from shared.pages.values import AlertLine


class CaseRow(Value):
    """A case's line in the list."""

    id: CaseId
    upn: str
    display_name: str
    status: CaseStatus
    title: str
    severity: str
    kinds: tuple[str, ...]
    opened_at: Utc
    updated_at: Utc
    waiting: int
    footholds: int
    object_id: str = ""
    phase: Phase | None = None
    """The first phase in which something is not finished."""
    rules: tuple[str, ...] = ()
    """The rules of the policy that decided."""
    found: tuple[str, ...] = ()
    """The kinds of foothold that were found."""
    expires_at: Utc | None = None
    """When the first of what waits is given up."""
    judgement: Judgement | None = None


class CasesView(Value):
    """The list of cases, sorted by who has to act next; cut, with how many there are in all."""

    at: Utc
    for_people: tuple[CaseRow, ...]
    """What waits for whoever reads this first, then the gravest."""
    mine: int
    """How many of all that wait wait for whoever reads this."""
    people_in_all: int
    running: tuple[CaseRow, ...]
    running_in_all: int
    settled: tuple[CaseRow, ...]
    after: str
    """Behind which line the settled ones go on; empty: nowhere."""
    alerts_needing_people: int
    refresh_s: int | None
    alerts_cut: bool = False
    """Whether even more alerts need a person: their number is then the least it can be."""
    cut: bool = False
    """Whether more cases are unsettled than were looked at: the newest were."""


class FoundView(Value):
    """What a search in the list of cases found, newest first."""

    at: Utc
    found: tuple[CaseRow, ...]
    read: int
    """How many cases were looked at for it."""
    after: str
    """Behind which line the search goes on; empty: it came to the end."""


class Tally(Value):
    """How many there are, as far as one page can count."""

    number: int = 0
    more: bool = False
    """Whether there are more than that."""


class AlertFilters(Value):
    """Which alerts a list was asked for; empty: all."""

    state: AlertState | None = None
    people: bool = False
    """Only those that wait for a person."""
    source: str = ""
    since: str = ""


class AlertsView(Value):
    """Alerts that opened no case, sorted by whether a person has to look."""

    at: Utc
    for_people: tuple[AlertLine, ...]
    ignored: tuple[AlertLine, ...]
    people: Tally = Tally()
    """How many need a person in all, whatever this page was asked for."""
    filters: AlertFilters = AlertFilters()
    older: str | None = None
    """Where the next page begins, if there is one."""
