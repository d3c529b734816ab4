"""Nobody decides about their own account: the intruder may be signed in with it. Pure."""

from __future__ import annotations

from shared.errors import Refused
from shared.model import Actor, Case


def refuse_own(case: Case, by: Actor) -> None:
    """Raise `Refused` where somebody asks for something in the case about their own account."""
    if by.id.lower() == case.account.object_id.lower():
        raise Refused(
            "This case is about the account you are signed in with, and somebody else may be "
            "signed in with it too: let another person decide"
        )
