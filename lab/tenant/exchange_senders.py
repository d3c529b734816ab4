"""Senders that Microsoft has restricted from sending mail, and how they are let go."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from lab.tenant.answers import ExchangeRefusal
from lab.tenant.cmdlets import Output, Run, cmdlet, not_found
from lab.tenant.state import Blocked
from lab.tenant.user_view import exact
from lab.tenant.world import World

_ROLE: Final = "Transport Hygiene"


@cmdlet("Get-BlockedSenderAddress", role=_ROLE, parameters=("SenderAddress",))
def get_blocked_sender(run: Run) -> Output:
    """Show who may not send; an unblocked sender stays listed until the change has spread."""
    wanted = run.text("SenderAddress")
    return [
        {
            "SenderAddress": sender.address,
            "Reason": sender.reason,
            "CreatedDatetime": exact(sender.since),
            "TemporaryBlock": False,
        }
        for key, sender in run.world.state.blocked.items()
        if is_listed(sender, at=run.world.now()) and wanted in (None, sender.address, key)
    ]


@cmdlet("Remove-BlockedSenderAddress", role=_ROLE, parameters=("SenderAddress", "Reason"))
def remove_blocked_sender(run: Run) -> Output:
    """Let a sender go, once more; past the limit only Microsoft's support can."""
    world = run.world
    address = (run.text("SenderAddress") or "").casefold()
    sender = world.state.blocked.get(address)
    if sender is None or not is_listed(sender, at=world.now()):
        raise not_found(address)
    used = world.state.unblocked.get(address, 0)
    if used >= world.settings.unblock_limit:
        raise ExchangeRefusal(
            400,
            "Microsoft.Exchange.Hygiene.UnblockLimitExceededException",
            f"'{address}' was unblocked too often. Contact Microsoft support.",
        )
    world.state.unblocked[address] = used + 1
    leaves = world.now() + timedelta(seconds=world.settings.unblock_delay)
    world.state.blocked[address] = replace(sender, leaves_at=leaves)
    run.wrote(owner(world, address), f"sender {address}: unblocked")
    return []


def is_listed(sender: Blocked, *, at: datetime) -> bool:
    """Whether a sender is still restricted."""
    return sender.leaves_at is None or at < sender.leaves_at


def owner(world: World, address: str) -> str:
    """Find the object id of the account with this address, empty where there is none."""
    found = world.state.where("mail", address) or world.state.where("upn", address)
    return found[0] if found else ""
