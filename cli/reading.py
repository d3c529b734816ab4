"""Read past bodies offline: by the carrier somebody named, or by whichever recognises them."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from cli.exits import CommandError, Exit
from cli.past import Past
from shared.alerts.carrier import Carrier, Incomplete, Reading, Recognised, Unreadable
from shared.alerts.catalogue import carriers
from shared.alerts.generic import Generic
from shared.alerts.source import Source, Sources
from shared.model import Json, Place

_REMEMBERED: Final = 5_000
"""Alerts whose parts are remembered until their other parts come."""
_GENERIC: Final = Generic().name
"""Reads nothing without a mapping, which only a source brings along."""
_UNKNOWN: Final = "no carrier knows such a body"


class Reader:
    """Reads bodies, and remembers parts of alerts that were streamed in several."""

    def __init__(
        self, named: Mapping[str, str] | None = None, sources: Iterable[Source] = ()
    ) -> None:
        """Take `named`: the carrier of each folder or file of a name; `sources` name theirs, too.

        Raises `CommandError` where there is no such carrier.
        """
        self._carriers = dict(carriers())
        self._named: dict[str, str] = {}
        for name, carrier in (named or {}).items():
            if carrier not in self._carriers or carrier == _GENERIC:
                known = ", ".join(each for each in self._carriers if each != _GENERIC)
                said = f"{name}={carrier}: name one of {known}"
                raise CommandError(said, code=Exit.USAGE)
            self._named[name] = carrier
        for source in sources:
            reader = f"source {source.name}"
            self._carriers[reader] = source.reader()
            self._named.setdefault(source.name, reader)
        self._pieces: OrderedDict[tuple[str, str], list[Json]] = OrderedDict()

    def summary(self, name: str) -> str:
        """Say what a carrier reads."""
        return self._carriers[name].summary

    def all(self, past: Past) -> dict[str, tuple[Reading, ...]]:
        """Say what each carrier that understands a body reads; alerts first, perhaps nobody."""
        if past.fault:
            return {}
        asked = self._asked(past)
        found = {name: carrier.read(past.body) for name, carrier in asked.items()}
        if len(asked) > 1:
            found = {name: read for name, read in found.items() if _understood(read)}
        return dict(sorted(found.items(), key=lambda pair: not _alerts(pair[1])))

    def best(self, past: Past) -> tuple[str, tuple[Reading, ...]]:
        """Say what a body holds and which carrier says so, with parts that came before."""
        found = self.all(past)
        if not found:
            return "", (Unreadable(reason=past.fault or self._why_nobody(past.body)),)
        name, readings = next(iter(found.items()))
        return name, tuple(self._joined(name, readings, past.body))

    def _why_nobody(self, body: bytes) -> str:
        """Say what every carrier says; where each has a reason of its own, they do not know it."""
        said = {
            reading.reason
            for name, carrier in self._carriers.items()
            for reading in carrier.read(body)
            if isinstance(reading, Unreadable) and name != _GENERIC
        }
        return said.pop() if len(said) == 1 else _UNKNOWN

    def _asked(self, past: Past) -> Mapping[str, Carrier]:
        names = (*past.file.parts, past.file.name.partition(".")[0])
        for name in reversed(names):
            if name in self._named:
                carrier = self._named[name]
                return {carrier: self._carriers[carrier]}
        return self._carriers

    def _joined(self, name: str, readings: tuple[Reading, ...], body: bytes) -> list[Reading]:
        carrier = self._carriers[name]
        for piece in carrier.pieces(body):
            self._pieces.setdefault((name, piece.alert), []).append(piece.record)
        while len(self._pieces) > _REMEMBERED:
            self._pieces.popitem(last=False)
        return [each for reading in readings for each in self._whole(name, carrier, reading)]

    def _whole(self, name: str, carrier: Carrier, reading: Reading) -> tuple[Reading, ...]:
        if not isinstance(reading, Incomplete) or reading.awaits.place is not Place.PIECES:
            return (reading,)
        records = self._pieces.get((name, reading.awaits.id), [])
        again = carrier.read_again("\n".join(map(json.dumps, records)).encode())
        named = tuple(each for each in again if isinstance(each, Recognised))
        return named or (reading,)


def sources_of(file: Path | None) -> tuple[Source, ...]:
    """Read what `FIREBREAK_SOURCES` says from a file; secrets in it are not looked at."""
    if file is None:
        return ()
    try:
        listed = json.loads(file.read_text(encoding="utf-8"))
        plain = [{key: one[key] for key in one if key != "auth"} for one in listed]
        return Sources.model_validate(plain).root
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}", code=Exit.USAGE) from error
    except ValidationError as error:
        said = "; ".join(f"{each['loc']}: {each['msg']}" for each in error.errors())
        raise CommandError(f"{file}: {said}", code=Exit.USAGE) from error
    except (ValueError, TypeError) as error:
        said = f"{file} is not a JSON list of sources, as FIREBREAK_SOURCES holds it"
        raise CommandError(said, code=Exit.USAGE) from error


def _alerts(readings: tuple[Reading, ...]) -> bool:
    return any(isinstance(reading, (Recognised, Incomplete)) for reading in readings)


def _understood(readings: tuple[Reading, ...]) -> bool:
    return not all(isinstance(reading, Unreadable) for reading in readings)
