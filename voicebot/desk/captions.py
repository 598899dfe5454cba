"""Writes down what caller and agent say to each other, for the agent to read.

The recogniser of the bot listens to each side by itself. Callers who talk to the bot come first:
while the recogniser is behind, nothing is written down, and new calls never wait for this.
Left out on purpose: keeping it. Who wants the words afterwards has the recording.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Final

from voicebot.desk.services import Heard
from voicebot.errors import VoicebotError
from voicebot.flows.commands import Listen
from voicebot.grammar.active import ActiveGrammar
from voicebot.media.resample import FrameResampler
from voicebot.sessions.ears import Detector, Ears, Recognize, voice_detector
from voicebot.sessions.talk import Talk
from voicebot.speech.recognizer import Recognition
from voicebot.telephony.bridge import Seat
from voicebot.turns.signals import TurnPolicy
from voicebot.types import CallId, Language, Samples

NOT_NOW: Final = Recognition(False, 0.0, (), "", False, False, 0.0, 0.0)
_LISTEN: Final = Listen((), timeout_ms=600_000, maxspeechtimeout_ms=20_000)


@dataclass(frozen=True, slots=True)
class Captions:
    """`services.Listen`. ``tongue`` gives what recognises a language, for one side of one call;
    ``has_room`` says whether the recogniser would begin at once. ``grammar`` gives the one that
    holds nothing: what counts is what is heard freely."""

    tongue: Callable[[Language, tuple[CallId, str]], Recognize | None]
    grammar: Callable[[], ActiveGrammar]
    has_room: Callable[[], bool]
    sides: Collection[str] = ("caller", "agent")
    policy: TurnPolicy = field(default_factory=TurnPolicy)
    detector: Callable[[int], Detector] = voice_detector

    async def __call__(self, talk: Talk, language: Language, heard: Heard) -> None:
        """Listen to ``talk`` until cancelled; returns at once where nobody knows its language."""
        grammar = self.grammar()
        async with asyncio.TaskGroup() as group:
            for side, seat in (("caller", lambda: talk.caller), ("agent", lambda: talk.person)):
                recognize = self.tongue(language, (talk.contact_id, side))
                if recognize is not None and side in self.sides:
                    group.create_task(
                        self._follow(talk, side, seat, self._politely(recognize), grammar, heard)
                    )

    async def _follow(
        self,
        talk: Talk,
        side: str,
        seat: Callable[[], Seat],
        recognize: Recognize,
        grammar: ActiveGrammar,
        heard: Heard,
    ) -> None:
        """``seat`` gives where this side sits now: a caller who was handed over has another
        agent, whose line may have another rate."""
        ours = seat()
        rate, converted = ours.rate, FrameResampler(ours.rate, ours.rate)
        async with asyncio.TaskGroup() as group:
            ears = Ears(
                rate,
                recognize,
                lambda: None,
                group,
                policy=self.policy,
                detector=self.detector,
                partial=lambda text: heard(side, text, False),
                now=asyncio.get_running_loop().time(),
            )

            def tap(speaker: Seat, samples: Samples, at: float) -> None:
                nonlocal ours, converted
                if speaker is not seat():
                    return
                if speaker is not ours:
                    ours, converted = speaker, FrameResampler(speaker.rate, rate)
                ears.audio(converted.feed(samples), at)

            talk.bridge.watching.taps.append(tap)
            try:
                while True:
                    hearing = await ears.hear(_LISTEN, grammar)
                    if hearing.heard is not None and hearing.heard.text.strip():
                        heard(side, hearing.heard.text.strip(), True)
            finally:
                talk.bridge.watching.taps.remove(tap)
                ears.close()

    def _politely(self, recognize: Recognize) -> Recognize:
        async def when_there_is_room(
            audio: Samples, rate: int, grammar: ActiveGrammar
        ) -> Recognition:
            if not self.has_room():
                return NOT_NOW
            try:
                return await recognize(audio, rate, grammar)
            except VoicebotError:
                return NOT_NOW  # the next sentence may be heard again

        return when_there_is_room
