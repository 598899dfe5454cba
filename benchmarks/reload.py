"""How soon a saved file serves, and what reading it costs the calls that run meanwhile.

The demo's files are copied, edited and read anew in a process whose event loop looks at the clock
every 20 ms, as it does for the frames of calls. Synthesis is left out: it happens in workers.
"""

from __future__ import annotations

import asyncio
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import cast

import numpy as np

from voicebot.application import load_application
from voicebot.config import Settings
from voicebot.config.sections import ServerSettings
from voicebot.engines import SpeechEngines
from voicebot.live.edition import Editions, Press
from voicebot.live.fingerprint import fingerprint, look
from voicebot.live.reload import Reloader
from voicebot.types import Language, Samples

EDITS = 10
FRAME_S = 0.02
DEMO = Path(__file__).parents[1]


class Silence:
    """Engines that render at once."""

    languages = frozenset({Language("en-US")})

    def voice(self, language: Language) -> str:
        return "silence"

    async def synthesize(self, text: str, rate: int, *, language: Language) -> Samples:
        return np.ones(rate // 10, np.int16)


async def measure(folder: Path) -> None:
    for name in ("flows", "grammars", "audio", "actions"):
        shutil.copytree(DEMO / name, folder / "demo" / name)
    server = ServerSettings(application=folder / "demo", data=folder / "data")
    settings = Settings(server=server)
    press = Press(settings, cast("SpeechEngines", Silence()))
    editions = Editions(press.make(await asyncio.to_thread(load_application, settings)))
    editions.current.application.compile_grammars()

    async def seed() -> None:
        """Nothing: the sample database is there."""

    reloader = Reloader(
        folder / "demo", editions, press, lambda before: load_application(settings, before), seed, 9
    )
    quiet = await _lateness(asyncio.sleep(2))
    times, late = [], []
    flow = folder / "demo" / "flows" / "main.yaml"
    for number in range(EDITS):
        text = flow.read_text()
        flow.write_text(text.replace("Goodbye.", f"Goodbye, {number}.", 1))
        began = time.perf_counter()
        late += await _lateness(reloader.reload())
        times.append(time.perf_counter() - began)
        flow.write_text(text)
    began = time.perf_counter()
    for _ in range(100):
        look(folder / "demo")
    looking_ms = (time.perf_counter() - began) * 10
    began = time.perf_counter()
    fingerprint(folder / "demo")
    reading_ms = (time.perf_counter() - began) * 1000
    print(f"{EDITS} edits of the demo's flow")
    print(f"  read, checked, compiled   {statistics.median(times) * 1000:6.0f} ms")
    print(f"  a look at the folder      {looking_ms:6.2f} ms, its fingerprint {reading_ms:.1f} ms")
    for name, values in (("at rest", quiet), ("while reading", late)):
        p99 = statistics.quantiles(values, n=100)[98]
        print(f"  loop late, {name:14} p99 {p99 * 1000:5.1f} ms, most {max(values) * 1000:.1f} ms")


async def _lateness(work: object) -> list[float]:
    """How late, in seconds, the loop wakes up every 20 ms while ``work`` is done."""
    assert asyncio.iscoroutine(work)
    task = asyncio.ensure_future(work)
    late = []
    due = time.perf_counter() + FRAME_S
    while not task.done():
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        late.append(max(0.0, time.perf_counter() - due))
        due += FRAME_S
    return late


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        asyncio.run(measure(Path(place)))
