"""Pages of a list and the links between them."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from lab.tenant.answers import bad_request

_KNOWN: Final = frozenset({"$count", "$select", "$filter", "$top", "$skiptoken"})
_MOST: Final = 999


def page_of[T](
    items: Sequence[T],
    show: Callable[[T], dict[str, Any]],
    *,
    query: Mapping[str, str],
    url: str,
    size: int,
    context: str,
) -> dict[str, Any]:
    """Cut out the page that the query asks for; a page is never larger than `size`."""
    _refuse_unknown(query)
    start = offset(query.get("$skiptoken"))
    stop = start + min(_top(query.get("$top")), size)
    page: dict[str, Any] = {"@odata.context": context}
    if stop < len(items):
        rest = {k: v for k, v in query.items() if k != "$skiptoken"} | {"$skiptoken": token(stop)}
        page["@odata.nextLink"] = f"{url}?{urlencode(rest, safe='$,')}"
    page["value"] = [show(item) for item in items[start:stop]]
    return page


def token(offset: int) -> str:
    """Make a skip token: opaque to those who follow it."""
    return base64.urlsafe_b64encode(f"lab:{offset}".encode()).decode().rstrip("=")


def offset(text: str | None) -> int:
    """Read a skip token back. Raises what Graph answers to a bad one."""
    if text is None:
        return 0
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
        return int(raw.removeprefix("lab:"))
    except ValueError as error:
        raise bad_request("Skip token is badly formed.", code="BadRequest") from error


def _top(text: str | None) -> int:
    if text is None:
        return _MOST
    if not text.isdigit() or not 1 <= int(text) <= _MOST:
        raise bad_request(f"Invalid page size specified: '{text}'.")
    return int(text)


def _refuse_unknown(query: Mapping[str, str]) -> None:
    for name in query:
        if name.startswith("$") and name not in _KNOWN:
            raise bad_request(f"The simulated tenant does not know the query option '{name}'.")
