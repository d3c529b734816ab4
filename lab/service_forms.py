"""What each service takes as a message of its own form, and nothing else."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

type Json = dict[str, Any]

_CARDS: Final = frozenset({"1.2", "1.3", "1.4", "1.5"})
_PAGER_SUMMARY, _PAGER_KEY, _ROUTING_KEY = 1024, 255, 32
_OPSGENIE: Final = {"message": 130, "description": 15_000, "alias": 512, "source": 100}
_OPSGENIE_TAG: Final = 50
_JIRA_SUMMARY: Final = 255


def is_teams_message(said: Json) -> bool:
    """Whether it is one adaptive card that Teams shows. Source: adaptivecards.io/explorer."""
    attachments = said.get("attachments", [])
    if said.get("type") != "message" or len(attachments) != 1:
        return False
    card = attachments[0].get("content", {})
    texts = [part.get("text") for part in card.get("body", []) if part.get("type") == "TextBlock"]
    links = [action.get("url", "") for action in card.get("actions", [])]
    return (
        attachments[0].get("contentType") == "application/vnd.microsoft.card.adaptive"
        and card.get("type") == "AdaptiveCard"
        and card.get("version") in _CARDS
        and bool(texts)
        and all(texts)
        and all(urlsplit(link).scheme in {"http", "https"} for link in links)
    )


def is_pagerduty_event(said: Json) -> bool:
    """Whether it is an event. Source: developer.pagerduty.com/docs/send-alert-event."""
    event = said.get("payload", {})
    return (
        len(said.get("routing_key", "")) == _ROUTING_KEY
        and said.get("event_action") in {"trigger", "acknowledge", "resolve"}
        and 0 < len(event.get("summary", "")) <= _PAGER_SUMMARY
        and event.get("severity") in {"critical", "error", "warning", "info"}
        and bool(event.get("source"))
        and len(said.get("dedup_key", "")) <= _PAGER_KEY
        and all(link.get("href") for link in said.get("links", []))
    )


def is_opsgenie_alert(said: Json) -> bool:
    """Whether it is an alert. Source: docs.opsgenie.com/docs/alert-api, create alert."""
    return (
        bool(said.get("message"))
        and said.get("priority") in {"P1", "P2", "P3", "P4", "P5"}
        and all(len(said.get(name, "")) <= most for name, most in _OPSGENIE.items())
        and all(len(tag) <= _OPSGENIE_TAG for tag in said.get("tags", []))
    )


def is_jira_issue(said: Json) -> bool:
    """Whether it is an issue. Source: developer.atlassian.com, POST /rest/api/3/issue."""
    fields = said["fields"]
    summary = fields["summary"]
    return (
        0 < len(summary) <= _JIRA_SUMMARY
        and "\n" not in summary
        and " " not in "".join(fields["labels"])
        and is_jira_document(fields["description"])
    )


def is_jira_document(said: Json) -> bool:
    """Whether it is Atlassian's document format, in which no text is empty."""
    texts = [one for part in said.get("content", []) for one in part.get("content", [])]
    fine = said.get("type") == "doc" and said.get("version") == 1
    return fine and bool(texts) and all(one.get("text") for one in texts)
