"""`firebreak policy`: check a policy, explain it, compare it with the one in force."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.exits import CommandError, Exit
from responders import catalogue
from shared.model import (
    Account,
    AccountKind,
    AlertKind,
    Json,
    ObjectId,
    Severity,
    Upn,
    now,
    number_of,
)
from shared.policy.brakes import standing_guards
from shared.policy.condition import Facts
from shared.policy.decide import decide
from shared.policy.document import Policy, ResponderTraits
from shared.policy.guards import GuardSubject, OwnIdentity, apply_guards
from shared.policy.reading import PolicyError, load

_STYLES: Final[Mapping[str, str]] = {"enforce": "bold red", "approve": "magenta", "observe": "cyan"}
_SOMEBODY: Final = ObjectId("00000000-0000-4000-8000-000000000000")
_OURSELVES: Final = ObjectId("00000000-0000-4000-8000-000000000001")


def read(file: Path) -> Policy:
    """Read a policy; says every mistake with its line."""
    try:
        text = file.read_text(encoding="utf-8")
        return load(text, responders=ResponderTraits.of(catalogue()), file=str(file))
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}", code=Exit.USAGE) from error
    except UnicodeDecodeError as error:
        raise CommandError(f"{file} is not a UTF-8 text", code=Exit.USAGE) from error
    except PolicyError as error:
        raise CommandError(str(error)) from error


def checked(policy: Policy) -> Json:
    """Say what a policy holds, and what of it a careful person would want to know."""
    remarks = []
    if not policy.protected.accounts and not policy.protected.groups:
        remarks.append("nobody is protected: name your break-glass and sync accounts in it")
    unused = set(policy.responders) - {name for rule in policy.rules for name in rule.responders}
    if unused:
        remarks.append(f"no rule names {', '.join(sorted(unused))}")
    terms = policy.retention
    if 0 < terms.case_days < max(terms.evidence_days, terms.raw_days):
        remarks.append(
            "case_days is shorter than evidence_days or raw_days: evidence and bodies of alerts "
            "go with their case"
        )
    return {
        "rules": [rule.name for rule in policy.rules],
        "kept": kept(policy),
        "remarks": remarks,
    }


def kept(policy: Policy) -> dict[str, str]:
    """Say how long what is collected about people is kept."""
    terms = policy.retention
    days = {
        "evidence": terms.evidence_days,
        "bodies of alerts": terms.raw_days,
        "what a case says": terms.case_days,
    }
    return {
        what: number_of(number, "day") if number else "for good" for what, number in days.items()
    }


def explained(
    policy: Policy, kind: AlertKind, severity: Severity, account: frozenset[AccountKind]
) -> Json:
    """Say what a policy and its guards do about an alert of a kind, for accounts of a kind."""
    somebody = Account(
        object_id=_SOMEBODY,
        upn=Upn("somebody@example.com"),
        kinds=account,
        groups=frozenset(),
        roles=frozenset({"a directory role"} if AccountKind.PRIVILEGED in account else ()),
    )
    wanted = decide(policy, Facts(kind=kind, severity=severity, account=somebody))
    guards = standing_guards(policy, OwnIdentity(object_id=_OURSELVES))
    decision = apply_guards(wanted, guards, GuardSubject(account=somebody, at=now()))
    modes = {str(name): str(mode) for name, mode in decision.modes.items()}
    return {"rule": decision.rule, "modes": modes, "reasons": list(decision.reasons)}


def standing(file: Path) -> Json:
    """Say what a policy holds for every alert and every sweep, and what each setting means."""
    from shared.pages.policy_view import settings
    from shared.policy.locate import locate
    from shared.policy.schema import schema

    policy = read(file)
    lines = settings(policy, locate(file.read_text(encoding="utf-8")), schema(catalogue()))
    return {"settings": [line.model_dump(mode="json") for line in lines]}


def settings_table(found: Json) -> RenderableType:
    """Show what holds for every alert and every sweep."""
    table = _table("setting", "value", "line", "what it means")
    for line in found["settings"]:
        where = str(line["line"]) if line["line"] else "default"
        table.add_row(line["name"], line["value"], where, line["means"])
    return table


def explanation(found: Json) -> RenderableType:
    """Show what would be done, and why."""
    lines: list[RenderableType] = []
    if account := found.get("account"):
        kinds = ", ".join(sorted(account["kinds"])) or "kind unknown"
        lines.append(Text(f"{account['upn']} ({kinds})", style="bold"))
    if found["modes"]:
        table = _table("responder", "mode")
        for name, mode in found["modes"].items():
            table.add_row(name, Text(mode, style=_STYLES[mode]))
        lines.append(table)
    else:
        lines.append(Text("Nothing would be done.", style="bold"))
    return Group(*lines, *(Text(f"· {reason}") for reason in found["reasons"]))


def comparison(found: Json) -> RenderableType:
    """Show which past cases would have gone another way."""
    cases = f"the newest {found['cases']}" if found.get("more") else found["cases"]
    said = f"{len(found['different'])} of {cases} past cases would have gone another way"
    older = Text("! There are older ones in that time, which were not looked at.", style="yellow")
    table = _table("case", "account", "alert", "responder", "now", "then")
    for case in found["different"]:
        for name in dict.fromkeys((*case["now"]["modes"], *case["then"]["modes"])):
            now, then = case["now"]["modes"].get(name), case["then"]["modes"].get(name)
            if now != then:
                first = (case["case"], case["upn"], case["title"])
                table.add_row(*first, name, _mode(now), _mode(then))
    return Group(
        Text(said, style="bold"),
        *([older] if found.get("more") else []),
        *([table] if table.row_count else []),
    )


def as_text(found: Json) -> RenderableType:
    """Show what a check found."""
    rules = Text(f"{number_of(len(found['rules']), 'rule')}: {', '.join(found['rules'])}")
    return Group(
        Text("This policy can be put in force.", style="bold green"),
        rules,
        Text("Kept: " + ", ".join(f"{what} {days}" for what, days in found["kept"].items())),
        *(Text(f"! {remark}", style="yellow") for remark in found["remarks"]),
    )


def schema_text() -> str:
    """Give the JSON Schema for editors."""
    from shared.policy.schema import schema

    return json.dumps(schema(catalogue()), indent=2)


def _mode(mode: str | None) -> Text:
    return Text(mode or "-", style=_STYLES.get(mode or "", "dim"))


def _table(*columns: str) -> Table:
    table = Table(box=None, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
