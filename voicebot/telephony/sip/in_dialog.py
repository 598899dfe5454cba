"""Our own requests within a call, each repeated until it is answered (RFC 3261 section 12.2).

A provider's proxy may want a password for them as for the INVITE (401, 407).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import structlog
from aiosipua import SipRequest, SipResponse

from voicebot.telephony.sip.dialog import Dialog
from voicebot.telephony.sip.digest import Credentials, answer_challenge
from voicebot.telephony.sip.door import Door
from voicebot.telephony.sip.wire import Hop

log = structlog.get_logger(__name__)

GONE: Final = (408, 481)
"""Statuses that mean the other side has no such call any more (section 12.2.1.2)."""


class InDialog:
    """The line to the other party of one call; ``hop`` is the newest way to it."""

    def __init__(
        self, door: Door, dialog: Dialog, hop: Hop, credentials: Credentials | None = None
    ) -> None:
        self.dialog = dialog
        self.hop = hop
        self.inviting = False
        """Whether an INVITE of ours is under way in the call: only one offer at a time."""
        self._door = door
        self._credentials = credentials

    @property
    def contact(self) -> str:
        return self.dialog.contact(self.hop.transport)

    async def ask(
        self, method: str, headers: Mapping[str, str] | None = None
    ) -> SipResponse | None:
        """Send a request without body; give its final answer, None where none came."""
        request, branch = self.dialog.request(method, self.hop.transport, headers)
        answer = await self._door.requests.request(request, branch, self.hop)
        more = self._credentials_for(answer, request)
        if not more:
            return answer
        request, branch = self.dialog.request(
            method, self.hop.transport, {**(headers or {}), **more}
        )
        return await self._door.requests.request(request, branch, self.hop)

    async def invite_again(self, headers: Mapping[str, str], sdp: str) -> SipResponse | None:
        """Send a re-INVITE with our offer, acknowledge what comes, give the final answer."""
        self.inviting = True
        try:
            answer, request = await self._invite(headers, sdp)
            more = self._credentials_for(answer, request)
            if more:
                answer, _ = await self._invite({**headers, **more}, sdp)
            return answer
        finally:
            self.inviting = False

    async def _invite(
        self, headers: Mapping[str, str], sdp: str
    ) -> tuple[SipResponse | None, SipRequest]:
        requests = self._door.requests
        typed = {**headers, "Content-Type": "application/sdp"}
        request, branch = self.dialog.request("INVITE", self.hop.transport, typed)
        request.text = sdp
        invite = requests.invite(request, branch, self.hop, lambda answer, head: None)
        try:
            while (found := await invite.next_answer()) is not None:
                answer, head = found
                if answer.status_code >= 300:
                    return answer, request
                if answer.status_code >= 200:
                    ack = self.dialog.ack(head.cseq, self.hop.transport)
                    invite.acknowledge(ack, self.hop)
                    return answer, request
            return None, request
        finally:
            requests.forget(invite, branch)

    async def say_goodbye(self, call_id: str) -> None:
        """Send BYE until it is heard."""
        if await self.ask("BYE") is None:
            log.info("sip_bye_unanswered", call_id=call_id)

    def _credentials_for(self, answer: SipResponse | None, request: SipRequest) -> dict[str, str]:
        if answer is None or self._credentials is None:
            return {}
        found = answer_challenge(
            answer.status_code,
            challenges_of(answer),
            self._credentials,
            request.method,
            request.uri,
        )
        return dict([found]) if found else {}


def challenges_of(answer: SipResponse) -> dict[str, list[str]]:
    """The values of a challenge, as `digest` takes them."""
    names = ("www-authenticate", "proxy-authenticate")
    return {name: answer.headers.get(name) for name in names}
