"""Measures the doors and prints a table; see `benchmarks.doors`."""

from __future__ import annotations

import argparse
import asyncio
import importlib
import json
import sys
from asyncio.subprocess import PIPE, Process
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Final

from benchmarks.doors.bursts import Bursts, delays_ms
from benchmarks.doors.cost import Cost, table

PARTS: Final = ("sip", "audiosocket", "mediastream", "webrtc", "bridge")
_SETTLE_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Options:
    """``calls`` at once for ``seconds``; then one call for as long, for the delay."""

    calls: int
    seconds: float


class Host:
    """A door's process, seen from here."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def line(self) -> Any:
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            sys.exit("the door's process ended")
        return json.loads(line)

    async def report(self) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(b"report\n")
        return await self.line()

    async def end(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()


async def measure(name: str, options: Options) -> list[Cost]:
    """The cost of one door."""
    module: Any = importlib.import_module(f"benchmarks.doors.{name}")
    if hasattr(module, "run"):
        found: list[Cost] = await module.run(options)
        return found
    command = [sys.executable, "-m", "benchmarks.doors.host", name]
    host = Host(await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE))
    address = await host.line()
    percent = await _cost(module, host, address, options)
    bursts = Bursts()
    await module.speak(address, bursts, options.seconds)
    delays = delays_ms(bursts.departures, (await host.report())["arrivals"])
    await host.end()
    return [Cost(name, options.calls, percent, module.GOAL, delays)]


async def _cost(module: Any, host: Host, address: Any, options: Options) -> float:
    """Percent of a core for one call, while all are up."""
    whole = options.seconds + 2 * _SETTLE_S
    async with asyncio.TaskGroup() as group:
        for _ in range(options.calls):
            group.create_task(module.speak(address, Bursts(), whole))
        while (await host.report())["up"] < options.calls:
            await asyncio.sleep(0.1)
        await asyncio.sleep(_SETTLE_S)
        loop = asyncio.get_running_loop()
        began, before = loop.time(), await host.report()
        await asyncio.sleep(options.seconds - _SETTLE_S)
        took, after = loop.time() - began, await host.report()
        if after["up"] < options.calls:
            sys.exit(f"only {after['up']} of {options.calls} calls stayed up")
    used: float = after["cpu_s"] - before["cpu_s"]
    return used / took / options.calls * 100


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure what doors cost and delay.")
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], metavar="DOOR")
    parser.add_argument("--calls", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=20)
    options = parser.parse_args()
    here = [name for name in PARTS if find_spec(f"benchmarks.doors.{name}")]
    costs = []
    for name in options.parts or here:
        costs += asyncio.run(measure(name, Options(options.calls, options.seconds)))
    print(table(costs))


if __name__ == "__main__":
    main()
