"""A running app, as the command line talks to it: over HTTP, like any other sender or reader."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

import httpx
from pydantic import SecretStr

from cli.exits import CommandError, Exit
from shared.alerts.authenticate import HmacAuth, sign
from shared.commands import signed_for
from shared.model import Json

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_PATIENCE: Final = 30.0
_RESTING: Final = frozenset({"contained", "observed", "waiting", "needs_person", "closed"})
_UNKNOWN: Final = (
    "If it says nothing of a signature, it did not know ours: FIREBREAK_OPERATOR_SECRET is not the "
    "operator's, a clock is off by minutes, or the app is older than this command line"
)
_UNRESOLVED: Final = frozenset({"ignored", "unreadable", "unresolved", "poisoned"})


class ForbiddenError(CommandError):
    """The app does not let whoever asks do this."""


class Remote:
    """One app at one address.

    `secret` signs what is posted; `token` is what App Service authentication asks readers for.
    `tenant` is one of a provider's customers, by name, or `all`.
    """

    def __init__(
        self,
        url: str,
        *,
        secret: str | None = None,
        token: str | None = None,
        tenant: str | None = None,
    ) -> None:
        self.url = url.rstrip("/")
        self._tenant = tenant
        self._base = f"/api/tenants/{tenant}" if tenant else "/api"
        self._secret = secret
        headers = {"Accept": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self._http = httpx.AsyncClient(
            base_url=self.url,
            headers=headers,
            timeout=_PATIENCE,
            # What is on this computer is never reached through a proxy.
            trust_env=urlsplit(self.url).hostname not in LOOPBACK,
        )

    async def __aenter__(self) -> Self:
        """Nothing is sent before it is asked for."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def post_alert(self, source: str, body: bytes) -> Json:
        """Post a payload as its carrier would, signed; returns the app's answer."""
        auth = HmacAuth(secrets=(self._key,))
        signed = sign(auth, body=body, now=datetime.now(UTC))
        return await self._post(f"/api/alerts/{self._source(source)}", body, signed)

    async def undo_plan(self, case: str) -> list[Json]:
        """Read what would be put back."""
        found = _object(await self._send("GET", f"{self._base}/cases/{case}/undo"))
        steps: list[Json] = found["steps"]
        return steps

    async def undo(self, case: str, request: Json) -> list[Json]:
        """Ask for a case's changes to be put back; returns what will be."""
        found = await self._signed(f"{self._base}/cases/{case}/undo", json.dumps(request).encode())
        steps: list[Json] = found["steps"]
        return steps

    async def way_back(self, case: str, what: str, request: Json) -> Json:
        """Ask for the owner's return; `what` is `confirm`, `restore` or `access-pass`."""
        return await self._signed(f"{self._base}/cases/{case}/{what}", json.dumps(request).encode())

    async def rehearse(self, what: str, question: Json) -> Json:
        """Ask what a policy would do; `what` is `explain` or `compare`."""
        return await self._signed(f"{self._base}/policy/{what}", json.dumps(question).encode())

    async def approvals(self, *, case: str = "", after: str = "") -> Json:
        """Read a page of what waits for a person, or what waits in one case."""
        wanted = {"case": case, "after": after}
        asked = {name: text for name, text in wanted.items() if text}
        return _object(await self._send("GET", f"{self._base}/approvals", params=asked))

    async def answer(self, case: str, how: str, request: Json) -> Json:
        """Answer what waits in a case: `approve`, `decline` or `since`."""
        return await self._signed(f"{self._base}/cases/{case}/{how}", json.dumps(request).encode())

    async def judge(self, what: str, request: Json) -> Json:
        """Say what cases were; `what` is `false-alarm` or `take-back`."""
        return await self._signed(f"{self._base}/verdicts/{what}", json.dumps(request).encode())

    async def alerts(self, wanted: Mapping[str, str]) -> Json:
        """Read a page of the alerts that opened no case."""
        return _object(await self._send("GET", f"{self._base}/alerts", params=wanted))

    async def alert(self, alert: str) -> Json:
        """Read one alert, and why it was read as it was."""
        return _object(await self._send("GET", f"{self._base}/alert/{alert}/why"))

    async def read_again(self, alert: str, request: Json) -> Json:
        """Have an alert read again."""
        return await self._signed(f"{self._base}/alert/{alert}/again", json.dumps(request).encode())

    async def guards(self) -> Json:
        """Read the brakes."""
        return _object(await self._send("GET", f"{self._base}/guards"))

    async def move_guard(self, what: str, request: Json) -> Json:
        """Move a brake; `what` is `switch` or `release`."""
        return await self._signed(f"{self._base}/guards/{what}", json.dumps(request).encode())

    async def sweep(self, rest: str) -> Json:
        """Read all sweeps, or one (`NAME`), or what lies below it (`NAME/trend`)."""
        return _object(await self._send("GET", f"{self._base}/sweeps/{rest}".rstrip("/")))

    async def sweep_file(self, rest: str) -> str:
        """Fetch a file of the sweeps: `report`, or `NAME/findings.csv`."""
        return (await self._send("GET", f"{self._base}/sweeps/{rest}")).text

    async def move_sweep(self, name: str, what: str, request: Json) -> Json:
        """Ask something of a sweep; `what` is `run` or `accept`."""
        return await self._signed(
            f"{self._base}/sweeps/{name}/{what}", json.dumps(request).encode()
        )

    async def notifications(self) -> Json:
        """Read what is being told, and what could not be."""
        return _object(await self._send("GET", f"{self._base}/notifications"))

    async def notify(self, what: str, request: Json) -> Json:
        """Ask for something of the channels; `what` is `test` or `again`."""
        return await self._signed(
            f"{self._base}/notifications/{what}", json.dumps(request).encode()
        )

    async def tenants(self) -> Json:
        """Read the list of a provider's tenants; an app for one tenant has none."""
        nowhere = "This app is for one tenant, so it has no list of them"
        return _object(await self._send("GET", "/api/tenants", nowhere=nowhere))

    def _source(self, name: str) -> str:
        return f"{self._tenant}.{name}" if self._tenant else name

    async def erasures(self) -> Json:
        """Read what is being erased, what was, and what is held back."""
        return _object(await self._send("GET", f"{self._base}/erasures"))

    async def erasure(self, what: str, request: Json) -> Json:
        """Ask for an erasure; `what` is `plan` or `start`."""
        return await self._signed(f"{self._base}/erasures/{what}", json.dumps(request).encode())

    async def examined(self) -> Json:
        """Have every check of the deployment run, and read what each found."""
        return _object(await self._send("GET", f"{self._base}/health/deep"))

    async def _signed(self, path: str, body: bytes) -> Json:
        signed = signed_for(path, body, secret=self._key, now=datetime.now(UTC))
        try:
            return await self._post(path, body, signed)
        except ForbiddenError as error:
            raise ForbiddenError(f"{error}. {_UNKNOWN}", code=Exit.REFUSED) from error

    @property
    def _key(self) -> SecretStr:
        if not self._secret:
            raise CommandError(
                "No secret to sign with: set FIREBREAK_OPERATOR_SECRET to the secret of the source"
            )
        return SecretStr(self._secret)

    async def _post(self, path: str, body: bytes, signed: Mapping[str, str]) -> Json:
        headers = {**signed, "Content-Type": "application/json"}
        return _object(await self._send("POST", path, content=body, headers=headers))

    async def cases(self) -> Json:
        """Read the list of cases."""
        return _object(await self._send("GET", f"{self._base}/cases"))

    async def case(self, case: str) -> Json:
        """Read one case."""
        return _object(await self._send("GET", f"{self._base}/cases/{case}.json"))

    async def evidence(self, case: str) -> Json:
        """Read a case's evidence, which the app compared with the journal."""
        return _object(await self._send("GET", f"{self._base}/cases/{case}/evidence"))

    async def report(self, case: str) -> str:
        """Read a case's standalone HTML report."""
        return (await self._send("GET", f"{self._base}/cases/{case}/report")).text

    async def case_of(self, alert: str, *, within: float) -> str:
        """Wait until triage has put an alert into a case; returns the case's id."""
        until = time.monotonic() + within
        while time.monotonic() < until:
            found = _object(await self._send("GET", f"{self._base}/alert/{alert}"))
            if found.get("case"):
                return str(found["case"])
            if found["state"] in _UNRESOLVED:
                raise CommandError(
                    f"The alert is {found['state']}: {found['reason']}", code=Exit.NOT_CONTAINED
                )
            await asyncio.sleep(0.05)
        raise CommandError(
            f"Nothing took the alert off the queue within {within:.0f} s: is the worker running?",
            code=Exit.NOT_CONTAINED,
        )

    async def watch(self, case: str, *, within: float) -> AsyncIterator[Json]:
        """Read a case again and again until nothing moves by itself any more."""
        until = time.monotonic() + within
        while time.monotonic() < until:
            found = await self.case(case)
            yield found
            if found["status"] in _RESTING:
                return
            await asyncio.sleep(0.1)

    async def _send(
        self, method: str, path: str, *, nowhere: str = "", **more: object
    ) -> httpx.Response:
        """Send a request; `nowhere` says what it means that the app does not have the path."""
        try:
            response = await self._http.request(method, path, **more)  # type: ignore[arg-type]
        except httpx.HTTPError as error:
            raise CommandError(
                f"{self.url} does not answer ({type(error).__name__}). Is the stack up? `make up` "
                "starts one; --url names another app",
                code=Exit.UNREACHABLE,
            ) from error
        if nowhere and response.status_code == HTTPStatus.NOT_FOUND:
            raise CommandError(nowhere, code=Exit.REFUSED)
        if response.is_error:
            said = f"{method} {path}: {response.status_code}: {_said(response)}"
            if response.status_code == HTTPStatus.FORBIDDEN:
                raise ForbiddenError(said, code=Exit.REFUSED)
            raise CommandError(said, code=Exit.REFUSED)
        return response


def _object(response: httpx.Response) -> Json:
    found: Json = response.json()
    return found


def _said(response: httpx.Response) -> str:
    try:
        return str(json.loads(response.content)["error"])
    except (ValueError, KeyError, TypeError):
        return response.reason_phrase
