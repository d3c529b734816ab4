"""Access to the account itself: sessions, access tokens, the password and what it opens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from lab.footholds import Damage, Foiled, Foothold
from lab.tenant.exchange_senders import is_listed
from lab.tenant.state import User
from lab.tenant.world import World
from shared.model import number_of


@dataclass(frozen=True, slots=True)
class Standing:
    """What continuous access evaluation looks at."""

    enabled: bool
    password: int
    sessions_from: datetime | None
    high_risk: bool

    @classmethod
    def of(cls, world: World, oid: str) -> Self:
        """Read how an account stands."""
        user = world.state.users.get(oid)
        risk = world.state.risks.get(oid)
        high = risk is not None and risk.level == "high"
        if user is None:
            return cls(enabled=False, password=0, sessions_from=None, high_risk=high)
        return cls(user.enabled, user.password_version, user.sessions_valid_from, high)

    def breaks(self, before: Self) -> bool:
        """Whether a critical event lies between two standings. A risk taken back is none."""
        return (
            not self.enabled
            or self.password != before.password
            or self.sessions_from != before.sessions_from
            or (self.high_risk and not before.high_risk)
        )


def account(world: World, oid: str) -> User:
    """Find the account; one that was deleted serves nobody."""
    user = world.state.users.get(oid)
    if user is None:
        raise Foiled("the account is gone")
    return user


class SessionBasis(StrEnum):
    """How a session was signed in; a reset ends only those that rest on the password."""

    PASSWORD = "password"
    OTHER = "other"


class Session(Foothold):
    """3: a refresh token or stolen cookie, which renews its access tokens."""

    number = 3

    def __init__(
        self, label: str, *, opened_at: datetime, resets: int, basis: SessionBasis
    ) -> None:
        super().__init__(label)
        self.opened_at = opened_at
        self.resets = resets
        self.basis = basis
        self.tokens: list[AccessToken] = []

    def shut(self, world: World, oid: str) -> bool:
        """Shut by disable, revoke and, where it rests on the password, by a reset."""
        user = world.state.users.get(oid)
        if user is None or not user.enabled or world.sign_in_blocked(oid):
            return True
        reset = user.password_resets != self.resets
        return user.sessions_valid_from > self.opened_at or (
            reset and self.basis is SessionBasis.PASSWORD
        )

    def lag(self, world: World) -> timedelta:
        """Documented as a few minutes."""
        return timedelta(seconds=world.settings.session_lag)

    def use(self, world: World, oid: str) -> str:
        """Renew the access tokens."""
        for token in self.tokens:
            token.renew(world, oid)
        return f"renewed {number_of(len(self.tokens), 'access token')}"


class AccessToken(Foothold):
    """An access token, with a session behind it or alone."""

    def __init__(self, label: str, *, issued_at: datetime, session: Session | None = None) -> None:
        super().__init__(label)
        self.issued_at = issued_at
        self.session = session
        self._seen: Standing | None = None
        if session is not None:
            session.tokens.append(self)

    def settle(self, world: World, oid: str) -> None:
        """Remember how the account stood when the token was issued."""
        self._seen = Standing.of(world, oid)

    def renew(self, world: World, oid: str) -> None:
        """Take a new token. One that a closed session still hands out is closed as well."""
        self.issued_at = world.now()
        self.settle(world, oid)
        self.closed_at = self.session.closed_at if self.session else None

    def expires_at(self, world: World) -> datetime:
        """Tell when time ends it."""
        return self.issued_at + timedelta(seconds=world.settings.access_token_life)

    def renewable(self, world: World) -> bool:
        """Whether a session may still renew it."""
        return self.session is not None and self.session.alive(world)


class CaeToken(AccessToken):
    """1: an access token of a client and a service with continuous access evaluation."""

    number = 1
    damage = Damage.MAIL_READ

    def shut(self, world: World, oid: str) -> bool:
        """Shut by every critical event since it was issued; none is ever taken back."""
        if self.closed_at is not None:
            return True
        return self._seen is not None and Standing.of(world, oid).breaks(self._seen)

    def lag(self, world: World) -> timedelta:
        """Documented as up to 15 minutes."""
        return timedelta(seconds=world.settings.cae_lag)

    def died_at(self, world: World) -> datetime | None:
        """Cut off, or expired with nobody to renew it."""
        ends = [] if self.renewable(world) else [self.expires_at(world)]
        if self.closed_at is not None:
            ends.append(self.closed_at + self.lag(world))
        return min(ends, default=None)

    def use(self, world: World, oid: str) -> str:
        """Read mail, which is in a service with continuous access evaluation."""
        account(world, oid)
        if oid not in world.state.mailboxes:
            raise Foiled("there is no mailbox")
        return "read mail"


class PlainToken(AccessToken):
    """2: an access token that nobody evaluates again before it expires."""

    number = 2
    damage = Damage.FILES_READ
    killable = False

    def shut(self, world: World, oid: str) -> bool:
        """Shut by nothing; its session's end only keeps it from being renewed."""
        return self.session is not None and self.session.shut(world, oid)

    def died_at(self, world: World) -> datetime | None:
        """Expired with nobody to renew it."""
        return None if self.renewable(world) else self.expires_at(world)

    def use(self, world: World, oid: str) -> str:
        """Call a service without continuous access evaluation."""
        del world, oid
        return "listed files"


class Password(Foothold):
    """4: the password, good wherever no second factor is asked."""

    number = 4

    def __init__(self, label: str, *, version: int = 1) -> None:
        super().__init__(label)
        self.version = version

    def shut(self, world: World, oid: str) -> bool:
        """Shut by a password that the intruder does not know."""
        user = world.state.users.get(oid)
        return user is None or user.password_version != self.version

    def use(self, world: World, oid: str) -> str:
        """Sign in. Where a change is forced, whoever knows the old password picks the new one."""
        user = account(world, oid)
        if not user.enabled:
            raise Foiled("AADSTS50057: the account is disabled")
        if reason := world.sign_in_blocked(oid):
            raise Foiled(f"AADSTS53003: {reason}")
        if not user.must_change_password:
            return "signed in"
        self.version = user.password_version + 1
        world.change_user(
            oid,
            password_version=self.version,
            password_changed_at=world.now(),
            must_change_password=False,
        )
        what = "password: chosen by the intruder"
        world.wrote(method="POST", path="/sign-in", actor="intruder", oid=oid, what=what)
        return "chose the new password and signed in"


class SmtpAuth(Foothold):
    """8: sending spam with the password through SMTP AUTH, which asks no second factor."""

    number = 8
    damage = Damage.MAIL_SENT

    def __init__(self, label: str, *, password: Password) -> None:
        super().__init__(label)
        self.password = password

    def shut(self, world: World, oid: str) -> bool:
        """Shut with the password, or with the protocol."""
        mailbox = world.state.mailboxes.get(oid)
        off = mailbox is None or mailbox.smtp_auth_disabled
        return off or self.password.shut(world, oid)

    def lag(self, world: World) -> timedelta:
        """Minutes, because the protocol servers remember a sign-in."""
        return timedelta(seconds=world.settings.protocol_lag)

    def use(self, world: World, oid: str) -> str:
        """Send spam, unless Microsoft has restricted the sender."""
        user = account(world, oid)
        if not user.enabled:
            raise Foiled("535 5.7.139 the account is disabled")
        blocked = world.state.blocked.get(str(user.mail).casefold())
        if blocked is not None and is_listed(blocked, at=world.now()):
            raise Foiled("550 5.1.8 access denied, bad outbound sender")
        return "sent spam"
