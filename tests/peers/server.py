"""A whole voicebot as a process of its own, on free ports of 127.0.0.1, to be called by tests."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import httpx

from tests.peers.ports import free_ports
from voicebot.local_key import read_key

ROOT: Final = Path(__file__).parents[2]
KEPT: Final = ROOT / ".setup"
"""Rendered prompts and trained intents, kept from one run of the tests to the next."""

READY_WITHIN_S: Final = 60.0
MEDIA_PORTS: Final = 200
"""Its own: a phone goes on sending for a while when its call is over."""


@dataclass
class ServerProcess:
    """``voicebot serve`` on the demo application; use as an async context manager.

    ``settings`` are environment variables without their prefix (``CALLS__MAX_CALLS``); ``data`` is
    its folder for databases.
    """

    data: Path
    settings: dict[str, str] = field(default_factory=dict)
    sip_port: int = field(default=0, init=False)
    http: str = field(default="", init=False)
    log: list[dict[str, Any]] = field(default_factory=list, init=False)
    _process: asyncio.subprocess.Process | None = field(default=None, init=False)
    _reading: asyncio.Task[None] | None = field(default=None, init=False)
    _ready: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    async def __aenter__(self) -> Self:
        self.data.mkdir(parents=True, exist_ok=True)
        for name in ("prompts", "intents"):
            (KEPT / name).mkdir(parents=True, exist_ok=True)
            if not (self.data / name).exists():
                (self.data / name).symlink_to(KEPT / name)
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "voicebot.cli.main",
            "serve",
            cwd=ROOT,
            env=self._environment(),
            stdin=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        self._reading = asyncio.create_task(self._read_log())
        try:
            async with asyncio.timeout(READY_WITHIN_S):
                await self._ready.wait()
        except TimeoutError:
            await self.kill()
            raise AssertionError(f"the server was not ready in time: {self.log}") from None
        if not self.sip_port:
            raise AssertionError(f"the server did not start: {self.log}")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.tell(signal.SIGTERM)
        self.tell(signal.SIGINT)
        try:
            await self.ended(15)
        except TimeoutError:
            await self.kill()
            raise AssertionError("the server did not stop when it was told to") from None

    def tell(self, number: signal.Signals) -> None:
        """Send a signal to the server's own process."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(number)

    async def kill(self) -> None:
        """End it without a chance to tidy up."""
        self.tell(signal.SIGKILL)
        await self.ended(10)

    async def ended(self, timeout_s: float) -> int:
        """Wait until the process is over and give its exit status."""
        assert self._process is not None
        assert self._reading is not None
        async with asyncio.timeout(timeout_s):
            await self._reading
            return await self._process.wait()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def target(self) -> str:
        """What a phone dials."""
        return f"sip:shop@127.0.0.1:{self.sip_port}"

    def workers(self, engine: str) -> list[int]:
        """Process ids of the speech workers of one engine class."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return [int(pid) for pid in children if engine in _command_line(pid)]

    async def logged(self, event: str, timeout_s: float = 60.0) -> dict[str, Any]:
        """The first line of the log that tells of ``event``, once it is there."""
        async with asyncio.timeout(timeout_s):
            while True:
                for entry in self.log:
                    if entry["event"] == event:
                        return entry
                await asyncio.sleep(0.05)

    # What it tells over HTTP

    @property
    def credentials(self) -> dict[str, str]:
        """Headers that let us read calls, and dial."""
        return {"Authorization": f"Bearer {read_key(self.data)}"}

    async def get(self, path: str) -> Any:
        async with httpx.AsyncClient(base_url=self.http, headers=self.credentials) as client:
            response = await client.get(path)
            response.raise_for_status()
            return response.json()

    async def calls(self, caller: str) -> list[dict[str, Any]]:
        """The records of a caller's calls, newest first."""
        calls: list[dict[str, Any]] = (await self.get(f"/api/calls?caller={caller}"))["calls"]
        return calls

    async def finished_call(self, caller: str, timeout_s: float = 30.0) -> dict[str, Any]:
        """The record of a caller's newest call, once it has an outcome."""
        async with asyncio.timeout(timeout_s):
            while True:
                calls = await self.calls(caller)
                if calls and calls[0]["outcome"]:
                    return calls[0]
                await asyncio.sleep(0.05)

    async def metric(self, name: str) -> float:
        """One figure of /metrics; ``name`` with its labels, as it stands there."""
        async with httpx.AsyncClient(base_url=self.http) as client:
            text = (await client.get("/metrics")).text
        for line in text.splitlines():
            if line.startswith(f"{name} "):
                return float(line.rsplit(" ", 1)[1])
        raise AssertionError(f"no figure {name}")

    def _environment(self) -> dict[str, str]:
        media = free_ports(MEDIA_PORTS)
        defaults = {
            "SERVER__PORT": "0",
            "SERVER__DATA": str(self.data),
            "SERVER__DRAIN_S": "0",
            "SIP__PORT": "0",
            "AUDIOSOCKET__PORT": "0",
            "SIP__RTP_PORTS": f"{media}-{media + MEDIA_PORTS - 1}",
            "SPEECH__RECOGNITION_WORKERS": "1",
            "LOG__FORMAT": "json",
        }
        ours = {f"VOICEBOT_{name}": value for name, value in (defaults | self.settings).items()}
        others = {k: v for k, v in os.environ.items() if not k.startswith("VOICEBOT_")}
        return others | ours

    async def _read_log(self) -> None:
        assert self._process is not None
        assert self._process.stderr is not None
        async for raw in self._process.stderr:
            line = raw.decode(errors="replace").strip()
            entry: dict[str, Any] = {"event": "text", "line": line}
            if line.startswith("{"):
                entry = json.loads(line)
            self.log.append(entry)
            if entry["event"] == "ready":
                self.sip_port, self.http = entry["sip_port"], entry["http"]
                self._ready.set()
        self._ready.set()


def _command_line(pid: str) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return ""
