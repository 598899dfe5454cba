"""A caller who speaks, over a line that exists only in memory: the whole pipeline of a call.

Voice activity, turn-taking, recognition, flow and prompts are those of a real call; the clock is
the line's, so that a call takes as long as its computing. The caller waits until the bot has said
what it has to say. Left out on purpose: doors, and jitter; transfers are answered by the test.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from voicebot.errors import CallError, SpeechError
from voicebot.events import CallEnded, CallEvent
from voicebot.grammar.active import ActiveGrammar
from voicebot.media.frames import FRAME_MS, is_silent
from voicebot.rehearsal.model import Move, MoveKind
from voicebot.rehearsal.stage import Stage
from voicebot.rehearsal.telephone_line import LineQuality, TelephoneLine
from voicebot.rehearsal.witness import Witness
from voicebot.sessions.comprehension import Comprehension
from voicebot.sessions.ears import Detector, voice_detector
from voicebot.sessions.grammars import ListenGrammars
from voicebot.sessions.registry import CallRegistry
from voicebot.sessions.tongue import Tongue
from voicebot.sessions.voice import VoiceSession
from voicebot.sessions.voice_services import VoiceServices
from voicebot.speech.prompts import PromptRenderer
from voicebot.speech.recognizer import Recognition
from voicebot.telephony._api import LegInfo
from voicebot.telephony.loopback import pair
from voicebot.turns.signals import TurnPolicy
from voicebot.types import CallId, Language, Outcome, Samples

QUIET_MS = 600
"""The bot's silence after which the caller takes the turn; longer than a pause in a prompt."""
ANSWER_WITHIN_MS = 180_000
"""The bot's longest answer, prompts included, on the line's clock."""
KEY_GAP_MS = 200
CLOSE_WITHIN_S = 5.0

Recognize = Callable[[Samples, int, ActiveGrammar], Recognition]
Speak = Callable[[str], Samples]


@dataclass(frozen=True, slots=True)
class Pipeline:
    """What the bot of all spoken tests is made of, all of it working at once, in this thread."""

    recognize: Recognize
    renderer: Callable[[Language], PromptRenderer]
    grammars: ListenGrammars
    turns: TurnPolicy
    quality: LineQuality
    detector: Callable[[int], Detector] = voice_detector
    comprehension: Comprehension | None = None


class AtOnce(ThreadPoolExecutor):
    """Works while it is asked to: no thread for which the line's clock would not wait."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - it belongs to who asks for the result
            done.set_exception(error)
        return done


@dataclass(frozen=True, slots=True)
class Voice:
    """A caller's voice. ``speak`` makes words int16 at 8000 Hz."""

    name: str
    speak: Speak


class SpokenCall:
    """One spoken conversation; a `Channel`."""

    def __init__(
        self, witness: Witness, stage: Stage, pipeline: Pipeline, voice: Voice, language: Language
    ) -> None:
        self.witness = witness
        self.outcome: Outcome | None = None
        self.voice = voice.name
        self._speak = voice.speak
        self._pipeline = pipeline
        self._line = TelephoneLine(pipeline.quality)
        # The session takes its first time from the loop: the line's clock begins there.
        self._began = asyncio.get_running_loop().time()
        info = LegInfo(CallId("test"), "loopback", "1001", "1000")
        self._leg, self._caller = pair(info, start=self._began)
        self._caller.loss_to_leg = self._line.loss
        self._caller.loss_to_caller = self._line.loss
        self._registry = CallRegistry(max_calls=1)
        self._session = VoiceSession(
            self._leg, witness, self._services(stage, language), flow="test", language=language
        )
        self._task: asyncio.Task[None] | None = None
        self._deaf = False

    def _services(self, stage: Stage, language: Language) -> VoiceServices:
        return VoiceServices(
            recognize=self._recognize,
            renderer=self._pipeline.renderer(language),
            tongue=lambda other: Tongue(self._recognize, self._pipeline.renderer(other)),
            grammars=self._pipeline.grammars,
            comprehension=self._pipeline.comprehension,
            act=stage.act,
            transfer_targets={},
            journal=self,
            publish=lambda event: None,
            registry=self._registry,
            turns=self._pipeline.turns,
            detector=self._pipeline.detector,
        )

    def append(self, event: CallEvent) -> None:
        """Take a fact of the call (`Journal`)."""
        if isinstance(event, CallEnded):
            self.outcome = event.outcome

    def _recognize(
        self, audio: Samples, rate: int, grammar: ActiveGrammar
    ) -> Awaitable[Recognition]:
        heard: asyncio.Future[Recognition] = asyncio.get_running_loop().create_future()
        if self._deaf:
            heard.set_exception(SpeechError("the test wants it to fail"))
        else:
            heard.set_result(self._pipeline.recognize(audio, rate, grammar))
        return heard

    async def begin(self) -> None:
        asyncio.get_running_loop().set_default_executor(AtOnce())
        self._registry.admit(self._leg.info.call_id)
        self._task = asyncio.create_task(self._session.run())
        await self._caller.settle()
        await self._until_listening(0)

    async def make(self, move: Move) -> None:
        """Raises CallError where the bot never comes to an end."""
        for _ in range(move.times):
            if self.outcome is not None:
                return
            seen = len(self.witness.passages)
            self._deaf = move.kind is MoveKind.RECOGNIZER_FAILS
            await self._do(move)
            await self._until_listening(seen)
            self._deaf = False

    async def close(self) -> None:
        self._caller.hang_up()
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=CLOSE_WITHIN_S)
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    @property
    def seconds(self) -> float:
        """How long the call took on the line's clock."""
        return self._caller.now - self._began

    async def _do(self, move: Move) -> None:
        match move.kind:
            case MoveKind.SAYS:
                await self._say(move.text)
            case MoveKind.RECOGNIZER_FAILS:
                await self._say("hello can you hear me")
            case MoveKind.KEYS:
                for key in move.text:
                    self._caller.press(key)
                    await self._caller.listen(KEY_GAP_MS)
            case MoveKind.HANGS_UP:
                self._caller.hang_up()

    async def _say(self, words: str) -> None:
        for frame in self._line.frames(self._speak(words)):
            await self._caller.step(frame)

    async def _until_listening(self, seen: int) -> None:
        """Let the bot answer what came after ``seen`` passages, and speak to the end."""
        assert self._task is not None
        quiet = 0
        for _ in range(ANSWER_WITHIN_MS // FRAME_MS):
            if self._task.done():
                await self._task
                return
            heard = await self._caller.step(self._line.silence())
            answered = len(self.witness.passages) > seen and self.witness.listens
            silent = heard is None or is_silent(heard)
            quiet = quiet + 1 if answered and silent else 0
            if quiet * FRAME_MS >= QUIET_MS:
                return
        self._caller.hang_up()
        await self._task
        raise CallError(f"the bot did not listen again in {ANSWER_WITHIN_MS // 1000} s")
