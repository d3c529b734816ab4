"""What both implementations refuse alike, and how a body is written down.

The limits are Azure's, held with a margin and checked before anything is sent, so that a test in
memory meets the same wall as production.
"""

from __future__ import annotations

import json
import re
from operator import itemgetter
from typing import Final, cast

from shared.errors import Defect
from shared.model import Json
from shared.store.verbs import Drop, Put

MAX_CHANGES: Final = 100
"""Rows in one transaction (Table service: performing entity group transactions)."""

MAX_WRITE: Final = 500_000
"""Characters of JSON in one write, all its rows together.

One row holds 1 MiB, and text counts two bytes a character there. On the wire a character may be
doubled once more (an escaped quote), and beyond 1 MiB aiohttp warns that it blocks the event loop.
"""

MAX_MESSAGE: Final = 48 * 1024
"""Bytes of one queue message: 64 KiB, less what base64 adds."""

MAX_DELAY: Final = 7 * 24 * 3600
"""Seconds a queue message can stay invisible (Queue service: Put Message)."""

_KEY: Final = re.compile(r"[A-Za-z0-9_.@:+=~|-]{1,512}")
# The letters of a partition and its separator. All are ASCII, so that the table's order, Python's
# and the emulator's are one; none is among those a table key refuses (/ \ # ? and control letters).

_SEGMENT: Final = re.compile(r"[A-Za-z0-9_.@:+=~|-]{0,511}[A-Za-z0-9_@:+=~|-]")
# A segment that ends in a dot would be `..` in the worst case, and walk out of its tenant.

_MAX_NAME: Final = 1024


def check_key(*parts: str) -> None:
    """Refuse a partition or key that a table would not take as it is."""
    for part in parts:
        if not _KEY.fullmatch(part):
            raise Defect(f"{part!r} cannot be a storage key")


def check_name(name: str) -> None:
    """Refuse a blob name that the service, or a URL on the way to it, would not take as it is."""
    if len(name) > _MAX_NAME or not all(map(_SEGMENT.fullmatch, name.split("/"))):
        raise Defect(f"{name!r} cannot be the name of a blob")


def check_changes(changes: tuple[Put | Drop, ...]) -> None:
    """Refuse what cannot be one transaction: too many rows, two partitions, one row twice."""
    if len(changes) > MAX_CHANGES:
        raise Defect(f"{len(changes)} rows cannot be written at once, only {MAX_CHANGES}")
    if len({change.partition for change in changes}) > 1:
        raise Defect("Rows of two partitions cannot be written at once")
    if len({change.key for change in changes}) < len(changes):
        raise Defect("One row cannot be changed twice in one write")
    for change in changes:
        check_key(change.partition, change.key)


def pack(*changes: Put | Drop) -> tuple[str | None, ...]:
    """Write each body down as compact ASCII JSON; `None` stands for a row that is dropped.

    ASCII, because then a character is one UTF-16 unit: lengths are the service's lengths, and a
    text can be cut anywhere without splitting a surrogate pair.
    """
    texts = tuple(_pack(change) if isinstance(change, Put) else None for change in changes)
    sizes = [len(text or "") for text in texts]
    if sum(sizes) > MAX_WRITE:
        size, change = max(zip(sizes, changes, strict=True), key=itemgetter(0))
        raise Defect(
            f"{sum(sizes)} characters cannot be written at once, only {MAX_WRITE}; row "
            f"{change.key} of {change.partition} alone has {size}: keep a part of it as a blob"
        )
    return texts


def _pack(change: Put) -> str:
    try:
        return json.dumps(change.body, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError) as error:
        raise Defect(f"Row {change.key} of {change.partition} is not JSON: {error}") from error


def unpack(text: str, *, where: str) -> Json:
    """Read a body back; what is not an object of JSON was not written by us."""
    try:
        body = json.loads(text)
    except ValueError as error:
        raise Defect(f"{where} does not hold JSON") from error
    if not isinstance(body, dict):
        raise Defect(f"{where} does not hold an object")
    return cast("Json", body)


def check_message(text: str) -> None:
    """Refuse a message the queue would not take, or that would say nothing."""
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise Defect("A queue message with half a surrogate pair cannot be sent") from error
    if not 0 < size <= MAX_MESSAGE:
        raise Defect(f"A queue message of {size} bytes cannot be sent; it holds {MAX_MESSAGE}")
