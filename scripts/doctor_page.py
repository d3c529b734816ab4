"""Write the page about the doctor from the checks: what each looks at, finds and says to do."""

from __future__ import annotations

from collections.abc import Iterator
from string import Formatter
from typing import Final

from shared.diagnosis import Grade, Kind
from shared.doctor.check import UNKNOWN, Check, every_kind
from shared.doctor.checks import checks

_WORDS: Final = {
    Grade.OK: "well",
    Grade.NOTE: "to know",
    Grade.UNKNOWN: "not known",
    Grade.BAD: "to do",
}
_HEAD: Final = """# The doctor

Generated from the checks under `shared/doctor/checks`: one file is one check.

```sh
firebreak doctor            # what asks for a person, then a line for each check
firebreak doctor --json     # all of it, for programs
firebreak doctor --fix      # prints the commands that mend it; runs none
```

It asks the app itself, at `GET /api/health/deep` (role `Firebreak.Reader`), and the page of health
shows the same. It changes nothing but a probe row, blob and message, which it removes again.

Exit codes: 0 nothing asks for a person · 3 something does, or could not be looked at · 4 the app
does not answer · 5 it refused.

| grade | means |
| --- | --- |
| well | it works |
| to know | it works, and somebody should know |
| not known | it could not be looked at, which is not "well" |
| to do | something that is meant to work does not |

Every check has its own time, and one that fails or hangs hides no other. What keeps a check from
looking is said as its reason, as not known. Words in braces are filled in when it is found."""


def doctor_page() -> str:
    """Give the page."""
    lines = [_HEAD]
    for check in checks().values():
        lines += _section(check)
    return "\n".join(lines) + "\n"


def _section(check: Check) -> Iterator[str]:
    yield f"\n## {check.name}\n"
    yield (type(check).__doc__ or "").strip().replace("\n    ", "\n")
    yield "\n| found | grade | means | what to do |"
    yield "| --- | --- | --- | --- |"
    for name, kind in every_kind(check).items():
        if name != UNKNOWN:
            yield _row(kind)


def _row(kind: Kind) -> str:
    done = "".join(f"<br>`{_shown(command)}`" for command in kind.commands)
    cells = (kind.state, _WORDS[kind.grade], _shown(kind.means), _shown(kind.do) + done)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _shown(template: str) -> str:
    """Show a template as it would be read, with what is filled in in braces."""
    parts = Formatter().parse(template)
    return "".join(text + (f"{{{field}}}" if field else "") for text, field, *_ in parts)
