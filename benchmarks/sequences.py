"""What other responders call for one compromised account, one call after another, as data.

Read from their public code as facts: CIPP-API adf3242 (Invoke-ExecBECRemediate), SOCRadar's
integration 5830a63 with all actions on, the three playbooks of Microsoft Sentinel's solution for
Entra ID, AdminDroid's AutomateCompromisedAccountRemediation.ps1. Where Graph's call is not played
by the simulated tenant, the one with the same effect is used, and said.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from benchmarks.hands import Hands
from lab.registrations import Registrations
from lab.tenant.graph_methods import KINDS
from lab.tenant.sharing import Sharing

type Step = Callable[[Hands, str], Awaitable[None]]

_EXCHANGES_OWN: Final = ("Junk E-Mail Rule", "Microsoft.Exchange.OOF.")
_PASSWORD: Final = "Bench-0123456789-Horse!"  # noqa: S105 - of an account that is simulated


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """One responder: its steps in order, and what it keeps so that a change can be put back."""

    name: str
    steps: tuple[Step, ...]
    keeps: str = "nothing"


async def read_user(hands: Hands, oid: str) -> None:
    """Look the account up."""
    await hands.graph("GET", f"/users/{oid}?$select=id,onPremisesSyncEnabled")


async def disable(hands: Hands, oid: str) -> None:
    """Block sign-in."""
    await hands.graph("PATCH", f"/users/{oid}", {"accountEnabled": False})


async def reset(hands: Hands, oid: str) -> None:
    """Set a new password."""
    profile = {"password": _PASSWORD, "forceChangePasswordNextSignIn": True}
    await hands.graph("PATCH", f"/users/{oid}", {"passwordProfile": profile})


async def force_change(hands: Hands, oid: str) -> None:
    """Ask for a new password at the next sign-in, without setting one."""
    profile = {"forceChangePasswordNextSignIn": True}
    await hands.graph("PATCH", f"/users/{oid}", {"passwordProfile": profile})


async def revoke(hands: Hands, oid: str) -> None:
    """End all sessions; stands for invalidateAllRefreshTokens as well, which does the same."""
    await hands.graph("POST", f"/users/{oid}/revokeSignInSessions")


async def quarantine(hands: Hands, oid: str) -> None:
    """Put the account into the group that Conditional Access blocks."""
    group = Registrations(hands.tenant).quarantine()
    reference = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{oid}"}
    await hands.graph("POST", f"/groups/{group}/members/$ref", reference)


async def confirm(hands: Hands, oid: str) -> None:
    """Tell Identity Protection."""
    await hands.graph(
        "POST", "/identityProtection/riskyUsers/confirmCompromised", {"userIds": [oid]}
    )


async def delete_methods(hands: Hands, oid: str) -> None:
    """Delete every method that can be deleted, the owner's too, one by one."""
    for method in await hands.every(f"/users/{oid}/authentication/methods", version="beta"):
        kind = method["@odata.type"].rpartition(".")[2].removesuffix("AuthenticationMethod")
        if kind in KINDS:
            where = KINDS[kind]
            last = "" if where.single else f"/{method['id']}"
            path = f"/users/{oid}/authentication/{where.segment}{last}"
            await hands.graph("DELETE", path, version=where.only_in or "v1.0")


async def list_methods(hands: Hands, oid: str) -> None:
    """List the methods, and leave them."""
    await hands.every(f"/users/{oid}/authentication/methods", version="beta")


async def disable_all_rules(hands: Hands, oid: str) -> None:
    """Disable every inbox rule, hidden ones too, the owner's too."""
    await _disable_rules(hands, oid, {"Mailbox": oid, "IncludeHidden": True})


async def disable_visible_rules(hands: Hands, oid: str) -> None:
    """Disable every inbox rule that is not hidden, the owner's too."""
    await _disable_rules(hands, oid, {"Mailbox": oid})


async def _disable_rules(hands: Hands, oid: str, which: dict[str, Any]) -> None:
    for rule in await hands.exchange("Get-InboxRule", **which):
        if rule["Enabled"] and not rule["Name"].startswith(_EXCHANGES_OWN):
            await hands.exchange(
                "Disable-InboxRule", Identity=rule["Identity"], Mailbox=oid, Confirm=False
            )


async def end_outside_sharing(hands: Hands, oid: str) -> None:
    """Let the OneDrive be shared with nobody outside; SharePoint's own interface is not played."""
    await hands.wait()
    drives = hands.tenant.state.drives
    if oid in drives:
        drives[oid] = replace(drives[oid], sharing=Sharing.INSIDE)
    hands.tenant.wrote(method="POST", path="SharePoint", actor="peer", oid=oid, what="sharing off")


async def stop_smtp_forwarding(hands: Hands, oid: str) -> None:
    """Clear ForwardingSmtpAddress only."""
    await hands.exchange("Set-Mailbox", Identity=oid, ForwardingSmtpAddress=None)


async def tell_manager(hands: Hands, oid: str) -> None:
    """Ask for the manager, to whom the playbooks write; the question takes its time."""
    del oid
    await hands.wait()


PEERS: Final[Mapping[str, Peer]] = MappingProxyType(
    {
        peer.name: peer
        for peer in (
            Peer(
                name="CIPP",
                steps=(
                    read_user,
                    reset,
                    read_user,
                    disable,
                    revoke,
                    delete_methods,
                    disable_all_rules,
                    end_outside_sharing,
                ),
            ),
            Peer(
                name="SOCRadar",
                steps=(
                    read_user,
                    revoke,
                    quarantine,
                    disable,
                    force_change,
                    confirm,
                    delete_methods,
                ),
            ),
            Peer(
                name="Sentinel playbooks",
                steps=(reset, tell_manager, revoke, tell_manager, disable, tell_manager),
            ),
            Peer(
                name="AdminDroid",
                steps=(
                    disable,
                    revoke,
                    reset,
                    list_methods,
                    disable_visible_rules,
                    stop_smtp_forwarding,
                ),
            ),
        )
    }
)

PERSON: Final = (
    "disable_sign_in",
    "reset_password",
    "revoke_sessions",
    "remove_auth_methods",
    "revoke_app_consents",
    "remove_admin_roles",
    "stop_forwarding",
    "disable_inbox_rules",
    "remove_delegates",
)
"""Microsoft's page in its order. The person is played with our own responders' judgement, which is
the kindest reading: nothing missed, nothing of the owner's touched."""
PERSON_TAKES: Final = 13 * 60.0
"""Seconds from the first to the last step, by a published training procedure."""
