"""Calls of the record taken through today's files, for who looks at them on a page.

A process of its own does it, as `voicebot replay` would: it reads files that may be half written,
loads models and runs the application's functions, and none of that is to touch calls. One at a
time, nicely, and not longer than `LONGEST_S`; the process ends with the answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Sequence
from typing import Any, Final

import structlog

from voicebot.config import Settings
from voicebot.errors import ReplayRefused
from voicebot.types import CallId

LONGEST_S: Final = 120.0
NEEDED: Final = frozenset(
    {"server", "calls", "speech", "storage", "callers", "recording", "databases"}
)
"""The sections of the settings that the process gets; secrets of doors are not in them."""

log = structlog.get_logger(__name__)


class Replays:
    """Replays by the ``settings`` of the server; ``module`` is open to tests."""

    def __init__(
        self,
        settings: Settings,
        longest_s: float = LONGEST_S,
        module: str = "voicebot.cli.replay_process",
    ) -> None:
        self._settings = settings
        self._longest_s = longest_s
        self._module = module
        self._alone = asyncio.Lock()

    async def replay(self, calls: Sequence[CallId]) -> dict[str, Any]:
        """What `voicebot replay --json` tells of ``calls``. Raises ReplayRefused."""
        if self._alone.locked():
            raise ReplayRefused("another replay is running; try again in a moment", busy=True)
        async with self._alone:
            return await self._replay(calls)

    async def _replay(self, calls: Sequence[CallId]) -> dict[str, Any]:
        asked = {
            "settings": self._settings.model_dump(mode="json", include=set(NEEDED)),
            "calls": list(calls),
        }
        process = await self._spawn()
        try:
            async with asyncio.timeout(self._longest_s):
                told, _ = await process.communicate(json.dumps(asked).encode())
        except TimeoutError:
            problem = f"the replay took longer than {self._longest_s:g} s; choose fewer calls"
            raise ReplayRefused(problem) from None
        finally:
            if process.returncode is None:
                await _end(process)
        return _answer(told)

    async def _spawn(self) -> asyncio.subprocess.Process:
        spawning = asyncio.create_task(
            asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", self._module),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
                start_new_session=True,
            )
        )
        try:
            return await asyncio.shield(spawning)
        except asyncio.CancelledError:
            await _end(await spawning)
            raise


async def _end(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    await process.communicate()  # closes its pipes


def _answer(told: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(told)
    except ValueError:
        log.error("replay_broke_off")
        raise ReplayRefused(
            "the replay broke off; `voicebot replay` on the server may tell more"
        ) from None
    if problem := answer.get("problem"):
        raise ReplayRefused(str(problem))
    found: dict[str, Any] = answer
    return found
