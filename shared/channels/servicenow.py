"""Records in ServiceNow, through its Table API; apprise has no plug-in for it.

Source: docs.servicenow.com, Table API, and the incident table's correlation_id.
"""

from __future__ import annotations

import re
from typing import Final

from shared.channels.calls import Line, line
from shared.channels.configured import ServiceNow
from shared.channels.message import Message
from shared.errors import Transient

_SYS_ID: Final = re.compile(r"[0-9a-f]{32}")
_SHORT: Final = 160


async def record(channel: ServiceNow, message: Message, ticket: str = "") -> str:
    """Open the case's record, or add a work note to the one there is; returns its id.

    `ticket` is the id where it is known.
    """
    auth = (channel.user, channel.password.get_secret_value())
    table = f"/api/now/table/{channel.table}"
    correlation = f"firebreak-{message.thread}"
    text = f"{message.title}\n{message.text}\n{message.link}"
    async with line(channel.url.get_secret_value(), auth=auth) as far:
        known = ticket or await _find(far, table, correlation)
        if known:
            await far.ask("PATCH", f"{table}/{known}", json={"work_notes": text})
            return known
        opened = {
            "short_description": message.title[:_SHORT],
            "description": text,
            "correlation_id": correlation,
            "urgency": "1" if message.urgent else "2",
        }
        made = (await far.ask("POST", table, json=opened)).get("result") or {}
        sys_id = str(made.get("sys_id"))
        return sys_id if _SYS_ID.fullmatch(sys_id) else ""


async def _find(far: Line, table: str, correlation: str) -> str:
    query = {
        "sysparm_query": f"correlation_id={correlation}",
        "sysparm_fields": "sys_id",
        "sysparm_limit": "1",
    }
    found = (await far.ask("GET", table, params=query)).get("result") or []
    if not found:
        return ""
    sys_id = str(found[0].get("sys_id"))
    if not _SYS_ID.fullmatch(sys_id):
        raise Transient("It answered with something that is no record")
    return sys_id
