"""Judge an automatic reply by what it does: is it the intruder's? Pure; a score and its reasons.

Nobody keeps the time when it was switched on, except for a schedule. A reply that sends whoever
writes to a place outside the organisation is a phish that needs no sender; an owner's says when the
owner is back. The reasons never quote it: it is a message body.
"""

from __future__ import annotations

import re
from datetime import datetime
from html import unescape
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from shared.clients.auto_replies import AutoReply
from shared.policy.scored import Scored

_LINK: Final = re.compile(r"""(?:https?://|\bwww\.)[^\s"'<>]+""", re.IGNORECASE)
_ADDRESS: Final = re.compile(r"[\w.+-]+@((?:[\w-]+\.)+[\w-]+)")
_TELLTALE: Final = (
    "bank",
    "gift card",
    "invoice",
    "new account details",
    "password",
    "payment",
    "remittance",
    "secure document",
    "verify your",
    "voicemail",
)
"""What an intruder writes about, in lower case."""


class JudgedReply(Scored):
    """A reply's score (0 and up) and why."""


def judge(
    setting: AutoReply, text: str, *, since: datetime, own_domains: frozenset[str]
) -> JudgedReply:
    """Score a reply that is on. `since` is when the compromise began; domains in lower case."""
    plain = unescape(text)
    hosts = _outside_hosts(plain, own_domains)
    # An address in a link is part of the link.
    addresses = _ADDRESS.findall(_LINK.sub(" ", plain))
    found = [
        (points, reason)
        for points, reason in (
            (40 if hosts else 0, "links to a place outside the organisation"),
            (15 if any(map(_nameless, hosts)) else 0, "a link's host is a number or disguised"),
            (20 if _outside(addresses, own_domains) else 0, "gives an address outside"),
            (25 if _telltale(plain) else 0, "speaks of what intruders are after"),
            (30 if _began_since(setting, since) else 0, "was set to begin after the break-in"),
            (10 if setting.audience == "all" else 0, "goes to everybody outside"),
        )
        if points
    ]
    return JudgedReply(
        score=sum(points for points, _ in found), reasons=tuple(reason for _, reason in found)
    )


def _outside_hosts(text: str, own: frozenset[str]) -> list[str]:
    hosts = [_host(link) for link in _LINK.findall(text)]
    return [host for host in hosts if not _inside(host, own)]


def _host(link: str) -> str:
    address = link if "://" in link else f"https://{link}"
    try:
        # What stands before an @ is no host, though it may look like one of ours.
        # A sentence's full stop is not part of the name.
        return (urlsplit(address).hostname or "").lower().rstrip(".,;!)")
    except ValueError:
        return ""


def _inside(host: str, own: frozenset[str]) -> bool:
    return any(host == domain or host.endswith(f".{domain}") for domain in own)


def _nameless(host: str) -> bool:
    if not host or "xn--" in host:
        return True
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _outside(domains: list[str], own: frozenset[str]) -> bool:
    return any(not _inside(domain.lower(), own) for domain in domains)


def _telltale(text: str) -> bool:
    lower = text.lower()
    return any(tell in lower for tell in _TELLTALE)


def _began_since(setting: AutoReply, since: datetime) -> bool:
    begins = setting.starts.utc if setting.starts and setting.status == "scheduled" else None
    return begins is not None and begins >= since
