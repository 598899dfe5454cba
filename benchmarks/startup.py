"""How soon ``voicebot serve`` is ready, and how much memory it holds while nobody calls.

Needs a warm prompt cache, which it fills first. Memory is the resident set of the server and of all
processes that it started; pages that they share are counted once in the proportional figure (PSS).
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.prompts import warm_prompts
from tests.peers.server import ServerProcess

RUNS = 3
SETTLE_S = 3.0


async def measure() -> None:
    ready, resident, proportional = [], [], []
    for _ in range(RUNS):
        with tempfile.TemporaryDirectory() as folder:
            began = time.monotonic()
            # The numbers that count are those of the defaults.
            settings = {"SPEECH__RECOGNITION_WORKERS": "2"}
            async with ServerProcess(Path(folder), settings) as server:
                ready.append(time.monotonic() - began)
                await asyncio.sleep(SETTLE_S)
                pids = [server.pid, *server.workers("")]
                resident.append(sum(_memory_mb(pid, "Rss") for pid in pids))
                proportional.append(sum(_memory_mb(pid, "Pss") for pid in pids))
    print(f"{RUNS} starts, {len(pids)} processes each; medians")
    print(f"  ready after      {statistics.median(ready):6.1f} s   (goal 10 s)")
    print(f"  idle, RSS        {statistics.median(resident):6.0f} MB  (goal 700 MB)")
    print(f"  idle, PSS        {statistics.median(proportional):6.0f} MB")


def _memory_mb(pid: int, figure: str) -> float:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith(f"{figure}:"):
            return int(line.split()[1]) / 1024
    raise LookupError(figure)


if __name__ == "__main__":
    warm_prompts()
    asyncio.run(measure())
