"""Inbox rules as Graph shows them: the visible ones, changed without harming Outlook's own."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from shared.clients import graph
from shared.clients.graph import Graph
from shared.model import Json, ObjectId, Value

if TYPE_CHECKING:
    from kiota_abstractions.request_information import RequestInformation
    from msgraph.generated.users.item.mail_folders.item.message_rules.message_rules_request_builder import (  # noqa: E501
        MessageRulesRequestBuilder,
    )
    from msgraph.graph_service_client import GraphServiceClient


class RuleState(StrEnum):
    """Whether an inbox rule runs."""

    ENABLED = "enabled"
    DISABLED = "disabled"


class InboxRule(Value):
    """One inbox rule, whichever service showed it.

    `forwards_to` are SMTP addresses; `words` are what its conditions look for; `folder` is the name
    or id of the folder it moves mail to.
    """

    id: str
    name: str
    enabled: bool
    hidden: bool = False
    read_only: bool = False
    forwards_to: tuple[str, ...] = ()
    folder: str | None = None
    deletes: bool = False
    marks_read: bool = False
    stops: bool = False
    words: tuple[str, ...] = ()
    conditional: bool = False


class InboxRules:
    """The visible inbox rules of a mailbox, through Graph.

    Exchange would delete the owner's client-side Outlook rules with every change it makes
    (Disable-InboxRule's documentation), so whatever Graph can see is changed through Graph.
    """

    def __init__(self, source: Graph) -> None:
        self._graph = source

    async def all(self, oid: ObjectId) -> tuple[InboxRule, ...]:
        """List the rules, every page. Hidden ones are not among them.

        Source: GET /users/{id}/mailFolders/inbox/messageRules. Raises `Gone` without a mailbox.
        """
        return tuple(
            [
                _rule(item)
                async for item in self._graph.pages(
                    lambda g: _rules(g, oid).to_get_request_information(),
                    permission=graph.MAILBOX_SETTINGS_READ,
                )
            ]
        )

    async def set_state(self, oid: ObjectId, rule: str, state: RuleState) -> None:
        """Switch one rule on or off. Source: PATCH .../messageRules/{id} {"isEnabled": ...}."""

        def build(g: GraphServiceClient) -> RequestInformation:
            from msgraph.generated.models.message_rule import MessageRule

            body = MessageRule(is_enabled=state is RuleState.ENABLED)
            return _rules(g, oid).by_message_rule_id(rule).to_patch_request_information(body)

        await self._graph.write(build, permission=graph.MAILBOX_SETTINGS_WRITE)


def _rules(g: GraphServiceClient, oid: ObjectId) -> MessageRulesRequestBuilder:
    return g.users.by_user_id(oid).mail_folders.by_mail_folder_id("inbox").message_rules


def _rule(item: Json) -> InboxRule:
    actions, conditions = item.get("actions") or {}, item.get("conditions") or {}
    read_only = bool(item.get("isReadOnly"))
    return InboxRule(
        id=str(item["id"]),
        name=str(item.get("displayName") or ""),
        enabled=bool(item.get("isEnabled")),
        read_only=read_only,
        forwards_to=tuple(
            address
            for field in ("forwardTo", "forwardAsAttachmentTo", "redirectTo")
            for address in _addresses(actions.get(field))
        ),
        folder=actions.get("moveToFolder"),
        deletes=bool(actions.get("delete") or actions.get("permanentDelete")),
        marks_read=bool(actions.get("markAsRead")),
        stops=bool(actions.get("stopProcessingRules")),
        words=tuple(str(word) for words in conditions.values() for word in _words(words)),
        # A read-only rule comes without its conditions: what is not shown is not "none".
        conditional=read_only or any(value for value in conditions.values()),
    )


def _addresses(recipients: Any) -> list[str]:
    return [
        str(recipient.get("emailAddress", {}).get("address", "")).lower()
        for recipient in recipients or ()
    ]


def _words(value: Any) -> list[str]:
    return [word for word in value if isinstance(word, str)] if isinstance(value, list) else []
