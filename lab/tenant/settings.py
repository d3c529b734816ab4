"""How the simulated tenant behaves where Microsoft's documentation leaves room or gives a range."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self


class Licence(StrEnum):
    """What the tenant has paid for, as far as answers depend on it."""

    ENTRA_P1 = "Entra ID P1"
    ENTRA_P2 = "Entra ID P2"
    DEFENDER_OFFICE_P2 = "Defender for Office 365 Plan 2"
    DEFENDER_IDENTITY = "Defender for Identity"


class Throttling(StrEnum):
    """Whether Microsoft's published limits are enforced."""

    PUBLISHED = "published"
    OFF = "off"


class AccessPolicy(StrEnum):
    """Conditional Access policies that stand in the tenant."""

    BLOCK_HIGH_USER_RISK = "block high user risk"


class AccessPass(StrEnum):
    """Whether the authentication methods policy lets anybody have a Temporary Access Pass."""

    ON = "on"
    OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantSettings:
    """Every duration is in seconds of lab time, except `hang`."""

    latency: float = 0.120
    """Median answer time; 0 and a frozen clock mean none."""
    latency_spread: float = 0.5
    """Sigma of the log-normal long tail: at 0.5 the 99th percentile is about 3.2 medians."""
    directory_lag: float = 0.0
    """Reads of directory objects show the state as it was that long ago."""
    page_size: int = 2
    """Largest page of any list, so small that two pages of everything are normal."""
    throttling: Throttling = Throttling.PUBLISHED
    cae_lag: float = 120.0
    """Until continuous access evaluation has cut off a token (documented: up to 15 minutes)."""
    session_lag: float = 120.0
    """Until a closed session stops renewing tokens (documented: a few minutes)."""
    protocol_lag: float = 120.0
    """Until SMTP AUTH, IMAP and POP notice a new password (minutes)."""
    role_lag: float = 120.0
    """Until services notice a role or a membership that was taken away (minutes)."""
    access_token_life: float = 3600.0
    """Life of the access tokens that users hold."""
    own_token_life: float = 86400.0
    """Life of a managed identity's tokens, which the platform caches for a day."""
    licences: frozenset[Licence] = frozenset(Licence)
    policies: frozenset[AccessPolicy] = frozenset()
    access_pass: AccessPass = AccessPass.ON
    audit_search: float = 90.0
    """Until a search of the unified audit log has finished (minutes)."""
    audit_lag: float = 0.0
    """Until the unified audit log has a row of what happened (documented: up to 24 hours)."""
    purge_delay: float = 30.0
    """Until messages that were asked to be removed are gone (minutes)."""
    unblock_limit: int = 3
    """How often a sender may be unblocked before only Microsoft's support can (number unknown)."""
    unblock_delay: float = 3600.0
    """Until an unblocked sender has left the list (documented: an hour, at most a day)."""
    clock_skew: float = 0.0
    """How far Graph's clock is ahead of everybody else's, as the head of an answer in process
    tells it; on loopback the server's own clock stands there."""
    identity_header: str | None = None
    """What `X-IDENTITY-HEADER` must say at the managed identity endpoint; `None`: anything."""
    hang: float = 600.0
    """Real seconds that a dropped answer hangs on loopback; the client's timeout ends it."""

    @classmethod
    def instant(cls, **other: Any) -> Self:
        """No latency and no throttling: for tests of behaviour rather than of patience."""
        quick = {"latency": 0.0, "audit_search": 0.0, "purge_delay": 0.0}
        return cls(**{**quick, "throttling": Throttling.OFF, **other})
