"""A carrier with media streams, written from Twilio's documentation: webhooks and the WebSocket.

It signs its webhooks, does what the answer says, streams the caller's audio, and plays what comes
from a buffer in real time, as carriers do: marks come back when what was sent before them has been
played, and `clear` empties the buffer.
"""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
import xml.etree.ElementTree as ET
from collections import deque
from types import TracebackType
from typing import Any, Self

import httpx
import numpy as np
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from voicebot.media import g711
from voicebot.types import Samples
from voicebot.web.carrier_signature import signature

FRAME = 160


class Carrier:
    """An account with ``auth_token`` whose numbers lead to voicebot at ``http``, which it knows as
    ``public_url``."""

    def __init__(self, http: str, public_url: str, auth_token: str) -> None:
        self.http = http
        self.public_url = public_url
        self.auth_token = auth_token

    async def post(
        self, path: str, fields: dict[str, str], *, signed: str | None = None
    ) -> httpx.Response:
        url = f"{self.public_url}{path}"
        given = signature(url, fields.items(), self.auth_token) if signed is None else signed
        async with httpx.AsyncClient() as client:
            headers = {"X-Twilio-Signature": given}
            return await client.post(f"{self.http}{path}", data=fields, headers=headers)

    async def ask(self, path: str, fields: dict[str, str]) -> ET.Element:
        """Post a webhook; give the first verb of the answer."""
        response = await self.post(path, fields)
        response.raise_for_status()
        root = ET.fromstring(response.text)
        assert root.tag == "Response"
        return root[0]

    def call(self, caller: str = "+15550100", callee: str = "+15550199") -> CarrierCall:
        return CarrierCall(self, caller, callee)

    def reached(self, address: str) -> str:
        """An address that voicebot gave, as it is reached here."""
        public = "ws" + self.public_url.removeprefix("http")
        assert address.startswith(public), address
        return "ws" + self.http.removeprefix("http") + address.removeprefix(public)


class CarrierCall:
    """One call; ``async with`` dials. ``verb`` is what the carrier was told to do, ``next`` what
    it was told when the stream was over. ``heard`` is what the caller heard, with its times;
    ``arrivals`` when messages of audio came, and how many frames each."""

    def __init__(self, carrier: Carrier, caller: str, callee: str) -> None:
        self.sid = "CA" + secrets.token_hex(16)
        self.stream = "MZ" + secrets.token_hex(16)
        self.fields = {"CallSid": self.sid, "From": caller, "To": callee, "AccountSid": "AC1"}
        self.heard: list[tuple[float, Samples]] = []
        self.clears = 0
        self.marks = 0
        self.arrivals: list[tuple[float, int]] = []
        self.keep = True
        self.verb: ET.Element | None = None
        self.next: ET.Element | None = None
        self._carrier = carrier
        self._buffer: deque[bytes | str] = deque()
        self._sequence = 0
        self._tasks: list[asyncio.Task[None]] = []
        self._socket: ClientConnection | None = None
        self._over = asyncio.Event()

    async def __aenter__(self) -> Self:
        await self.dial()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._socket is not None:
            self._socket.transport.abort()

    async def dial(self) -> None:
        """Ring, and open the stream if voicebot answers."""
        self.verb = await self._carrier.ask("/api/mediastream/voice", self.fields)
        if self.verb.tag != "Connect":
            self._over.set()
            return
        address = self.verb[0].attrib["url"]
        self._socket = await connect(
            self._carrier.reached(address),
            additional_headers={
                "X-Twilio-Signature": signature(address, (), self._carrier.auth_token)
            },
            compression=None,
        )
        await self.tell({"event": "connected", "protocol": "Call", "version": "1.0.0"})
        await self._tell_start()
        self._tasks = [
            asyncio.create_task(self._listen()),
            asyncio.create_task(self._play()),
        ]

    async def tell(self, message: dict[str, Any]) -> None:
        """Send a message with a sequence number and the stream's name."""
        self._sequence += 1
        whole = {"sequenceNumber": str(self._sequence), "streamSid": self.stream, **message}
        await self.send(json.dumps(whole))

    async def send(self, text: str) -> None:
        """Send any text at all."""
        assert self._socket is not None
        await self._socket.send(text)

    async def send_audio(self, samples: Samples) -> None:
        payload = base64.b64encode(g711.encode(samples)).decode()
        media = {"track": "inbound", "chunk": "1", "timestamp": "5", "payload": payload}
        await self.tell({"event": "media", "media": media})

    async def speak(self, samples: Samples) -> None:
        """Say 8 kHz audio at the pace of a telephone."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        for index in range(0, len(samples), FRAME):
            frame = samples[index : index + FRAME]
            await self.send_audio(np.pad(frame, (0, FRAME - len(frame))))
            due = began + (index // FRAME + 1) * 0.02
            await asyncio.sleep(max(0.0, due - loop.time()))

    async def press(self, keys: str) -> None:
        for key in keys:
            dtmf = {"track": "inbound_track", "digit": key}
            await self.tell({"event": "dtmf", "dtmf": dtmf})

    async def hang_up(self) -> None:
        assert self._socket is not None
        await self.tell({"event": "stop", "stop": {"accountSid": "AC1", "callSid": self.sid}})
        await self._socket.close()

    async def ended(self, timeout_s: float = 10.0) -> None:
        """Wait until voicebot has ended the stream and the carrier has asked how to go on."""
        async with asyncio.timeout(timeout_s):
            await self._over.wait()

    @property
    def audio(self) -> Samples:
        """All that the caller heard in one piece."""
        return np.concatenate([frame for _, frame in self.heard] or [np.zeros(0, np.int16)])

    async def _tell_start(self) -> None:
        await self.tell(
            {
                "event": "start",
                "start": {
                    "accountSid": "AC1",
                    "streamSid": self.stream,
                    "callSid": self.sid,
                    "tracks": ["inbound"],
                    "mediaFormat": {
                        "encoding": "audio/x-mulaw",
                        "sampleRate": 8000,
                        "channels": 1,
                    },
                    "customParameters": {},
                },
            }
        )

    async def _listen(self) -> None:
        assert self._socket is not None
        try:
            async for text in self._socket:
                self._take(json.loads(text))
        except ConnectionClosed:
            pass
        fields = {"CallSid": self.sid, "CallStatus": "in-progress"}
        assert self.verb is not None
        path = self.verb.attrib["action"].removeprefix(self._carrier.public_url)
        self.next = await self._carrier.ask(path, fields)
        self._over.set()

    def _take(self, message: dict[str, Any]) -> None:
        assert message["streamSid"] == self.stream
        match message["event"]:
            case "media":
                octets = base64.b64decode(message["media"]["payload"])
                self.arrivals.append((asyncio.get_running_loop().time(), len(octets) // FRAME))
                if self.keep:
                    assert len(octets) % FRAME == 0
                    starts = range(0, len(octets), FRAME)
                    self._buffer.extend(octets[start : start + FRAME] for start in starts)
            case "mark":
                self._buffer.append(message["mark"]["name"])
            case "clear":
                self.clears += 1
                marks = [each for each in self._buffer if isinstance(each, str)]
                self._buffer.clear()
                self._buffer.extend(marks)
            case other:
                raise AssertionError(f"a carrier would drop the call over {other!r}")

    async def _play(self) -> None:
        """Play the buffer in real time: 20 ms each time, silence where it is empty."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            while self._buffer and isinstance(self._buffer[0], str):
                name = self._buffer.popleft()
                self.marks += 1
                await self.tell({"event": "mark", "mark": {"name": name}})
            if self._buffer:
                octets = self._buffer.popleft()
                assert isinstance(octets, bytes)
                self.heard.append((loop.time(), g711.decode(octets)))
            due += 0.02
            await asyncio.sleep(max(0.0, due - loop.time()))
