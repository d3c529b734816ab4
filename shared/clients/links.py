"""Links to the next page: followed to where the first page came from, and never twice."""

from __future__ import annotations

from typing import Final

from shared.errors import Defect
from shared.model import Json

_SHOWN: Final = 80


class NextLinks:
    """The next links of one listing. `base` is scheme and host of the service that answers it."""

    def __init__(self, service: str, base: str) -> None:
        self._service = service
        self._base = base
        self._followed: set[str] = set()

    def after(self, page: Json) -> str | None:
        """Give the link to the page after this one, `None` after the last.

        Raises `Defect` for a link to elsewhere, which would carry our token there, and for one that
        was followed before, which would never end.
        """
        link = page.get("@odata.nextLink")
        if not link:
            return None
        link = str(link)
        if not self._leads_home(link):
            raise Defect(
                f"{self._service} sent a next link to {_place(link)!r}; it was not followed"
            )
        if link in self._followed:
            raise Defect(f"{self._service} sent the same next link twice; the list has no end")
        self._followed.add(link)
        return link

    def _leads_home(self, link: str) -> bool:
        """Read both as the HTTP client will, so that no second opinion can send a token astray."""
        import httpx

        try:
            ours, theirs = httpx.URL(self._base), httpx.URL(link)
        except httpx.InvalidURL:
            return False
        same = (ours.scheme, ours.host, ours.port) == (theirs.scheme, theirs.host, theirs.port)
        return same and not theirs.userinfo


def _place(link: str) -> str:
    """Name where a link leads, without what it carries."""
    return "/".join(link.split("/", 3)[:3])[:_SHOWN]
