"""Run all checks at once: each has its own time, and none hides another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from shared.diagnosis import Checkup, Examined, Finding, worst
from shared.doctor.check import UNKNOWN, Check
from shared.doctor.checks import Checks
from shared.doctor.deployment import Deployment
from shared.errors import FirebreakError
from shared.telemetry import Log


class Doctor:
    """Examines a deployment as it stands; `deployment` gives it anew for each examination."""

    def __init__(self, deployment: Callable[[], Deployment], checks: Checks, log: Log) -> None:
        self._deployment = deployment
        self._checks = checks
        self._log = log

    async def examine(self) -> Checkup:
        """Run every check and put together what they found."""
        at = self._deployment()
        try:
            found = await asyncio.gather(
                *(self._examined(check, at) for check in self._checks.values())
            )
        finally:
            await at.holdings.aclose()
        return Checkup(at=at.clock(), grade=worst(one.grade for one in found), checks=tuple(found))

    async def one(self, name: str) -> Examined:
        """Run one check alone."""
        at = self._deployment()
        try:
            return await self._examined(self._checks[name], at)
        finally:
            await at.holdings.aclose()

    async def _examined(self, check: Check, at: Deployment) -> Examined:
        return Examined(
            check=check.name, about=check.summary, findings=await self._looked(check, at)
        )

    async def _looked(self, check: Check, at: Deployment) -> tuple[Finding, ...]:
        try:
            async with asyncio.timeout(check.patience):
                found = await check.look(at)
        except TimeoutError:
            why = f"no answer within {check.patience:g} seconds"
        except FirebreakError as error:
            why = str(error)
        except Exception as error:  # noqa: BLE001 - a check of ours that breaks hides no other
            self._log.error("check.broken", check=check.name, error=type(error).__name__)
            why = f"the check itself broke ({type(error).__name__}), which is a fault of Firebreak"
        else:
            why = "the check said nothing, which is a fault of Firebreak"
            if found:
                return found
        return (check.found(UNKNOWN, check.name, why=why),)
