"""Tell a machine: JSON, signed as the alerts are that are sent to us."""

from __future__ import annotations

import json
from datetime import datetime

from shared.alerts.authenticate import sign
from shared.alerts.schemes import HmacAuth
from shared.channels.calls import line
from shared.channels.configured import Webhook
from shared.channels.message import Message


async def call(channel: Webhook, message: Message, at: datetime) -> None:
    """Post the message's facts; `Idempotency-Key` tells a repetition."""
    body = json.dumps(
        {
            "version": 1,
            "id": message.key,
            "event": message.event,
            "at": message.at.isoformat(),
            "severity": message.severity,
            "title": message.title,
            "text": message.text,
            "link": message.link,
            **message.facts,
        }
    ).encode()
    signed = sign(HmacAuth(secrets=(channel.secret,)), body=body, now=at)
    headers = {"Content-Type": "application/json", "Idempotency-Key": message.key, **signed}
    async with line(channel.url.get_secret_value()) as far:
        await far.ask("POST", content=body, headers=headers)
