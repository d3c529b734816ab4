"""Tickets in Jira, through its REST interface.

apprise's plug-in of that name sends alerts to Jira Service Management's operations, not tickets.
Source: developer.atlassian.com/cloud/jira/platform/rest/v3.
"""

from __future__ import annotations

import re
from typing import Final

from shared.channels.calls import Line, line
from shared.channels.configured import Jira
from shared.channels.message import Message
from shared.errors import Transient
from shared.model import Json

_KEY: Final = re.compile(r"[A-Z][A-Z0-9_]{1,20}-[0-9]{1,12}")
_SUMMARY: Final = 250
_SEARCHABLE: Final = 120.0
"""Seconds until the search shows what was opened.
Source: developer.atlassian.com/cloud/jira/platform/search-and-reconcile."""


async def enter(channel: Jira, message: Message, ticket: str = "") -> str:
    """Open the case's ticket, or write below the one there is; returns its key.

    `ticket` is the key where it is known: the search does not show it at once.
    """
    auth = (channel.user, channel.token.get_secret_value())
    async with line(channel.url.get_secret_value(), auth=auth) as far:
        label = f"firebreak-{message.thread}"
        known = ticket or await _find(far, channel, label)
        if known:
            path = f"/rest/api/3/issue/{known}/comment"
            await far.ask("POST", path, json={"body": _document(message)})
            return known
        fields = {
            "project": {"key": channel.project},
            "issuetype": {"name": channel.issue_type},
            "summary": message.title[:_SUMMARY],
            "description": _document(message),
            "labels": ["firebreak", label],
        }
        return await _open(far, fields)


async def _open(far: Line, fields: Json) -> str:
    """Open a ticket; where nobody knows whether it was, the search has to tell before the next."""
    try:
        made = await far.ask("POST", "/rest/api/3/issue", json={"fields": fields})
    except Transient as error:
        if error.may_have_happened:
            error.retry_after = _SEARCHABLE
        raise
    key = str(made.get("key"))
    return key if _KEY.fullmatch(key) else ""


async def _find(far: Line, channel: Jira, label: str) -> str:
    """Find the case's ticket. Source: POST /rest/api/3/search/jql."""
    asked = {
        "jql": f'project = "{channel.project}" AND labels = "{label}" ORDER BY created ASC',
        "fields": ["summary"],
        "maxResults": 1,
    }
    found = (await far.ask("POST", "/rest/api/3/search/jql", json=asked)).get("issues") or []
    if not found:
        return ""
    key = str(found[0].get("key"))
    if not _KEY.fullmatch(key):
        raise Transient("It answered with something that is no ticket")
    return key


def _document(message: Message) -> Json:
    """Write the text in Jira's own format, in which nothing is read as markup."""
    lines = [
        {"type": "paragraph", "content": [{"type": "text", "text": text}]}
        for text in (message.title, *message.text.splitlines())
        if text
    ]
    mark = {"type": "link", "attrs": {"href": message.link}}
    link = {"type": "text", "text": message.link_words, "marks": [mark]}
    return {
        "type": "doc",
        "version": 1,
        "content": [*lines, {"type": "paragraph", "content": [link]}],
    }
