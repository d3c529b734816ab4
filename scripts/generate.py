"""Write what is generated: `python -m scripts.generate`. A test makes it again and compares.

Each entry of `GENERATED` is a file of the repository and the function that gives its text.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from importlib.metadata import distribution
from pathlib import Path
from types import MappingProxyType
from typing import Final

from cli.permissions import Format, needed, responders_page, write
from responders import catalogue
from scripts.doctor_page import doctor_page
from scripts.openapi import openapi
from scripts.package.bill import licences_page
from scripts.package.libraries import locked
from scripts.telemetry_page import telemetry_page
from scripts.workbook import workbook
from shared.alerts.catalogue import carriers
from shared.policy.schema import schema

ROOT: Final = Path(__file__).resolve().parents[1]


def policy_schema() -> str:
    """Give the JSON Schema of policy.toml, for editors."""
    return json.dumps(schema(catalogue()), indent=2) + "\n"


def carrier_index() -> str:
    """Give the index of the pages about carriers."""
    found = carriers()
    rows = [
        f"| [{_title(name)}]({name}.md) | `{name}` | {each.summary} |"
        for name, each in found.items()
    ]
    head = (
        "# Connect what sends alerts",
        "",
        "One page for each carrier: what to set there, how it proves itself, a payload and what",
        "comes of it. A test posts every payload shown and compares.",
        "",
        "| page | carrier | what it reads |",
        "| --- | --- | --- |",
    )
    return "\n".join((*head, *rows)) + "\n"


def _title(carrier: str) -> str:
    page = ROOT / "docs" / "carriers" / f"{carrier}.md"
    return page.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")


def shipped_policy() -> str:
    """Keep the policy as it is shipped, so that a page can say what was changed."""
    return (ROOT / "policy.toml").read_text(encoding="utf-8")


def permissions(form: Format) -> str:
    """Give the rights that the shipped policy needs, in one of the formats."""
    return write(needed(ROOT / "policy.toml"), form)


def licences() -> str:
    """Give the page of the licences of what is shipped."""
    return licences_page(distribution(name) for name in locked(ROOT / "requirements.lock"))


GENERATED: Final[Mapping[str, Callable[[], str]]] = MappingProxyType(
    {
        "docs/openapi.json": openapi,
        "docs/policy.schema.json": policy_schema,
        "docs/carriers/README.md": carrier_index,
        "shared/policy/shipped.toml": shipped_policy,
        "docs/permissions.md": partial(permissions, "md"),
        "docs/responders.md": responders_page,
        "docs/doctor.md": doctor_page,
        "docs/telemetry.md": telemetry_page,
        "infra/workbook.json": workbook,
        "docs/licences.md": licences,
        "infra/permissions.json": partial(permissions, "json"),
        "infra/permissions.bicep": partial(permissions, "bicep"),
        "infra/grant.ps1": partial(permissions, "ps1"),
        "infra/grant.sh": partial(permissions, "sh"),
    }
)


def main() -> None:
    """Write every generated file."""
    for name, text in GENERATED.items():
        (ROOT / name).write_text(text(), encoding="utf-8")
        print(name)


if __name__ == "__main__":
    main()
