"""What people read about the app itself: the policy in force, and whether it is well."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from shared.desk import Desk, Page, json_page, wants_json
from shared.door import header
from shared.model import ResponderName
from shared.pages.health_view import HealthView
from shared.policy.document import Policy
from shared.policy.reading import PolicyError, load
from shared.responder import Responder
from shared.settings import Settings
from shared.tasks.ledger import Clock
from shared.window import Window

if TYPE_CHECKING:
    from shared.doctor.last import LastCheckup
    from shared.pages.policy_view import PolicyView

_SHIPPED: Final = Path(__file__).with_name("policy") / "shipped.toml"
"""The policy this release came with, to compare with."""


class Standing:
    """Shows how the app stands; changes nothing."""

    def __init__(  # noqa: PLR0913 - everything it shows comes in here
        self,
        *,
        window: Window,
        desk: Desk,
        settings: Settings,
        checkups: Callable[[], LastCheckup],
        clock: Clock,
        policy: tuple[Policy, str],
        catalogue: Mapping[ResponderName, Responder[Any]],
    ) -> None:
        self._window = window
        self._desk = desk
        self._settings = settings
        self._checkups = checkups
        self._clock = clock
        self._policy, self._text = policy
        self._catalogue = catalogue

    async def policy(self, headers: Mapping[str, str]) -> Page:
        """Show the policy in force, rule by rule, and where it differs from the shipped one."""
        if shut := self._window.shut(headers):
            return shut
        view = self._in_force.model_copy(update={"at": self._clock()})
        if wants_json(headers):
            return json_page(view.model_dump(mode="json"))
        return self._window.html(self._window.pages.policy(view))

    async def health(self, headers: Mapping[str, str]) -> Page:
        """Answer a probe with what names nobody; a browser gets the page, if it is let in.

        The page shows the last check-up, with its age: it waits for none.
        """
        if "text/html" not in header(headers, "accept"):
            return await self._desk.health(headers)
        if shut := self._window.shut(headers):
            return shut
        checkups = self._checkups()
        view = HealthView(
            at=self._clock(),
            checkup=await checkups.soon(),
            looking=checkups.looking,
            mode_ceiling=self._policy.mode_ceiling,
            rules=tuple(rule.name for rule in self._policy.rules),
        )
        status = HTTPStatus.SERVICE_UNAVAILABLE if view.storage_fails else HTTPStatus.OK
        return self._window.html(self._window.pages.health(view), status=status)

    async def examined(self, headers: Mapping[str, str]) -> Page:
        """Run every check and say what each found, as JSON: it names accounts, so to readers."""
        if shut := self._window.shut(headers):
            return shut
        checkup = await self._checkups().anew()
        return json_page(checkup.model_dump(mode="json"))

    @cached_property
    def _in_force(self) -> PolicyView:
        """The page of the policy, put together once: what is in force changes with the process."""
        from shared.pages.policy_view import policy_view
        from shared.policy.schema import schema

        shipped = _SHIPPED.read_text(encoding="utf-8")
        try:
            then = load(shipped, responders=self._policy.responders, file=_SHIPPED.name)
        except PolicyError:
            # Responders were taken out of this deployment: the text can still be compared.
            then = None
        return policy_view(
            self._policy,
            self._text,
            file=self._settings.policy.name,
            shipped=(then, shipped),
            catalogue=self._catalogue,
            schema=schema(self._catalogue),
            at=self._clock(),
        )
