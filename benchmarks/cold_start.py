"""Cold start: what a fresh process takes until it has answered its first alert, or acted on one.

Each figure comes from processes of its own, started when Python's bytecode is cached, against the
storage emulator and a simulated tenant that answers at once: what is left is imports and first use.
Beside them what nobody can avoid (`import azure.functions`) and what is avoided: reading a single
user through msgraph-sdk's own entity, which imports all of its model modules.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final, Self

from benchmarks.cold_process import HIDDEN, WAYS, clear, take_message
from benchmarks.measuring import NOT_MEASURED, Session, median, parser
from lab.azurite import Azurite
from lab.clock import Clock
from lab.errors import LabError
from lab.ports import listen
from lab.scenarios import token_thief
from lab.serving import Served
from lab.tenant import SimulatedTenant, TenantSettings
from lab.workbench import SECRET, sources
from scripts.package.deployed import not_deployed
from shared.alerts.authenticate import HmacAuth, sign
from shared.model import Json, now

ROOT: Final = Path(__file__).parents[1]
_LISTED: Final = 12
_NAMESPACES: Final = ("azure", "shared", "opentelemetry")
_PATIENCE: Final = 60.0

type Marks = dict[str, dict[str, float]]
"""What one process measured at each step."""


class Far:
    """The far side of all processes: the storage emulator and a tenant, as a context manager."""

    def __init__(self) -> None:
        self.python, self.root = Path(sys.executable), ROOT
        self.tenant = SimulatedTenant(clock=Clock(), settings=TenantSettings.instant())
        self._cleanup = AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            azurite = await stack.enter_async_context(Azurite())
            served = Served(self.tenant.app, stack.enter_context(listen()))
            url = (await stack.enter_async_context(served)).url
            self._cleanup = stack.pop_all()
        self.connection = azurite.connection_string
        self.environment = _environment(self.tenant, url, self.connection)
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._cleanup.aclose()

    async def once(self, way: str) -> Marks:
        """Run one fresh process with what it needs, and take away what it leaves."""
        if way not in {"webhook", "worker"}:
            return await self.run(way)
        took = await self.run("webhook", self._alert())
        message = await take_message(self.connection)
        if way == "webhook":
            return took
        took = await self.run("worker", message)
        await clear(self.connection)
        return took

    def _alert(self) -> str:
        """Break into one more account, and write its alert down as it is posted."""
        (alert,) = token_thief(self.tenant).alerts
        auth = HmacAuth.model_validate({"secrets": [SECRET]})
        headers = {**alert.headers, **sign(auth, body=alert.body, now=now())}
        return json.dumps({"source": alert.source, "headers": headers, "body": alert.body.decode()})

    async def run(self, way: str, given: str = "", *, options: Sequence[str] = ()) -> Marks:
        """Run one fresh process. Raises with what it said where it fails."""
        said = await self.speak(way, given, options=options)
        found: Marks = json.loads(said.out)
        return found

    async def speak(self, way: str, given: str = "", *, options: Sequence[str] = ()) -> Said:
        """Run one fresh process and return what it wrote."""
        process = await asyncio.create_subprocess_exec(
            *(str(self.python), *options, "-m", "benchmarks.cold_process", way, given),
            cwd=self.root,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(_PATIENCE):
                out, errors = await process.communicate()
        except TimeoutError:
            process.kill()
            await process.wait()
            raise
        if process.returncode:
            raise RuntimeError(f"{way} failed: {errors.decode()}")
        return Said(out.decode(), errors.decode())


@dataclass(frozen=True, slots=True)
class Said:
    """What a process wrote."""

    out: str
    errors: str


def _environment(tenant: SimulatedTenant, url: str, connection: str) -> dict[str, str]:
    """Build the app's environment, as the local stack does."""
    return {
        **{key: value for key, value in os.environ.items() if not key.startswith("FIREBREAK_")},
        HIDDEN: " ".join(not_deployed(ROOT / "requirements.txt")),
        "AzureWebJobsStorage": connection,
        "IDENTITY_ENDPOINT": f"{url}/msi/token",
        "IDENTITY_HEADER": "cold",
        "FIREBREAK_TENANT_ID": tenant.tenant_id,
        "FIREBREAK_OWN_OBJECT_ID": tenant.own_object_id,
        "FIREBREAK_GRAPH_URL": url,
        "FIREBREAK_EXCHANGE_URL": url,
        "FIREBREAK_SOURCES": json.dumps(sources()),
    }


def rows(way: str, runs: Sequence[Marks]) -> list[Json]:
    """Make a row for each step of a way; memory and modules are the same in every run."""
    return [
        {
            "process": way,
            "until": step,
            "best ms": round(min(run[step]["wall"] for run in runs) * 1000),
            "median": round(median([run[step]["wall"] for run in runs]) * 1000),
            "cpu ms": round(min(run[step]["cpu"] for run in runs) * 1000),
            "MB": round(median([run[step]["memory"] for run in runs])),
            "modules": int(runs[0][step]["modules"]),
            "msgraph": int(runs[0][step]["msgraph"]),
            "models": int(runs[0][step]["models"]),
        }
        for step in runs[0]
    ]


def importers(reports: Sequence[str]) -> list[Json]:
    """Add up `-X importtime` by package: the time in its own modules, each at its best."""
    best: dict[str, int] = {}
    for line in chain.from_iterable(report.splitlines() for report in reports):
        parts = line.removeprefix("import time:").split("|")
        if line.startswith("import time:") and parts[0].strip().isdigit():
            module = parts[2].strip()
            best[module] = min(int(parts[0]), best.get(module, sys.maxsize))
    spent: Counter[str] = Counter()
    for module, micro in best.items():
        spent[_package(module)] += micro
    return [
        {
            "package": package,
            "modules": sum(_package(module) == package for module in best),
            "ms": micro / 1000,
            "share %": micro / spent.total() * 100,
        }
        for package, micro in spent.most_common(_LISTED)
    ]


def _package(module: str) -> str:
    parts = module.split(".")
    return ".".join(parts[: 2 if parts[0] in _NAMESPACES else 1])


def judge(session: Session, found: Mapping[str, Sequence[Marks]]) -> None:
    """Hold the modules against the aims."""
    answered = found["webhook"][0]["first alert answered"]["msgraph"]
    done = found["worker"][0]["first tasks done"]["models"]
    naive = found["naive msgraph entity"][0]["first entity parsed"]["models"]
    session.say(
        f"\nwebhook: {answered:.0f} modules of msgraph; aim 0: {'missed' if answered else 'met'}"
    )
    met = "met" if done < naive / 10 else "missed"
    session.say(
        f"worker: {done:.0f} of msgraph's models, where one parsed entity costs {naive:.0f}; "
        f"aim never to pay for them: {met}"
    )


async def measure(session: Session, runs: int) -> None:
    """Measure all ways in turns."""
    found: dict[str, list[Marks]] = {way: [] for way in WAYS}
    async with Far() as far:
        for number in range(runs + 1):
            for way, marks in found.items():
                session.progress(f"run {number} of {runs}: {way}")
                took = await far.once(way)
                if number:  # the first one writes the bytecode
                    marks.append(took)
        with tempfile.TemporaryDirectory(prefix="cold-") as empty:
            raw = await far.run("function_app", options=("-X", f"pycache_prefix={empty}"))
        watched = ("-X", "importtime")
        reports = [(await far.speak("function_app", options=watched)).errors for _ in range(runs)]
    table = [row for way, marks in found.items() for row in rows(way, marks)]
    table += rows("the same, no bytecode", [raw])
    session.table(f"Fresh processes, {runs} of each", table)
    session.table(
        "Importing function_app by package (slowed by being watched)",
        importers(reports),
    )
    judge(session, found)


def main() -> int:
    """Measure and print."""
    made = parser(__doc__)
    made.add_argument("--runs", type=int, default=5, metavar="N")
    asked = made.parse_args()
    session = Session("cold_start", path=asked.json)
    try:
        asyncio.run(measure(session, asked.runs))
    except LabError as error:
        print(f"The storage emulator did not start: {error}", file=sys.stderr)
        return NOT_MEASURED
    session.end()
    return 0


if __name__ == "__main__":
    sys.exit(main())
