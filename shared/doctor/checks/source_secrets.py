"""Whether each source of alerts can prove itself, and how well."""

from __future__ import annotations

from typing import ClassVar, Final

from shared.alerts.schemes import EntraAuth, HmacAuth, UrlAuth
from shared.alerts.source import Source
from shared.diagnosis import Finding, Grade, Kind
from shared.doctor.check import Check
from shared.doctor.deployment import Deployment
from shared.door import OPERATOR

SHORT: Final = 32
"""Characters; 16 are taken, 64 of `openssl rand -hex 32` are good."""
_NEW: Final = ("openssl rand -hex 32",)


class SourceSecrets(Check):
    """See whether each source proves itself by a good secret. How old one is, nothing tells."""

    kinds: ClassVar = {
        "good": Kind(
            grade=Grade.OK,
            state="proves itself",
            means="{subject} proves itself by {scheme}{secret}.",
        ),
        "off": Kind(grade=Grade.OK, state="off", means="{subject} is switched off."),
        "no_secret": Kind(
            grade=Grade.BAD,
            state="no secret",
            means="{subject} has no secret, so all its alerts are refused.",
            do="Write a secret into auth.secrets of {subject} in FIREBREAK_SOURCES, and the same "
            "one at the sender",
            commands=_NEW,
        ),
        "short": Kind(
            grade=Grade.NOTE,
            state="short secret",
            means="{subject} proves itself by a secret of {length} characters, which is short.",
            do="Write a new one of 64 characters before it in auth.secrets, give it to the "
            "sender, then take the old one out",
            commands=_NEW,
        ),
        "two": Kind(
            grade=Grade.NOTE,
            state="two are valid",
            means="{subject} takes two secrets: a replacement was begun and not ended.",
            do="When the sender uses the first of auth.secrets, take the second one out of "
            "FIREBREAK_SOURCES",
        ),
        "in_address": Kind(
            grade=Grade.NOTE,
            state="in the address",
            means="The secret of {subject} stands in its address, and so in the logs of every "
            "machine on the way.",
            do="Let the sender prove itself in a header if it can; else replace the secret often",
            commands=_NEW,
        ),
        "undated": Kind(
            grade=Grade.NOTE,
            state="not dated",
            means="What {subject} signs bears no time, so what somebody recorded can come again.",
            do="Sign the time as well if the sender can: name {{timestamp}} in `signed`",
        ),
        "no_operator": Kind(
            grade=Grade.NOTE,
            state="no operator",
            means="There is no source `operator`, so nothing can be asked by the command line.",
            do="Add a source named operator with the carrier admin_request and a secret to "
            "FIREBREAK_SOURCES",
            commands=_NEW,
        ),
        "nobody": Kind(
            grade=Grade.BAD,
            state="no source",
            means="No source may send alerts and nothing is pulled, so nothing is ever answered.",
            do="Name a source in FIREBREAK_SOURCES, or a feed in FIREBREAK_PULL",
        ),
    }

    async def look(self, at: Deployment) -> tuple[Finding, ...]:
        """Look at what is configured; no secret leaves this function."""
        found = [each for source in at.sources.root for each in self._of(source)]
        senders = [one for one in at.sources.root if one.enabled and one.name != OPERATOR]
        if not senders and not at.settings.pull and at.settings.event_hub is None:
            found.append(self.found("nobody", "sources"))
        if at.sources.named(OPERATOR) is None:
            found.append(self.found("no_operator", OPERATOR))
        return tuple(found)

    def _of(self, source: Source) -> list[Finding]:
        auth, name = source.auth, source.name
        if not source.enabled:
            return [self.found("off", name)]
        if isinstance(auth, EntraAuth):
            return [self.found("good", name, scheme="a token of Entra", secret="")]
        if auth is None or not auth.secrets:
            return [self.found("no_secret", name)]
        lengths = [len(secret.get_secret_value()) for secret in auth.secrets]
        weak = [self.found("short", name, length=min(lengths))] if min(lengths) < SHORT else []
        weak += [self.found("two", name)] if len(lengths) > 1 else []
        weak += [self.found("in_address", name)] if isinstance(auth, UrlAuth) else []
        undated = isinstance(auth, HmacAuth) and not auth.dated
        weak += [self.found("undated", name)] if undated else []
        said = f", one secret of {lengths[0]} characters; its age is not known"
        return weak or [self.found("good", name, scheme=auth.scheme, secret=said)]
