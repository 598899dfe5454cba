"""From prompts to sound: what wins, what is kept, what is shared."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest
import soundfile

from voicebot.errors import WorkerLost
from voicebot.speech.cache import MemoryCache, PromptCache
from voicebot.speech.prompts import PromptRenderer
from voicebot.speech.recordings import find_recordings
from voicebot.speech.segments import SENTENCE_PAUSE_MS, Segment
from voicebot.types import Language, Prompt, Samples, SayAs, Value

ENGLISH = Language("en-US")
RATE = 8000
HELLO = Prompt(("Hello.",))
ORDER = Prompt(("One moment. Your number is ", Value("4271", SayAs.DIGITS), "."))


class Voice:
    """A synthesiser that notes what it was asked, and can be held up or made to fail."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.may_go_on = asyncio.Event()
        self.may_go_on.set()
        self.failure: Exception | None = None

    async def __call__(self, text: str, rate: int) -> Samples:
        self.asked.append(text)
        await self.may_go_on.wait()
        if self.failure is not None:
            raise self.failure
        return np.full(rate // 10, len(text), dtype=np.int16)


@pytest.fixture
def voice() -> Voice:
    return Voice()


@pytest.fixture
def cache(tmp_path: Path) -> PromptCache:
    return PromptCache(tmp_path / "cache")


async def render_all(renderer: PromptRenderer, prompt: Prompt) -> list[Samples]:
    return [await renderer.render(segment, RATE) for segment in renderer.plan(prompt, ENGLISH)]


async def test_a_prompt_is_synthesised_in_words_once(voice: Voice, cache: PromptCache) -> None:
    renderer = PromptRenderer(voice, "v", cache=cache)
    await render_all(renderer, Prompt(("Press 1.",)))
    await render_all(renderer, Prompt(("Press 1.",)))
    assert voice.asked == ["Press one."]


async def test_the_pause_follows_the_sound(voice: Voice) -> None:
    renderer = PromptRenderer(voice, "v")
    first, second = await render_all(renderer, Prompt(("Hello. Bye.",)))
    assert len(first) == RATE // 10 + RATE * SENTENCE_PAUSE_MS // 1000
    assert not first[RATE // 10 :].any()
    assert len(second) == RATE // 10


async def test_static_segments_outlive_the_process_and_values_do_not(
    voice: Voice, cache: PromptCache
) -> None:
    await render_all(PromptRenderer(voice, "v", cache=cache), ORDER)
    voice.asked.clear()
    await render_all(PromptRenderer(voice, "v", cache=cache), ORDER)
    assert voice.asked == ["Your number is four two, seven one."]


async def test_what_was_rendered_wide_serves_narrow_lines(voice: Voice, cache: PromptCache) -> None:
    wide = PromptRenderer(voice, "v", cache=cache)
    (segment,) = wide.plan(HELLO, ENGLISH)
    await wide.render(segment, 16_000)
    narrow = PromptRenderer(voice, "v", cache=cache)
    assert await narrow.warm([(HELLO, ENGLISH)], RATE) == ()
    assert len(await narrow.render(segment, RATE)) == RATE // 10
    assert voice.asked == ["Hello."]


async def test_what_was_rendered_narrow_does_not_serve_wide_lines(
    voice: Voice, cache: PromptCache
) -> None:
    await render_all(PromptRenderer(voice, "v", cache=cache), HELLO)
    renderer = PromptRenderer(voice, "v", cache=cache)
    assert len(await renderer.warm([(HELLO, ENGLISH)], 16_000)) == 1


async def test_a_value_said_twice_is_synthesised_once(voice: Voice) -> None:
    renderer = PromptRenderer(voice, "v")
    await render_all(renderer, ORDER)
    await render_all(renderer, ORDER)
    assert len(voice.asked) == 2


async def test_another_voice_does_not_take_the_sound_of_the_first(
    voice: Voice, cache: PromptCache
) -> None:
    await render_all(PromptRenderer(voice, "v/1", cache=cache), HELLO)
    await render_all(PromptRenderer(voice, "v/2", cache=cache), HELLO)
    assert voice.asked == ["Hello.", "Hello."]


async def test_what_is_in_memory_is_ready_without_waiting(voice: Voice) -> None:
    renderer = PromptRenderer(voice, "v")
    (segment,) = renderer.plan(HELLO, ENGLISH)
    assert renderer.ready(segment, RATE) is None
    sound = await renderer.render(segment, RATE)
    ready = renderer.ready(segment, RATE)
    assert ready is not None
    assert np.array_equal(ready, sound)
    assert renderer.ready(segment, 16_000) is None


async def test_a_stored_segment_comes_while_the_synthesiser_is_stuck(
    voice: Voice, cache: PromptCache
) -> None:
    await render_all(PromptRenderer(voice, "v", cache=cache), HELLO)
    voice.may_go_on.clear()
    assert await render_all(PromptRenderer(voice, "v", cache=cache), HELLO)


async def test_calls_that_want_the_same_share_one_synthesis(voice: Voice) -> None:
    renderer = PromptRenderer(voice, "v")
    voice.may_go_on.clear()
    calls = [asyncio.create_task(render_all(renderer, HELLO)) for _ in range(5)]
    await settle()
    voice.may_go_on.set()
    sounds = await asyncio.gather(*calls)
    assert voice.asked == ["Hello."]
    assert all(len(sound) == 1 for sound in sounds)


async def test_one_caller_hanging_up_does_not_take_the_prompt_from_another(voice: Voice) -> None:
    renderer = PromptRenderer(voice, "v")
    voice.may_go_on.clear()
    leaves, stays = (asyncio.create_task(render_all(renderer, HELLO)) for _ in range(2))
    await settle()
    leaves.cancel()
    await settle()
    voice.may_go_on.set()
    assert len(await stays) == 1
    assert leaves.cancelled()


async def test_when_all_have_hung_up_the_work_is_given_up_and_can_begin_again(
    voice: Voice,
) -> None:
    renderer = PromptRenderer(voice, "v")
    voice.may_go_on.clear()
    call = asyncio.create_task(render_all(renderer, HELLO))
    await settle()
    call.cancel()
    again = asyncio.create_task(render_all(renderer, HELLO))
    await settle()
    voice.may_go_on.set()
    assert len(await again) == 1
    assert voice.asked == ["Hello.", "Hello."]


async def test_a_failure_reaches_all_who_wait_and_is_not_remembered(voice: Voice) -> None:
    renderer = PromptRenderer(voice, "v")
    voice.failure = WorkerLost("gone")
    results = await asyncio.gather(
        *(render_all(renderer, HELLO) for _ in range(2)), return_exceptions=True
    )
    assert [type(result) for result in results] == [WorkerLost, WorkerLost]
    voice.failure = None
    assert len(await render_all(renderer, HELLO)) == 1


def record(folder: Path, name: str) -> None:
    (folder / "en-US").mkdir(parents=True)
    wave = 0.1 * np.sin(np.arange(44_100) * 0.05)
    soundfile.write(folder / "en-US" / name, wave, 44_100)


async def test_a_recording_wins_over_synthesis(voice: Voice, tmp_path: Path) -> None:
    record(tmp_path, "hello.wav")
    renderer = PromptRenderer(voice, "v", recordings=find_recordings(tmp_path))
    (sound,) = await render_all(renderer, HELLO)
    assert voice.asked == []
    assert len(sound) == pytest.approx(RATE, abs=100)


async def test_a_recording_that_cannot_be_used_is_spoken_instead(
    voice: Voice, tmp_path: Path
) -> None:
    record(tmp_path, "hello.wav")
    (tmp_path / "en-US" / "hello.wav").write_bytes(b"no audio")
    renderer = PromptRenderer(voice, "v", recordings=find_recordings(tmp_path))
    assert len(await render_all(renderer, HELLO)) == 1
    assert voice.asked == ["Hello."]


async def test_warming_takes_what_is_stored_and_names_what_is_missing(
    voice: Voice, cache: PromptCache
) -> None:
    await render_all(PromptRenderer(voice, "v", cache=cache), HELLO)
    voice.asked.clear()
    renderer = PromptRenderer(voice, "v", cache=cache)
    missing = await renderer.warm([(HELLO, ENGLISH), (ORDER, ENGLISH)], RATE)
    assert [segment.text for segment in missing] == ["One moment."]
    assert voice.asked == []
    (segment,) = renderer.plan(HELLO, ENGLISH)
    assert renderer.ready(segment, RATE) is not None


async def test_what_is_rendered_may_stay_on_disk(voice: Voice, cache: PromptCache) -> None:
    await render_all(PromptRenderer(voice, "v", cache=cache), HELLO)
    voice.asked.clear()
    renderer = PromptRenderer(voice, "v", cache=cache)

    missing = await renderer.warm([(HELLO, ENGLISH), (ORDER, ENGLISH)], RATE, rendered=False)

    assert [segment.text for segment in missing] == ["One moment."]
    (segment,) = renderer.plan(HELLO, ENGLISH)
    assert renderer.ready(segment, RATE) is None
    assert len(await renderer.render(segment, RATE)) == RATE // 10
    assert voice.asked == []


async def test_recordings_are_taken_into_memory_even_so(voice: Voice, tmp_path: Path) -> None:
    (tmp_path / "en-US").mkdir()
    soundfile.write(tmp_path / "en-US" / "hello.wav", np.sin(np.arange(8000) / 9) / 4, 8000)
    renderer = PromptRenderer(voice, "v", recordings=find_recordings(tmp_path))

    await renderer.warm([(HELLO, ENGLISH)], RATE, rendered=False)

    (segment,) = renderer.plan(HELLO, ENGLISH)
    assert renderer.ready(segment, RATE) is not None


def test_static_segments_are_listed_once() -> None:
    renderer = PromptRenderer(Voice(), "v")
    prompts = [(HELLO, ENGLISH), (Prompt(("Hello. One moment. Bye.",)), ENGLISH), (ORDER, ENGLISH)]
    texts = [segment.text for segment in renderer.static_segments(prompts)]
    assert texts == ["Hello.", "One moment.", "Bye."]


async def test_memory_stays_within_its_bound(voice: Voice) -> None:
    memory = MemoryCache(limit_bytes=4000)
    renderer = PromptRenderer(voice, "v", memory=memory)
    for number in range(10):
        await renderer.render(Segment(f"Number {number}.", "", False, 0), RATE)
    assert len(memory) == 2


async def settle() -> None:
    """Let every task that can run do so."""
    for _ in range(10):
        await asyncio.sleep(0)
