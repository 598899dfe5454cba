"""Two SIP calls joined by a bridge: its cost, and how long a voice takes from one to the other.

    python -m benchmarks.doors bridge [--calls 20] [--seconds 20]

The server runs in a process of its own (``python -m benchmarks.doors.bridge``) with nothing but the
SIP door and bridges: two calls that arrive one after the other are joined. Cost is the server's
processor time for each pair that is joined. Delay is mouth to ear within our reach: from the moment
a burst's first packet leaves one phone to the moment its first packet reaches the other, so it
holds both doors' playout and pacing and the bridge between them; what the phones' own buffers add
comes on top.
"""

from __future__ import annotations

import asyncio
import json
import logging
import resource
import sys
from asyncio.subprocess import PIPE, Process
from typing import Any, Final, Protocol

import structlog

from benchmarks.doors.bursts import BURST_FRAMES, EVERY_FRAMES, delays_ms, tone
from benchmarks.doors.cost import Cost
from voicebot.media import g711
from voicebot.media.frames import FRAME_S
from voicebot.telephony._api import Admission, CallLeg, Reception
from voicebot.telephony.bridge import Bridge, BridgeCounters, attend
from voicebot.telephony.sip import SipServer
from voicebot.telephony.sip_client import ClientCall, SipClient

GOAL: Final = 2.0
"""Percent of a core for two joined SIP legs, each of which may cost 1.0 by itself."""
GOAL_MS: Final = 100.0
_SETTLE_S: Final = 2.0
_BURST: Final = g711.encode(tone(8000))
_PAUSE_S: Final = (EVERY_FRAMES - BURST_FRAMES) * FRAME_S


class _Options(Protocol):
    @property
    def calls(self) -> int: ...

    @property
    def seconds(self) -> float: ...


class Joiner:
    """Answers every call and joins it with the one before, or the one that comes next."""

    def __init__(self) -> None:
        self.up = 0
        self.counters = BridgeCounters()
        self._open: Bridge | None = None

    async def serve(self, leg: CallLeg) -> None:
        """One call until it ends."""
        await leg.answer()
        bridge, self._open = self._open, None
        if bridge is None:
            bridge = self._open = Bridge(leg.sample_rate, counters=self.counters)
        seat = bridge.join(leg.info.caller, leg.sample_rate)
        self.up += 1
        try:
            await attend(leg, seat)
        finally:
            self.up -= 1

    def report(self) -> dict[str, float]:
        used = resource.getrusage(resource.RUSAGE_SELF)
        return {
            "cpu_s": used.ru_utime + used.ru_stime,
            "up": self.up,
            "inserted": self.counters.inserted,
            "dropped": self.counters.dropped,
        }


async def run(options: _Options) -> list[Cost]:
    """Measure ``options.calls`` pairs at once, then the delay through one pair."""
    command = [sys.executable, "-m", "benchmarks.doors.bridge"]
    server = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)
    target = f"sip:bench@127.0.0.1:{(await _line(server))['port']}"
    percent = await _cost(server, target, options)
    delays = await _delays(target, options.seconds)
    assert server.stdin is not None
    counted = await _ask(server)
    print(f"bridge: frames made up {counted['inserted']}, left out {counted['dropped']}")
    server.stdin.close()
    await server.wait()
    return [Cost("bridge (pair)", options.calls, percent, GOAL, delays, GOAL_MS)]


async def _cost(server: Process, target: str, options: _Options) -> float:
    async with SipClient() as client:
        calls = [await _call(client, target) for _ in range(2 * options.calls)]
        for call in calls:
            # Noise, so that both ways carry sound that is no silence.
            call.line.background = _BURST
        await asyncio.sleep(_SETTLE_S)
        loop = asyncio.get_running_loop()
        began, before = loop.time(), await _ask(server)
        await asyncio.sleep(options.seconds)
        took, after = loop.time() - began, await _ask(server)
    if after["up"] < 2 * options.calls:
        sys.exit(f"only {after['up']} of {2 * options.calls} calls stayed up")
    used: float = after["cpu_s"] - before["cpu_s"]
    return used / took / options.calls * 100


async def _delays(target: str, seconds: float) -> tuple[float, ...]:
    async with SipClient() as client:
        mouth, ear = await _call(client, target), await _call(client, target)
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        departures = []
        while loop.time() < end:
            await asyncio.sleep(_PAUSE_S)
            playing = mouth.play(_BURST)
            await playing.finished.wait()
            assert playing.began_at is not None
            departures.append(playing.began_at)
        await asyncio.sleep(0.5)
        arrivals = [spurt.start for spurt in ear.line.spurts]
    return delays_ms(departures, arrivals)


async def _call(client: SipClient, target: str) -> ClientCall:
    return await client.call(target, record=False)


async def _ask(server: Process) -> Any:
    assert server.stdin is not None
    server.stdin.write(b"report\n")
    return await _line(server)


async def _line(server: Process) -> Any:
    assert server.stdout is not None
    line = await server.stdout.readline()
    if not line:
        sys.exit("the server's process ended")
    return json.loads(line)


async def serve() -> None:
    """The server's side, driven over its pipes."""
    # Standard output is for the answers.
    structlog.configure(
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
    )
    joiner = Joiner()
    server = SipServer(
        host="127.0.0.1",
        port=0,
        rtp_ports=(37000, 37999),
        reception=Reception(lambda _: Admission(True), joiner.serve, lambda info, status: None),
    )
    await server.start()
    print(json.dumps({"port": server.port}), flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps(joiner.report()), flush=True)
    await server.stop()


if __name__ == "__main__":
    asyncio.run(serve())
