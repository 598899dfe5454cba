"""What recorded turns are heard as now: by their words, or by their sound."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import structlog

from voicebot.application import pronouncer
from voicebot.cli.audio_inputs import load_recognizer
from voicebot.cli.library import load_intents
from voicebot.cli.try_ import typed_input
from voicebot.config import Settings
from voicebot.errors import AudioError, SpeechError
from voicebot.flows.commands import Listen
from voicebot.flows.events import FlowEvent, InputMatched, NoMatch, RecognitionFailed
from voicebot.grammar.disk_cache import FOLDER as GRAMMAR_CACHE
from voicebot.grammar.store import GrammarStore
from voicebot.rehearsal.recorded_sound import RecordedSound
from voicebot.rehearsal.replay import Hear, secret, unheard
from voicebot.sessions.comprehension import Comprehension
from voicebot.sessions.grammars import ListenGrammars
from voicebot.sessions.records import CallRecord, TurnRecord
from voicebot.types import Heard, Mode

log = structlog.get_logger(__name__)


class ReplayedHearing:
    """Hears with the grammars of ``application``; with ``audio`` the recordings are decoded again,
    where there are some."""

    def __init__(self, application: Path, settings: Settings, *, audio: bool) -> None:
        store = GrammarStore(application / "grammars", settings.server.data / GRAMMAR_CACHE)
        intents = load_intents(application, settings)
        self._typed = typed_input(store, intents)
        self._grammars = ListenGrammars(store, pronounce=pronouncer)
        self._comprehension = Comprehension(self._grammars, intents)
        self._folder = settings.server.data / settings.recording.folder
        self._recognizer = load_recognizer("", "", None, settings) if audio else None

    def of(self, call: CallRecord) -> Hear:
        """How the turns of ``call`` are heard."""
        sound = self._sound(call)

        async def hear(turn: TurnRecord, listen: Listen) -> FlowEvent:
            event = unheard(turn) or secret(turn, listen)
            if event is not None:
                return event
            assert turn.heard is not None
            if sound is not None and turn.heard.mode is Mode.SPEECH:
                event = self._decoded(sound, turn, listen)
            return event or self._read(turn.heard, listen)

        return hear

    def _sound(self, call: CallRecord) -> RecordedSound | None:
        if self._recognizer is None or call.recording is None:
            return None
        try:
            return RecordedSound(call, self._folder / call.recording)
        except AudioError as error:
            log.error("recording_not_replayed", call_id=call.id, problem=error.problem)
            return None

    def _read(self, heard: Heard, listen: Listen) -> FlowEvent:
        if heard.mode is Mode.DTMF:
            event = self._typed.pressed(heard.text, listen)
        elif heard.text.strip():
            event = self._typed.said(heard.text, listen, heard.mode)
        else:
            event = NoMatch()
        # Words that were not understood came with the confidence of a guess.
        if isinstance(event, InputMatched) and heard.semantics is not None:
            event = InputMatched(replace(event.heard, confidence=heard.confidence))
        return event

    def _decoded(self, sound: RecordedSound, turn: TurnRecord, listen: Listen) -> FlowEvent | None:
        """None where the recording does not hold the words (a private question)."""
        assert self._recognizer is not None
        words = sound.words(turn)
        if words is None:
            return None
        try:
            result = self._recognizer.recognize(
                words, sound.rate, self._grammars.now(listen.grammars)
            )
        except (SpeechError, AudioError):
            return RecognitionFailed()
        best = result.best
        if best is None or not result.match:
            missed = NoMatch(result.free_text)
            return self._comprehension.free_words_now(missed, listen, Mode.SPEECH)
        return InputMatched(
            Heard(best.text, best.semantics, result.confidence, Mode.SPEECH, best.grammar)
        )
