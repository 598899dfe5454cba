"""An INVITE of ours (RFC 3261 sections 13.2.2.4, 17.1.1): repeated until somebody answers.

Timers A, B and D. A refusal is acknowledged here each time it comes; an answer by who sent the
INVITE, whose ACK is then repeated with every repeat of the answer. Where proxies rang several
phones and more than one answered, the first counts; the others go to ``on_fork``, to be hung up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from aiosipua import SipRequest, SipResponse

from voicebot.telephony.sip.messages import Head
from voicebot.telephony.sip.timers import Resender, Timers
from voicebot.telephony.sip.wire import Hop

MOST_WAITING: Final = 32
"""Answers that may wait to be read; a ringing phone repeats itself, so more are dropped."""

OnFork = Callable[[SipResponse, Head], None]


class ClientInvite:
    """One INVITE on its way; made and found again by `ClientTransactions`."""

    def __init__(self, request: SipRequest, hop: Hop, timers: Timers, on_fork: OnFork) -> None:
        self.request = request
        self.hop = hop
        self.proceeding = False
        """Whether anybody has answered at all, so that a CANCEL has something to cancel."""
        self.finished = False
        """Whether the final answer was here."""
        self._on_fork = on_fork
        self._answers: asyncio.Queue[tuple[SipResponse, Head] | None] = asyncio.Queue()
        self._accepted_tag: str | None = None
        self._ack: tuple[SipRequest, Hop] | None = None
        self._abandoned = False
        hop.send(request)
        self._resender: Resender | None = Resender(
            timers, self._resend, self._give_up, longest_s=timers.give_up_s
        )

    def take(self, answer: SipResponse, head: Head) -> None:
        """An answer came."""
        self._stop_resending()
        if answer.status_code < 200:
            self.proceeding = True
            if not self.finished and self._answers.qsize() < MOST_WAITING:
                self._answers.put_nowait((answer, head))
        elif answer.status_code < 300:
            self._take_accepted(answer, head)
        else:
            self.hop.send(beside(self.request, "ACK", answer))
            if not self.finished:
                self._finish((answer, head))

    async def next_answer(self) -> tuple[SipResponse, Head] | None:
        """Wait for the next answer; None when nobody answered at all (timer B)."""
        return await self._answers.get()

    def acknowledge(self, ack: SipRequest, hop: Hop) -> None:
        """Send the ACK for the 2xx, now and whenever that is repeated."""
        self._ack = (ack, hop)
        hop.send(ack)

    def abandon(self) -> None:
        """Nobody waits for this call any more: whoever answers now is for ``on_fork``."""
        self._abandoned = True

    def stop(self) -> None:
        """Forget about it."""
        self._stop_resending()

    def _take_accepted(self, answer: SipResponse, head: Head) -> None:
        if self._accepted_tag == head.to_tag:
            if self._ack is not None:
                ack, hop = self._ack
                hop.send(ack)
        elif self.finished or self._abandoned:
            if not self.finished:
                self._finish(None)
            self._on_fork(answer, head)
        else:
            self._accepted_tag = head.to_tag
            self._finish((answer, head))

    def _finish(self, answer: tuple[SipResponse, Head] | None) -> None:
        self.finished = True
        self._answers.put_nowait(answer)

    def _resend(self) -> None:
        if self.hop.transport == "UDP":
            self.hop.send(self.request)

    def _give_up(self) -> None:
        self._resender = None
        if not self.finished:
            self._finish(None)

    def _stop_resending(self) -> None:
        if self._resender is not None:
            self._resender.stop()
            self._resender = None


def beside(request: SipRequest, method: str, answer: SipResponse | None = None) -> SipRequest:
    """A CANCEL, or the ACK of a refusal: a request in ``request``'s own transaction."""
    extra = SipRequest(method=method, uri=request.uri)
    extra.headers.append("Via", request.headers.get("via")[0])
    for route in request.headers.get("route"):
        extra.headers.append("Route", route)
    for name in ("From", "To", "Call-ID", "Max-Forwards"):
        extra.headers.set_single(name, request.headers.get(name)[0])
    if answer is not None:
        extra.headers.set_single("To", answer.headers.get("to")[0])
    number = request.headers.get("cseq")[0].split()[0]
    extra.headers.set_single("CSeq", f"{number} {method}")
    return extra
