"""Values that remember what they were, so that a lagging reader can be shown the past."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime


class Versioned[V]:
    """A mapping with a past. A value that never changed costs no more than its place."""

    def __init__(self) -> None:
        self._now: dict[str, V] = {}
        self._past: dict[str, list[tuple[datetime, V | None]]] = {}

    def __getitem__(self, key: str) -> V:
        return self._now[key]

    def __contains__(self, key: object) -> bool:
        return key in self._now

    def __iter__(self) -> Iterator[str]:
        return iter(self._now)

    def __len__(self) -> int:
        return len(self._now)

    def get(self, key: str) -> V | None:
        """Read the value as it is, `None` where there is none."""
        return self._now.get(key)

    def seed(self, key: str, value: V) -> None:
        """Set a value as if it had always been so."""
        self._now[key] = value
        self._past.pop(key, None)

    def put(self, key: str, value: V, *, at: datetime) -> None:
        """Change a value now and keep the old one."""
        self._past.setdefault(key, []).append((at, self._now.get(key)))
        self._now[key] = value

    def drop(self, key: str, *, at: datetime) -> None:
        """Remove a value now and keep the old one."""
        self._past.setdefault(key, []).append((at, self._now.pop(key, None)))

    def seen(self, key: str, *, at: datetime) -> V | None:
        """Read the value as it was at `at`."""
        for until, old in self._past.get(key, ()):
            if at < until:
                return old
        return self._now.get(key)
