"""What is answered before anybody looks which call a request is about: methods that we do not have
or do not do for strangers, addresses of other kinds, extensions that we lack, and senders who may
not call in. What is wrong is counted against the sender's address."""

from __future__ import annotations

import asyncio
from typing import Final

from aiosipua import SipRequest

from voicebot.telephony.guard import DoorGuard
from voicebot.telephony.sip.access import AccessControl, Verdict
from voicebot.telephony.sip.counters import Counters
from voicebot.telephony.sip.messages import ALLOWED_METHODS
from voicebot.telephony.sip.transactions import ServerTransaction
from voicebot.types import Failure

CAPABILITIES: Final = {
    "Allow": ", ".join(ALLOWED_METHODS),
    "Accept": "application/sdp, application/dtmf-relay, application/dtmf",
    "Supported": "timer",
}
_SCHEMES: Final = ("sip:", "sips:", "tel:")
_DECLINED: Final[dict[str, tuple[int, dict[str, str]]]] = {
    "REFER": (603, {}),
    "SUBSCRIBE": (489, {"Allow-Events": "refer"}),
}
_UNDERSTOOD: Final = frozenset({"timer"})
"""Extensions that a request may demand."""


class Screening:
    """Answers what needs no call. ``address`` is where the request came from."""

    def __init__(self, access: AccessControl, guard: DoorGuard, counters: Counters) -> None:
        self._access = access
        self._guard = guard
        self._counters = counters

    def passes(self, transaction: ServerTransaction, address: str, *, in_call: bool) -> bool:
        """Whether we have what is asked for at all; answered where not."""
        method = transaction.head.method
        if method in _DECLINED:
            if not in_call:
                self.count_against(address, Failure.UNKNOWN)
            status, headers = _DECLINED[method]
            transaction.answer(status, headers=headers)
        elif method not in ALLOWED_METHODS:
            self.count_against(address, Failure.UNKNOWN)
            transaction.answer(405, headers=CAPABILITIES)
        elif not transaction.request.uri.lower().startswith(_SCHEMES):
            self.count_against(address, Failure.UNKNOWN)
            transaction.answer(416)
        elif demanded := _not_understood(transaction.request):
            transaction.answer(420, headers={"Unsupported": ", ".join(demanded)})
        else:
            return True
        return False

    def is_welcome(self, transaction: ServerTransaction, address: str) -> bool:
        """Whether the sender may ask anything of us; answered where not."""
        now = asyncio.get_running_loop().time()
        proof = transaction.request.headers.get("authorization")
        verdict = self._access.judge(transaction.head.method, proof, address, now)
        if verdict is Verdict.WELCOME:
            return True
        self._counters.not_welcome(verdict.value)
        if verdict in {Verdict.WRONG, Verdict.FORBIDDEN}:
            self.count_against(address, Failure.CREDENTIALS)
        if verdict is Verdict.FORBIDDEN:
            transaction.answer(403)
        else:
            challenges = self._access.challenges(verdict, now)
            transaction.answer(401, headers={"WWW-Authenticate": challenges})
        return False

    def count_against(self, address: str, failure: Failure) -> None:
        """Remember what an address did wrong."""
        self._guard.failed(address, asyncio.get_running_loop().time(), failure)


def _not_understood(request: SipRequest) -> list[str]:
    """The extensions that ``request`` demands and we do not have."""
    demanded = ",".join(request.headers.get("require")).split(",")
    return [tag.strip() for tag in demanded if tag.strip() and tag.strip() not in _UNDERSTOOD]
