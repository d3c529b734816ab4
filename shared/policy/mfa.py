"""Who is really asked for a second factor: policies resolved for one person. Pure.

Logic has three values here, and `None` is the third: whoever may be left out by a group that could
not be read is neither covered nor uncovered.

Source: learn.microsoft.com/entra/identity/conditional-access/concept-conditional-access-policies:
a policy is for whom it includes and does not exclude, exclusion wins, and all that apply count.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from shared.clients.access_policies import SOME_TENANTS, AccessPolicy
from shared.clients.methods import MfaState
from shared.model import ObjectId, Value

EVERYBODY: Final = "All"
_GUESTS: Final = "GuestsOrExternalUsers"
_USUAL_GUESTS: Final = frozenset({"internalGuest", "b2bCollaborationGuest"})
"""The kinds of guest that have the user type `guest` in this directory."""
_ONE_FACTOR: Final = frozenset(
    {"email", "federatedSingleFactor", "hardwareOath", "password", "qrCodePin", "sms"}
    | {"softwareOath", "voice", "x509CertificateSingleFactor"}
)
"""Modes that are one factor where they stand alone.

Source: learn.microsoft.com/graph/api/resources/authenticationmethodmodes; which of them stand alone
or in pairs is what GET /policies/authenticationStrengthPolicies returns for the built-in ones.
"""
RESISTANT: Final = frozenset({"fido2", "windowsHelloForBusiness", "x509CertificateMultiFactor"})
"""All that the built-in strength "Phishing-resistant MFA" allows. Source: as above."""
_TWO_FACTORS: Final = RESISTANT | {
    "deviceBasedPush",
    "federatedMultiFactor",
    "temporaryAccessPassMultiUse",
    "temporaryAccessPassOneTime",
}
"""Modes that the built-in strength "Multifactor authentication" takes alone. Source: as above."""
_STRONG_METHODS: Final = frozenset(
    {
        "fido",
        "fido2",
        "fido2SecurityKey",
        "macOsSecureEnclaveKey",
        "passKeyDeviceBound",
        "passKeyDeviceBoundAuthenticator",
        "passKeyDeviceBoundWindowsHello",
        "passKeySynced",
        "platformCredential",
        "windowsHelloForBusiness",
        "x509Certificate",
    }
)
"""Methods that phishing does not get around, in the words of the report and of Graph's types.

Source: learn.microsoft.com/graph/api/resources/usageauthmethod (beta names what the report's
`methodsRegistered` holds; v1.0 only gives examples), and the authentication methods' types.
"""
_NO_FACTOR: Final = frozenset(
    {"appPassword", "email", "password", "qrCode", "qrCodePin", "securityQuestion"}
    | {"temporaryAccessPass"}
)
"""Methods that reset a password, stand in for it or pass for a while, and are no second factor.

Source: as above.
"""


class Person(Value):
    """One account, as far as policies ask; `groups` and `roles` are those that policies name.

    `unread` are named groups or roles of whose members nothing is known.
    """

    object_id: ObjectId
    guest: bool | None = False
    groups: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    unread: frozenset[str] = frozenset()
    per_user: MfaState = MfaState.UNKNOWN


class Asked(StrEnum):
    """Whether a second factor is asked for at sign-in."""

    ALWAYS = "always"
    SOMETIMES = "only at some sign-ins"
    NEVER = "never"
    UNKNOWN = "unknown"


class Demand(StrEnum):
    """What a policy asks of whoever it is for."""

    FACTOR = "a second factor"
    RESISTANT = "a method that phishing does not get around"
    BLOCK = "no sign-in at all"
    NOTHING = "no second factor"
    UNKNOWN = "unknown"


class Coverage(Value):
    """How a person stands, and by what: names of policies, or of a switch."""

    asked: Asked
    by: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    """Policies in force that include the person and exclude them again."""
    unsure: tuple[str, ...] = ()
    """Why it is not known."""


def coverage(
    person: Person, *, policies: Iterable[AccessPolicy] | None, defaults: bool | None
) -> Coverage:
    """Say whether a person is asked for a second factor; `None` is what could not be read."""
    if defaults:
        return Coverage(asked=Asked.ALWAYS, by=("security defaults",))
    if person.per_user in {MfaState.ENABLED, MfaState.ENFORCED}:
        return Coverage(asked=Asked.ALWAYS, by=("per-user MFA",))
    found = _by_policies(person, tuple(policies or ()))
    if found.asked is Asked.ALWAYS:
        return found
    unasked = person.per_user is MfaState.UNKNOWN
    unsure = (
        *found.unsure,
        *(("per-user MFA could not be read",) if unasked else ()),
        *(("Conditional Access could not be read",) if policies is None else ()),
        *(("security defaults could not be read",) if defaults is None else ()),
    )
    return (
        found if not unsure else found.model_copy(update={"asked": Asked.UNKNOWN, "unsure": unsure})
    )


def _by_policies(person: Person, policies: tuple[AccessPolicy, ...]) -> Coverage:
    whole, part, maybe, out = list[str](), list[str](), list[str](), list[str]()
    for policy in policies:
        demanded = demand(policy)
        if policy.state != "enabled" or demanded is Demand.NOTHING:
            continue
        applies, included = is_for(policy, person), _included(policy, person)
        if applies is False:
            out += [policy.name] if included else []
        elif applies is None or demanded is Demand.UNKNOWN:
            maybe.append(policy.name)
        else:
            (part if policy.narrowed else whole).append(policy.name)
    unsure = tuple(f"“{name}” may or may not be for this account" for name in maybe)
    if whole:
        return Coverage(asked=Asked.ALWAYS, by=tuple(whole), left_out=tuple(out))
    asked = Asked.UNKNOWN if unsure else Asked.SOMETIMES if part else Asked.NEVER
    return Coverage(asked=asked, by=tuple(part), left_out=tuple(out), unsure=unsure)


def demand(policy: AccessPolicy) -> Demand:
    """Say what a policy asks of a sign-in that it is for.

    With one of several controls enough, a compliant device passes without a second factor.
    """
    if "block" in policy.controls:
        return Demand.BLOCK
    asked = [_of_control(control) for control in sorted(policy.controls)]
    if policy.strength is not None:
        asked.append(_of_strength(policy.strength))
    if policy.other_demands:
        asked.append(Demand.NOTHING)
    if not asked:
        return Demand.NOTHING
    order = (Demand.RESISTANT, Demand.FACTOR, Demand.UNKNOWN, Demand.NOTHING)
    found = sorted(asked, key=order.index)
    return found[0] if policy.needs_all else found[-1]


def _of_control(control: str) -> Demand:
    if control == "mfa":
        return Demand.FACTOR
    return Demand.UNKNOWN if control == "unknownFutureValue" else Demand.NOTHING


def _of_strength(combinations: frozenset[str]) -> Demand:
    if not combinations:
        return Demand.UNKNOWN
    if combinations <= RESISTANT:
        return Demand.RESISTANT
    alone = frozenset(modes for modes in combinations if "," not in modes)
    if alone & _ONE_FACTOR:
        return Demand.NOTHING
    return Demand.UNKNOWN if alone - _TWO_FACTORS else Demand.FACTOR


def is_for(policy: AccessPolicy, person: Person) -> bool | None:
    """Say whether a policy is for a person: included and not excluded; `None` is unknown."""
    included, excluded = _included(policy, person), _excluded(policy, person)
    if included is False or excluded is True:
        return False
    return None if included is None or excluded is None else True


def _included(policy: AccessPolicy, person: Person) -> bool | None:
    if EVERYBODY in policy.users or person.object_id in policy.users:
        return True
    return _any(
        person.guest if _GUESTS in policy.users else False,
        _guest(policy.guests, person),
        _inside(policy.groups, person.groups, person),
        _inside(policy.roles, person.roles, person),
    )


def _excluded(policy: AccessPolicy, person: Person) -> bool | None:
    if person.object_id in policy.without_users:
        return True
    return _any(
        person.guest if _GUESTS in policy.without_users else False,
        _guest(policy.guests_left_out, person),
        _inside(policy.without_groups, person.groups, person),
        _inside(policy.without_roles, person.roles, person),
    )


def _inside(named: frozenset[str], held: frozenset[str], person: Person) -> bool | None:
    if named & held:
        return True
    return None if named & person.unread else False


def _guest(kinds: frozenset[str], person: Person) -> bool | None:
    """Say whether a person is one of these kinds of guest; the directory tells guests no further.

    Members that belong to another organisation are a kind too, and look like any member.
    """
    if not kinds:
        return False
    if not person.guest:
        return None if person.guest is None or "b2bCollaborationMember" in kinds else False
    if SOME_TENANTS in kinds:
        return None
    if kinds >= _USUAL_GUESTS:
        return True
    return None if kinds & _USUAL_GUESTS else False


def _any(*values: bool | None) -> bool | None:
    if any(value is True for value in values):
        return True
    return None if any(value is None for value in values) else False


def has_factor(methods: Iterable[str]) -> bool:
    """Say whether one of these methods is a second factor; an unheard-of one is taken for it."""
    return bool(set(methods) - _NO_FACTOR)


def has_strong(methods: Iterable[str]) -> bool:
    """Say whether one of these methods is known to resist phishing."""
    return bool(_STRONG_METHODS & set(methods))
