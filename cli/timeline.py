"""The live timeline of one story: what the app did beside what became of the intruder."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.text import Text

from cli.show import moment
from lab.footholds import Foothold
from lab.scenarios import Scenario
from shared.model import Json

_WIDTH: Final = 24
"""Characters that a responder's name takes."""
_FOUND_NONE: Final = "Nothing to do"
"""How the journal begins to say that a responder looked and found none of what it ends."""
_STYLES: Final = {
    "alert": "bold cyan",
    "opened": "bold cyan",
    "joined": "cyan",
    "decided": "cyan",
    "change": "yellow",
    "applied": "bold yellow",
    "verified": "green",
    "status": "bold green",
    "failed": "bold red",
    "refused": "magenta",
    "waiting": "magenta",
    "delayed": "dim",
    "shut": "bold red",
}
_WORDS: Final = {
    "change": "planned",
    "verified": "proven",
    "opened": "case",
    "decided": "policy",
    "reappeared": "again",
    "status": "case",
    "shut": "intruder",
}


class Timeline:
    """Prints each event once, in the order in which it happened, with seconds since the alert."""

    def __init__(self, scenario: Scenario, console: Console) -> None:
        self._scenario = scenario
        self._console = console
        self._zero = scenario.tenant.now()
        self._started = False
        self._shown: set[str] = set()
        self._lines: list[Json] = []
        self._found_none: list[str] = []

    def start(self) -> None:
        """Start the clock when the first alert is posted."""
        if not self._started:
            self._started = True
            self._zero = self._scenario.tenant.now()
            self._scenario.intruder.mark_alert(self._zero)

    def received(self, source: str, answer: Json) -> list[str]:
        """Tell what the app made of a delivery; returns the ids of the alerts it will act on."""
        for alert in answer["alerts"]:
            taken = alert["state"] == "received"
            said = f"taken as {alert['kind']}" if taken else f"set aside: {alert['reason']}"
            self._print(self._scenario.tenant.now(), "alert", f"posted by {source}, {said}")
        return [alert["id"] for alert in answer["alerts"] if alert["state"] == "received"]

    def show(self, view: Json) -> None:
        """Print whatever is new, the app's doings and the intruder's losses in one order."""
        plans = {task["responder"]: task["summary"] for task in view["tasks"]}
        new = [i for i in view["happened"] if i["event"] and self._new(f"entry {i['seq']}")]
        self._found_none += [item["responder"] for item in new if _found_none(item)]
        events: list[tuple[datetime, str, str]] = [
            (datetime.fromisoformat(item["at"]), item["event"], _text(item, plans))
            for item in new
            if not _found_none(item)
        ]
        events.extend(
            (foothold.closed_at, "shut", f"loses: {foothold.label}")
            for foothold in self._shut()
            if foothold.closed_at and self._new(f"foothold {foothold.label}")
        )
        for at, word, text in sorted(events):
            self._print(at, word, text)

    def summary(self, view: Json, *, page: str, report: Path) -> Json:
        """Print and return how the story ended."""
        intruder = self._scenario.intruder
        shut = intruder.doors_shut_at
        seconds = (shut - self._zero).total_seconds() if shut else None
        gone = sum(f.closed_at is not None for f in intruder.footholds if f.killable)
        all_of = sum(f.killable for f in intruder.footholds)
        self._say("Time to contain", f"{seconds:.2f} s" if seconds is not None else "not contained")
        self._say("Footholds", f"{gone} of {all_of} killed")
        for foothold in intruder.footholds:
            if not foothold.killable and (end := intruder.died_at(foothold)):
                self._say("Runs out by itself", f"{foothold.label}, at {moment(end.isoformat())}")
        if self._found_none:
            self._say("Looked, found none", ", ".join(sorted(self._found_none)))
        self._say("Owner's things lost", ", ".join(self._scenario.losses()) or "none")
        self._say("Case page", page)
        self._say("Report", str(report))
        return {
            "story": self._scenario.name,
            "case": view["id"],
            "status": view["status"],
            "seconds_to_contain": seconds,
            "footholds": all_of,
            "killed": gone,
            "lost": self._scenario.losses(),
            "report": str(report),
            "found_none": sorted(self._found_none),
            "timeline": self._lines,
        }

    def _shut(self) -> list[Foothold]:
        return [f for f in self._scenario.intruder.footholds if f.closed_at and f.killable]

    def _new(self, key: str) -> bool:
        if key in self._shown:
            return False
        self._shown.add(key)
        return True

    def _print(self, at: datetime, word: str, text: str) -> None:
        after = (at - self._zero).total_seconds()
        self._lines.append({"after_s": round(after, 3), "event": word, "text": text})
        label = f"{_WORDS.get(word, word):<9}"
        style = _STYLES.get(word, "")
        line = Text.assemble((f"{after:+8.2f} s  ", "dim"), (label, style), text)
        self._console.print(line, no_wrap=True, overflow="ellipsis")

    def _say(self, what: str, value: Any) -> None:
        self._console.print(Text.assemble((f"{what:<20}", "bold"), str(value)))


def _found_none(item: Json) -> bool:
    """Whether a line only says that there was nothing to do: all of those are said in one."""
    return item["event"] == "skipped" and str(item["text"]).startswith(_FOUND_NONE)


def _text(item: Json, plans: dict[str, str]) -> str:
    """Say a journal line shortly: what a responder does is said once, when it begins."""
    if not item["responder"]:
        return str(item["text"])
    name = f"{item['responder']:<{_WIDTH}}"
    if item["event"] == "change":
        return f"{name} {plans[item['responder']]}"
    return name if item["event"] in {"applied", "verified"} else f"{name} {item['text']}"
