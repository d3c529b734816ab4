"""What a backtest says: sums, days, accounts, what was not read, and what nobody could know."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.backtest import Backtest, Tally
from cli.gather import Gathered
from cli.show import outside
from shared.model import AccountKind, Json, number_of
from shared.policy.document import Policy

_SHOWN: Final = 50
"""Accounts and reasons that a terminal is shown; JSON has all."""
_COLUMNS: Final = {
    "alerts": "alerts",
    "cases": "cases",
    "acted": "acts",
    "waited": "waits",
    "observed": "reports",
    "nothing": "nothing",
    "radius": "radius",
    "storm": "storm",
}


def report(
    gathered: Gathered,
    test: Backtest,
    *,
    policy: Policy,
    kinds: frozenset[AccountKind],
    directory: int | None,
) -> Json:
    """Put together what was found."""
    return {
        "read": {
            "files": gathered.files,
            "bodies": gathered.bodies,
            "alerts": gathered.alerts,
            "repeated": gathered.repeated,
            "without_time": gathered.without_time,
            "names_nobody": test.nobody,
            "own_feedback": test.feedback,
            "carriers": dict(gathered.carriers),
        },
        "total": test.total.told(),
        "days": {day: test.days[day].told() for day in sorted(test.days)},
        "accounts": {who: tally.told() for who, tally in sorted(test.accounts.items(), key=_loud)},
        "unreadable": gathered.unreadable.told(),
        "ignored": gathered.ignored.told(),
        "incomplete": gathered.incomplete.told(),
        "unknown": list(_unknown(gathered, test, policy, kinds, directory=directory)),
    }


def as_text(found: Json) -> RenderableType:
    """Show it in a terminal."""
    total, read = found["total"], found["read"]
    head = (
        f"{number_of(total['cases'], 'case')} about "
        f"{number_of(len(found['accounts']), 'account')}: {total['acted']} would have been acted "
        f"on without a person, {total['waited']} would have waited for one."
    )
    brakes = (
        f"Brakes: the blast radius had no room {number_of(total['radius'], 'time')}, a rule was "
        f"held as a storm {number_of(total['storm'], 'time')}."
    )
    reading = (
        f"{number_of(read['alerts'], 'alert')} of {number_of(read['bodies'], 'body', 'bodies')} "
        f"in {number_of(read['files'], 'file')}; "
        f"{read['repeated']} repeated, {read['names_nobody']} name nobody and go to a person, "
        f"{read['own_feedback']} are our own verdicts coming back."
    )
    parts: list[RenderableType] = [Text(head, style="bold"), Text(brakes), Text(reading)]
    parts += [
        _sums("Per day", "day", found["days"]),
        _sums("Per account", "account", found["accounts"]),
        _responders(total["responders"]),
    ]
    parts += [
        table
        for title in ("unreadable", "incomplete", "ignored")
        if (table := _reasons(title.capitalize(), found[title])).row_count
    ]
    return Group(*parts, *(Text(f"? {said}", style="yellow") for said in found["unknown"]))


def _unknown(
    gathered: Gathered,
    test: Backtest,
    policy: Policy,
    kinds: frozenset[AccountKind],
    *,
    directory: int | None,
) -> Iterator[str]:
    taken = ", ".join(sorted(kinds))
    yield (
        f"No account was looked up: all {len(test.accounts)} were taken for {taken} accounts in no "
        "group; guests are known by their name. Where the app cannot read roles, everything waits"
    )
    yield (
        "Addresses were not resolved: an account that is named in two ways may count twice, and "
        "one that no longer exists counts as if it did"
    )
    asking = sorted(rule.name for rule in policy.rules if rule.account or rule.groups)
    if asking:
        yield f"Rules that ask what the account is, and so may apply to others: {', '.join(asking)}"
    if policy.protected.groups:
        yield "Members of protected groups are not known: the app would only report on them"
    if policy.guards.radius.share_per_hour and directory is None:
        yield "The directory's size is not known, so guards.radius.share_per_hour was left out"
    yield (
        "Each alert was judged at its own time, so none is stale; the kill switch was not pulled, "
        "nobody released anything, and no foothold was looked for"
    )
    if gathered.without_time:
        yield (
            f"{gathered.without_time} alerts do not say when they happened: the time of the alert "
            "before them counts, or that of their file"
        )


def _loud(pair: tuple[str, Tally]) -> tuple[int, int, str]:
    who, tally = pair
    return (-tally.acted, -tally.cases, who)


def _sums(title: str, first: str, rows: Json) -> Table:
    columns = [column for column in _COLUMNS if any(tally[column] for tally in rows.values())]
    table = _table(title, first, *(_COLUMNS[column] for column in columns))
    for name, tally in list(rows.items())[:_SHOWN]:
        table.add_row(outside(name), *(str(tally[column] or "") for column in columns))
    if len(rows) > _SHOWN:
        table.add_row(f"and {len(rows) - _SHOWN} more: --json")
    return table


def _responders(rows: Json) -> Table:
    table = _table("What would have been done", "responder", "by itself", "on a yes", "reported")
    for name, modes in rows.items():
        counts = (str(modes.get(mode, "")) for mode in ("enforce", "approve", "observe"))
        table.add_row(name, *counts)
    return table


def _reasons(title: str, rows: list[Json]) -> Table:
    table = _table(title, "times", "reason", "first")
    for row in rows[:_SHOWN]:
        table.add_row(str(row["count"]), outside(row["reason"]), outside(row["first"]))
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=f"\n{title}", title_justify="left", box=None, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
