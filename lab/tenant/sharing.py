"""OneDrive: files and the links they are shared by."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Sharing(StrEnum):
    """Whether links work for people outside the organisation."""

    ANYONE = "anyone"
    INSIDE = "inside"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A sharing link, in Graph's words: scope anonymous, organization or users; kind view or edit.

    `people` are the addresses that a link for certain people is made out to.
    """

    id: str
    scope: str
    kind: str = "view"
    people: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A file with its links."""

    id: str
    path: str
    links: tuple[Link, ...] = ()

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drive:
    """One person's OneDrive."""

    id: str
    oid: str
    url: str
    """Where its documents are, without a slash at the end."""
    items: tuple[Item, ...] = ()
    sharing: Sharing = Sharing.ANYONE

    def item(self, item_id: str) -> Item | None:
        """Find a file by its id."""
        return next((item for item in self.items if item.id == item_id), None)
