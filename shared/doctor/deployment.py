"""Everything a check may look at."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from shared.alerts.source import Sources
from shared.channels.configured import Channels
from shared.doctor.holdings import Holdings
from shared.model import PullName, TenantId
from shared.needs import Rights
from shared.policy.document import Policy
from shared.settings import Settings
from shared.store.verbs import SideQueue, Store
from shared.tasks.ledger import Clock

if TYPE_CHECKING:
    from shared.clients.tenant import Tenant

_ANNOUNCE: Final[dict[str, frozenset[str]]] = {
    "graph_notifications": frozenset({"graph_alert", "graph_incident", "graph_risky_user"}),
    "graph_incidents": frozenset({"graph_incident"}),
    "o365_activity": frozenset({"o365_content"}),
}
"""What is read again of whoever only announces, as `firebreak permissions --with` names it."""


class Shell(str):
    """A whole command, which is not quoted where it stands in another."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Deployment:
    """One deployment as it stands, for one examination."""

    settings: Settings
    policy: Policy
    policy_text: str
    """What is in force, as it was read at the start."""
    sources: Sources
    channels: Channels
    rights: Rights
    chosen: frozenset[str]
    """What is switched on beside the policy, as `firebreak permissions --with` names it."""
    store: Store
    queues: Callable[[str], SideQueue]
    tenant: Tenant
    holdings: Holdings
    clock: Clock

    @property
    def tenant_id(self) -> TenantId:
        """The tenant whose rows are looked at."""
        return self.settings.tenant

    @property
    def permissions_command(self) -> Shell:
        """The command that writes down what grants exactly the rights that are needed."""
        names = "".join(f" --with {shlex.quote(name)}" for name in sorted(self.chosen))
        policy = shlex.quote(str(self.settings.policy.name))
        return Shell(f"firebreak permissions --policy {policy}{names} --format ps1 > grant.ps1")


def chosen(settings: Settings, sources: Sources) -> frozenset[str]:
    """Name what settings and sources switch on beside the policy."""
    speaking = (source.speaks for source in sources.root if source.enabled)
    announced = frozenset[str]().union(*(_ANNOUNCE.get(one, frozenset()) for one in speaking))
    pulled = frozenset(str(PullName(name)) for name in settings.pull)
    sentinel = {"sentinel_incident"} if settings.sentinel_workspace else set[str]()
    return announced | pulled | sentinel
