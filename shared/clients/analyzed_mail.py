"""Mail as Defender for Office 365 (Plan 2) sees it: where each copy lies, and having it removed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import batched
from typing import TYPE_CHECKING, Final

from shared.clients.audit import graph_time
from shared.clients.graph import Graph
from shared.model import Json, Value

if TYPE_CHECKING:
    from kiota_abstractions.request_information import RequestInformation
    from msgraph.generated.models.security.analyzed_email import AnalyzedEmail
    from msgraph.graph_service_client import GraphServiceClient

ANALYZED_MAIL_WRITE_ALL: Final = "SecurityAnalyzedMessage.ReadWrite.All"

_AROUND: Final = timedelta(days=1)
"""How far around its sending a message is looked for; Defender logs it a little later."""
_AT_ONCE: Final = 100
"""Copies in one request to remove; Microsoft names no limit, and asks for lists to be short."""
_SEEN: Final = frozenset({"inbox_folder", "junkFolder"})
"""Where a recipient finds it. A removed copy counts as deleted, as one its recipient deleted."""


class MailCopy(Value):
    """One recipient's copy of a message, and what Defender takes the message for."""

    message: str
    recipient: str
    location: str
    threats: tuple[str, ...] = ()

    @property
    def seen(self) -> bool:
        """Whether it lies where its recipient finds it."""
        return self.location in _SEEN

    @property
    def outside(self) -> bool:
        """Whether it lies in a mailbox that is not the organisation's."""
        return self.location == "onprem_external"


class AnalyzedMail:
    """Copies of messages, by their network message id. Needs Defender for Office 365 Plan 2."""

    def __init__(self, source: Graph) -> None:
        self._graph = source

    async def copies(self, message: str, *, sent_at: datetime) -> tuple[MailCopy, ...]:
        """List the copies of one message. Source: GET /security/collaboration/analyzedEmails."""
        quoted = message.replace("'", "''")

        def build(g: GraphServiceClient) -> RequestInformation:
            from kiota_abstractions.base_request_configuration import RequestConfiguration
            from msgraph.generated.security.collaboration.analyzed_emails.analyzed_emails_request_builder import (  # noqa: E501
                AnalyzedEmailsRequestBuilder as Builder,
            )

            query = Builder.AnalyzedEmailsRequestBuilderGetQueryParameters(
                filter=f"networkMessageId eq '{quoted}'"
            )
            information = g.security.collaboration.analyzed_emails.to_get_request_information(
                RequestConfiguration(query_parameters=query)
            )
            # The SDK's builder does not know the two parameters that Graph documents.
            known = str(information.url_template)
            information.url_template = known.replace("{?", "{?startTime,endTime,")
            information.query_parameters["startTime"] = graph_time(sent_at - _AROUND)
            information.query_parameters["endTime"] = graph_time(sent_at + _AROUND)
            return information

        pages = self._graph.pages(build, permission=ANALYZED_MAIL_WRITE_ALL)
        return tuple([_copy(item) async for item in pages])

    async def remove(self, copies: Iterable[MailCopy], *, name: str, why: str) -> None:
        """Have copies removed; it takes Microsoft minutes, and asking twice is harmless.

        `name` and `why` stand in Defender's action centre. Recipients cannot restore a copy, an
        administrator can (soft delete); the sender's own copy stays as evidence.
        Source: POST /security/collaboration/analyzedEmails/remediate.
        """
        for some in batched(copies, _AT_ONCE, strict=False):

            def build(
                g: GraphServiceClient, some: tuple[MailCopy, ...] = some
            ) -> RequestInformation:
                return _removal(g, some, name=name, why=why)

            await self._graph.write(build, permission=ANALYZED_MAIL_WRITE_ALL)


def _removal(
    g: GraphServiceClient, copies: tuple[MailCopy, ...], *, name: str, why: str
) -> RequestInformation:
    from msgraph.generated.models.security.remediation_action import RemediationAction
    from msgraph.generated.models.security.remediation_severity import RemediationSeverity
    from msgraph.generated.security.collaboration.analyzed_emails.microsoft_graph_security_remediate.remediate_post_request_body import (  # noqa: E501
        RemediatePostRequestBody,
    )

    emails = g.security.collaboration.analyzed_emails
    # Documented by its short name; the SDK would send the qualified one.
    url = f"{g.request_adapter.base_url}/security/collaboration/analyzedEmails/remediate"
    return emails.microsoft_graph_security_remediate.with_url(url).to_post_request_information(
        RemediatePostRequestBody(
            display_name=name,
            description=why,
            severity=RemediationSeverity.High,
            action=RemediationAction.SoftDelete,
            remediate_senders_copy=False,
            analyzed_emails=[_named(copy) for copy in copies],
        )
    )


def _named(copy: MailCopy) -> AnalyzedEmail:
    from msgraph.generated.models.security.analyzed_email import AnalyzedEmail

    return AnalyzedEmail(network_message_id=copy.message, recipient_email_address=copy.recipient)


def _copy(item: Json) -> MailCopy:
    return MailCopy(
        message=str(item.get("networkMessageId") or ""),
        recipient=str(item.get("recipientEmailAddress") or ""),
        location=str((item.get("latestDelivery") or {}).get("location") or "unknown"),
        threats=tuple(str(threat) for threat in item.get("threatTypes") or ()),
    )
