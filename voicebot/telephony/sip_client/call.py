"""One call of the SIP client: what a caller does, and what a caller waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from voicebot.errors import CallError
from voicebot.telephony.frame_clock import FrameClock
from voicebot.telephony.sip_client.offer import Agreed, agree, offer
from voicebot.telephony.sip_client.rtp_line import Playback, RtpLine, Spurt
from voicebot.telephony.sip_client.signalling import Signalling

_REINVITE_WITHIN_S = 8.0
_BYE_WITHIN_S = 2.0


class ClientCall:
    """One call, made by `SipClient.call`. Times are the running loop's clock.

    ``line`` has the audio (`RtpLine.spurts`, `RtpLine.heard`); ``transfers`` the Refer-To of each
    transfer that was asked of us; ``ended_at`` and ``end_reason`` are set when the call is over.
    """

    def __init__(
        self,
        host: str,
        signalling: Signalling,
        clock: FrameClock,
        *,
        record: bool,
        transfer_status: int,
    ) -> None:
        self._host = host
        self._port = 0
        self._offers = 0
        self._signalling = signalling
        self._clock = clock
        self._clock_key: int | None = None
        self._transfer_status = transfer_status
        self._waiting: list[tuple[Callable[[float], bool], asyncio.Future[None]]] = []
        self._codecs: tuple[str, ...] = ()
        self.line = RtpLine(record=record)
        self.line.on_tick = self._look
        self.transfers: list[str] = []
        self.answered_at: float | None = None
        self.ended_at: float | None = None
        self.end_reason = ""
        signalling.on_bye = lambda: self.over("the other side hung up")
        signalling.on_refer = self._referred

    # What a caller does

    async def dial(
        self, codecs: tuple[str, ...], headers: Mapping[str, str], timeout_s: float
    ) -> None:
        """Send the INVITE and return when audio flows. Raises CallRefused or CallError."""
        self._codecs = codecs
        self._port = await self.line.open(self._host)
        agreed = await self._offer("sendrecv", headers, timeout_s)
        self.line.connect(agreed.remote, agreed.law, agreed.key_type)
        self.answered_at = asyncio.get_running_loop().time()
        self._clock_key = self._clock.add(self.line.tick)

    def play(self, octets: bytes) -> Playback:
        """Speak: G.711 octets in the call's law, behind what is being played."""
        return self.line.play(octets)

    def press(self, keys: str) -> None:
        """Press keys, one after the other."""
        self.line.press(keys)

    async def hold(self) -> None:
        """Put the other side on hold: our audio stops. Raises CallRefused."""
        await self._offer("sendonly", {}, _REINVITE_WITHIN_S)
        self.line.sending = False

    async def resume(self) -> None:
        """Take the other side back from hold. Raises CallRefused."""
        agreed = await self._offer("sendrecv", {}, _REINVITE_WITHIN_S)
        self.line.connect(agreed.remote, agreed.law, agreed.key_type)

    async def hang_up(self) -> None:
        """End the call; does nothing when it has ended."""
        if self.ended_at is not None:
            return
        answered = self.answered_at is not None
        self.over("hung up by us")
        if answered:
            try:
                await self._signalling.bye(_BYE_WITHIN_S)
            except CallError:
                return  # the other side went first, or is dead: there is nothing left to end

    def over(self, reason: str) -> None:
        """Note that the call is over and let go of its socket."""
        if self.ended_at is not None:
            return
        self.ended_at = asyncio.get_running_loop().time()
        self.end_reason = reason
        if self._clock_key is not None:
            self._clock.remove(self._clock_key)
        self.line.close()
        self._look(self.ended_at)

    # What a caller waits for

    async def until(
        self, reached: Callable[[float], bool], timeout_s: float, what: str = "that"
    ) -> None:
        """Wait until ``reached(now)``, looked at every 20 ms.

        Raises CallError when the call ends first or after ``timeout_s``.
        """
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((reached, future))
        if self.ended_at is not None:
            self._look(self.ended_at)
        try:
            async with asyncio.timeout(timeout_s):
                await future
        except TimeoutError:
            raise CallError(f"{what} did not come within {timeout_s:g} s") from None
        finally:
            self._waiting = [pair for pair in self._waiting if pair[1] is not future]

    async def sent(self, timeout_s: float = 60.0) -> None:
        """Wait until everything that was played and pressed has left."""
        await self.until(lambda _: not self.line.busy, timeout_s, "the end of what is being sent")

    async def speech(self, since: float, timeout_s: float = 15.0) -> Spurt:
        """Wait for speech of the other side that begins after ``since``; give its first spurt."""
        await self.until(lambda _: self._spurt(since) is not None, timeout_s, "speech")
        spurt = self._spurt(since)
        assert spurt is not None
        return spurt

    async def quiet(self, since: float, quiet_ms: int = 700, timeout_s: float = 30.0) -> Spurt:
        """Wait until the other side has spoken after ``since`` and then been silent for
        ``quiet_ms``; give the first spurt of that speech."""
        spurt = await self.speech(since, timeout_s)
        await self.until(
            lambda now: now - self.line.spurts[-1].end >= quiet_ms / 1000, timeout_s, "silence"
        )
        return spurt

    async def ended(self, timeout_s: float = 15.0) -> str:
        """Wait until the call is over; give the reason."""
        await self.until(lambda _: self.ended_at is not None, timeout_s, "the end of the call")
        return self.end_reason

    def latency_ms(self, playback: Playback) -> float | None:
        """Turn latency: from the last loud frame that left to the first loud packet after it.

        None while one of the two has not been.
        """
        if playback.speech_ended_at is None:
            return None
        spurt = self._spurt(playback.speech_ended_at)
        return None if spurt is None else (spurt.start - playback.speech_ended_at) * 1000

    def _spurt(self, since: float) -> Spurt | None:
        return next((spurt for spurt in self.line.spurts if spurt.start >= since), None)

    def _look(self, now: float) -> None:
        for reached, future in self._waiting:
            if future.done():
                continue
            if reached(now):
                future.set_result(None)
            elif self.ended_at is not None:
                future.set_exception(CallError(f"the call is over: {self.end_reason}"))

    # Signalling

    async def _offer(self, direction: str, headers: Mapping[str, str], timeout_s: float) -> Agreed:
        self._offers += 1
        sdp = offer(self._host, self._port, self._codecs, self._offers, direction)
        return agree(await self._signalling.invite(sdp, headers, timeout_s))

    def _referred(self, refer_to: str) -> int:
        self.transfers.append(refer_to)
        return self._transfer_status
