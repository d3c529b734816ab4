"""Say where in a payload a reading's points stand, for a person who asks why.

A carrier decides by shape; this looks independently for what it came to. A point that stands
nowhere as it was read was joined or decoded from several places, and is said to be. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from shared.alerts import identity
from shared.alerts.disruption import unmarked
from shared.alerts.kinds import Meaning, by_detection, by_policy
from shared.alerts.payload import entries, parse
from shared.alerts.text import clean, fold
from shared.alerts.times import moment
from shared.errors import Undecodable
from shared.model import AlertDraft, Value

_MOST: Final = 3
"""Places that are named for one point; carriers repeat themselves."""
_FOLDS: Final = 3
"""How often JSON within text within JSON is opened."""
_STATES: Final = frozenset(
    map(
        fold,
        (
            "status",
            "riskState",
            "riskDetail",
            "riskLevel",
            "state",
            "classification",
            "determination",
            "monitorCondition",
            "workflow_status",
            "objectEventType",
        ),
    )
)


class Spot(Value):
    """A place of a payload and what stands there."""

    path: str
    said: str


class Provenance(Value):
    """Where each point stands; empty where it was joined, decoded or told by the shape alone."""

    kind: tuple[Spot, ...] = ()
    account: tuple[Spot, ...] = ()
    time: tuple[Spot, ...] = ()
    state: tuple[Spot, ...] = ()


def provenance(body: bytes, draft: AlertDraft | None) -> Provenance:
    """Find the points of a draft in the body it was read from; without one, the states alone."""
    spots: dict[str, list[Spot]] = {name: [] for name in Provenance.model_fields}
    for path, value in _leaves(body):
        for name in _points(path, value, draft):
            spots[name].append(Spot(path=path, said=clean(str(value), 120)))
    return Provenance(**{name: tuple(found[:_MOST]) for name, found in spots.items()})


def _points(path: str, value: object, draft: AlertDraft | None) -> Iterator[str]:
    if isinstance(value, str) and fold(path.rpartition(".")[2]) in _STATES:
        yield "state"
    if draft is None:
        return
    if isinstance(value, str) and _names(value, draft):
        yield "account"
    if isinstance(value, str) and _means(value, draft):
        yield "kind"
    if draft.occurred_at and moment(value) == draft.occurred_at:
        yield "time"


def _names(value: str, draft: AlertDraft) -> bool:
    known = draft.account.model_dump(exclude_none=True).values() if draft.account else ()
    found = {identity.object_id(value), identity.decoded(value), identity.address(value)}
    return bool({each.lower() for each in found if each} & {str(each).lower() for each in known})


def _means(value: str, draft: AlertDraft) -> bool:
    means = by_policy(ids=[value], operations=[value], title=unmarked(value)) or by_detection(
        codes=[value], title=unmarked(value), products=[value]
    )
    return isinstance(means, Meaning) and means.kind is draft.kind


def _leaves(body: bytes) -> Iterator[tuple[str, object]]:
    try:
        found = entries(body)
    except Undecodable:
        return
    for number, entry in enumerate(found):
        if not isinstance(entry, Undecodable):
            yield from _below("" if len(found) == 1 else f"[{number}]", entry.fields)


def _below(path: str, node: object, texts: int = _FOLDS) -> Iterator[tuple[str, object]]:
    inside = _unfolded(node) if texts else node
    texts -= inside is not node
    if isinstance(inside, Mapping):
        for key, value in inside.items():
            yield from _below(f"{path}.{clean(str(key), 80)}".lstrip("."), value, texts)
    elif isinstance(inside, list):
        for number, value in enumerate(inside):
            yield from _below(f"{path}[{number}]", value, texts)
    else:
        yield path, node


def _unfolded(node: object) -> object:
    """Open JSON that its carrier sends as text."""
    if isinstance(node, str) and node.lstrip()[:1] in {"{", "["}:
        try:
            return parse(node)
        except Undecodable:
            return node
    return node
