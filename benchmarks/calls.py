"""Turn latency and punctuality on real SIP calls, alone and with thirty at once.

A caller made of recorded and synthetic speech says something every ``--every`` seconds, over
whatever the bot is saying, and stays for ``--turns`` turns. Latency is measured on the wire, from
the caller's last loud packet to the bot's first; the server's own figure stands beside it. One run
is made with sipp as the caller, whose latencies are the server's.

    python -m benchmarks.calls [--calls 1 30] [--turns 10] [--every 12]
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.prompts import warm_prompts
from tests.peers import sipp
from tests.peers.server import ROOT, ServerProcess
from voicebot.cli.caller_voice import utter
from voicebot.media import g711
from voicebot.telephony.sip_client import ClientCall, SipClient

SAYINGS = (
    "4271",
    "what are your opening hours",
    "1508",
    "hours",
    "do you have any offers",
    "7730",
    "order status",
    "2846",
)
SCENARIO = ROOT / "tests" / "peers" / "scenarios" / "speaking_caller.xml"
GREETING_S = 11.0


async def measure(calls: int, turns: int, every_s: float) -> None:
    sayings = [g711.encode(utter(text).audio) for text in SAYINGS]
    with tempfile.TemporaryDirectory() as folder:
        settings = {"SPEECH__RECOGNITION_WORKERS": "2", "CALLS__MAX_CALLS": str(calls)}
        async with ServerProcess(Path(folder), settings) as server:
            cpu, began = _cpu_s(server), time.monotonic()
            async with SipClient() as client:
                on_wire = await asyncio.gather(
                    *(
                        _caller(client, server, sayings, number, calls, turns, every_s)
                        for number in range(calls)
                    )
                )
            share = (_cpu_s(server) - cpu) / (time.monotonic() - began)
            records = [await server.finished_call(f"bench-{number}") for number in range(calls)]
            print(f"\n{calls} call(s), {turns} turns each, one every {every_s:g} s")
            _latencies("on the wire", [ms for each in on_wire for ms in each])
            _latencies("as recorded", _recorded(records))
            await _figures(server, records, share)


async def _caller(
    client: SipClient,
    server: ServerProcess,
    sayings: Sequence[bytes],
    number: int,
    calls: int,
    turns: int,
    every_s: float,
) -> list[float]:
    """One caller: begins at its own moment, then speaks every ``every_s``."""
    await asyncio.sleep(every_s * number / calls)
    call = await client.call(server.target, caller=f"bench-{number}", record=False)
    loop = asyncio.get_running_loop()
    start = loop.time()
    words = itertools.islice(itertools.cycle(sayings), number, number + turns)
    latencies = []
    for turn, octets in enumerate(words):
        await asyncio.sleep(max(0.0, start + (turn + 0.5) * every_s - loop.time()))
        latencies.append(await _turn(call, octets, every_s))
    await call.hang_up()
    return [latency for latency in latencies if latency is not None]


async def _turn(call: ClientCall, octets: bytes, every_s: float) -> float | None:
    playback = call.play(octets)
    await call.until(lambda _: call.latency_ms(playback) is not None, every_s, "an answer")
    return call.latency_ms(playback)


async def measure_sipp(turns: int, every_s: float) -> None:
    """The same with sipp: one call that plays a file of recorded speech."""
    if sipp.PROGRAM is None:
        print(f"\nsipp: skipped, {sipp.MISSING}")
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        seconds = _write_speech(folder / "caller.ulaw", turns, every_s)
        settings = {"SPEECH__RECOGNITION_WORKERS": "2"}
        async with ServerProcess(folder / "data", settings) as server:
            peer = sipp.Sipp(
                SCENARIO,
                server.sip_port,
                folder,
                keys={
                    "caller": "sipp",
                    "audio": str(folder / "caller.ulaw"),
                    "stay_ms": str(int(seconds * 1000)),
                },
                timeout_s=int(seconds) + 20,
            )
            result = await peer.run()
            if result.code:
                raise SystemExit(f"sipp failed: {result.output[-500:]}")
            record = await server.finished_call("sipp")
            print(f"\nsipp, one call, {turns} turns, recorded speech")
            _latencies("as recorded", _recorded([record]))
            await _figures(server, [record], None)


def _write_speech(file: Path, turns: int, every_s: float) -> float:
    """Silence for the greeting, then a saying every ``every_s``; gives the length in seconds."""
    parts = [np.zeros(int(GREETING_S * 8000), np.int16)]
    for text in itertools.islice(itertools.cycle(SAYINGS), turns):
        audio = utter(text).audio
        parts += [audio, np.zeros(int(every_s * 8000) - audio.size, np.int16)]
    audio = np.concatenate(parts)
    file.write_bytes(g711.encode(audio))
    return audio.size / 8000


def _recorded(records: Sequence[dict[str, Any]]) -> list[float]:
    turns = [turn for record in records for turn in record["turns"]]
    return [turn["latency_ms"] for turn in turns if turn["latency_ms"] is not None]


def _latencies(what: str, values: Sequence[float]) -> None:
    if len(values) < 2:
        print(f"  {what}: too few turns ({len(values)})")
        return
    cuts = statistics.quantiles(values, n=20)
    print(
        f"  turn latency {what}: p50 {statistics.median(values):5.0f} ms, "
        f"p95 {cuts[18]:5.0f} ms, max {max(values):5.0f} ms, {len(values)} turns"
    )


async def _figures(
    server: ServerProcess, records: Sequence[dict[str, Any]], share: float | None
) -> None:
    turns = [turn for record in records for turn in record["turns"] if turn["result"] != "said"]
    matched = sum(turn["result"] == "match" for turn in turns)
    sent = await server.metric("voicebot_frames_sent_total")
    skipped = await server.metric("voicebot_frames_skipped_total")
    late = await server.metric("voicebot_frames_late_40ms_total")
    lag = await server.metric('voicebot_loop_lag_recent_seconds{quantile="p99"}')
    print(f"  understood {matched} of {len(turns)} turns")
    print(
        f"  frames sent {sent:.0f}; more than 40 ms late {late:.0f} "
        f"({100 * late / max(1.0, sent + skipped):.3f}%, goal below 0.1%); "
        f"loop lag p99 {lag * 1000:.1f} ms"
    )
    if share is not None:
        print(f"  processor: {100 * share:.0f}% of one core, all processes of the server")


def _cpu_s(server: ServerProcess) -> float:
    ticks = 0
    for pid in (server.pid, *server.workers("worker_process")):
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, nargs="*", default=[1, 30])
    parser.add_argument("--turns", type=int, default=10)
    parser.add_argument("--every", type=float, default=12.0, metavar="SECONDS")
    options = parser.parse_args()
    warm_prompts()
    asyncio.run(measure_sipp(options.turns, options.every))
    for calls in options.calls:
        asyncio.run(measure(calls, options.turns, options.every))


if __name__ == "__main__":
    main()
