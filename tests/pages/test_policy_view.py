"""The policy's page shows everything in force: found by the language itself, not by a list."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from responders import catalogue
from shared.pages.policy_view import PolicyView, policy_view
from shared.pages.render import Pages
from shared.policy.document import Document, ResponderTraits
from shared.policy.locate import Path, locate
from shared.policy.reading import load
from shared.policy.schema import schema

NOW = datetime(2026, 11, 25, 3, tzinfo=UTC)
RULE = """
[[rule]]
name = "anything"
[rule.responders]
revoke_sessions = "approve"
"""
BARE = f"version = 1\n{RULE}"
FULL = f"""version = 1
mode_ceiling = "approve"
[episode]
hours = 24
[protected]
accounts = ["breakglass@contoso.example"]
[guards]
stale_hours = 12
[guards.radius]
per_hour = 7
kinds = {{ risky_sign_in = 3 }}
[[freeze]]
name = "year end"
starts = 2026-12-24T00:00:00Z
ends = 2026-12-27T00:00:00Z
[[freeze]]
name = "nights"
days = ["sat"]
[approvals]
expire_after_hours = 5
[retention]
evidence_days = 30
[[notify]]
channels = ["pager"]
severity = ["high"]
[[notify]]
channels = ["soc-mail"]
events = ["case_opened"]
[notify.quiet]
after = 22:00:00
before = 06:00:00
{RULE}"""


def shown(text: str) -> PolicyView:
    responders = catalogue()
    traits = ResponderTraits.of(responders)
    policy = load(text, responders=traits)
    return policy_view(
        policy,
        text,
        file="policy.toml",
        shipped=(None, text),
        catalogue=responders,
        schema=schema(responders),
        at=NOW,
    )


def leaves(found: Any, path: Path = ()) -> Iterator[Path]:
    """Name the path of each setting that is written down."""
    tables: Iterable[tuple[Any, Any]] = found.items() if isinstance(found, dict) else ()
    if isinstance(found, list) and found and isinstance(found[0], dict):
        tables = enumerate(found)
    inner = [leaf for key, value in tables for leaf in leaves(value, (*path, key))]
    yield from inner or [path]


def test_every_table_of_the_language_is_on_the_page_written_down_or_not() -> None:
    view = shown(BARE)
    names = {line.name.partition(".")[0].partition(" ")[0] for line in view.settings}
    assert names == Document.model_fields.keys() - {"version", "rule"}
    assert [rule.name for rule in view.rules] == ["anything"]
    assert all(line.means for line in view.settings)


def test_every_setting_that_is_written_down_is_on_the_page_with_its_line() -> None:
    view, lines = shown(FULL), locate(FULL)
    given = {line.line: line for line in view.settings}
    document = tomllib.loads(FULL)
    for path in leaves({k: v for k, v in document.items() if k not in {"version", "rule"}}):
        written = path if path in lines else path[:-1]
        assert given[lines[written]].name.startswith(str(path[0])), path
    assert given[lines["freeze", 1, "name"]].name == "freeze 2.name"


def test_the_page_names_who_is_told_of_what() -> None:
    html = Pages().policy(shown(FULL))
    for text in ("notify 1.channels", "pager", "soc-mail", "case_opened", "22:00:00", "year end"):
        assert text in html
