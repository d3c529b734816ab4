"""`firebreak doctor`: whether everything is there that the app needs, and what to do about it."""

from __future__ import annotations

from typing import Annotated, Final

import typer
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cli.exits import CommandError, Exit
from cli.running import AsJson, Url, finish, remote_app, show_found
from cli.show import outside
from shared.diagnosis import Checkup, Concern, Grade
from shared.model import Json, number_of

_STYLES: Final = {
    Grade.OK: ("ok", "green"),
    Grade.NOTE: ("know", "cyan"),
    Grade.UNKNOWN: ("not known", "bold magenta"),
    Grade.BAD: ("TO DO", "bold red"),
}
_LONG: Final = 500
"""Letters of a sentence that are shown."""


def doctor(
    fix: Annotated[
        bool, typer.Option("--fix", help="Print the commands that mend it; none is run.")
    ] = False,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Check everything the app needs; ends with 3 where a person has to look.

    What could not be looked at counts as such: it is not known to be well.
    """

    async def run() -> None:
        async with remote_app(url) as remote:
            found = await remote.examined()
        checkup = Checkup.model_validate(found)
        if fix:
            print(commands(checkup), end="")
        else:
            show_found(found, as_json=as_json, view=as_text)
        if asks := checkup.asks:
            found_bad = number_of(len(asks), "finding asks", "findings ask")
            raise CommandError(f"{found_bad} for a person", code=Exit.NOT_CONTAINED)

    finish(run())


def commands(checkup: Checkup) -> str:
    """Write down what mends everything that was found, each once, for a person to read and run."""
    found: dict[tuple[str, ...], list[str]] = {}
    for one in (*checkup.asks, *checkup.notes):
        if one.commands:
            found.setdefault(one.commands, []).append(f"{one.check}: {one.about}: {one.state}")
    if not found:
        return "# Nothing that was found is mended by a command.\n"
    lines = ["# Read each, fill in what stands in capitals, then run what you agree with."]
    for needed, why in found.items():
        lines += ["", *(f"# {' '.join(reason.split())}" for reason in why), *needed]
    return "\n".join(lines) + "\n"


def as_text(found: Json) -> RenderableType:
    """Show what was found: what asks for a person first, then a line for each check."""
    checkup = Checkup.model_validate(found)
    parts: list[RenderableType] = [_head(checkup), Text()]
    for one in checkup.asks:
        parts += [_card(one), Text()]
    parts.append(_checks(checkup))
    if notes := checkup.notes:
        parts += [Text(), Text("To know", style="bold")]
        parts += [_card(one) for one in notes]
    return Group(*parts)


def _head(checkup: Checkup) -> Text:
    said = f"{number_of(len(checkup.checks), 'check')} at {checkup.at:%Y-%m-%d %H:%M:%S} UTC"
    if not checkup.asks:
        return Text.assemble(("Well  ", "bold green"), (said, "dim"))
    return Text.assemble(("Needs a person  ", "bold red"), (said, "dim"))


def _card(one: Concern) -> RenderableType:
    word, style = _STYLES[one.grade]
    lead = "· " if one.grade is Grade.NOTE else f"{word}  "
    head = Text.assemble((lead, style), outside(f"{one.about}: {one.state}", limit=_LONG))
    head.append(f"  ({one.check})", style="dim")
    more = f" So it is with {len(one.means) - 1} more." if len(one.means) > 1 else ""
    return Group(head, _indented(one.means[0] + more), _indented(f"→ {one.do}."))


def _indented(text: str) -> RenderableType:
    return Padding(outside(text, limit=_LONG), (0, 0, 0, 2))


def _checks(checkup: Checkup) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("check", "is", "found"):
        table.add_column(column, overflow="fold")
    for one in checkup.checks:
        word, style = _STYLES[one.grade]
        table.add_row(one.check, Text(word, style=style), outside(one.counted))
    return table
