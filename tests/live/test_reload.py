"""Saved files take effect; broken ones change nothing and are told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import soundfile
from structlog.testing import capture_logs

from tests.live.conftest import FLOW, Folder, Voice
from voicebot.application import Application
from voicebot.engines import SpeechEngines
from voicebot.errors import SpeechError
from voicebot.live.edition import Edition, Editions, Press, render
from voicebot.live.fingerprint import Look
from voicebot.live.reload import Reloader, watch
from voicebot.types import Language, Prompt, Samples


class Engines:
    """Stands in for the workers: one language, spoken by the toy voice."""

    languages = frozenset({Language("en-US")})

    def __init__(self, voice: Voice) -> None:
        self._voice = voice

    def voice(self, language: Language) -> str:
        return "toy"

    async def synthesize(self, text: str, rate: int, *, language: Language) -> Samples:
        return await self._voice(text, rate)


class Bench:
    """An application that is served, and its reloader."""

    def __init__(self, folder: Folder, voice: Voice, render_ahead_s: float = 10.0) -> None:
        self.folder, self.voice = folder, voice
        self.press = Press(folder.settings, cast("SpeechEngines", Engines(voice)))
        self.editions = Editions(self.press.make(folder.load()))
        self.seeded = 0
        self.reloader = Reloader(
            folder.path, self.editions, self.press, folder.load, self._seed, render_ahead_s
        )

    async def _seed(self) -> None:
        self.seeded += 1

    @property
    def current(self) -> Edition:
        return self.editions.current


@pytest.fixture
def bench(folder: Folder, voice: Voice) -> Bench:
    return Bench(folder, voice)


async def test_a_saved_flow_serves_with_its_prompts_rendered(bench: Bench) -> None:
    before = bench.current.version
    bench.folder.edit("flows/main.yaml", "Goodbye.", "So long, and thanks.")

    await bench.reloader.reload()

    assert bench.current.version != before
    assert "So long, and thanks." in bench.voice.said
    assert bench.reloader.counters.changed == 1
    assert bench.seeded == 1


async def test_prompts_are_rendered_once_over_all_versions(bench: Bench) -> None:
    bench.folder.edit("flows/main.yaml", "Goodbye.", "So long.")
    await bench.reloader.reload()
    said = len(bench.voice.said)
    bench.folder.edit("flows/main.yaml", "So long.", "See you.")
    await bench.reloader.reload()
    assert bench.voice.said[said:] == ["See you."]


@pytest.mark.parametrize(
    ("file", "old", "new", "problem"),
    [
        ("flows/main.yaml", "next: bye", "next: by", "flows/main.yaml:7:11: step 'by' does not"),
        ("flows/main.yaml", "steps:", "steps: [", "flows/main.yaml:"),
        ("flows/main.yaml", "start: ask", "language: ko-KR\nstart: ask", "language 'ko-KR'"),
        ("grammars/fruit.gram", "apples |", "apples ||", "grammars/fruit.gram:5:"),
        ("flows/main.yaml", "grammar: fruit", "grammar: fruits", "grammar 'fruits' does not"),
    ],
)
async def test_a_broken_file_leaves_the_last_good_version_and_is_told(
    file: str, old: str, new: str, problem: str, bench: Bench
) -> None:
    before = bench.current
    bench.folder.edit(file, old, new)

    with capture_logs() as log:
        await bench.reloader.reload()

    assert bench.current is before
    assert problem in bench.reloader.problem
    told = [entry for entry in log if entry["event"] == "application_not_changed"]
    assert [entry["log_level"] for entry in told] == ["error"]
    assert problem in told[0]["problem"]
    bench.folder.edit(file, new, old)
    await bench.reloader.reload()
    assert bench.reloader.problem == ""
    assert bench.reloader.counters.refused == 1


async def test_a_mended_file_serves(bench: Bench) -> None:
    bench.folder.edit("flows/main.yaml", "next: bye", "next: by")
    await bench.reloader.reload()
    bench.folder.write("flows/main.yaml", FLOW.replace("Goodbye.", "So long."))

    await bench.reloader.reload()

    assert bench.reloader.problem == ""
    assert bench.reloader.counters.changed == 1


async def test_a_folder_that_vanishes_leaves_the_last_good_version(bench: Bench) -> None:
    before = bench.current
    (bench.folder.path / "flows").rename(bench.folder.path / "elsewhere")

    await bench.reloader.reload()

    assert bench.current is before
    assert "holds no flow" in bench.reloader.problem


async def test_what_nobody_expected_is_told_too(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(application: Application, before: Edition | None = None) -> Edition:
        raise RuntimeError("a bug")

    monkeypatch.setattr(bench.press, "make", fail)
    bench.folder.edit("flows/main.yaml", "Goodbye.", "So long.")

    await bench.reloader.reload()

    assert bench.reloader.problem == "the files cannot be read: see the log"


async def test_a_version_that_comes_back_while_calls_hold_it_is_the_same(bench: Bench) -> None:
    first = bench.current
    with bench.editions.hold():
        bench.folder.edit("flows/main.yaml", "Goodbye.", "So long.")
        await bench.reloader.reload()
        bench.folder.edit("flows/main.yaml", "So long.", "Goodbye.")
        await bench.reloader.reload()
        assert bench.current is first


async def test_new_calls_do_not_wait_forever_for_prompts(folder: Folder, voice: Voice) -> None:
    bench = Bench(folder, voice, render_ahead_s=0)
    folder.edit("flows/main.yaml", "Goodbye.", "So long.")

    await bench.reloader.reload()
    assert "So long." not in voice.said  # it serves without

    while "So long." not in voice.said:
        await asyncio.sleep(0.001)
    await bench.reloader.aclose()


async def test_a_broken_synthesiser_holds_nothing_up(folder: Folder) -> None:
    class Broken(Voice):
        async def __call__(self, text: str, rate: int) -> Samples:
            self.said.append(text)
            raise SpeechError("no voice")

    voice = Broken()
    bench = Bench(folder, voice)
    missing = await bench.press.warm(bench.current)

    left = await render(missing)

    assert len(voice.said) == 3
    assert len(left) == len(missing) - 3


async def test_a_recording_that_is_replaced_is_heard_in_new_calls_only(
    bench: Bench, tmp_path: Path
) -> None:
    _record(bench.folder.path / "audio" / "en-US" / "goodbye.wav", 440)
    await bench.reloader.reload()
    with bench.editions.hold() as held:
        _record(bench.folder.path / "audio" / "en-US" / "goodbye.wav", 880)
        await bench.reloader.reload()
        assert _goodbye(bench.current) == pytest.approx(880, abs=30)
        assert _goodbye(held) == pytest.approx(440, abs=30)


def _record(file: Path, hertz: int) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    time = np.arange(8000) / 8000
    soundfile.write(file, 0.3 * np.sin(2 * np.pi * hertz * time), 8000)


def _goodbye(edition: Edition) -> float:
    """The pitch, in Hz, of what is in memory for 'Goodbye.'."""
    language = Language("en-US")
    renderer = edition.renderers[language]
    (segment,) = renderer.plan(Prompt(("Goodbye.",)), language)
    sound = renderer.ready(segment, 8000)
    assert sound is not None
    crossings = np.count_nonzero(np.diff(np.signbit(sound)))
    return crossings / 2 / (len(sound) / 8000)


class Clock:
    """Virtual time: ``looks`` gives what is seen at each look."""

    def __init__(self, *looks: str) -> None:
        self.looks = list(looks)
        self.slept: list[float] = []

    def look(self) -> Look:
        if len(self.looks) > 1:
            return ((self.looks.pop(0), 0, 0, 0),)
        return ((self.looks[0], 0, 0, 0),)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if len(self.slept) > 60:
            raise asyncio.CancelledError


async def _watch(clock: Clock) -> int:
    changes = 0

    async def changed() -> None:
        nonlocal changes
        changes += 1

    with pytest.raises(asyncio.CancelledError):
        await watch(clock.look, changed, 1.0, clock.sleep)
    return changes - 1  # the first is always told


async def test_a_change_is_told_once_it_has_settled() -> None:
    clock = Clock("a", "a", "b", "c", "d", "d")

    assert await _watch(clock) == 1
    assert clock.slept[:5] == [1.0, 1.0, 0.2, 0.2, 0.2]


async def test_nothing_is_told_where_nothing_changes() -> None:
    assert await _watch(Clock("a")) == 0


async def test_files_that_never_rest_are_told_all_the_same() -> None:
    restless: Callable[[int], str] = str
    assert await _watch(Clock(*(restless(number) for number in range(100)))) >= 2


async def test_functions_are_reloaded_and_running_calls_keep_theirs(bench: Bench) -> None:
    bench.folder.write("flows/actions.yaml", "price: {python: shop.price}\n")
    bench.folder.write("actions/shop.py", "def price() -> int:\n    return 1\n")
    await bench.reloader.reload()
    with bench.editions.hold() as before:
        bench.folder.edit("actions/shop.py", "return 1", "return 2")
        await bench.reloader.reload()
        assert await before.application.actions.run("price", {}) == 1
        assert await bench.current.application.actions.run("price", {}) == 2
    assert before.application.actions.tally is bench.current.application.actions.tally
    await bench.editions.aclose()


async def test_functions_that_cannot_be_imported_leave_the_last_good_version(
    bench: Bench,
) -> None:
    bench.folder.write("flows/actions.yaml", "price: {python: shop.price}\n")
    bench.folder.write("actions/shop.py", "import nowhere\ndef price() -> int: ...\n")
    before = bench.current.version
    await bench.reloader.reload()
    assert bench.current.version == before
    assert "actions/shop.py:1:1: cannot be imported" in bench.reloader.problem
