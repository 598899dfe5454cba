"""Vosk (Kaldi) behind the contract of a recogniser: any language, offline, streaming.

The only file that imports `vosk`. A grammar becomes a phrase list (`phrases`), what was heard is
matched with the grammar again (`readings`). Words that the model's vocabulary lacks, which Vosk
drops with no more than a line in its log, are told by `VoskRecognizer.unknown_words`.

Every utterance gets a fresh decoder, so that one caller's voice does not adapt the model for the
next. Only the free decoder is kept: its graph is composed while it is used, which takes a second of
computing when it is new; it forgets the voice at the end of each utterance. Not safe for several
threads.
"""

from __future__ import annotations

import json
import time
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import vosk

from voicebot.errors import AudioError, ModelError, SpeechError
from voicebot.grammar.active import ActiveGrammar
from voicebot.grammar.outlook import progress
from voicebot.grammar.words import normalise_words
from voicebot.media.resample import StreamResampler, resample
from voicebot.speech.recognizer import Recognition, Transcript
from voicebot.speech.vosk.phrases import Phrases, phrases_of, unheard
from voicebot.speech.vosk.readings import Alternative, FreeDecode, hypotheses
from voicebot.types import Samples

RATE: Final = 16_000
RATES: Final = (8000, RATE)
LONGEST_UTTERANCE_S: Final = 60.0
_REMEDY: Final = "`voicebot models list` shows models, `voicebot models pull NAME` fetches one."
_ALTERNATIVES: Final = 10
_KEPT_GRAMMARS: Final = 32
_PEAK: Final = 16_384
_MIRROR: Final = 10 ** (-16 / 20)
"""Gain of the lower half of the spectrum where it stands, mirrored, for the missing upper one. The
models know no audio without anything above 4 kHz, as a telephone's is: with this they hear half as
many words more of it; see docs/decisions/0011-vosk.md."""
_CHUNK: Final = RATE // 5
_UNKNOWN_WORD: Final = "[unk]"
_SILENT: Final = -2


class VoskRecognizer:
    """A `Recognizer` with a Vosk model loaded (0.3 to 2 s, twice the model's size in memory)."""

    def __init__(self, *, model: str, confidence: float = 0.5) -> None:
        """Load the model in the folder ``model``; below ``confidence`` it is no match.

        Raises ModelError where there is none, or Vosk cannot load it.
        """
        folder = Path(model)
        if not model or not (folder / "am").is_dir() or not (folder / "conf").is_dir():
            where = f"'{model}'" if model else "the settings"
            raise ModelError("vosk", f"{where} names no folder with a Vosk model", _REMEDY)
        vosk.SetLogLevel(_SILENT)
        try:
            self._model = vosk.Model(str(folder))
        except Exception as error:
            raise ModelError("vosk", f"{folder} cannot be loaded ({error})", _REMEDY) from error
        self._threshold = confidence
        self._phrases: OrderedDict[str, Phrases] = OrderedDict()
        self._free: Any = None

    def recognize(
        self, audio: Samples, rate: int, grammar: ActiveGrammar, *, nbest: int = 1
    ) -> Recognition:
        """Decode one utterance along ``grammar``, see `Recognizer`.

        More than 60 s is an AudioError. Raises GrammarError when a tag's script fails.
        """
        started = time.perf_counter()
        stream = self.stream(rate, grammar)
        if len(audio) > LONGEST_UTTERANCE_S * rate:
            raise AudioError("utterance", f"longer than {LONGEST_UTTERANCE_S:.0f} s")
        stream.feed_prepared(_prepared(audio, rate))
        result = stream.finish(nbest=nbest)
        return _timed(result, time.perf_counter() - started, len(audio) / rate)

    def transcribe(self, audio: Samples, rate: int) -> Transcript:
        """Decode without a grammar, see `Recognizer`."""
        started = time.perf_counter()
        samples = _prepared(audio, rate)
        decoder = self._free_decoder()
        texts: list[str] = []
        try:
            for at in range(0, len(samples), _CHUNK):
                if decoder.AcceptWaveform(samples[at : at + _CHUNK].tobytes()):
                    texts += [found.text for found in _alternatives(decoder.Result())[:1]]
            texts += [found.text for found in _alternatives(decoder.FinalResult())[:1]]
        except Exception as error:
            self._free = None
            raise SpeechError(f"Vosk failed: {error}") from error
        text = " ".join(text for text in texts if text)
        return Transcript(
            text=text,
            seconds=time.perf_counter() - started,
            audio_seconds=len(audio) / rate,
            words=normalise_words(text),
        )

    def unknown_words(self, words: Sequence[str]) -> tuple[str, ...]:
        """Which of ``words``, written as in a grammar, the model cannot hear."""
        return unheard([part for word in words for part in normalise_words(word)], self.knows)

    def stream(self, rate: int, grammar: ActiveGrammar) -> VoskStream:
        """Begin an utterance that is decoded while it is spoken. Raises AudioError for ``rate``."""
        return VoskStream(self, rate, grammar, self._phrases_of(grammar))

    def knows(self, word: str) -> bool:
        """Whether the vocabulary has ``word`` as it is."""
        return bool(self._model.vosk_model_find_word(word) >= 0)

    def begin(self, phrases: Phrases) -> Any:
        """A fresh decoder along ``phrases``."""
        listed = list(phrases.phrases)
        if self.knows(_UNKNOWN_WORD):
            listed.append(_UNKNOWN_WORD)
        decoder = vosk.KaldiRecognizer(
            # Vosk does not understand escapes: letters must stand as they are.
            self._model, RATE, json.dumps(listed, ensure_ascii=False)
        )  # fmt: skip
        decoder.SetMaxAlternatives(_ALTERNATIVES)
        return decoder

    def decode_freely(self, samples: Samples) -> FreeDecode:
        """What the model hears in ``samples`` (at 16 kHz, prepared) without a grammar."""
        decoder = self._free_decoder()
        try:
            decoder.AcceptWaveform(samples.tobytes())
            found = _alternatives(decoder.FinalResult())
        except Exception as error:
            self._free = None
            raise SpeechError(f"Vosk failed: {error}") from error
        best = found[0] if found else Alternative("", 0.0)
        return FreeDecode(best.text, best.score, len(samples) / RATE)

    def judge(
        self,
        heard: Sequence[Alternative],
        free: FreeDecode,
        phrases: Phrases,
        grammar: ActiveGrammar,
        nbest: int,
    ) -> Recognition:
        """Make a result of what was heard; its times are still 0."""
        ranked = hypotheses(heard, free, phrases, grammar)
        best = ranked[0].confidence if ranked else 0.0
        words = phrases.read(heard[0].text) if heard else ()
        if ranked:
            words = tuple(ranked[0].text.split())
        complete, can_continue = progress(grammar, words)
        return Recognition(
            match=bool(ranked) and best >= self._threshold,
            confidence=best,
            nbest=ranked[:nbest],
            free_text=free.text,
            complete=complete,
            can_continue=can_continue,
            seconds=0.0,
            audio_seconds=0.0,
        )

    def _free_decoder(self) -> Any:
        if self._free is None:
            self._free = vosk.KaldiRecognizer(self._model, RATE)
            self._free.SetMaxAlternatives(1)
        return self._free

    def _phrases_of(self, grammar: ActiveGrammar) -> Phrases:
        known = self._phrases.get(grammar.key)
        if known is None:
            known = self._phrases[grammar.key] = phrases_of(grammar, self.knows)
            if len(self._phrases) > _KEPT_GRAMMARS:
                self._phrases.popitem(last=False)
        self._phrases.move_to_end(grammar.key)
        return known


class VoskStream:
    """One utterance, decoded while it comes in. Made by `VoskRecognizer.stream`."""

    def __init__(
        self, recognizer: VoskRecognizer, rate: int, grammar: ActiveGrammar, phrases: Phrases
    ) -> None:
        if rate not in RATES:
            raise AudioError("utterance", f"sampled at {rate} Hz; it must be 8000 or 16000")
        self._recognizer = recognizer
        self._grammar = grammar
        self._phrases = phrases
        self._rate = rate
        self._resampler = StreamResampler(rate, RATE)
        self._fed = self._made = 0
        self._parts: list[Samples] = []
        self._decoder = recognizer.begin(phrases) if phrases.phrases else None

    def feed(self, samples: Samples) -> None:
        """Decode a block (mono int16) of any length."""
        self._fed += len(samples)
        block = self._resampler.feed(samples)
        if self._rate < RATE:
            block = _fill_upper_band(block, self._made)
        self._made += len(block)
        self.feed_prepared(block)

    def feed_prepared(self, samples: Samples) -> None:
        """Decode a block that is at 16 kHz with its upper band filled."""
        self._parts.append(samples)
        if self._decoder is not None and len(samples):
            try:
                self._decoder.AcceptWaveform(samples.tobytes())
            except Exception as error:
                raise SpeechError(f"Vosk failed: {error}") from error

    def partial(self) -> tuple[str, ...]:
        """The grammar's words as they are heard so far; later blocks may change them."""
        if self._decoder is None:
            return ()
        heard = str(json.loads(self._decoder.PartialResult()).get("partial", ""))
        return self._phrases.read(heard.replace(_UNKNOWN_WORD, " "))

    def finish(self, *, nbest: int = 1) -> Recognition:
        """End the utterance and give its result. Nothing may be fed afterwards."""
        started = time.perf_counter()
        samples = np.concatenate([*self._parts, np.zeros(0, np.int16)])
        heard = _alternatives(self._decoder.FinalResult()) if self._decoder else []
        free = self._recognizer.decode_freely(samples) if len(samples) else FreeDecode("", 0.0, 0.0)
        result = self._recognizer.judge(heard, free, self._phrases, self._grammar, nbest)
        return _timed(result, time.perf_counter() - started, self._fed / self._rate)


def _alternatives(answer: str) -> list[Alternative]:
    """Read Vosk's JSON, best first; the sentence without words is among them."""
    return [
        Alternative(str(entry["text"]), float(entry["confidence"]))
        for entry in json.loads(answer).get("alternatives", [])
    ]


def _timed(result: Recognition, seconds: float, audio_seconds: float) -> Recognition:
    return Recognition(
        match=result.match,
        confidence=result.confidence,
        nbest=result.nbest,
        free_text=result.free_text,
        complete=result.complete,
        can_continue=result.can_continue,
        seconds=seconds,
        audio_seconds=audio_seconds,
    )


def _prepared(audio: Samples, rate: int) -> Samples:
    """``audio`` at 16 kHz and at one level. Raises AudioError for what is no utterance."""
    if rate not in RATES:
        raise AudioError("utterance", f"sampled at {rate} Hz; it must be 8000 or 16000")
    if audio.ndim != 1 or audio.dtype != np.int16:
        raise AudioError("utterance", "must be one channel of 16-bit samples")
    peak = int(np.abs(audio.astype(np.int32)).max(initial=0))
    if not peak:
        return audio[:0]
    levelled: Samples = np.rint(audio * (_PEAK / peak)).astype(np.int16)
    if rate == RATE:
        return levelled
    return _fill_upper_band(resample(levelled, rate, RATE), 0)


def _fill_upper_band(samples: Samples, at: int) -> Samples:
    """Mirror what lies below 4 kHz to above it; ``at`` is the place of ``samples`` in their stream.

    Multiplied by +1, -1, +1, ... a signal at 16 kHz has what was at f at 8000 - f.
    """
    gain = np.full(len(samples), 1.0 + _MIRROR)
    gain[1 - at % 2 :: 2] = 1.0 - _MIRROR
    filled: Samples = np.empty(len(samples), np.int16)
    np.clip(np.rint(samples * gain), -32768, 32767, out=filled, casting="unsafe")
    return filled
