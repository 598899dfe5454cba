"""Measures what a call costs on this machine, with the engines and the application configured.

Utterances are sentences of the application's own grammars in the configured voice, at 8 kHz mu-law,
decoded along the grammars of the question. The audio of a call is measured on the SIP door's RTP:
lines that talk to each other on 127.0.0.1, each doing what one call's line does in every 20 ms:
receive, play out, look for speech, send. Everything counts processor time, not time on the clock,
so that other programs disturb little.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Final

import numpy as np

from voicebot.application import Application
from voicebot.errors import UsageError
from voicebot.grammar.active import ActiveGrammar
from voicebot.grammar.sampler import sample
from voicebot.media import g711
from voicebot.speech.recognizer import Recognizer
from voicebot.speech.segments import plan
from voicebot.speech.synthesizer import Synthesizer
from voicebot.telephony.frame_clock import FrameClock
from voicebot.telephony.sip.counters import Counters
from voicebot.telephony.sip.offer_answer import Agreement
from voicebot.telephony.sip.rtp import CallMedia
from voicebot.telephony.sip.rtp_ports import RtpPorts
from voicebot.turns.vad import VoiceActivityDetector
from voicebot.types import Samples

LINES: Final = 20
"""Lines in the trial of the audio: enough that the loop's own cost is shared as in service."""
_SENTENCES: Final = 3
_MOST_SETS: Final = 8
_SEED: Final = 2026
_TALKING: Final = 3
"""A caller speaks one frame of this many."""
_PROMPTS: Final = 12


@dataclass(frozen=True, slots=True)
class Answer:
    """What a caller may say: int16 at 8000 Hz, and the grammars of the question."""

    audio: Samples
    grammar: ActiveGrammar


def answers(application: Application, voice: Synthesizer) -> list[Answer]:
    """Sentences of the grammars of the application's own language, spoken by ``voice``.

    Raises UsageError where no question has a grammar to be spoken to.
    """
    found: list[Answer] = []
    pause = np.zeros(g711.RATE // 5, np.int16)
    for names in sorted(application.grammar_sets())[:_MOST_SETS]:
        grammar = application.listen_grammars.named(names)
        own = application.grammars.load(names[0])
        if own.main.mode != "voice" or grammar.language != application.language:
            continue
        for words in islice(sample(own, _SEED), _SENTENCES):
            spoken = voice.synthesize(" ".join(words), g711.RATE)
            audio = g711.pass_through(np.concatenate([pause, spoken, pause]))
            found.append(Answer(audio, grammar))
    if not found:
        raise UsageError("no question of the flows has a grammar that could be spoken to")
    return found


def decode_cost(recognizer: Recognizer, said: Sequence[Answer], seconds: float) -> float:
    """Mean processor time of a decode. Each is decoded once beforehand, as in a server at work,
    then all in turn for ``seconds``."""
    for answer in said:
        recognizer.recognize(answer.audio, g711.RATE, answer.grammar)
    used = 0.0
    until = time.monotonic() + seconds
    for count, answer in enumerate(cycle(said), start=1):
        began = time.process_time()
        recognizer.recognize(answer.audio, g711.RATE, answer.grammar)
        used += time.process_time() - began
        if time.monotonic() > until and count >= len(said):
            return used / count
    raise AssertionError("a cycle does not end")


def speech_cost(voice: Synthesizer, application: Application, seconds: float) -> float:
    """Processor time for a second of synthesised speech."""
    texts = list(islice(_texts(application), _PROMPTS)) or ["One moment, please."]
    used = spoken = 0.0
    until = time.monotonic() + seconds
    for text in cycle(texts):
        began = time.process_time()
        samples = voice.synthesize(text, g711.RATE)
        used += time.process_time() - began
        spoken += len(samples) / g711.RATE
        if time.monotonic() > until and spoken:
            break
    return used / spoken


def _texts(application: Application) -> Iterator[str]:
    for prompt, language in application.flows.prompts():
        if language == application.language:
            yield from (segment.text for segment in plan(prompt, language) if segment.text)


async def frame_cost(speech: Samples, seconds: float) -> float:
    """Processor time for a second of one call's audio, on `LINES` lines at once."""
    counters, ports = Counters(), RtpPorts(20_000, 60_000)
    lines = [await CallMedia.open("127.0.0.1", ports, counters) for _ in range(LINES)]
    try:
        for place, line in enumerate(lines):
            other = lines[place ^ 1]
            line.apply(Agreement(0, "PCMU", 0, None, ("127.0.0.1", other.port), "sendrecv"))
        clock = FrameClock()
        for place, line in enumerate(lines):
            clock.add(_Line(line, speech, place).tick)
        await asyncio.sleep(seconds / 4)
        began, at = time.process_time(), time.monotonic()
        await asyncio.sleep(seconds)
        used, passed = time.process_time() - began, time.monotonic() - at
        return used / passed / LINES
    finally:
        for line in lines:
            await line.close()


class _Line:
    """What is done for a call in each 20 ms. The other end talks now and then, as callers do."""

    def __init__(self, media: CallMedia, speech: Samples, offset: int) -> None:
        self._media = media
        self._is_speech = VoiceActivityDetector(g711.RATE)
        frames = speech[: len(speech) // 160 * 160].reshape(-1, 160)
        silent = np.zeros((len(frames) * (_TALKING - 1), 160), np.int16)
        self._said = np.concatenate([frames, silent])
        self._place = offset * len(self._said) // LINES

    def tick(self, tick: object) -> None:
        del tick
        heard = self._media.play(time.monotonic())
        if heard is not None:
            self._is_speech.feed(heard)
        self._place = (self._place + 1) % len(self._said)
        self._media.send(self._said[self._place])


def resident_mb() -> float:
    """Memory of this process that is in use, 0 where the system does not tell."""
    return _kilobytes("/proc/self/status", "VmRSS:") / 1024


def free_mb() -> float:
    """Memory that the machine could still give, 0 where the system does not tell."""
    return _kilobytes("/proc/meminfo", "MemAvailable:") / 1024


def _kilobytes(file: str, name: str) -> float:
    try:
        lines = Path(file).read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0
    return next((float(line.split()[1]) for line in lines if line.startswith(name)), 0.0)
