"""The automatic reply: the owner's words for colleagues stay, the intruder's link goes out."""

from __future__ import annotations

from typing import Final

from lab.footholds import Foothold
from lab.reply_footholds import AutoReply as Phish
from lab.stage import Stage
from lab.tenant.mailbox_state import AutoReply

LINK: Final = "https://files.mallory.example/secure-document"
OWN_WORDS: Final = "I am in the office on weekdays. https://intranet.contoso.example/who-is-who"


def plant(stage: Stage, oid: str) -> list[Foothold]:
    """Let every letter be answered with a link; what colleagues are told is the owner's own."""
    phish = f'Your <a href="{LINK}">payment</a> is waiting.'
    reply = AutoReply(
        status="scheduled",
        internal=OWN_WORDS,
        external=phish,
        starts=f"{stage.since:%Y-%m-%dT%H:%M:%S}.0000000",
        ends="2027-01-01T00:00:00.0000000",
    )
    stage.people.forward(oid, auto_reply=reply)
    stage.owned["the automatic reply for colleagues"] = lambda: (
        stage.tenant.mailboxes[oid].auto_reply.internal == OWN_WORDS
    )
    return [Phish("automatic reply with a link", link=LINK)]
