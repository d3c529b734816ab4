"""The automatic reply of a mailbox. Its text is a message body: read, judged, and never kept."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from shared.clients import graph
from shared.clients.graph import Graph
from shared.errors import Defect
from shared.model import Json, ObjectId, Utc, Value

if TYPE_CHECKING:
    from kiota_abstractions.request_information import RequestInformation
    from msgraph.generated.models.date_time_time_zone import DateTimeTimeZone
    from msgraph.graph_service_client import GraphServiceClient


class ReplyStatus(StrEnum):
    """Whether replies go out, as Graph names it."""

    DISABLED = "disabled"
    ALWAYS_ENABLED = "alwaysEnabled"
    SCHEDULED = "scheduled"


class Moment(Value):
    """A time as Graph keeps it for a schedule: naive, and the zone beside it."""

    date_time: str
    time_zone: str | None = None

    @property
    def utc(self) -> Utc | None:
        """The moment, where the zone is UTC and the time can be read; `None` is unknown."""
        try:
            naive = datetime.fromisoformat(self.date_time)
        except ValueError:
            return None
        return naive.replace(tzinfo=UTC) if self.time_zone == "UTC" else None


class AutoReply(Value):
    """The setting without its text: of that only the SHA-256 and the length in characters."""

    status: ReplyStatus
    audience: str
    """Who outside the organisation gets it: none, contactsOnly, all, or unknown."""
    starts: Moment | None = None
    ends: Moment | None = None
    text_sha256: str
    text_length: int


@dataclass(frozen=True, slots=True)
class ReadReply:
    """A setting as read a moment ago, with its text; lives no longer than the judgement."""

    setting: AutoReply
    text: str = field(repr=False)


class AutoReplies:
    """Automatic replies, through Graph."""

    def __init__(self, source: Graph) -> None:
        self._graph = source

    async def of(self, oid: ObjectId) -> ReadReply:
        """Read the setting. Source: GET /users/{id}/mailboxSettings.

        Raises `Gone` without a mailbox.
        """
        found = await self._graph.get(
            lambda g: _request(g, oid), permission=graph.MAILBOX_SETTINGS_WRITE
        )
        setting = found.get("automaticRepliesSetting")
        if not isinstance(setting, dict):
            raise Defect("Graph answered mailbox settings without the automatic reply")
        return _reply(setting)

    async def set_status(self, oid: ObjectId, wanted: AutoReply) -> None:
        """Write status and schedule; the text stays as it is in the mailbox.

        Source: PATCH /users/{id}/mailboxSettings {"automaticRepliesSetting": ...}.
        """

        def build(g: GraphServiceClient) -> RequestInformation:
            from msgraph.generated.models.automatic_replies_setting import AutomaticRepliesSetting
            from msgraph.generated.models.automatic_replies_status import AutomaticRepliesStatus
            from msgraph.generated.models.mailbox_settings import MailboxSettings

            scheduled = wanted.status is ReplyStatus.SCHEDULED
            setting = AutomaticRepliesSetting(
                status=AutomaticRepliesStatus(wanted.status.value),
                scheduled_start_date_time=_moment(wanted.starts) if scheduled else None,
                scheduled_end_date_time=_moment(wanted.ends) if scheduled else None,
            )
            body = MailboxSettings(automatic_replies_setting=setting)
            return g.users.by_user_id(oid).mailbox_settings.to_patch_request_information(body)

        await self._graph.write(build, permission=graph.MAILBOX_SETTINGS_WRITE)


def _request(g: GraphServiceClient, oid: ObjectId) -> RequestInformation:
    from kiota_abstractions.base_request_configuration import RequestConfiguration
    from msgraph.generated.users.item.mailbox_settings.mailbox_settings_request_builder import (
        MailboxSettingsRequestBuilder,
    )

    query = MailboxSettingsRequestBuilder.MailboxSettingsRequestBuilderGetQueryParameters(
        select=["automaticRepliesSetting"]
    )
    return g.users.by_user_id(oid).mailbox_settings.to_get_request_information(
        RequestConfiguration(query_parameters=query)
    )


def _reply(setting: Json) -> ReadReply:
    texts = [setting.get(f"{side}ReplyMessage") or "" for side in ("external", "internal")]
    text = "\n".join(str(part) for part in texts)
    try:
        status = ReplyStatus(str(setting.get("status")))
    except ValueError as error:
        raise Defect("Graph answered an automatic reply with an unknown status") from error
    return ReadReply(
        AutoReply(
            status=status,
            audience=str(setting.get("externalAudience") or "unknown"),
            starts=_read(setting.get("scheduledStartDateTime")),
            ends=_read(setting.get("scheduledEndDateTime")),
            text_sha256=hashlib.sha256(text.encode()).hexdigest(),
            text_length=len(text),
        ),
        text,
    )


def _read(moment: Json | None) -> Moment | None:
    if not moment:
        return None
    return Moment(date_time=str(moment["dateTime"]), time_zone=moment.get("timeZone"))


def _moment(moment: Moment | None) -> DateTimeTimeZone | None:
    from msgraph.generated.models.date_time_time_zone import DateTimeTimeZone

    if moment is None:
        return None
    return DateTimeTimeZone(date_time=moment.date_time, time_zone=moment.time_zone)
