"""Past alerts in files: one body in a file, one on each line, or an array; plain or gzipped.

Nothing is held but the body at hand, so a folder may be as large as it likes. What cannot be read
is a `Past` with a fault, never an end of the run.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final

from shared.model import Utc, Value
from shared.tasks.intake import LARGEST

WHOLE: Final = 16 * 1024 * 1024
"""Bytes of a file that is one document; whatever is larger has one alert on each line."""
_PAGE: Final = 100
"""Alerts of an exported page that are read together; a carrier takes no page of thousands."""
_PAGES: Final = ("value", "records")


class Past(Value):
    """One body as it came, and where it lies."""

    file: Path
    line: int = 0
    """Counted from 1; 0 where the file is one document."""
    saved_at: Utc
    """When the file was written: all that is known where an alert does not say its time."""
    body: bytes = b""
    fault: str = ""
    """Why there is no body."""

    @property
    def place(self) -> str:
        """Where it lies, in words."""
        return f"{self.file}, line {self.line}" if self.line else str(self.file)


def files(path: Path) -> Iterator[Path]:
    """Find every file of a folder, in the order of names; hidden ones are not alerts."""
    if not path.is_dir():
        yield path
        return
    for folder, folders, names in path.walk():
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith(".") and (folder / name).is_file():
                yield folder / name


def bodies(file: Path) -> Iterator[Past]:
    """Read the bodies of a file one after the other."""
    saved_at = datetime.now(UTC)
    try:
        saved_at = datetime.fromtimestamp(file.stat().st_mtime, UTC)
        with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as stream:
            for line, body in _split(stream):  # type: ignore[arg-type]  # gzip's file is one, too
                fault = "" if body is not None else f"longer than the {LARGEST:,} bytes that count"
                yield Past(file=file, line=line, saved_at=saved_at, body=body or b"", fault=fault)
    except (OSError, EOFError, zlib.error) as error:
        yield Past(file=file, saved_at=saved_at, fault=f"the file cannot be read: {error}")


def _split(stream: BinaryIO) -> Iterator[tuple[int, bytes | None]]:
    first = stream.readline(LARGEST + 1)
    if isinstance(_tree(first), (dict, list)):
        yield from ((1, body) for body in _spread(first))
        yield from _lines(stream)
        return
    text = first + stream.read(WHOLE + 1 - len(first))
    if len(text) > WHOLE:
        raise OSError(f"one document of more than {WHOLE:,} bytes; write one alert on each line")
    yield from ((0, body) for body in _spread(text))


def _lines(stream: BinaryIO) -> Iterator[tuple[int, bytes | None]]:
    line = 1
    while text := stream.readline(LARGEST + 1):
        line += 1
        if len(text) > LARGEST:
            while text and not text.endswith(b"\n"):
                text = stream.readline(LARGEST + 1)
            yield line, None
        elif text.strip():
            yield from ((line, body) for body in _spread(text))


def _spread(text: bytes) -> Iterator[bytes]:
    """Give the members of an array, and an exported page in parts; anything else as it is."""
    tree = _tree(text)
    if isinstance(tree, list) and tree:
        yield from (json.dumps(member).encode() for member in tree)
        return
    page = tree if isinstance(tree, dict) else {}
    for key in _PAGES:
        members = page.get(key)
        if isinstance(members, list) and len(members) > _PAGE:
            for start in range(0, len(members), _PAGE):
                yield json.dumps({**page, key: members[start : start + _PAGE]}).encode()
            return
    yield text.strip()


def _tree(text: bytes) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
