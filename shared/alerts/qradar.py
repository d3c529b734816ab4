"""Read QRadar's offenses, as its API gives them and as a custom action forwards them.

Source: ibm.com/docs/en/qradar-common, "GET /siem/offenses". Whoever is assigned to an offense or
has closed it is an analyst.
"""

from __future__ import annotations

from typing import Final

from shared.alerts import identity
from shared.alerts.payload import Record
from shared.alerts.siem import SiemCarrier, State, Told, graded
from shared.alerts.text import clean, name
from shared.errors import Undecodable
from shared.model import AccountRef

_USERNAME: Final = "3"
"""The offense type whose source is a user name; other sources are addresses, rules, hosts."""
_LIVE: Final = frozenset({"open"})
_OVER: Final = frozenset({"closed", "hidden"})


class QRadar(SiemCarrier):
    """Read QRadar's offenses, as its API gives them and as a custom action forwards them."""

    pages = ("offenses",)

    def told(self, item: Record) -> Told:
        """Take one offense apart. Times are milliseconds, magnitude is 0 to 10."""
        offense = item.record("offense") if item.has("offense") else item
        native = offense.text("id")
        if not native or not offense.has("magnitude", "offense_source", "status"):
            raise Undecodable(
                "not an offense of QRadar: id, magnitude, offense_source and status are not all"
                " there"
            )
        title = clean(offense.text("description") or "QRadar offense")
        return Told(
            native=name("offense", native),
            title=title,
            rules=(title, *(rule.text("id") for rule in offense.records("rules"))),
            severity=graded(offense.text("magnitude"), medium=4, high=7),
            times=(offense.value("start_time"), offense.value("last_updated_time")),
            accounts=(_account(offense),),
            state=State(word=offense.text("status"), live=_LIVE, over=_OVER),
            lines={"rule": title, "offense": native, "events": offense.text("event_count")},
        )


def _account(offense: Record) -> AccountRef | None:
    kind = offense.text("offense_type")
    if kind not in (None, _USERNAME):
        return None
    return identity.written(offense.text("offense_source"))
