"""`firebreak permissions`: the rights the app needs, as data, as a page and as scripts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Final, Literal

import typer

from cli import policy as policies
from cli.exits import CommandError, Exit
from cli.running import finish
from responders import catalogue
from shared.clients.own_tokens import API_NAMES, Api
from shared.model import Json
from shared.needs import Declared, Rights, Sort
from shared.rights import options, rights

type Format = Literal["json", "md", "bicep", "ps1", "sh"]

_TEMPLATES: Final = Path(__file__).with_name("templates")
_HEADINGS: Final[Mapping[Sort, str]] = {
    Sort.RESPONDER: "Responders",
    Sort.SWEEP: "Sweeps",
    Sort.PART: "The rest of the app",
}


def permissions(
    format: Annotated[Format, typer.Option(help="How to write it down.")] = "md",  # noqa: A002 - the option's name
    file: Annotated[Path, typer.Option("--policy", help="The policy.")] = Path("policy.toml"),
    with_: Annotated[
        list[str] | None,
        typer.Option("--with", help="Something switched on beside the policy; repeatable."),
    ] = None,
) -> None:
    """Say which rights the app needs for what a policy enables, or print what grants them."""

    async def run() -> None:
        print(write(needed(file, with_ or ()), format), end="")

    finish(run())


def needed(file: Path, chosen: Iterable[str] = ()) -> Rights:
    """Gather the rights for a policy and what is switched on beside it."""
    wanted = frozenset(chosen)
    if unknown := sorted(wanted - set(options())):
        raise CommandError(
            f"Unknown: --with {', '.join(unknown)}; known are {', '.join(options())}",
            code=Exit.USAGE,
        )
    return rights(policies.read(file), catalogue(), wanted)


def write(found: Rights, form: Format) -> str:
    """Write rights down in one of the formats."""
    if form == "json":
        return json.dumps(manifest(found), indent=2) + "\n"
    if form == "md":
        return "\n".join(_page(found)) + "\n"
    text = (_TEMPLATES / f"grant.{form}").read_text(encoding="utf-8")
    for name, value in _lists(found, form).items():
        text = text.replace(f"%%{name}%%", value)
    return text


def manifest(found: Rights) -> Json:
    """Give the rights as data, and those that each option adds."""
    return {
        "permissions": {
            API_NAMES[api]: {
                "app_id": api.value,
                "roles": {name: list(found.permissions[name]) for name in found.of(api)},
            }
            for api in Api
            if found.of(api)
        },
        "exchange_roles": {role: list(names) for role, names in found.exchange_roles.items()},
        "azure_roles": {role: list(names) for role, names in found.azure_roles.items()},
        "without": {right: list(names) for right, names in found.unmet.items()},
        "off": {
            one.name: {
                "option": one.option,
                "permissions": sorted(one.permissions),
                "exchange_roles": sorted(one.exchange_roles),
                "azure_roles": sorted(one.azure_roles),
            }
            for one in found.declared
            if not one.on
        },
    }


def _lists(found: Rights, form: Format) -> dict[str, str]:
    per_api = {api.name: _items(found.of(api), form) for api in Api}
    return {**per_api, "EXCHANGE_ROLES": _items(found.exchange_roles, form)}


def _items(names: Iterable[str], form: Format) -> str:
    gap = {"ps1": ",\n", "sh": "\n", "bicep": "\n"}[form]
    return gap.join(f"  '{name}'" for name in names)


def _page(found: Rights) -> Iterator[str]:
    yield from (_TEMPLATES / "permissions.md").read_text(encoding="utf-8").splitlines()
    for api in Api:
        if found.of(api):
            yield from (
                "",
                f"## {API_NAMES[api]}",
                "",
                "| permission | needed by |",
                "| --- | --- |",
            )
            yield from (_row(name, found.permissions[name]) for name in found.of(api))
    if found.exchange_roles:
        yield from ("", "## Exchange management roles", "", "| role | needed by |", "| --- | --- |")
        yield from (_row(role, names) for role, names in found.exchange_roles.items())
    if found.unmet:
        yield from ("", "## Not granted, and who reads less for it", "")
        yield from ("| right | who goes without |", "| --- | --- |")
        yield from (_row(right, names) for right, names in found.unmet.items())
    yield from _off([one for one in found.declared if not one.on])


def _off(off: list[Declared]) -> Iterator[str]:
    yield from ("", "## What is switched off, and what it would need", "")
    yield from ("| part | switched on by | rights |", "| --- | --- | --- |")
    for one in off:
        needs = ", ".join(sorted(one.permissions | one.exchange_roles | one.azure_roles))
        yield f"| `{one.name}` | {_switch(one)} | {needs} |"


def _switch(one: Declared) -> str:
    if one.sort is Sort.RESPONDER:
        return "a line of the policy" if one.option else "a rule that names it"
    return f"`--with {one.option}`"


def _row(right: str, names: Iterable[str]) -> str:
    return f"| {right} | {', '.join(f'`{name}`' for name in names)} |"


def responders_page() -> str:
    """Write the page about responders: what each does, needs, and what its owner notices."""
    rows = [
        f"| {one.phase} | `{name}` | {one.summary} | {one.impact} "
        f"| {'yes' if one.reversible else 'no'} "
        f"| {', '.join(sorted(one.permissions | one.exchange_roles))} "
        f"| {', '.join(sorted(one.techniques))} |"
        for name, one in catalogue().items()
    ]
    head = (
        "# Responders",
        "",
        "One file under `responders/` is one responder; this page is generated from them.",
        "What each needs is listed by right in [permissions.md](permissions.md).",
        "",
        "| phase | responder | what it does | the owner | can be put back | rights | answers |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    )
    return "\n".join((*head, *rows)) + "\n"
