"""SIP transactions (RFC 3261 section 17): what is sent again, and what is not done twice.

aiosipua takes an INVITE that is sent again for a second call and never repeats a BYE, so both sides
are built here: `ServerTransactions` answers a repeated request with the answer it had,
`ClientTransactions` repeats ours until it is answered (`client_invite` has the INVITE's own rules).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

from aiosipua import SipRequest, SipResponse

from voicebot.telephony.sip.client_invite import ClientInvite, OnFork, beside
from voicebot.telephony.sip.messages import Head, build_answer
from voicebot.telephony.sip.timers import Resender, Timers
from voicebot.telephony.sip.wire import Hop

MAX_REMEMBERED: Final = 8192


class ServerTransaction:
    """One request that came to us, and the last answer that it got."""

    def __init__(
        self,
        request: SipRequest,
        head: Head,
        hop: Hop,
        timers: Timers,
        on_answer: Callable[[int], None],
    ) -> None:
        self.request = request
        self.head = head
        self._hop = hop
        self._timers = timers
        self._on_answer = on_answer
        self._answer: SipResponse | None = None
        self._resender: Resender | None = None

    @property
    def answered(self) -> bool:
        """Whether the final answer was given."""
        return self._answer is not None and self._answer.status_code >= 200

    @property
    def accepted(self) -> bool:
        """Whether the final answer was 2xx."""
        return self._answer is not None and 200 <= self._answer.status_code < 300

    def answer(
        self,
        status: int,
        *,
        to_tag: str = "",
        headers: Mapping[str, str | tuple[str, ...]] | None = None,
        sdp: str = "",
        unacknowledged: Callable[[], None] | None = None,
    ) -> None:
        """Answer; nothing happens when the final answer was given before.

        A final answer to INVITE is repeated until `acknowledged`; ``unacknowledged`` is called when
        that never comes. 2xx is repeated over TCP too, as proxies on the way may not be reliable
        (section 13.3.1.4).
        """
        if self.answered:
            return
        self._answer = build_answer(self.request, status, to_tag=to_tag, headers=headers, sdp=sdp)
        self._on_answer(status)
        self.resend()
        if self.head.method != "INVITE" or status < 200:
            return
        if status < 300 or self._hop.transport == "UDP":
            self._resender = Resender(self._timers, self.resend, unacknowledged or _nothing)

    def resend(self) -> None:
        if self._answer is not None:
            self._hop.send(self._answer)

    def acknowledged(self) -> None:
        """The ACK is here, or nobody waits for it any more."""
        if self._resender is not None:
            self._resender.stop()
            self._resender = None


def _nothing() -> None:
    pass


class ServerTransactions:
    """The requests of the last 32 s, found again by what identifies them (section 17.2.3)."""

    def __init__(self, timers: Timers, on_answer: Callable[[int], None]) -> None:
        self._timers = timers
        self._on_answer = on_answer
        self._known: dict[_Key, ServerTransaction] = {}

    def begin(self, request: SipRequest, head: Head, hop: Hop) -> ServerTransaction | None:
        """Open a transaction; None for a request that is here already, which is answered again."""
        key = _key(head, head.method)
        known = self._known.get(key)
        if known is not None:
            known.resend()
            return None
        if len(self._known) >= MAX_REMEMBERED:
            self._forget(next(iter(self._known)))
        opened = ServerTransaction(request, head, hop, self._timers, self._on_answer)
        self._known[key] = opened
        # An INVITE may ring for long before its answer, which is then repeated for 32 s more.
        keep = self._timers.give_up_s * (8 if head.method == "INVITE" else 1)
        asyncio.get_running_loop().call_later(keep, self._forget, key)
        return opened

    def invite_of(self, head: Head) -> ServerTransaction | None:
        """The INVITE that an ACK or a CANCEL is about, where they share its branch."""
        return self._known.get(_key(head, "INVITE"))

    def close(self) -> None:
        for transaction in self._known.values():
            transaction.acknowledged()
        self._known.clear()

    def _forget(self, key: _Key) -> None:
        known = self._known.pop(key, None)
        if known is not None:
            known.acknowledged()


_Key = tuple[str, tuple[str, int], str, int, str]


def _key(head: Head, method: str) -> _Key:
    # Call-ID and CSeq besides the branch: a branch that is not RFC 3261's may be used twice.
    return (head.branch, head.sent_by, head.call_id, head.cseq, method)


class ClientTransactions:
    """Our own requests that wait for an answer."""

    def __init__(self, timers: Timers) -> None:
        self._timers = timers
        self._waiting: dict[tuple[str, str], asyncio.Queue[SipResponse]] = {}
        self._invites: dict[str, ClientInvite] = {}

    def invite(self, request: SipRequest, branch: str, hop: Hop, on_fork: OnFork) -> ClientInvite:
        """Send an INVITE; `forget` it when what became of it is settled."""
        invite = self._invites[branch] = ClientInvite(request, hop, self._timers, on_fork)
        return invite

    def forget(self, invite: ClientInvite, branch: str) -> None:
        """Keep ``invite`` for repeated answers a while longer, then no more."""
        asyncio.get_running_loop().call_later(self._timers.give_up_s, self._drop, branch)

    async def cancel(self, invite: ClientInvite, branch: str) -> None:
        """Give ``invite`` up: CANCEL it, and be done with who answers.

        What nobody has answered at all cannot be cancelled yet (section 9.1).
        """
        invite.abandon()
        try:
            if not invite.proceeding and not invite.finished:
                async with asyncio.timeout(self._timers.give_up_s):
                    await invite.next_answer()
            if not invite.finished:
                await self.request(beside(invite.request, "CANCEL"), branch, invite.hop)
        except TimeoutError:
            pass
        finally:
            self.forget(invite, branch)

    def close(self) -> None:
        """Repeat nothing any more."""
        for branch in tuple(self._invites):
            self._drop(branch)

    def _drop(self, branch: str) -> None:
        known = self._invites.pop(branch, None)
        if known is not None:
            known.stop()

    async def request(
        self, request: SipRequest, branch: str, hop: Hop, *, give_up_s: float | None = None
    ) -> SipResponse | None:
        """Send a non-INVITE request until its final answer is here; None when there is none.

        Repeats over UDP only (timers E and F).
        """
        answers: asyncio.Queue[SipResponse] = asyncio.Queue(maxsize=8)
        key = (branch, request.method)
        self._waiting[key] = answers
        try:
            async with asyncio.timeout(give_up_s or self._timers.give_up_s):
                return await self._until_final(request, hop, answers)
        except TimeoutError:
            return None
        finally:
            del self._waiting[key]

    async def _until_final(
        self, request: SipRequest, hop: Hop, answers: asyncio.Queue[SipResponse]
    ) -> SipResponse:
        hop.send(request)
        pause = self._timers.t1_s
        while True:
            answer = await _next_answer(answers, pause)
            if answer is None:
                if hop.transport == "UDP":
                    hop.send(request)
                pause = min(2 * pause, self._timers.t2_s)
            elif answer.status_code >= 200:
                return answer
            else:
                pause = self._timers.t2_s

    def answered(self, response: SipResponse, head: Head) -> bool:
        """Pass an answer to whoever waits for it; false where nobody does."""
        invite = self._invites.get(head.branch) if head.method == "INVITE" else None
        if invite is not None:
            invite.take(response, head)
            return True
        answers = self._waiting.get((head.branch, head.method))
        if answers is None or answers.full():
            return False
        answers.put_nowait(response)
        return True


async def _next_answer(answers: asyncio.Queue[SipResponse], pause: float) -> SipResponse | None:
    try:
        async with asyncio.timeout(pause):
            return await answers.get()
    except TimeoutError:
        return None
