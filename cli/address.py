"""Where the app is and what to prove oneself with: given, or the stack on this computer."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

_NOTE: Final = Path(".lab") / "stack.json"
"""A running local stack leaves its address here, for other terminals."""
_DEFAULT: Final = "http://127.0.0.1:7071"


@dataclass(frozen=True, slots=True)
class Address:
    """An app's address; `secret` signs alerts, `token` lets read.

    `tenant` and `storage` say where a local stack keeps its record.
    """

    url: str
    secret: str | None = None
    token: str | None = None
    tenant: str | None = None
    storage: str | None = None


def find(url: str | None) -> Address:
    """Take the address given, else the local stack's."""
    secret = os.environ.get("FIREBREAK_OPERATOR_SECRET")
    token = os.environ.get("FIREBREAK_TOKEN")
    local = _local()
    if url is None or (local and local.url == url):
        known = local or Address(_DEFAULT)
        return Address(known.url, secret or known.secret, token)
    return Address(url, secret, token)


def note(address: Address) -> None:
    """Leave a local stack's address for other terminals."""
    _NOTE.parent.mkdir(exist_ok=True)
    _NOTE.write_text(json.dumps(asdict(address)))


def forget() -> None:
    """Take the note away when the stack goes down."""
    _NOTE.unlink(missing_ok=True)


def local_record() -> dict[str, str]:
    """Tell where a local stack keeps its record, in the words of the environment."""
    local = _local()
    if local is None or not (local.tenant and local.storage):
        return {}
    return {"FIREBREAK_TENANT_ID": local.tenant, "AzureWebJobsStorage": local.storage}


def _local() -> Address | None:
    try:
        return Address(**json.loads(_NOTE.read_text()))
    except (OSError, ValueError, TypeError):
        return None
