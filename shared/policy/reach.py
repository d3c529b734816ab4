"""What of the organisation's own the responders may use: its blocked group, its sensors."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from shared.model import Value
from shared.policy.condition import GroupId


class Block(Value):
    """What a block hangs on that the directory sync does not undo."""

    group: GroupId | None = None
    """The group whose members a standing Conditional Access policy keeps from signing in."""


class OnPremises(Value):
    """What may be done in Active Directory, for accounts that are synced from there."""

    defender_for_identity: Annotated[bool, Field(strict=True)] = False
    """Whether to act through Defender for Identity, which has to be licensed and set up."""
