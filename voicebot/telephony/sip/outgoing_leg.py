"""A call of ours, from the first offer to the answer (RFC 3261 section 13.2, RFC 3960).

`dialing` decides where the INVITE goes and with which credentials; this leg holds the offer, takes
descriptions from 1xx answers (early media are heard before the answer), and becomes an ordinary
call with the 2xx. Where several phones answer provisionally, the audio of the newest counts.
"""

from __future__ import annotations

from collections.abc import Callable

from aiosipua import SipResponse

from voicebot.errors import CallError
from voicebot.telephony._api import AudioIn, LegInfo
from voicebot.telephony.call_state import CallState, Signal
from voicebot.telephony.sip.door import Door
from voicebot.telephony.sip.in_dialog import InDialog
from voicebot.telephony.sip.leg import SipLeg
from voicebot.telephony.sip.leg_core import LegCore
from voicebot.telephony.sip.messages import has_sdp
from voicebot.types import Samples

OnEarly = Callable[[Samples], None]


class OutgoingLeg(SipLeg):
    """Made by `Dialing` for each call; ``on_early`` gets what is heard before the answer."""

    them = "called party"

    def __init__(
        self,
        door: Door,
        info: LegInfo,
        forget: Callable[[LegCore], None],
        on_early: OnEarly | None = None,
    ) -> None:
        super().__init__(door, info, forget)
        self.state = CallState.DIALLING
        self._on_early = on_early
        self._answered = False
        # The called side's ACK is not waited for: it is ours to send.
        self._acknowledged.set()

    async def offer(self, peer_host: str) -> str:
        """Bind the media and give our offer. Raises CallError when no port is free."""
        exchange = self._exchange or await self._open_media(peer_host)
        return exchange.offer()

    def progressed(self, answer: SipResponse) -> None:
        """A 1xx came; with a description in it there is something to be heard."""
        exchange = self._exchange
        if exchange is None or self.ended or not has_sdp(answer):
            return
        exchange.take_answer(answer.text)
        if exchange.agreed:
            self._start_pump(exchange, early=True)

    def answered(self, answer: SipResponse, line: InDialog) -> None:
        """The 2xx came and was acknowledged.

        Raises CallError when it holds no audio that we speak; the call is then being ended.
        """
        exchange = self._exchange
        assert exchange is not None
        self.line = line
        self._answered = True
        if has_sdp(answer):
            exchange.take_answer(answer.text)
        if not exchange.agreed:
            self._end("no common codec", failed=True)
            raise CallError("no common codec")
        self._step(Signal.ANSWERED)
        self._start_pump(exchange, early=False)
        self._follow_direction(exchange)
        self._session.answered(answer)

    async def answer(self) -> None:
        """Nothing to do: the other side has answered."""

    async def reject(self, status: int, *, retry_after_s: int | None = None) -> None:
        """Raises CallError: a call of ours is hung up."""
        raise CallError("a call of ours can only be hung up")

    def give_up(self, reason: str) -> None:
        """The call came to nothing."""
        self._end(reason)

    def is_about(self, call_id: str, local_tag: str, remote_tag: str) -> bool:
        return self._answered and super().is_about(call_id, local_tag, remote_tag)

    def _heard_early(self, audio: AudioIn) -> None:
        if self._on_early is not None:
            self._on_early(audio.samples)

    def _take_back(self) -> bool:
        return self._answered
