"""Says prompts on one call: renders them sentence by sentence into the speaker.

The first sentence plays while the next is still being rendered. A sentence that cannot be rendered
even at the second try is left out and logged; its words still stand in the call's record.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date

import numpy as np
import structlog

from voicebot.errors import SpeechError, WorkerLost, WorkersBusy
from voicebot.media.frames import frame_length
from voicebot.sessions.speaker import Speaker, Utterance
from voicebot.speech.prompts import PromptRenderer
from voicebot.speech.segments import SENTENCE_PAUSE_MS, Segment
from voicebot.types import Language, Prompt, Samples

log = structlog.get_logger(__name__)

SECOND_TRY_AFTER_S = 0.3


class Mouth:
    """``rate`` is the leg's, in Hz. ``on_start`` and ``on_silence`` are those of the `Speaker`;
    ``group`` owns the rendering."""

    def __init__(
        self,
        renderer: PromptRenderer,
        language: Language,
        rate: int,
        on_start: Callable[[bool], None],
        on_silence: Callable[[], None],
        group: asyncio.TaskGroup,
        today: Callable[[], date] = date.today,
    ) -> None:
        self._renderer = renderer
        self._language = language
        self._rate = rate
        self._on_silence = on_silence
        self._group = group
        self._today = today
        self._silence = asyncio.Event()
        self._silence.set()
        self._renderings: set[asyncio.Task[None]] = set()
        self.speaker = Speaker(frame_length(rate), on_start, self._fell_silent)

    def say(self, prompt: Prompt, *, bargein: bool, serves: bool = False) -> str:
        """Queue a prompt and give its words as others may know them; returns at once."""
        self._silence.clear()
        goes_on = self.speaker.is_speaking
        utterance = self.speaker.begin(bargein=bargein, serves=serves, secret=prompt.is_secret)
        if goes_on:
            utterance.add(np.zeros(self._rate * SENTENCE_PAUSE_MS // 1000, dtype=np.int16))
        today = self._today()
        segments = self._renderer.plan(prompt, self._language, today)
        ready = self._ready(segments)
        for sound in ready:
            utterance.add(sound)
        if len(ready) == len(segments):
            utterance.finish()
        else:
            left = segments[len(ready) :]
            task = self._group.create_task(self._fill(utterance, left, self._renderer))
            self._renderings.add(task)
            task.add_done_callback(self._renderings.discard)
        return self._renderer.words(prompt.masked(), self._language, today)

    def speak(self, language: Language, renderer: PromptRenderer) -> None:
        """Say what comes from now on in another language."""
        self._language, self._renderer = language, renderer

    def stop(self) -> None:
        """Fall silent with the next frame and forget what was still to be said."""
        self.speaker.stop()
        for task in self._renderings:
            task.cancel()
        self._silence.set()

    async def wait_for_silence(self) -> None:
        """Return when everything has been said, or was stopped."""
        await self._silence.wait()

    def _ready(self, segments: tuple[Segment, ...]) -> list[Samples]:
        """The sound of the first segments, as far as it is in memory."""
        sounds: list[Samples] = []
        for segment in segments:
            sound = self._renderer.ready(segment, self._rate)
            if sound is None:
                break
            sounds.append(sound)
        return sounds

    async def _fill(
        self, utterance: Utterance, segments: tuple[Segment, ...], renderer: PromptRenderer
    ) -> None:
        try:
            for segment in segments:
                utterance.add(await self._rendered(segment, renderer))
        except SpeechError as error:
            log.error("prompt_cut_short", error=str(error))
        finally:
            utterance.finish()

    async def _rendered(self, segment: Segment, renderer: PromptRenderer) -> Samples:
        try:
            return await renderer.render(segment, self._rate)
        except (WorkerLost, WorkersBusy) as error:
            log.warning("synthesis_tried_again", error=str(error))
            await asyncio.sleep(SECOND_TRY_AFTER_S)
            return await renderer.render(segment, self._rate)

    def _fell_silent(self) -> None:
        self._silence.set()
        self._on_silence()
