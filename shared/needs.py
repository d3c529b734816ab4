"""What a part of the app needs of the tenant, declared beside its code as `NEEDS`."""

from __future__ import annotations

from shared.model import Value


class Needs(Value):
    """The rights of one part of the app that is neither a responder nor a sweep.

    `option` names what has to be switched on for the part to run at all; empty: it always runs.
    """

    what: str
    """What the part does, as an imperative."""
    permissions: frozenset[str] = frozenset()
    """Application permissions it needs, and nothing it does not."""
    borrows: frozenset[str] = frozenset()
    """Rights to write that a responder brings and that let this part read as well. Never granted
    for its sake: where no responder brings them, what it would have read is unknown, and said."""
    exchange_roles: frozenset[str] = frozenset()
    """Exchange management roles its cmdlets need."""
    azure_roles: frozenset[str] = frozenset()
    """Azure roles on a resource that the option names."""
    option: str = ""
