"""What running an application's Python functions costs: ``python -m benchmarks.functions``."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from voicebot.actions.functions.pool import FunctionPool
from voicebot.actions.reader import read_actions
from voicebot.actions.registry import ActionRegistry
from voicebot.errors import ActionError
from voicebot.logs import configure_logging

RUNS = 1000
FUNCTIONS = """
import threading

def price(number: str) -> dict[str, str]:
    return {"number": number, "price": "4.90 USD"}

def stuck() -> None:
    threading.Event().wait()
"""
ACTIONS = "price: {python: shop.price}\nstuck: {python: shop.stuck, timeout_ms: 200}\n"


async def _timed(registry: ActionRegistry) -> float:
    began = time.perf_counter()
    await registry.run("price", {"number": "4271"})
    return (time.perf_counter() - began) * 1000


async def _measure(folder: Path) -> None:
    read = read_actions(folder / "actions.yaml", None, folder / "actions")
    registry = ActionRegistry(read.definitions, {}, sources=read.sources)
    began = time.perf_counter()
    await registry.start()
    ready = (time.perf_counter() - began) * 1000
    assert isinstance(registry.functions, FunctionPool)
    status = Path(f"/proc/{registry.functions.pids[0]}/status").read_text(encoding="utf-8")
    memory = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    times = sorted([await _timed(registry) for _ in range(RUNS)])
    try:
        await registry.run("stuck", {})
    except ActionError as error:
        print(f"a function that never returns: {error.problem}")
    after = [await _timed(registry)]
    while not registry.tally.processes_replaced:
        after.append(await _timed(registry))
        await asyncio.sleep(0.005)
    after += [await _timed(registry) for _ in range(100)]
    await registry.aclose()
    print(f"ready after {ready:.0f} ms, memory {int(memory.split()[1]) / 1024:.0f} MB")
    print(f"a run: median {statistics.median(times):.2f} ms, 99% {times[-RUNS // 100]:.2f} ms")
    print(f"while a process that hangs is replaced: longest run {max(after):.1f} ms")


def main() -> None:
    configure_logging("error")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "actions").mkdir()
        (folder / "actions" / "shop.py").write_text(FUNCTIONS, encoding="utf-8")
        (folder / "actions.yaml").write_text(ACTIONS, encoding="utf-8")
        asyncio.run(_measure(folder))


if __name__ == "__main__":
    main()
