"""How cases look in a terminal: the same words as on the page, in tables."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from shared.model import Json
from shared.pages.text import LIMIT, visible
from shared.pages.times import minute

STYLES: Final = {
    "contained": "bold green",
    "observed": "cyan",
    "open": "bold yellow",
    "waiting": "bold magenta",
    "needs_person": "bold red",
    "closed": "dim",
    "verified": "green",
    "applied": "yellow",
    "skipped": "dim",
    "refused": "magenta",
    "failed": "bold red",
    "queued": "yellow",
    "claimed": "yellow",
    "undone": "dim",
    "green": "green",
    "not_yet": "yellow",
    "unknown": "bold red",
    "intact": "green",
    "altered": "bold red",
    "missing": "bold red",
    "unvouched": "bold red",
}


def styled(word: str) -> Text:
    """Colour a state; the word itself says it too."""
    return Text(word.replace("_", " "), style=STYLES.get(word, ""))


def outside(text: str, *, limit: int = LIMIT) -> Text:
    """Show text from outside: no markup of ours and no command of the terminal's is obeyed."""
    return Text(visible(text, limit=limit))


def moment(iso: str | None) -> str:
    """Show a time of day in UTC."""
    return f"{datetime.fromisoformat(iso):%H:%M:%S}" if iso else "-"


def case_list(found: Json) -> RenderableType:
    """Show the list of cases, whoever waits for a person first."""
    table = Table(title="Cases", title_justify="left", box=None, header_style="bold")
    # What is copied into the next command stands on one line, however narrow the terminal is.
    for column in ("case", "status"):
        table.add_column(column, no_wrap=True)
    for column in ("account", "alert", "opened (UTC)"):
        table.add_column(column, overflow="fold")
    for row in (*found["for_people"], *found["running"], *found["settled"]):
        opened = datetime.fromisoformat(row["opened_at"])
        waits = f"\n{row['waiting']} to approve" if row["waiting"] else ""
        judged = "\nfalse alarm" if row["judgement"] == "false_alarm" else ""
        table.add_row(
            row["id"],
            styled(row["status"]).append(f"{waits}{judged}", style="not dim default"),
            outside(row["upn"]),
            outside(row["title"]).append(f" ({row['severity']})", style="dim"),
            f"{opened:%Y-%m-%d %H:%M}",
        )
    if table.row_count:
        return table
    return Text("No cases yet. Post an alert, or open one: firebreak respond USER --reason ...")


def case(found: Json) -> RenderableType:
    """Show one case: the answer first, then footholds, changes and what is left to do."""
    who = found["who"]
    head = Text.assemble(
        (f"{found['answer']['word']}  ", STYLES.get(found["status"], "bold")),
        (f"{who['display_name']} <{who['upn']}>  ", "bold"),
        (f"case {found['id']}", "dim"),
    )
    parts: list[RenderableType] = [
        head,
        Text(found["answer"]["sentence"]),
        Text.assemble(("The intruder can still act: ", "bold"), until(found)),
        Text(found["clock"]["sentence"], style="dim"),
        *(Text(f"  but: {said}", style="dim") for said in found["clock"]["conditions"]),
    ]
    parts += [table for table in (_footholds(found), _changes(found)) if table.row_count]
    parts += [_checklist(found["way_back"])] if not found["dry_run"] else []
    parts += [_open(item) for item in found["open"]]
    parts += _linked(found["findings"]["ripple"])
    return Group(*parts)


def until(found: Json) -> str:
    """Say until when the intruder can act, as short as can be."""
    clock = found["clock"]
    if clock["limit"] in {"untouched", "none"}:
        return "without limit"
    if clock["limit"] == "over":
        return "no more"
    if clock["limit"] == "nobody":
        return "nobody is known to be in"
    at, latest = (datetime.fromisoformat(text) for text in (found["at"], clock["latest_until"]))
    open_end = clock["limit"] == "conditional"
    if open_end and latest <= at:
        return "perhaps; not with a token any more"
    return f"until {minute(latest, at)}{' or longer' if open_end else ''}"


def _linked(ripple: Json | None) -> list[RenderableType]:
    """Propose the other accounts of the same intruder, each with the command that acts on it."""
    if ripple is None:
        return []
    parts: list[RenderableType] = []
    for other in ripple["linked"]:
        reasons = "; ".join(other["reasons"])
        has = f"has case {other['case']}" if other["case"] else other["command"]
        parts.append(
            Text.assemble(("? ", "bold"), (other["upn"], "bold"), f": {reasons}\n   {has}")
        )
    return parts + [Text(f"? not known: {why}", style="dim") for why in ripple["unknown"]]


def evidence(found: Json) -> RenderableType:
    """Show what was kept of a case, and whether it is still what the journal vouches for."""
    table = _table("Evidence", "kept (UTC)", "what", "seal", "sha-256")
    for piece in found["pieces"]:
        kept_at = moment(piece["at"])
        table.add_row(kept_at, piece["what"], styled(piece["seal"]), piece["sha256"])
    if not table.row_count:
        return Text("Nothing was kept: nothing was removed by itself in this case.")
    return Group(table, Text("--json gives out what it says.", style="dim"))


def _footholds(found: Json) -> Table:
    table = _table("Footholds", "foothold", "fate", "why")
    for hold in found["footholds"]:
        reasons = "; ".join(hold["reasons"]) or hold["why"]
        table.add_row(hold["label"], styled(hold["fate"]), reasons)
    return table


def _changes(found: Json) -> Table:
    table = _table("Changes", "what", "was", "is now", "made")
    for change in found["changes"]:
        table.add_row(change["what"], change["was"], change["becomes"], styled(change["made"]))
    return table


def _checklist(found: Json) -> Table:
    back = found["restored_at"]
    title = f"Owner let back in at {moment(back)} UTC" if back else "Before the owner is let in"
    table = _table(title, "line", "what", "is it so", "what to do")
    for line in found["lines"]:
        done = f"confirmed by {line['confirmed_by']}" if line["confirmed_by"] else ""
        todo = "; ".join([line["todo"] or done, *line["steps"]])
        table.add_row(line["name"], line["title"], styled(line["light"]), todo)
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=None, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _open(item: Json) -> RenderableType:
    lines = [Text.assemble(("! ", "bold red"), (item["title"], "bold"), f": {item['reason']}")]
    lines += [Text(f"   {number}. {step}") for number, step in enumerate(item["steps"], 1)]
    return Group(*lines)


def errors() -> Console:
    """Make the console that errors and progress go to, so that results can be piped."""
    return Console(stderr=True)
