"""Asterisk's end of AudioSocket, written from its documentation: what AudioSocket() does.

It connects, says the UUID, sends the caller's audio and keys, and plays what comes; like
Asterisk it takes nothing but audio and hang-up. Debian has no Asterisk to be tried against.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from types import TracebackType
from typing import Final, Self
from uuid import UUID, uuid4

import numpy as np

from voicebot.types import Samples

AUDIO: Final = 0x10
FRAME: Final = 160


class AsteriskLine:
    """One connection to ``port`` of 127.0.0.1; use as an async context manager.

    With ``reads`` false it takes nothing from its socket. ``heard`` is what was played to the
    caller, with the time it came, unless ``keep`` is false.
    """

    def __init__(
        self,
        port: int,
        *,
        uuid: UUID | None = None,
        keep: bool = True,
        reads: bool = True,
        source: str = "127.0.0.1",
    ) -> None:
        self.uuid = uuid or uuid4()
        self.heard: list[tuple[float, Samples]] = []
        self.messages = 0
        self._port = port
        self._keep = keep
        self._reads = reads
        self._source = source
        self._ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._listening: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        sock = socket.socket()
        sock.setblocking(False)
        if not self._reads:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        sock.bind((self._source, 0))
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", self._port))
        self._reader, self._writer = await asyncio.open_connection(sock=sock)
        if not self._reads:
            self._writer.transport.pause_reading()  # type: ignore[attr-defined]
        if self.uuid.int:
            self.send(0x01, self.uuid.bytes)
        if self._reads:
            self._listening = asyncio.create_task(self._listen())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._writer.transport.abort()
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)

    def send(self, kind: int, payload: bytes = b"") -> None:
        """Send any message at all."""
        self.write(struct.pack(">BH", kind, len(payload)) + payload)

    def write(self, octets: bytes) -> None:
        """Send octets that need not be a message."""
        self._writer.write(octets)

    def send_audio(self, samples: Samples, kind: int = AUDIO) -> None:
        self.send(kind, samples.astype("<i2").tobytes())

    def send_at_once(self, samples: Samples, *, step: int = FRAME, kind: int = AUDIO) -> None:
        """Send audio in messages of ``step`` samples, without waiting between them."""
        for start in range(0, len(samples), step):
            self.send_audio(samples[start : start + step], kind)

    def press(self, keys: str) -> None:
        for key in keys:
            self.send(0x03, key.encode())

    async def speak(self, samples: Samples) -> None:
        """Say 8 kHz audio at the pace of a telephone."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        for index in range(0, len(samples), FRAME):
            frame = samples[index : index + FRAME]
            self.send_audio(np.pad(frame, (0, FRAME - len(frame))))
            due = began + (index // FRAME + 1) * 0.02
            await asyncio.sleep(max(0.0, due - loop.time()))

    def hang_up(self) -> None:
        """What Asterisk does when the caller hangs up: it closes the socket."""
        self._writer.close()

    async def ended(self, timeout_s: float = 20.0) -> str:
        """How the other side ended it: 'hangup', 'closed' or 'broken'."""
        async with asyncio.timeout(timeout_s):
            return await asyncio.shield(self._ended)

    async def wait_for_audio(self, frames: int, timeout_s: float = 20.0) -> None:
        """Return once so many messages of audio have come."""
        async with asyncio.timeout(timeout_s):
            while self.messages < frames and not self._ended.done():
                await asyncio.sleep(0.01)

    @property
    def audio(self) -> Samples:
        """All that was played to the caller in one piece."""
        return np.concatenate([frame for _, frame in self.heard] or [np.zeros(0, np.int16)])

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while True:
                kind, length = struct.unpack(">BH", await self._reader.readexactly(3))
                payload = await self._reader.readexactly(length)
                if kind == 0x00:
                    self._finish("hangup")
                    self._writer.close()
                    return
                assert kind == AUDIO, f"Asterisk would drop the call over kind {kind}"
                self.messages += 1
                if self._keep:
                    samples = np.frombuffer(payload, "<i2").astype(np.int16)
                    self.heard.append((loop.time(), samples))
        except asyncio.IncompleteReadError:
            self._finish("closed")
        except OSError:
            self._finish("broken")

    def _finish(self, how: str) -> None:
        if not self._ended.done():
            self._ended.set_result(how)
