"""What a person answers to what waits, and says of cases: asked of the app, and shown."""

from __future__ import annotations

import getpass
import json
from datetime import UTC, datetime

import typer
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.exits import CommandError, Exit
from cli.remote import Remote
from shared.model import Json
from shared.pages.times import full


async def waiting(app: Remote, *, after: str, as_json: bool) -> None:
    """Show what waits for a person, a page at a time."""
    async with app as remote:
        found = await remote.approvals(after=after)
    _print(found, Group(_cards(found["cards"]), *_more(found)), as_json=as_json)


async def approve(  # noqa: PLR0913 - each is an option of the command
    app: Remote,
    case: str,
    responder: str | None,
    *,
    only: list[str],
    reason: str,
    yes: bool,
    as_json: bool,
) -> None:
    """Release what waits in a case, all of it or one responder's, exactly as it is shown."""
    if only and responder is None:
        raise CommandError("--only goes with one responder: name it", code=Exit.USAGE)
    async with app as remote:
        cards = await _cards_of(remote, case, responder)
        changes = [_wish(card, only) for card in cards]
        if not as_json:
            Console().print(_cards(cards))
        if not yes and not typer.confirm("Release this?", default=False):
            raise CommandError("Nothing was released", code=Exit.REFUSED)
        request = {"changes": changes, "reason": reason, "by": getpass.getuser()}
        answered = await remote.answer(case, "approve", request)
    _print(answered, _said(answered), as_json=as_json)


async def refuse(app: Remote, case: str, responder: str, *, reason: str, as_json: bool) -> None:
    """Let a change be, and say why."""
    async with app as remote:
        [card] = await _cards_of(remote, case, responder)
        request = {
            "responder": responder,
            "fingerprint": card["fingerprint"],
            "reason": reason,
            "by": getpass.getuser(),
        }
        answered = await remote.answer(case, "decline", request)
    _print(answered, _said(answered), as_json=as_json)


async def since(app: Remote, case: str, time: str, *, again: bool, as_json: bool) -> None:
    """Say when the compromise began."""
    request = {"since": _moment(time), "again": again, "by": getpass.getuser()}
    async with app as remote:
        told = await remote.answer(case, "since", request)
    _print(told, Text(told["said"]), as_json=as_json)


async def judge(app: Remote, cases: list[str], what: str, *, reason: str, as_json: bool) -> None:
    """Say of cases that they were false alarms, or that they were none."""
    request = {"cases": cases, "reason": reason, "by": getpass.getuser()}
    async with app as remote:
        found = await remote.judge(what, request)
    _print(found, _verdicts(found), as_json=as_json)
    if found["failed"]:
        said = f"{len(found['failed'])} of {len(cases)} stayed as they were"
        raise CommandError(said, code=Exit.REFUSED)


async def _cards_of(remote: Remote, case: str, responder: str | None) -> list[Json]:
    cards = (await remote.approvals(case=case))["cards"]
    wanted = [card for card in cards if responder in {None, card["responder"]}]
    if not wanted:
        named = ", ".join(card["responder"] for card in cards)
        there = f"; what waits there: {named}" if named else ""
        about = f"{responder} of case {case}" if responder else f"Case {case}"
        raise CommandError(f"{about} does not wait for anybody{there}", code=Exit.REFUSED)
    return wanted


def _wish(card: Json, only: list[str]) -> Json:
    wish: Json = {"responder": card["responder"], "fingerprint": card["fingerprint"]}
    return {**wish, "only": [_key(card, one) for one in only]} if only else wish


def _key(card: Json, wanted: str) -> str:
    """Find the foothold that is meant: by its key, or by its whole label."""
    keys = [
        str(choice["key"])
        for choice in card["choices"]
        if wanted in {choice["key"], choice["foothold"]["label"]}
    ]
    if len(keys) == 1:
        return keys[0]
    if not card["choices"]:
        raise CommandError(
            f"{card['responder']} is one setting: release all of it, or refuse it",
            code=Exit.REFUSED,
        )
    said = "several footholds are called" if keys else "there is no foothold"
    known = ", ".join(f"{c['key']} ({c['foothold']['label']})" for c in card["choices"])
    raise CommandError(f"{said} {wanted}; take a key: {known}", code=Exit.USAGE)


def _moment(text: str) -> str:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        said = f"{text} is no time; write one like 2026-11-23T08:30:00Z"
        raise CommandError(said, code=Exit.USAGE) from error
    if found.tzinfo is None:
        raise CommandError(f"{text} has no zone; add Z for UTC, or +01:00", code=Exit.USAGE)
    try:
        return found.astimezone(UTC).isoformat()
    except OverflowError as error:
        said = f"{text} is outside the years 1 to 9999 in UTC"
        raise CommandError(said, code=Exit.USAGE) from error


def _print(found: Json, view: RenderableType, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        Console().print(view)


def _verdicts(found: Json) -> RenderableType:
    judged = [Text(f"{one['case']}  {one['said']}") for one in found["judged"]]
    failed = [Text(f"{one['case']}  {one['reason']}", style="red") for one in found["failed"]]
    return Group(*judged, *failed)


def _said(answered: Json) -> RenderableType:
    return Group(*(Text(one["said"]) for one in answered["answered"]))


def _cards(cards: list[Json]) -> RenderableType:
    if not cards:
        return Text("Nothing waits for a person.")
    return Group(*(_card(card) for card in cards))


def _more(found: Json) -> list[Text]:
    """Say how much waits on later pages, and how to see it."""
    if not found["after"]:
        return []
    left = max(found["cases_in_all"] - found["cases_before"] - found["cases"], 1)
    cases = f"{'at least ' if found['at_least'] else ''}{left} case{'' if left == 1 else 's'}"
    said = f"More waits in {cases}; go on with: firebreak approvals --after {found['after']}"
    return [Text(said, style="bold")]


def _card(card: Json) -> RenderableType:
    head = Text.assemble(
        (f"{card['summary']}  ", "bold"),
        (f"{card['display_name']} <{card['upn']}>  ", ""),
        (f"case {card['case']}  {card['responder']}", "dim"),
    )
    since, until = (datetime.fromisoformat(card[name]) for name in ("since", "expires_at"))
    expires = f"waits since {full(since)}, given up at {full(until)}"
    table = Table(box=None, header_style="bold")
    for column in ("what", "is", "becomes"):
        table.add_column(column, overflow="fold")
    for line in card["differences"]:
        table.add_row(line["what"], line["was"], line["becomes"])
    choices = [
        Text(f"  {choice['key']}  {choice['foothold']['label']}") for choice in card["choices"]
    ]
    parts: list[RenderableType] = [head, Text(expires, style="dim"), table]
    return Group(*parts, *([Text("Footholds, for --only:"), *choices] if choices else []), "")
