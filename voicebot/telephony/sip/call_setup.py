"""Calls of ours: where the INVITE goes, with what, and what its answers mean (RFC 3261 section 13).

One `CallSetup` is one call being made: it tries a provider's servers in turn, follows redirections,
shows a password where one is asked for, raises DialFailed with what came of it, and hangs up on
second phones that answer the same call. `dialer` makes them.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Final

from aiosipua import SipRequest, SipResponse

from voicebot.errors import CallError, DialFailed
from voicebot.telephony.sip.client_invite import ClientInvite
from voicebot.telephony.sip.dialog import Dialog, build_request, contact
from voicebot.telephony.sip.digest import Credentials, answer_challenge
from voicebot.telephony.sip.door import Door
from voicebot.telephony.sip.in_dialog import InDialog, challenges_of
from voicebot.telephony.sip.messages import Head
from voicebot.telephony.sip.outgoing_leg import OutgoingLeg
from voicebot.telephony.sip.paths import Paths
from voicebot.telephony.sip.providers import Route, server_of
from voicebot.telephony.sip.session_timer import least_interval, request_headers
from voicebot.telephony.sip.wire import Hop

MOST_REDIRECTIONS: Final = 5
MOST_TRIES: Final = 12
SIGN_OF_LIFE_S: Final = 6.0
"""How long the next server of a provider waits for one that says nothing at all."""

_OUTCOMES: Final = {
    486: "busy",
    600: "busy",
    408: "no answer",
    480: "no answer",
    487: "no answer",
    403: "declined",
    603: "declined",
    607: "declined",
    608: "declined",
    404: "unreachable",
    410: "unreachable",
    484: "unreachable",
    502: "unreachable",
    503: "unreachable",
    604: "unreachable",
}
_NEXT_SERVER: Final = frozenset({408, 500, 502, 503, 504})


def outcome_of(status: int) -> str:
    """What a refusal with ``status`` means, in the words of `DialFailed`."""
    return _OUTCOMES.get(status, "failed")


@dataclass(slots=True)
class Ask:
    """What the next INVITE carries besides the offer."""

    headers: dict[str, str]
    call_id: str
    from_: str
    tag: str
    least_s: int
    cseq: int = 0
    proof: dict[str, str] = field(default_factory=dict)


class CallSetup:
    """One call on its way to being answered."""

    def __init__(
        self,
        door: Door,
        paths: Paths,
        leg: OutgoingLeg,
        target: str,
        routes: list[Route],
        ask: Ask,
    ) -> None:
        self._door = door
        self._paths = paths
        self._leg = leg
        self._target = target
        self._routes = routes
        self._ask = ask
        self.sign_of_life = False
        """Whether anybody has answered anything yet."""
        self._redirections = 0
        self._proved: set[tuple[Route, int]] = set()

    async def run(self) -> None:
        """Have the leg answered. Raises DialFailed."""
        status = 0
        for _ in range(MOST_TRIES):
            if not self._routes:
                break
            route = self._routes[0]
            answer = await self._try(route)
            if answer is not None and answer.status_code < 300:
                return
            status = 0 if answer is None else answer.status_code
            if not self._go_on(route, answer):
                break
        raise DialFailed(self._target, outcome_of(status) if status else "unreachable", status)

    def _go_on(self, route: Route, answer: SipResponse | None) -> bool:
        """Whether, after this answer, there is something else to try."""
        if answer is None or answer.status_code in _NEXT_SERVER:
            self._routes.pop(0)
            return True
        status = answer.status_code
        if status in {401, 407}:
            return self._prove(route, answer)
        if status == 422:
            least = least_interval(answer)
            more = least > self._ask.least_s
            self._ask.least_s = max(least, self._ask.least_s)
            return more
        if 300 <= status < 400:
            return self._redirect(answer)
        return False

    def _prove(self, route: Route, answer: SipResponse) -> bool:
        if route.provider is None or (route, answer.status_code) in self._proved:
            return False
        self._proved.add((route, answer.status_code))
        found = answer_challenge(
            answer.status_code,
            challenges_of(answer),
            route.provider.credentials,
            "INVITE",
            route.uri,
        )
        if found is None:
            return False
        self._ask.proof |= dict([found])
        return True

    def _redirect(self, answer: SipResponse) -> bool:
        """Go where a 3xx points to (section 8.1.3.4), a few times at most."""
        if self._redirections >= MOST_REDIRECTIONS:
            return False
        self._redirections += 1
        found = []
        for value in answer.headers.get("contact"):
            uri = value.partition("<")[2].partition(">")[0] or value.partition(";")[0]
            uri = uri.partition("?")[0].strip()
            try:
                found.append(Route(uri, server_of(uri)))
            except DialFailed:
                continue
        # Passwords are for the provider, not for whoever it points to.
        self._ask.proof = {}
        self._routes[:] = found
        return bool(found)

    async def _try(self, route: Route) -> SipResponse | None:
        """Send one INVITE and follow it to its final answer; None where nobody is there."""
        try:
            hop = await self._paths.to(route.server)
        except CallError:
            return None
        sdp = await self._leg.offer(hop.peer[0])
        request, branch = self._invite(route, hop, sdp)
        requests = self._door.requests
        invite = requests.invite(
            request, branch, hop, lambda answer, head: self._hang_up_on(answer, head, route, hop)
        )
        try:
            return await self._follow(invite, route)
        except TimeoutError:
            self._door.background.run(requests.cancel(invite, branch), "sip-cancel")
            return None
        except asyncio.CancelledError:
            self._door.background.run(requests.cancel(invite, branch), "sip-cancel")
            raise
        finally:
            if invite.finished:
                requests.forget(invite, branch)

    async def _follow(self, invite: ClientInvite, route: Route) -> SipResponse | None:
        """Take answers until the final one. Raises TimeoutError where the next server is due."""
        others = len(self._routes) > 1
        while True:
            async with asyncio.timeout(SIGN_OF_LIFE_S if others else None):
                found = await invite.next_answer()
            if found is None:
                return None
            answer, head = found
            others = False
            self.sign_of_life = True
            if answer.status_code < 200:
                self._leg.progressed(answer)
                continue
            if answer.status_code < 300:
                line = self._line(answer, head, route, invite.hop)
                invite.acknowledge(line.dialog.ack(head.cseq, line.hop.transport), line.hop)
                self._leg.answered(answer, line)
            return answer

    def _invite(self, route: Route, hop: Hop, sdp: str) -> tuple[SipRequest, str]:
        ask = self._ask
        ask.cseq += 1
        here = self._door.here(hop.peer[0])
        headers = {
            "From": ask.from_,
            "To": f"<{route.uri.partition(';')[0]}>",
            "Call-ID": ask.call_id,
            "CSeq": f"{ask.cseq} INVITE",
            "Contact": contact(here, hop.transport),
            "Allow": self._door.allow,
            **request_headers(self._door.session.expires_s, ask.least_s),
            **ask.headers,
            **ask.proof,
            "Content-Type": "application/sdp",
        }
        request, branch = build_request(
            "INVITE", route.uri, headers, here=here, transport=hop.transport
        )
        request.text = sdp
        return request, branch

    def _line(self, answer: SipResponse, head: Head, route: Route, hop: Hop) -> InDialog:
        credentials: Credentials | None = route.provider.credentials if route.provider else None
        dialog = Dialog.calling(answer, head, route.uri, self._door.here(hop.peer[0]))
        return InDialog(self._door, dialog, self._paths.within(dialog, hop), credentials)

    def _hang_up_on(self, answer: SipResponse, head: Head, route: Route, hop: Hop) -> None:
        """Another phone answered the same call, or one after we gave up: ACK, then BYE."""
        line = self._line(answer, head, route, hop)
        line.hop.send(line.dialog.ack(head.cseq, line.hop.transport))
        self._door.background.run(line.say_goodbye("a second answer"), "sip-fork")
