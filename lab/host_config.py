"""Read host.json and the app's settings the way the Functions host does."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from lab.errors import BadApp

OVERRIDE = "azurefunctionsjobhost__"
"""Settings with this prefix override host.json, as in Azure; any case.

Source: https://learn.microsoft.com/azure/azure-functions/functions-host-json#override-hostjson-values
"""

_SPAN = re.compile(r"(?:(\d+)\.)?(\d{1,2}):(\d{1,2}):(\d{1,2}(?:\.\d+)?)")
_SETTING = re.compile(r"%([^%]+)%")
_MOST_MESSAGES_PER_CALL = 32


@dataclass(frozen=True)
class QueueRules:
    """How the host polls queues: host.json, extensions.queues.

    Source of the defaults: Azure/azure-webjobs-sdk, QueuesOptions.cs.
    """

    batch_size: int = 16
    new_batch_threshold: int = 8
    max_dequeue_count: int = 5
    visibility_timeout: timedelta = timedelta(0)
    """How long a failed message stays away."""
    max_polling_interval: timedelta = timedelta(minutes=1)
    base64: bool = True


@dataclass(frozen=True)
class HostConfig:
    """What host.json says, as far as this host listens to it."""

    route_prefix: str = "api"
    function_timeout: timedelta = timedelta(minutes=30)
    queues: QueueRules = field(default_factory=QueueRules)


def read_config(app: Path, settings: Mapping[str, str]) -> HostConfig:
    """Read host.json and what the settings override in it. Raises `BadApp` with the reason."""
    path = app / "host.json"
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BadApp(f"there is no host.json in {app}") from error
    except ValueError as error:
        raise BadApp(f"host.json cannot be read: {error}") from error
    if not isinstance(document, dict) or document.get("version") != "2.0":
        raise BadApp('host.json must say "version": "2.0"')
    _override(document, settings)
    try:
        return _config(document)
    except (TypeError, ValueError) as error:
        raise BadApp(f"host.json: {error}") from error


def _override(document: dict[str, Any], settings: Mapping[str, str]) -> None:
    for name, value in settings.items():
        if not name.lower().startswith(OVERRIDE):
            continue
        *parents, leaf = name[len(OVERRIDE) :].split("__")
        place = document
        for parent in parents:
            place = place.setdefault(_key(place, parent), {})
        place[_key(place, leaf)] = value


def _key(place: Mapping[str, Any], name: str) -> str:
    """Find the key as host.json spells it: settings know no case."""
    return next((key for key in place if key.lower() == name.lower()), name)


def _config(document: Mapping[str, Any]) -> HostConfig:
    extensions = document.get("extensions", {})
    timeout = document.get("functionTimeout", "00:30:00")
    return HostConfig(
        route_prefix=str(extensions.get("http", {}).get("routePrefix", "api")).strip("/"),
        # "-1" means without limit; a day is that, for a lab.
        function_timeout=timedelta(days=1) if str(timeout) == "-1" else span(timeout),
        queues=_queues(extensions.get("queues", {})),
    )


def _queues(said: Mapping[str, Any]) -> QueueRules:
    batch = int(said.get("batchSize", 16))
    if not 1 <= batch <= _MOST_MESSAGES_PER_CALL:
        raise ValueError(f"batchSize must be between 1 and 32, not {batch}")
    encoding = str(said.get("messageEncoding", "base64")).lower()
    if encoding not in {"base64", "none"}:
        raise ValueError(f"messageEncoding must be base64 or none, not {encoding}")
    return QueueRules(
        batch_size=batch,
        new_batch_threshold=int(said.get("newBatchThreshold", batch // 2)),
        max_dequeue_count=int(said.get("maxDequeueCount", 5)),
        visibility_timeout=span(said.get("visibilityTimeout", "00:00:00")),
        max_polling_interval=span(said.get("maxPollingInterval", "00:01:00")),
        base64=encoding == "base64",
    )


def span(text: object) -> timedelta:
    """Read a .NET time span, "hh:mm:ss" with optional days before and fractions behind."""
    found = _SPAN.fullmatch(str(text))
    if found is None:
        raise ValueError(f"{text!r} is not a time span such as 00:00:30")
    days, hours, minutes, seconds = found.groups(default="0")
    return timedelta(days=int(days), hours=int(hours), minutes=int(minutes), seconds=float(seconds))


def resolve(text: str, settings: Mapping[str, str]) -> str:
    """Replace %NAME% by the setting of that name; one that is missing is a `BadApp`."""

    def value(found: re.Match[str]) -> str:
        name = found.group(1)
        if name not in settings:
            raise BadApp(f"%{name}% does not resolve to a value: there is no setting {name}")
        return settings[name]

    return _SETTING.sub(value, text)
