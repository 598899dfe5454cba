"""The caller's turns in one call: what they meant, and how long they waited for an answer."""

from __future__ import annotations

from voicebot.events import TurnResult
from voicebot.flows.commands import Listen
from voicebot.flows.events import FlowEvent, InputMatched, NoMatch
from voicebot.sessions.account import CallAccount
from voicebot.sessions.comprehension import Comprehension
from voicebot.sessions.ears import Ears, Hearing
from voicebot.sessions.grammars import ListenGrammars
from voicebot.sessions.mouth import Mouth
from voicebot.types import Heard, Mode


class CallerTurns:
    """Hears turn after turn, and writes each into ``account``.

    ``open`` comes before all that hears. ``chooses`` tells whether a caller who waits in a queue
    is listened to.
    """

    def __init__(
        self, grammars: ListenGrammars, comprehension: Comprehension | None, account: CallAccount
    ) -> None:
        """``comprehension`` understands what no grammar holds; None: no more than they do."""
        self.chooses = False
        self._grammars = grammars
        self._comprehension = comprehension or Comprehension(grammars)
        self._account = account
        self._last_speech_at: float | None = None
        self._told_latency = False

    def open(self, ears: Ears, mouth: Mouth) -> None:
        """The line is open: ``ears`` hear the caller, ``mouth`` speaks to them."""
        self._ears = ears
        self._mouth = mouth

    async def hear(self, listen: Listen) -> FlowEvent:
        """The next turn, as the flow is to be told of it."""
        # Compiled, where need be, while the question is being said.
        grammar = await self._grammars.active(listen.grammars)
        hearing = await self._ears.hear(listen, grammar)
        event, heard = hearing.event, hearing.heard
        if isinstance(event, NoMatch):
            event = await self._comprehension.free_words(event, listen, Mode.SPEECH)
        if isinstance(event, InputMatched):
            heard = event.heard  # what was near, or meant an intent
        self._took(hearing, heard, matched=isinstance(event, InputMatched))
        return event

    async def choose(self, listen: Listen) -> InputMatched:
        """What a caller who waits in a queue chooses to do; all else is none of the bot's."""
        grammar = await self._grammars.active(listen.grammars)
        self.chooses = True
        try:
            while True:
                hearing = await self._ears.hear(listen, grammar)
                if isinstance(hearing.event, InputMatched):
                    break
        finally:
            self.chooses = False
        self._took(hearing, hearing.event.heard)
        return hearing.event

    def _took(self, hearing: Hearing, heard: Heard | None, *, matched: bool = True) -> None:
        """A turn of the caller is over."""
        self._account.heard(
            TurnResult.MATCH if matched else hearing.result,
            heard,
            latency_ms=self.latency_ms,
            barged_in=hearing.barged_in,
            spoke=self._ears.ago(hearing),
        )
        self._last_speech_at = hearing.last_speech_at
        self._mouth.speaker.expect_reply()
        self._told_latency = False

    def was_away(self) -> None:
        """The caller was with a person, and has not waited for the bot since."""
        self._last_speech_at = None

    def frame_left(self) -> None:
        """A frame was sent to the caller: the first of an answer tells the latency."""
        if not self._told_latency and self._mouth.speaker.first_voice_at is not None:
            self._told_latency = True
            self._account.prompt_left(self.latency_ms)

    @property
    def latency_ms(self) -> float | None:
        """From the end of the last turn to the first sound of the answer; None without either."""
        if self._last_speech_at is None:
            return None
        first = self._mouth.speaker.first_voice_at
        return None if first is None else max(0.0, (first - self._last_speech_at) * 1000)
