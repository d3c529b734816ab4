"""What was sent from the account: the owner's mail, and the intruder's phish."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from lab.carrier_alerts import INTRUDER_IP
from lab.footholds import Foothold
from lab.plants.sign_ins import OFFICE_IP
from lab.stage import Stage
from lab.tenant.defender import Delivery, SentMessage

_CROWD: Final = tuple(f"contact{number}@partner.example" for number in range(8))


def plant(stage: Stage, oid: str) -> list[Foothold]:
    """Send two messages of the intruder's; what the owner sent, before and since, stays."""
    colleagues = tuple(str(stage.user(one).mail) for one in stage.bystanders)
    minutes = timedelta(minutes=1)
    for subject, to, at in (
        ("Spring newsletter", (*colleagues, *_CROWD), stage.since - timedelta(days=20)),
        ("Minutes of the meeting", colleagues, stage.since + minutes),
    ):
        kept = _send(stage, oid, subject, to, after=at - stage.since, ip=OFFICE_IP)
        stage.owned[f"sent message “{subject}”"] = _as_it_was(stage, kept)
    for subject, to, threats in (
        ("Shared document: invoice", (*colleagues, _CROWD[0]), ("phish",)),
        ("Your voicemail", colleagues, ("malware",)),
    ):
        _send(stage, oid, subject, to, after=3 * minutes, ip=INTRUDER_IP, threats=threats)
    return []


def _send(  # noqa: PLR0913 - a line of a log
    stage: Stage,
    oid: str,
    subject: str,
    to: tuple[str, ...],
    *,
    after: timedelta,
    ip: str,
    threats: tuple[str, ...] = (),
) -> SentMessage:
    inside = stage.tenant.state.where
    message = SentMessage(
        id=stage.tenant.guid(),
        oid=oid,
        sender=str(stage.user(oid).mail),
        at=stage.since + after,
        subject=subject,
        ip=ip,
        threats=threats,
        deliveries=tuple(
            Delivery(
                recipient=one, location="inbox_folder" if inside("mail", one) else "onprem_external"
            )
            for one in to
        ),
    )
    stage.tenant.state.sent[message.id] = message
    return message


def _as_it_was(stage: Stage, message: SentMessage) -> Callable[[], bool]:
    return lambda: stage.tenant.state.sent[message.id] == message
