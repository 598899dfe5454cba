"""The Moonshine recogniser: audio in, meanings along a grammar out.

English, offline, one thread. The parts: `conditioning` makes the audio fit, `model` runs the
network, `constraint` keeps what is written inside the grammar, `beam` searches, `readings` turns
what was found into hypotheses, `confidence` judges them, beside their `rivals` where they are
short. An instance is not safe for several threads; workers are processes.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from dataclasses import replace
from typing import Final, NamedTuple

from voicebot.errors import AudioError
from voicebot.grammar.active import ActiveGrammar, Progress
from voicebot.grammar.outlook import progress
from voicebot.grammar.words import normalise_words
from voicebot.speech.moonshine import assets, beam
from voicebot.speech.moonshine.beam import Found
from voicebot.speech.moonshine.conditioning import other_forms, prepare
from voicebot.speech.moonshine.constraint import Constraint, Vocabulary
from voicebot.speech.moonshine.model import RATE, Floats, Model
from voicebot.speech.moonshine.readings import Readings, add_logs, gather, hypotheses, overruns
from voicebot.speech.moonshine.rivals import MOST_TOKENS, MOST_WORDS, rival_network
from voicebot.speech.moonshine.tokenizer import Tokenizer
from voicebot.speech.recognizer import Recognition, Transcript
from voicebot.types import Samples

MAX_ANSWER_S: Final = 60
"""Longer audio is no answer to a prompt; `MoonshineRecognizer.transcribe` takes any length."""

_WHOLE: Final = frozenset({Progress.COMPLETE, Progress.COMPLETE_OPEN})
_SURE: Final = 0.97
_RIVAL_BEAM: Final = 4
"""Single words need no wider one: 0.06 at most of the best one's score is lost against 16."""
_CLEARLY_AHEAD: Final = 4.0
_KEPT_GRAMMARS: Final = 32
_MAX_STATES: Final = 50_000
_TOKENS_PER_SECOND: Final = 8
_SPARE_TOKENS: Final = 12


class _Heard(NamedTuple):
    """A piece of audio as the encoder gives it, and the most tokens that it may hold."""

    frames: Floats
    limit: int


class MoonshineRecognizer:
    """A `Recognizer` with the weights loaded (about 0.5 s and 75 MB)."""

    def __init__(self, *, beam: int = 8, confidence: float = 0.5) -> None:
        """Load the model. ``beam`` hypotheses are followed; below ``confidence`` it is no match.

        Raises ModelError when the weights are missing, altered or unusable.
        """
        self._width = beam
        self._threshold = confidence
        files = assets.locate()
        self._tokenizer = Tokenizer.read(files.tokenizer)
        self._vocabulary = Vocabulary(self._tokenizer)
        self._model = Model(files)
        self._rivals = Constraint(rival_network(), self._vocabulary)
        self._constraints: OrderedDict[str, Constraint] = OrderedDict()

    def recognize(
        self, audio: Samples, rate: int, grammar: ActiveGrammar, *, nbest: int = 1
    ) -> Recognition:
        """Decode one utterance along ``grammar``, see `Recognizer`.

        What is longer than the model takes is decoded piece by piece, each going on where the one
        before ended in the grammar. Raises GrammarError when a tag's script fails.
        """
        started = time.perf_counter()
        audio_seconds = len(audio) / rate
        if audio_seconds > MAX_ANSWER_S:
            raise AudioError(
                "utterance", f"{audio_seconds:.0f} s long; an answer has at most {MAX_ANSWER_S} s"
            )
        pieces = prepare(audio, rate)
        if not pieces:
            return _nothing_said(time.perf_counter() - started, audio_seconds)
        readings, free = self.read(audio, rate, pieces, grammar)
        ranked = hypotheses(readings, grammar)
        best = ranked[0].confidence if ranked else 0.0
        likeliest = readings.best
        complete, can_continue = progress(grammar, likeliest.words) if likeliest else (False, False)
        return Recognition(
            match=best >= self._threshold and bool(ranked),
            confidence=best,
            nbest=ranked[:nbest],
            free_text=self._tokenizer.decode(free),
            complete=complete,
            can_continue=can_continue,
            seconds=time.perf_counter() - started,
            audio_seconds=audio_seconds,
        )

    def transcribe(self, audio: Samples, rate: int) -> Transcript:
        """Decode without a grammar, see `Recognizer`."""
        started = time.perf_counter()
        text = self._write(prepare(audio, rate))
        return Transcript(
            text=text,
            seconds=time.perf_counter() - started,
            audio_seconds=len(audio) / rate,
            words=normalise_words(text),
        )

    def read(
        self, audio: Samples, rate: int, pieces: list[Floats], grammar: ActiveGrammar
    ) -> tuple[Readings, tuple[int, ...]]:
        """What ``audio``, cut into ``pieces``, may be along ``grammar``, not yet judged; and the
        tokens of its free decode."""
        constraint = self._constraint(grammar)
        heard = [self._listen(piece) for piece in pieces]
        found = self._search(heard, constraint)
        readings = gather(found, constraint)
        forms = other_forms(audio, rate)
        while not _is_plain(readings) and (form := next(forms, None)) is not None:
            heard_again = self._listen(form.samples, adapted=form.adapted)
            found = found.joined(self._search([heard_again], constraint))
            readings = gather(found, constraint)
        overrun = overruns(normalise_words(self._tokenizer.decode(found.free.tokens)), grammar)
        rivals = self._rivalry(heard, readings, grammar)
        evidence = replace(readings.evidence, overrun=overrun, rivals=rivals)
        return replace(readings, evidence=evidence), found.free.tokens

    def _listen(self, piece: Floats, *, adapted: bool = False) -> _Heard:
        return _Heard(self._model.encode(piece, noisy=adapted), _token_limit(piece))

    def _rivalry(
        self, heard: list[_Heard], readings: Readings, grammar: ActiveGrammar
    ) -> float | None:
        """How likely it is that a single word was said that ``grammar`` does not hold; None where
        the best reading is too long to be taken for one."""
        if len(heard) > 1 or not readings.complete:
            return None
        if len(readings.complete[0].words) > MOST_WORDS:
            return None
        decoding = self._model.begin(heard[0].frames)
        found = beam.search(decoding, self._rivals, _RIVAL_BEAM, MOST_TOKENS)
        outside = -math.inf
        for rival in gather(found, self._rivals).complete:
            if grammar.words_status(rival.words) not in _WHOLE:
                outside = add_logs(outside, rival.score)
        return outside

    def _search(self, heard: list[_Heard], constraint: Constraint) -> Found:
        found: Found | None = None
        for frames, limit in heard:
            decoding = self._model.begin(frames)
            found = beam.search(decoding, constraint, self._width, limit, after=found)
        return found or Found()

    def _write(self, pieces: list[Floats]) -> str:
        texts = []
        for piece in pieces:
            decoding = self._model.begin(self._model.encode(piece))
            path = beam.decode_freely(decoding, _token_limit(piece))
            texts.append(self._tokenizer.decode(path.tokens))
        return " ".join(text for text in texts if text)

    def _constraint(self, grammar: ActiveGrammar) -> Constraint:
        """Keep the automata of recent grammars: the second utterance costs little."""
        known = self._constraints.get(grammar.key)
        if known is None or len(known) > _MAX_STATES:
            known = self._constraints[grammar.key] = Constraint(grammar.network(), self._vocabulary)
            if len(self._constraints) > _KEPT_GRAMMARS:
                self._constraints.popitem(last=False)
        self._constraints.move_to_end(grammar.key)
        return known


def _is_plain(readings: Readings) -> bool:
    """Whether the best reading is so clear that hearing the audio once more is no use."""
    if not readings.complete:
        return False
    best, *others = readings.complete
    alone = not others or best.rank - others[0].rank > _CLEARLY_AHEAD
    return alone and best.trust(readings.evidence) > _SURE


def _nothing_said(seconds: float, audio_seconds: float) -> Recognition:
    return Recognition(
        match=False,
        confidence=0.0,
        nbest=(),
        free_text="",
        complete=False,
        can_continue=True,
        seconds=seconds,
        audio_seconds=audio_seconds,
    )


def _token_limit(audio: Floats) -> int:
    """The model writes about 4 tokens a second, 8 of quick digits; beyond that it is babbling."""
    return int(len(audio) / RATE * _TOKENS_PER_SECOND) + _SPARE_TOKENS
