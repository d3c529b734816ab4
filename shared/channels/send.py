"""Send one message to one channel, or raise `Transient` with what to look at."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Final, assert_never

from shared.channels.configured import (
    Channel,
    Jira,
    Mail,
    Opsgenie,
    PagerDuty,
    ServiceNow,
    Slack,
    Teams,
    Webhook,
)
from shared.channels.message import Message
from shared.errors import Transient

PATIENCE: Final = 20.0
"""Seconds a channel may take; the queue tries again later."""


async def send(channel: Channel, message: Message, *, at: datetime, ticket: str = "") -> str:
    """Tell a channel; returns the ticket that it is written in, where the channel has tickets.

    `ticket` is the one to write in, where it is known. Raises `Transient` where it was not taken;
    names no address.
    """
    try:
        async with asyncio.timeout(PATIENCE):
            return await _send(channel, message, at, ticket)
    except TimeoutError as error:
        raise Transient(f"It did not answer within {PATIENCE:.0f} seconds") from error


async def _send(channel: Channel, message: Message, at: datetime, ticket: str) -> str:
    match channel:
        case Jira():
            from shared.channels.jira import enter

            return await enter(channel, message, ticket)
        case ServiceNow():
            from shared.channels.servicenow import record

            return await record(channel, message, ticket)
        case Teams() | Slack() | Mail() | PagerDuty() | Opsgenie():
            from shared.channels.people import tell

            await tell(channel, message)
        case Webhook():
            from shared.channels.webhook import call

            await call(channel, message, at)
        case _:
            assert_never(channel)
    return ""
