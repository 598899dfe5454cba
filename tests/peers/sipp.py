"""Runs sipp (Debian's sip-tester) as a real SIP client against a server under test.

One process is one run of one scenario. Ports are picked free and the process is ended by its own
id, so several can run beside each other.
"""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tests.peers.ports import free_ports

PROGRAM: Final = shutil.which("sipp")
MISSING: Final = "sipp is not installed (Debian: sip-tester)"


@dataclass(frozen=True, slots=True)
class SippResult:
    """How a run ended: 0 when every call went as the scenario says."""

    code: int
    output: str


@dataclass
class Sipp:
    """One sipp process. Use as an async context manager, or `run` it to its end.

    ``keys`` replace [key] in the scenario, as sipp's own -key does not reach media actions;
    ``transport`` is sipp's ('u1' UDP, 't1' TCP); ``folder`` is where it runs and may write;
    ``address`` is the one of this machine that it calls from.
    """

    scenario: Path
    port: int
    folder: Path
    keys: dict[str, str] = field(default_factory=dict)
    transport: str = "u1"
    calls: int = 1
    at_once: int = 1
    rate: float = 10.0
    timeout_s: int = 20
    service: str = "1000"
    media_port: int = 0
    local_port: int = 0
    address: str = "127.0.0.1"
    extra: tuple[str, ...] = ()
    _process: asyncio.subprocess.Process | None = field(default=None, init=False)

    async def start(self) -> Self:
        assert PROGRAM is not None, MISSING
        self.media_port = self.media_port or free_ports(4)
        self.local_port = self.local_port or free_ports(2)
        self._process = await asyncio.create_subprocess_exec(
            PROGRAM,
            f"127.0.0.1:{self.port}",
            *("-sf", str(self._written_scenario()), "-s", self.service, "-t", self.transport),
            *("-i", self.address, "-p", str(self.local_port)),
            *("-mi", self.address, "-mp", str(self.media_port)),
            *("-m", str(self.calls), "-l", str(self.at_once), "-r", f"{self.rate:g}"),
            *("-timeout", f"{self.timeout_s}s", "-timeout_error", "-nostdin"),
            *("-trace_err", "-error_file", str(self._errors)),
            *self.extra,
            cwd=self.folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        return self

    async def wait(self) -> SippResult:
        """Wait for its end; its own timeout bounds that."""
        assert self._process is not None
        async with asyncio.timeout(self.timeout_s + 10):
            output, _ = await self._process.communicate()
        assert self._process.returncode is not None
        errors = self._errors.read_text(errors="replace") if self._errors.exists() else ""
        return SippResult(self._process.returncode, errors or output.decode(errors="replace"))

    async def run(self) -> SippResult:
        async with self:
            return await self.wait()

    async def stop(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.communicate()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    def _written_scenario(self) -> Path:
        text = self.scenario.read_text(encoding="latin-1")
        for key, value in self.keys.items():
            text = text.replace(f"[{key}]", value)
        written = self.folder / f"{self.local_port}-{self.scenario.name}"
        written.write_text(text, encoding="latin-1")
        return written

    @property
    def _errors(self) -> Path:
        return self.folder / f"sipp-{self.local_port}.err"
