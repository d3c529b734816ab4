"""Let a delivery in or turn it away; Entra's keys are fetched where a source takes its tokens."""

from __future__ import annotations

from shared.alerts import entra_token
from shared.alerts.authenticate import verify
from shared.alerts.call import Call
from shared.alerts.proof import credentials
from shared.alerts.schemes import Auth, EntraAuth
from shared.alerts.source import Source, Sources
from shared.clients.entra_keys import SigningKeys
from shared.tasks.ledger import Clock


class Gate:
    """Knows the sources, and asks each sender for the proof its source was given."""

    def __init__(self, sources: Sources, keys: SigningKeys, clock: Clock) -> None:
        self._sources = sources
        self._keys = keys
        self._clock = clock

    def source(self, name: str) -> Source | None:
        """Find the source of a name that is in use."""
        known = self._sources.named(name)
        return known if known and known.enabled else None

    async def admit(self, auth: Auth | None, call: Call) -> None:
        """Come back if the sender has proven itself.

        Raises `Unauthorized` if not, and `Transient` where Entra's keys cannot be had: the sender
        is to try again, because nothing is wrong with what it sent.
        """
        keys = None
        if isinstance(auth, EntraAuth):
            token = credentials(call.headers, "bearer")
            keys = await self._keys.with_key(entra_token.key_id(token))
        verify(
            auth,
            headers=call.headers,
            body=call.body,
            now=self._clock(),
            query=call.query,
            keys=keys,
        )
