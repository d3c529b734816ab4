"""The tenant, as responders see it: its clients and a source of passwords."""

from __future__ import annotations

import secrets
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from shared.clients import sentinel
from shared.clients.access_policies import AccessPolicies
from shared.clients.activity import PUBLIC_CLOUD as ACTIVITY_CLOUD
from shared.clients.activity import ActivityFeed
from shared.clients.alert_sources import AlertSources
from shared.clients.allowances import PUBLISHED, Allowance, Allowances
from shared.clients.analyzed_mail import AnalyzedMail
from shared.clients.audit import AuditLogs
from shared.clients.audit_search import AuditSearches
from shared.clients.auditing import MailboxAuditing
from shared.clients.auto_replies import AutoReplies
from shared.clients.blocked_senders import BlockedSenders, Releases
from shared.clients.consents import Consents
from shared.clients.credentials import AppCredentials
from shared.clients.devices import Devices
from shared.clients.directory import Directory
from shared.clients.domain_accounts import DomainAccounts
from shared.clients.exchange import Exchange
from shared.clients.files import Files
from shared.clients.graph import Graph
from shared.clients.groups import Groups
from shared.clients.inbox import InboxRules
from shared.clients.licences import Licences
from shared.clients.mail_flow import MailFlow
from shared.clients.mailbox import MailboxSettings
from shared.clients.mailbox_access import MailboxAccess
from shared.clients.mailbox_lists import MailboxLists
from shared.clients.methods import AuthMethods
from shared.clients.own_tokens import Api, OwnTokens
from shared.clients.precedence import Rank
from shared.clients.protocols import MailProtocols
from shared.clients.registrations import Registrations
from shared.clients.risk import RiskyUsers
from shared.clients.risk_detections import RiskDetections
from shared.clients.roles import Roles
from shared.clients.secure_scores import SecureScores
from shared.clients.security_alerts import SecurityAlerts
from shared.clients.security_incidents import SecurityIncidents
from shared.clients.sent import SentMail
from shared.clients.sentinel import SentinelIncidents
from shared.clients.server_clock import ServerClock
from shared.errors import Defect
from shared.model import ObjectId, TenantId, now
from shared.store.memory import MemoryStore
from shared.store.verbs import Store

if TYPE_CHECKING:
    import httpx
    from azure.core.credentials_async import AsyncTokenCredential

_CLASSES: Final = (string.ascii_lowercase, string.ascii_uppercase, string.digits, "!#%+-=?@_")
_LENGTH: Final = 32
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
"""Where a simulated tenant may stand; what is sent there does not leave the computer."""


def random_password() -> str:
    """Make a password that nobody will ever type: 32 characters of all four classes."""
    drawn = [secrets.choice(letters) for letters in _CLASSES]
    drawn += [secrets.choice("".join(_CLASSES)) for _ in range(_LENGTH - len(drawn))]
    secrets.SystemRandom().shuffle(drawn)
    return "".join(drawn)


@dataclass(frozen=True, slots=True)
class Tenant:
    """Everything a responder may talk to."""

    id: TenantId
    directory: Directory
    inbox: InboxRules
    risk: RiskyUsers
    exchange: Exchange
    audit: AuditLogs
    searches: AuditSearches
    alerts: SecurityAlerts
    incidents: SecurityIncidents
    alert_sources: AlertSources
    sent: SentMail
    files: Files
    analyzed_mail: AnalyzedMail
    methods: AuthMethods
    registrations: Registrations
    access: MailboxAccess
    auto_replies: AutoReplies
    protocols: MailProtocols
    mail_flow: MailFlow
    mailbox: MailboxSettings
    mailboxes: MailboxLists
    licences: Licences
    auditing: MailboxAuditing
    senders: BlockedSenders
    secure_scores: SecureScores
    consents: Consents
    credentials: AppCredentials
    access_policies: AccessPolicies
    devices: Devices
    groups: Groups
    roles: Roles
    sentinel: SentinelIncidents
    detections: RiskDetections
    activity: ActivityFeed
    own_tokens: OwnTokens
    server_clock: ServerClock
    new_password: Callable[[], str] = random_password
    block_group: ObjectId | None = None
    """The group that a standing Conditional Access policy of the organisation blocks."""
    domain_accounts: DomainAccounts | None = None
    """Accounts in Active Directory on premises; `None` where the policy does not let us there."""

    def remembering(self, rank: Rank = Rank.LATER) -> Tenant:
        """Make a view for one pass over a case: the same thing is read once.

        `rank` is that of the most urgent that shares it.
        """
        return replace(
            self,
            directory=self.directory.remembering(),
            audit=self.audit.remembering(rank),
            access_policies=self.access_policies.remembering(),
        )

    def anew(self) -> Tenant:
        """Make a view for the next moment of a pass: only what we change is read again."""
        return replace(self, directory=self.directory.remembering())


def connect(  # noqa: PLR0913 - everything it connects comes in here
    tenant: TenantId,
    *,
    client: httpx.AsyncClient,
    credential: AsyncTokenCredential,
    graph_base: str,
    exchange_base: str,
    arm_base: str = sentinel.PUBLIC_CLOUD,
    sentinel_workspace: str | None = None,
    activity_base: str = ACTIVITY_CLOUD,
    limits: Mapping[str, Allowance] = PUBLISHED,
    block_group: ObjectId | None = None,
    acts_on_premises: bool = False,
    clock: Callable[[], datetime] = now,
    store: Store | None = None,
) -> Tenant:
    """Put the clients of one tenant together on one HTTP client and one credential.

    `store` remembers which senders were let go, and keeps `limits` for all workers together;
    without it none is, and this process counts for itself.
    """
    for base in (graph_base, exchange_base, arm_base, activity_base):
        _refuse_clear_text(base)
    allowances = Allowances(store or MemoryStore(), tenant, clock, limits)
    graph = Graph(client=client, credential=credential, base=graph_base, allowances=allowances)
    exchange = Exchange(client=client, credential=credential, base=exchange_base, tenant=tenant)
    releases = Releases(store, tenant) if store else None
    return Tenant(
        id=tenant,
        directory=Directory(graph),
        inbox=InboxRules(graph),
        risk=RiskyUsers(graph),
        access_policies=AccessPolicies(graph),
        block_group=block_group,
        domain_accounts=DomainAccounts(graph) if acts_on_premises else None,
        exchange=exchange,
        audit=AuditLogs(graph),
        searches=AuditSearches(graph, clock=clock),
        alerts=SecurityAlerts(graph),
        incidents=SecurityIncidents(graph),
        alert_sources=AlertSources(graph),
        sent=SentMail(graph, clock=clock),
        files=Files(graph),
        analyzed_mail=AnalyzedMail(graph),
        access=MailboxAccess(exchange),
        auto_replies=AutoReplies(graph),
        protocols=MailProtocols(exchange),
        mail_flow=MailFlow(exchange),
        mailbox=MailboxSettings(exchange),
        mailboxes=MailboxLists(exchange),
        licences=Licences(graph),
        auditing=MailboxAuditing(exchange),
        senders=BlockedSenders(exchange, releases=releases, clock=clock),
        secure_scores=SecureScores(graph),
        methods=AuthMethods(graph),
        registrations=Registrations(graph),
        consents=Consents(graph),
        credentials=AppCredentials(graph),
        devices=Devices(graph),
        groups=Groups(graph),
        roles=Roles(graph),
        sentinel=SentinelIncidents(
            client=client, credential=credential, base=arm_base, workspace=sentinel_workspace
        ),
        detections=RiskDetections(graph),
        activity=ActivityFeed(
            client=client, credential=credential, base=activity_base, tenant=tenant
        ),
        own_tokens=OwnTokens(
            credential,
            {Api.GRAPH: graph_base, Api.EXCHANGE: exchange_base, Api.ACTIVITY: activity_base},
        ),
        server_clock=ServerClock(client, graph_base),
    )


def _refuse_clear_text(base: str) -> None:
    parts = urlsplit(base)
    if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
        raise Defect(f"{base} must start with https://: tokens are not sent in the clear")
