"""The tenants that a provider serves: `tenants.toml`, strict, with all that is wrong said at once.

It holds no secret. Who may send alerts and who is told stay settings; each entry there names its
tenant.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Final

from pydantic import AfterValidator, Field, StringConstraints, ValidationError
from pydantic_core import PydanticCustomError

from shared.model import Json, PullName, TenantId, Value
from shared.policy.document import Policy, Protected
from shared.policy.limits import Burst, Guards, Radius
from shared.policy.locate import Lines
from shared.policy.locate import Path as Spot
from shared.policy.reading import PolicyError, Problem, line_of, parse
from shared.policy.sentences import path_of, sentence
from shared.principal import ALL
from shared.settings import Guid, Place, Settings, WorkspaceId

_ALONE: Final = ("id", "name")
"""What no two tenants share."""


def _free(name: str) -> str:
    if name == ALL:
        raise PydanticCustomError("taken", "'all' means every tenant; choose another name")
    return name


type CustomerName = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$"), AfterValidator(_free)
]
type Id = Annotated[Guid, AfterValidator(str.lower)]


class Customer(Value):
    """One tenant of the registry: who it is, how the app gets in, what is special about it."""

    name: CustomerName
    """Ends up in addresses, in the names of its sources and in roles; never changes."""
    title: Annotated[str, Field(min_length=1, max_length=60)]
    """What people call it; stands on its pages and before what is told."""
    id: Id
    """Its Microsoft 365 tenant."""
    application_id: Id
    """The provider's app registration to which this tenant consented."""
    object_id: Id
    """That application's object id in this tenant, so that it is never acted on."""
    policy: Path | None = None
    """Its own policy, beside this file; without one it is under the provider's."""
    protected: Protected = Protected()
    """Accounts and groups of this tenant that are protected besides those of the policy."""
    guards: Guards = Guards()
    """Limits of this tenant; what is not named here stays as the policy says."""
    pull: tuple[PullName, ...] = ()
    """What the app fetches from this tenant by itself."""
    sentinel_workspace: WorkspaceId | None = None
    """The workspace whose Sentinel incidents may be read again."""

    @property
    def tenant(self) -> TenantId:
        """The id as the key that leads every row."""
        return TenantId(self.id)

    def under(self, policy: Policy) -> Policy:
        """Give the policy as it is in force for this tenant."""
        protected = Protected(
            accounts=policy.protected.accounts | self.protected.accounts,
            groups=policy.protected.groups | self.protected.groups,
        )
        own = self.guards.model_dump(exclude_unset=True)
        guards = Guards.model_validate(_over(policy.guards.model_dump(), own))
        return policy.model_copy(update={"protected": protected, "guards": guards})


class Registry(Value):
    """The file as it is written."""

    title: Annotated[str, Field(min_length=1, max_length=60)] = "Own tenant"
    """What people call the provider; stands on the pages of its own tenant."""
    tenant: Annotated[tuple[Customer, ...], Field(min_length=1)]


def read(settings: Settings) -> Registry | None:
    """Read the registry that the settings name. Raises `PolicyError` with all that is wrong."""
    if settings.tenants is None:
        return None
    file = settings.tenants.name
    try:
        text = settings.tenants.read_text(encoding="utf-8")
    except OSError as error:
        said = f"FIREBREAK_TENANTS names a file that cannot be read: {error.strerror}"
        raise PolicyError((Problem(line=1, sentence=said),), file=file) from error
    raw, lines = parse(text.removeprefix("\ufeff"), file=file)
    try:
        found = Registry.model_validate(raw)
    except ValidationError as error:
        wrong = [(path_of(each), sentence(each, _known_keys)) for each in error.errors()]
        raise _wrong(wrong, lines, file) from error
    if clashes := [*_clashes(found.tenant, settings), *_strangers(found.tenant, settings)]:
        raise _wrong(clashes, lines, file)
    return found


def own(home: Settings, served: Registry) -> Settings:
    """Give the settings of the provider's own tenant."""
    return home.model_copy(
        update={
            "sources": _named_for("", home.sources),
            "channels": _named_for("", home.channels),
            "place": Place(home=home.tenant, title=served.title),
        }
    )


def settings_of(customer: Customer, home: Settings) -> Settings:
    """Give a customer's settings: the deployment's, with what is the customer's own."""
    policy, file = home.policy, home.tenants
    if customer.policy and file:
        policy = file.parent / customer.policy
    return home.model_copy(
        update={
            "tenant_id": customer.id,
            "client_id": customer.application_id,
            "own_object_id": customer.object_id,
            "policy": policy,
            "pull": customer.pull,
            "event_hub": None,
            "sentinel_workspace": customer.sentinel_workspace,
            "sources": _named_for(customer.name, home.sources),
            "channels": _named_for(customer.name, home.channels),
            "place": Place(
                home=home.tenant,
                name=customer.name,
                title=customer.title,
                identity=home.client_id,
            ),
        }
    )


def _named_for(name: str, entries: tuple[Json | object, ...]) -> tuple[Json, ...]:
    """Pick the sources or channels of one tenant; those that name none are the provider's own."""
    return tuple(
        {key: value for key, value in entry.items() if key != "tenant"}
        for entry in entries
        if isinstance(entry, dict) and (entry.get("tenant") or "") == name
    )


def _over(under: Json, own: Mapping[str, object]) -> Json:
    """Lay what is named over what was there, table by table."""
    merged = dict(under)
    for key, value in own.items():
        below = merged.get(key)
        both = isinstance(value, Mapping) and isinstance(below, dict)
        merged[key] = _over(below, value) if both else value  # type: ignore[arg-type]
    return merged


def _clashes(found: tuple[Customer, ...], settings: Settings) -> Iterator[tuple[Spot, str]]:
    """Say which tenants cannot be told apart."""
    taken: dict[str, str] = {settings.tenant: "FIREBREAK_TENANT_ID, the provider's own tenant"}
    for number, customer in enumerate(found):
        for key in _ALONE:
            value = getattr(customer, key)
            if value in taken:
                yield ("tenant", number, key), f"'{value}' is the {key} of {taken[value]} already"
            taken[value] = f"'{customer.title}'"


def _strangers(found: tuple[Customer, ...], settings: Settings) -> Iterator[tuple[Spot, str]]:
    """Say which sources and channels name a tenant that is not here, and which share a secret."""
    known = {"", *(customer.name for customer in found)}
    for setting in ("sources", "channels"):
        for entry in getattr(settings, setting):
            name = (entry.get("tenant") or "") if isinstance(entry, dict) else ""
            if name not in known:
                yield (), f"FIREBREAK_{setting.upper()} names a tenant {name!r} that is not here"
    if settings.managed_identity and not settings.client_id:
        said = "a user-assigned identity has to vouch for the app: set FIREBREAK_CLIENT_ID to it"
        yield (), said
    yield from _shared_secrets(settings)


def _shared_secrets(settings: Settings) -> Iterator[tuple[Spot, str]]:
    """Say where one secret opens two tenants: what was signed for one is good for the other."""
    owners: dict[str, str] = {}
    for entry in settings.sources:
        if not isinstance(entry, dict):
            continue
        auth, owner = entry.get("auth"), str(entry.get("tenant") or "the provider")
        secrets = auth.get("secrets") if isinstance(auth, dict) else None
        for secret in secrets if isinstance(secrets, list) else ():
            other = owners.setdefault(str(secret), owner)
            if other != owner:
                said = f"a source of {owner!r} and one of {other!r} have the same secret"
                yield (), f"{said} in FIREBREAK_SOURCES: give each tenant its own"


_TABLES: Final[Mapping[str, type[Value]]] = {
    "": Registry,
    "tenant": Customer,
    "tenant.protected": Protected,
    "tenant.guards": Guards,
    "tenant.guards.radius": Radius,
    "tenant.guards.burst": Burst,
}


def _known_keys(table: Spot) -> tuple[str, ...]:
    name = ".".join(part for part in table if isinstance(part, str))
    return tuple(_TABLES[name].model_fields)


def _wrong(found: list[tuple[Spot, str]], lines: Lines, file: str) -> PolicyError:
    problems = (Problem(line=line_of(lines, path), sentence=said) for path, said in found)
    ordered = sorted(problems, key=lambda problem: (problem.line, problem.sentence))
    return PolicyError(tuple(ordered), file=file)
