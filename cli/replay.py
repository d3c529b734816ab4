"""`firebreak replay`: say what is read from a payload and why, offline; or post it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from rich.console import Group, RenderableType
from rich.text import Text

from cli.past import Past, bodies
from cli.reading import Reader
from shared.alerts.explain import explained as explained_reading
from shared.alerts.provenance import Spot
from shared.model import Json
from shared.pages.text import visible

_MOST: Final = 1000
"""Bodies of one file that are shown; `backtest` sums up larger ones."""
_STYLES: Final = {
    "recognised": "bold green",
    "incomplete": "bold yellow",
    "not for us": "cyan",
    "unreadable": "bold red",
}
_BY_SHAPE: Final = "the shape of the payload: no name or code in it says so by itself"


def explained(file: Path, reader: Reader) -> Json:
    """Say what every carrier that recognises a body of the file reads from it, and why."""
    found: list[Json] = []
    for past in bodies(file):
        if len(found) == _MOST:
            return {"bodies": found, "cut": _MOST}
        found.append({"place": past.place, "carriers": list(_read(reader, past))})
    return {"bodies": found, "cut": 0}


def understood(found: Json) -> bool:
    """Whether at least one body was read by somebody, and none was left over."""
    bodies_ = found["bodies"]
    return bool(bodies_) and all(
        any(reading["sort"] != "unreadable" for reading in carrier["readings"])
        for body in bodies_
        for carrier in body["carriers"]
    )


def explanation(found: Json) -> RenderableType:
    """Show what was read; text from outside cannot move the terminal's cursor."""
    parts = [part for body in found["bodies"] for part in _body(body)]
    if not parts:
        parts = [Text("The file holds no alerts.")]
    if found["cut"]:
        said = f"The first {found['cut']:,} bodies are shown; firebreak backtest sums up the rest."
        parts.append(Text(said, style="bold"))
    return Group(*parts)


def _read(reader: Reader, past: Past) -> Iterator[Json]:
    everybody = reader.all(past)
    if not everybody:
        _, readings = reader.best(past)
        yield {
            "carrier": None,
            "summary": "No carrier recognises this",
            "readings": [explained_reading(reading, past.body) for reading in readings],
        }
    for name, readings in everybody.items():
        yield {
            "carrier": name,
            "summary": reader.summary(name),
            "readings": [explained_reading(reading, past.body) for reading in readings],
        }


def _body(body: Json) -> Iterator[RenderableType]:
    yield Text(visible(body["place"]), style="bold underline")
    for carrier in body["carriers"]:
        named = carrier["carrier"] or "nobody"
        yield Text.assemble((f"  {named}", "bold"), f"  {carrier['summary']}")
        for reading in carrier["readings"]:
            yield from shown(reading)


def shown(reading: Json) -> Iterator[Text]:
    """Show one reading, as `shared.alerts.explain` tells it."""
    sort = reading["sort"]
    yield Text.assemble("    ", (sort, _STYLES[sort]), f"  {visible(reading.get('reason', ''))}")
    alert, where = reading.get("alert"), reading.get("where", {})
    if alert:
        account = alert.get("account", {})
        who = next(iter(account.values()), "nobody: a person is asked")
        when = alert.get("occurred_at", "not said: the time of receipt counts, and is marked")
        yield _line("kind", alert["kind"], where["kind"], otherwise=_BY_SHAPE)
        yield _line("account", who, where["account"], otherwise=_joined(bool(account)))
        yield _line("time", when, where["time"])
        yield _line("severity", alert["severity"], ())
        yield _line("id", alert["native_id"], ())
        yield from (_line(name, said, ()) for name, said in alert.get("evidence", {}).items())
    if "awaits" in reading:
        awaits = reading["awaits"]
        said = f"it names nobody yet; read again at {awaits['place']}, {awaits['id']}"
        yield _line("waits", said, ())
    for spot in where.get("state", ()):
        yield _line("state", spot["said"], (spot,))


def _joined(named: bool) -> str:
    return "joined or decoded from several places" if named else ""


def _line(point: str, said: str, spots: Iterable[Json], *, otherwise: str = "") -> Text:
    places = "; ".join(_place(Spot.model_validate(spot), said) for spot in spots) or otherwise
    return Text.assemble(
        (f"      {visible(point):10} ", "dim"),
        visible(said),
        (f"  from {visible(places)}" if places else "", "dim"),
    )


def _place(spot: Spot, said: str) -> str:
    return spot.path if spot.said == said else f"{spot.path} ({spot.said})"
