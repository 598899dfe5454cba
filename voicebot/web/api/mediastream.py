"""``/api/mediastream``: a carrier's webhooks and its media streams.

``voice`` is told of a call and answers with the address of its stream, ``stream`` is that stream,
and ``next`` is asked when the stream is over. All requests must carry the carrier's signature.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Protocol

from fastapi import APIRouter, Header, HTTPException, Request, Response, WebSocket
from starlette.websockets import WebSocketDisconnect, WebSocketState

from voicebot.web import twiml
from voicebot.web.api.models import Problem
from voicebot.web.carrier_signature import HEADER, is_signed, spellings
from voicebot.web.forms import read_form

PREFIX: Final = "/api/mediastream"
_CALL: Final = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")
_LONGEST: Final = 256
_SIP_HEADER: Final = "SipHeader_"
_KNOWN: Final = {
    "CallerName": "x-caller-name",
    "ForwardedFrom": "diversion",
    "StirVerstat": "x-stir-verstat",
}


class Socket(Protocol):
    """A stream's WebSocket, accepted."""

    async def receive(self) -> str | None: ...

    async def send(self, text: str) -> None: ...

    async def close(self) -> None: ...


class Stream(Protocol):
    """A call that waits for its stream."""

    async def run(self, socket: Socket) -> None:
        """Serve the stream until it is over."""
        ...


class Calls(Protocol):
    """What the door does for the carrier."""

    async def ring(
        self, call: str, caller: str, callee: str, headers: Mapping[str, str]
    ) -> str | None:
        """A call has come in; give the token of its stream, None where it is refused."""
        ...

    def claim(self, token: str) -> Stream | None:
        """The call whose token this is; None for a token that is wrong or was used."""
        ...

    def handover(self, call: str) -> tuple[str, Mapping[str, str]] | None:
        """Whom to connect the caller with, and what is known of them; None for nobody."""
        ...

    def turned_away(self, reason: str) -> None:
        """Count who was not served."""
        ...


@dataclass(frozen=True, slots=True)
class Carrier:
    """``public_url`` is our address as the carrier sees it, without a slash at the end;
    ``auth_token`` makes its signatures, None where they are not checked."""

    public_url: str
    auth_token: str | None

    def address(self, path: str) -> str:
        return f"{self.public_url}{PREFIX}{path}"

    def stream_address(self, token: str) -> str:
        return "ws" + self.address(f"/stream/{token}").removeprefix("http")

    def knows(self, given: str, url: str, fields: Sequence[tuple[str, str]]) -> bool:
        """Whether a request to ``url`` is the carrier's."""
        if self.auth_token is None:
            return True
        return is_signed(given, spellings(url), fields, self.auth_token)

    def knows_stream(self, given: str | None, token: str) -> bool:
        """The same for a handshake. None given is enough: the token went to the carrier alone."""
        if given is None or self.auth_token is None:
            return True
        url = self.stream_address(token)
        # Which of these is signed has varied.
        written = [url, f"{url}/", self.address(f"/stream/{token}")]
        urls = [spelling for each in written for spelling in spellings(each)]
        return is_signed(given, urls, (), self.auth_token)


def mediastream_router(calls: Calls, carrier: Carrier) -> APIRouter:
    """Serve ``carrier``'s requests about ``calls``."""
    router = APIRouter(
        prefix=PREFIX,
        tags=["doors"],
        responses={403: {"model": Problem, "description": "The signature is missing or wrong."}},
    )

    async def signed_form(request: Request, path: str, given: str) -> dict[str, str]:
        fields = await read_form(request)
        query = f"?{request.url.query}" if request.url.query else ""
        if not carrier.knows(given, carrier.address(path) + query, fields):
            calls.turned_away("signature")
            raise HTTPException(
                403,
                "the signature is not the carrier's; mediastream.public_url and "
                "VOICEBOT_MEDIASTREAM__AUTH_TOKEN should be as the carrier has them",
            )
        form = dict(fields)
        if not _CALL.match(form.get("CallSid", "")):
            raise HTTPException(422, "CallSid should name the call")
        return form

    @router.post("/voice", summary="A call has come in", response_class=Response)
    async def voice(
        request: Request, x_twilio_signature: Annotated[str, Header()] = ""
    ) -> Response:
        """The carrier's webhook for incoming calls: a form with `CallSid`, `From` and `To`. The
        answer is TwiML: open a stream, or reject the call when no line is free."""
        form = await signed_form(request, "/voice", x_twilio_signature)
        caller, callee = (_party(form.get(name, "")) for name in ("From", "To"))
        token = await calls.ring(form["CallSid"], caller, callee, _headers(form))
        if token is None:
            return _twiml(twiml.reject())
        return _twiml(twiml.connect(carrier.stream_address(token), carrier.address("/next")))

    @router.post("/next", summary="A stream is over", response_class=Response)
    async def next_verb(
        request: Request, x_twilio_signature: Annotated[str, Header()] = ""
    ) -> Response:
        """The carrier asks how to go on with `CallSid`. The answer is TwiML: connect the caller
        with the target of a transfer, else hang up."""
        form = await signed_form(request, "/next", x_twilio_signature)
        handover = calls.handover(form["CallSid"])
        return _twiml(twiml.hang_up() if handover is None else twiml.dial(*handover))

    @router.websocket("/stream/{token}")
    async def stream(socket: WebSocket, token: str) -> None:
        if not carrier.knows_stream(socket.headers.get(HEADER), token):
            calls.turned_away("signature")
            await socket.close()
            return
        call = calls.claim(token)
        if call is None:
            await socket.close()
            return
        await socket.accept()
        await call.run(_Texts(socket))

    return router


class _Texts:
    """A WebSocket of text messages; another kind of message ends it."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket

    async def receive(self) -> str | None:
        message = await self._socket.receive()
        text: str | None = message.get("text")
        return text

    async def send(self, text: str) -> None:
        try:
            await self._socket.send({"type": "websocket.send", "text": text})
        except (WebSocketDisconnect, RuntimeError) as error:
            raise ConnectionResetError("the stream is closed") from error

    async def close(self) -> None:
        if self._socket.application_state is WebSocketState.CONNECTED:
            try:
                await self._socket.close()
            except (WebSocketDisconnect, RuntimeError) as error:
                raise ConnectionResetError("the stream is closed") from error


def _party(address: str) -> str:
    """A number or name without scheme and host: '+15550100', 'sip:anna@pbx.example'."""
    scheme, colon, rest = address.partition(":")
    if colon and scheme.lower() in {"sip", "sips", "client"}:
        address = rest.partition("@")[0]
    return address[:_LONGEST]


def _headers(form: Mapping[str, str]) -> dict[str, str]:
    """What a flow may use of the form: headers of a SIP call, and what is known of the caller."""
    headers = {
        name.removeprefix(_SIP_HEADER).lower(): value[:_LONGEST]
        for name, value in form.items()
        if name.startswith(_SIP_HEADER)
    }
    known = {_KNOWN[name]: form[name][:_LONGEST] for name in _KNOWN if form.get(name)}
    return headers | known


def _twiml(text: str) -> Response:
    return Response(text, media_type=twiml.CONTENT_TYPE)
