"""Where one sees what is being told, tries a channel, and sends again what it did not take."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Annotated, Final

from pydantic import Field

from shared.channels.configured import Channels
from shared.desk import Page, json_page, wants_json
from shared.errors import FirebreakError, Gone, Refused, Transient
from shared.principal import Role
from shared.tasks.deliver import Deliver
from shared.tasks.ledger import Clock
from shared.tasks.told import Ledger
from shared.tasks.trail import Noted, Trail
from shared.telemetry import Log
from shared.window import Form, Signed, Window

_SAID: Final = MappingProxyType(
    {
        "test": "Channel {} is to be tried",
        "again": "What channel {} did not take is to be sent again",
    }
)


class ChannelRequest(Signed):
    """Try a channel, or send again what it did not take."""

    channel: Annotated[str, Field(max_length=40)]


class NotifyCounter:
    """Shows the channels; addresses and secrets are never shown."""

    def __init__(  # noqa: PLR0913 - everything it touches comes in here
        self,
        *,
        window: Window,
        channels: Channels,
        deliver: Deliver,
        told: Ledger,
        trail: Trail,
        clock: Clock,
        log: Log,
    ) -> None:
        self._window = window
        self._channels = channels
        self._deliver = deliver
        self._told = told
        self._trail = trail
        self._clock = clock
        self._log = log

    async def show(self, headers: Mapping[str, str]) -> Page:
        """Show how each channel does."""
        if shut := self._window.shut(headers):
            return shut
        states = await self._told.states({c.name: c.kind for c in self._channels.root})
        if wants_json(headers):
            return json_page({"channels": [state.model_dump(mode="json") for state in states]})
        may = self._window.door.may(headers, Role.ADMINISTRATOR)
        return self._window.html(
            self._window.pages.notifications(states, at=self._clock(), may=may)
        )

    async def ask(self, what: str, headers: Mapping[str, str], body: bytes) -> Page:
        """Try a channel (`test`), or send again what was given up (`again`)."""
        try:
            asked, actor = self._window.request(
                headers,
                body,
                role=Role.ADMINISTRATOR,
                at=f"notifications/{what}",
                model=ChannelRequest,
                form=_form,
            )
            if what not in _SAID:
                raise Gone("A channel can be tried, or asked again")
            said, data = _SAID[what].format(asked.channel), {"channel": asked.channel}
            await self._trail.note(Noted.ASKED, said, actor=actor, data=data)
            match what:
                case "test":
                    await self._deliver.test(asked.channel, actor.name)
                case "again":
                    await self._told.again(asked.channel)
            self._log.info(f"notify.{what}", channel=asked.channel, actor=actor.id)
        except Transient as error:
            refused = Refused(f"The channel did not take it. {error}")
            return self._window.failed(headers, refused, nothing="Nobody was told")
        except (PermissionError, FirebreakError) as error:
            return self._window.failed(headers, error, nothing="Nobody was told")
        if wants_json(headers):
            return await self.show(headers)
        target = {"Location": f"{self._window.base}/notifications"}
        return Page(status=HTTPStatus.SEE_OTHER, body="", headers=target)


def _form(fields: Form) -> dict[str, object]:
    return {"channel": fields.get("channel", [""])[0]}
