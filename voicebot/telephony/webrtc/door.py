"""The WebRTC door: gives tokens, takes offers, and knows which call a token stands for.

HTTP is elsewhere (`voicebot.web.api.webrtc`); what comes here has passed its checks of origin, size
and rate. A token makes one call; afterwards it addresses that call until it is over.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Mapping
from typing import Final

import structlog

from voicebot.errors import CallError, CallRefused, NoCommonCodec
from voicebot.telephony._api import Admission, LegInfo, Reception
from voicebot.telephony.serving import serve
from voicebot.telephony.webrtc.counters import WebRtcSnapshot
from voicebot.telephony.webrtc.house import House, IceServers
from voicebot.telephony.webrtc.leg import WebRtcLeg, refusal
from voicebot.telephony.webrtc.offer import checked
from voicebot.telephony.webrtc.sockets import MediaSockets, addresses_of
from voicebot.telephony.webrtc.tokens import Right, Tokens
from voicebot.types import CallId, Json

log = structlog.get_logger(__name__)

_GOODBYE_S: Final = 3.0


class WebRtcDoor:
    """Serves calls from browsers; a `CallDoor`.

    ``host`` is what media sockets are bound to (``0.0.0.0`` for all addresses but loopback),
    ``ports`` the first and last of their UDP ports, ``advertised_host`` how browsers reach us.
    """

    def __init__(
        self,
        *,
        host: str,
        ports: tuple[int, int],
        reception: Reception,
        advertised_host: str = "",
        ice_servers: IceServers | None = None,
        media_timeout_s: float = 20.0,
        connect_timeout_s: float = 15.0,
        token_ttl_s: float = 60.0,
    ) -> None:
        self._host = host
        self._advertised_host = advertised_host
        self._reception = reception
        self._house = House(
            MediaSockets((), ports),
            ice_servers or IceServers(),
            media_timeout_s=media_timeout_s,
            connect_timeout_s=connect_timeout_s,
        )
        self._tokens = Tokens(token_ttl_s)
        self._legs: dict[str, WebRtcLeg] = {}
        self._by_call: dict[CallId, WebRtcLeg] = {}
        self._open = False
        self._draining = False

    # CallDoor

    async def start(self) -> None:
        """Raises CallError where a host has no address."""
        self._house.sockets.addresses = await addresses_of(self._host)
        if self._advertised_host:
            self._house.sockets.advertised = (await addresses_of(self._advertised_host))[0]
        self._open = True
        log.info("webrtc_ready", addresses=self._house.sockets.addresses)

    def drain(self) -> None:
        self._draining = True

    async def stop(self) -> None:
        self.drain()
        self._open = False
        for leg in tuple(self._legs.values()):
            await leg.hang_up("voicebot is shutting down")
        await self._house.background.finish(_GOODBYE_S)

    def counters(self) -> WebRtcSnapshot:
        """All counts at this moment."""
        return self._house.counters.snapshot(sum(not leg.ended for leg in self._legs.values()))

    # Signalling

    def issue_token(self, conversation: str = "") -> tuple[str, float]:
        """A token for one call, and for how many seconds it is good. Raises CallRefused when no
        calls are taken. ``conversation`` is told as a header of the call's `LegInfo`."""
        if self._draining or not self._open:
            raise self._refused(refusal(503, None))
        self._house.counters.tokens += 1
        return self._tokens.issue(self._now(), conversation), self._tokens.ttl_s

    def issue_right(self, reception: Reception) -> str:
        """A token for one call that ``reception`` is to have, such as an agent's. Raises
        CallRefused when no calls are taken."""
        if not self._open:
            raise self._refused(refusal(503, None))
        self._house.counters.tokens += 1
        return self._tokens.issue(self._now(), reception=reception)

    def is_known(self, token: str) -> bool:
        """Whether ``token`` is one of `issue_right`, unused: no stranger's."""
        return self._tokens.has_reception(token)

    def browser_ice_servers(self) -> list[dict[str, str]]:
        """STUN and TURN servers for the page."""
        return self._house.servers.for_browser(time.time())

    async def offer(self, token: str, sdp: str, origin: str) -> tuple[CallId, str]:
        """Let a call in: its id and our SDP answer. ``origin`` is the page's.

        Raises CallRefused: 'token', 'offer', 'busy', 'unavailable'.
        """
        right = self._tokens.redeem(token, self._now())
        if right is None:
            raise self._refused(CallRefused("token", "the token is used up or too old"))
        try:
            checked(sdp)
        except (CallError, NoCommonCodec) as error:
            raise self._refused(CallRefused("offer", str(error))) from None
        reception = right.reception or self._reception
        leg = self._admitted(token, sdp, origin, right)
        self._house.background.run(serve(leg, reception), f"call-{leg.info.call_id}")
        try:
            return leg.info.call_id, await leg.answer_to_offer()
        except CallRefused as error:
            raise self._refused(error) from None

    async def restart(self, token: str, sdp: str) -> str:
        """A new connection for a running call: our SDP answer. Raises CallRefused: 'gone',
        'offer'."""
        leg = self._legs.get(token)
        if leg is None:
            raise self._refused(CallRefused("gone", "there is no such call any more"))
        try:
            return await leg.restart(sdp)
        except CallRefused as error:
            raise self._refused(error) from None

    def tell(self, call_id: CallId, message: Mapping[str, Json]) -> bool:
        """Send ``message`` to the page of a call; false for calls of other doors, and does nothing
        then."""
        leg = self._by_call.get(call_id)
        if leg is not None:
            leg.tell(message)
        return leg is not None

    def _admitted(self, token: str, sdp: str, origin: str, right: Right) -> WebRtcLeg:
        headers = {"origin": origin}
        if right.conversation:
            headers["conversation"] = right.conversation
        info = LegInfo(
            CallId(uuid.uuid4().hex), "webrtc", caller="web", callee="call",
            headers=headers,
        )  # fmt: skip
        # Callers who wait while we drain still get their agents.
        drained = self._draining and right.reception is None
        reception = right.reception or self._reception
        admission = Admission(False, 503, 30) if drained else reception.admit(info)
        if not admission.accepted:
            reception.on_refused(info, admission.status)
            log.info("webrtc_call_refused", call_id=info.call_id, status=admission.status)
            raise self._refused(refusal(admission.status, admission.retry_after_s))

        def forget(leg: WebRtcLeg) -> None:
            self._legs.pop(token, None)
            self._by_call.pop(info.call_id, None)

        leg = WebRtcLeg(self._house, info, sdp, forget)
        self._legs[token] = self._by_call[info.call_id] = leg
        return leg

    def _refused(self, error: CallRefused) -> CallRefused:
        self._house.counters.refused[error.code] += 1
        return error

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
