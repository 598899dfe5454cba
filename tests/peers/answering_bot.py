"""A bot on our real SIP door that speaks in tones, for the tests of those who call it.

It says a 200 ms tone when it has answered, and again a third of a second after the caller has
spoken or pressed a key; after ``turns`` of them it hangs up. What it does it tells to an
`EventFeed`, as a session does.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import numpy as np

from voicebot.events import CallAnswered, CallEnded, CallStarted, TurnResult
from voicebot.media.frames import frames_of, is_silent
from voicebot.sessions.feed import EventFeed, InputHeard, PromptSpoken
from voicebot.telephony._api import Admission, AudioIn, CallLeg, KeyIn, Reception
from voicebot.telephony.sip import SipServer
from voicebot.types import Heard, Language, Mode, Outcome, Samples

TONE = frames_of((np.sin(np.arange(1600) / 3) * 9000).astype(np.int16), 8000)
PAUSE = frames_of(np.zeros(2800, np.int16), 8000)
SILENT_FRAMES = 10
"""Silence after which the bot takes the caller's utterance for done."""


@dataclass
class AnsweringBot:
    """``async with AnsweringBot(turns=2) as bot``; ``target`` is what to call."""

    turns: int = 2
    admission: Admission = field(default_factory=lambda: Admission(True))
    feed: EventFeed = field(default_factory=EventFeed)
    outcome: Outcome = Outcome.SELF_SERVED
    _frames: deque[Samples] = field(default_factory=deque)
    _server: SipServer | None = None

    async def __aenter__(self) -> Self:
        self._server = SipServer(
            host="127.0.0.1",
            port=0,
            rtp_ports=(34000, 34999),
            reception=Reception(lambda _: self.admission, self._serve, lambda info, status: None),
        )
        await self._server.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._server is not None
        await self._server.stop()

    @property
    def target(self) -> str:
        assert self._server is not None
        return f"sip:shop@127.0.0.1:{self._server.port}"

    def next_frame(self, now: float) -> Samples | None:
        return self._frames.popleft() if self._frames else None

    async def _serve(self, leg: CallLeg) -> None:
        info = leg.info
        self.feed.publish(
            CallStarted(info.call_id, 0, "sip", info.caller, info.callee, "main", Language("en-US"))
        )
        await leg.answer()
        leg.attach(self)
        self.feed.publish(CallAnswered(info.call_id, 0))
        self._say(leg, None)
        loud, silent, turns = 0, 0, 0
        async for event in leg.events():
            heard: Heard | None = None
            if isinstance(event, KeyIn):
                heard = Heard(event.key, event.key, 1.0, Mode.DTMF)
            elif isinstance(event, AudioIn):
                if not is_silent(event.samples, -45):
                    loud, silent = loud + 1, 0
                else:
                    silent += 1
                if loud > 5 and silent == SILENT_FRAMES:
                    loud = 0
                    heard = Heard("a tone", None, 0.9, Mode.SPEECH)
            if heard is None:
                continue
            self.feed.publish(InputHeard(info.call_id, 0, "ask", TurnResult.MATCH, heard))
            self._say(leg, 200.0)
            turns += 1
            if turns == self.turns:
                await asyncio.sleep(0.6)  # the tone is to be heard before the line is cut
                await leg.hang_up()
        self.feed.publish(CallEnded(info.call_id, 0, self.outcome, "the bot hung up"))

    def _say(self, leg: CallLeg, latency_ms: float | None) -> None:
        self._frames.clear()
        self._frames.extend([*PAUSE, *TONE])
        self.feed.publish(PromptSpoken(leg.info.call_id, 0, "ask", "Beep.\nBeep.", latency_ms))
