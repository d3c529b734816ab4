"""Whether a command that a page names is one there is."""

from __future__ import annotations

from typing import Any

from typer.main import get_command

from cli.main import app


def follow(words: list[str]) -> None:
    """Walk down the command line as typer would; an unknown command or option fails."""
    found: Any = get_command(app)
    while words and hasattr(found, "commands") and not words[0].startswith("-"):
        assert words[0] in found.commands or found.invoke_without_command, " ".join(words)
        found = found.commands[words.pop(0)]
    options = {option for each in found.params for option in each.opts}
    assert {word for word in words if word.startswith("--")} <= options, words
