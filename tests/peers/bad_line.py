"""A line between two network namespaces that loses, delays, doubles and reorders packets.

Each namespace has one network device; what goes in at one end comes out at the other through this
process, which spoils it on the way as ``tc netem`` would (many kernels lack that). Whatever runs in
the namespaces, sipp or our own server, sees a network. Needs root and /dev/net/tun.
"""

from __future__ import annotations

import fcntl
import heapq
import os
import random
import select
import shutil
import struct
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

_TUNSETIFF = 0x400454CA
_TUN_NO_INFO = 0x1001
_UDP = 17
CALLER, SERVER = "10.99.0.1", "10.99.0.2"
RTP_FROM_PORT = 20_000


def missing() -> str:
    """Why there can be no such line here; empty where there can be."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    if shutil.which("ip") is None:
        return "iproute2 is not installed"
    if not Path("/dev/net/tun").exists():
        return "there is no /dev/net/tun"
    name = f"vbtry{os.getpid()}"
    if subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False).returncode:
        return "network namespaces are not allowed here"
    subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
    return ""


@dataclass(frozen=True, slots=True)
class Spoiling:
    """What is done to RTP, both ways. ``jitter_ms`` is how far a packet's delay may be off its
    mean either way, as in ``netem delay 60ms 60ms``; ``reordered`` is the share that overtakes
    what waits; every ``gap_every_s`` nothing passes for ``gap_ms``. Shares are 0..1."""

    lost: float = 0.0
    jitter_ms: float = 0.0
    reordered: float = 0.0
    doubled: float = 0.0
    gap_ms: float = 0.0
    gap_every_s: float = 5.0


@dataclass(frozen=True, slots=True)
class Sent:
    """An RTP packet as the server sent it, before anything was done to it."""

    at: float
    to_port: int
    sequence: int
    timestamp: int


@dataclass
class BadLine:
    """``with BadLine() as line``; clean until `spoil`. ``sent`` is the RTP of the server."""

    seed: int = 1
    sent: list[Sent] = field(default_factory=list)
    _spoiling: Spoiling = field(default_factory=Spoiling)

    def __enter__(self) -> Self:
        self._chance = random.Random(self.seed)
        self._names = [f"vb{side}{os.getpid()}" for side in "cs"]
        self._stop, self._woken = os.pipe()
        self._waiting: list[tuple[float, int, int, bytes]] = []
        self._began = time.monotonic()
        self._ends: list[int] = []
        try:
            for name, address in zip(self._names, (CALLER, SERVER), strict=True):
                self._ends.append(self._open(name, address))
        except BaseException:
            self._close()
            raise
        self._thread = threading.Thread(target=self._forward, name="bad-line", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        os.write(self._woken, b"x")
        self._thread.join()
        self._close()

    def spoil(self, spoiling: Spoiling) -> None:
        """Treat what comes from now on like this."""
        self._began = time.monotonic()
        self._spoiling = spoiling

    def at_caller(self, *command: str) -> list[str]:
        """``command``, to be run at the caller's end."""
        return ["ip", "netns", "exec", self._names[0], *command]

    def at_server(self, *command: str) -> list[str]:
        """``command``, to be run at the server's end."""
        return ["ip", "netns", "exec", self._names[1], *command]

    def _open(self, name: str, address: str) -> int:
        _ip("netns", "add", name)
        end = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(end, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _TUN_NO_INFO))
        _ip("link", "set", name, "netns", name)
        peer = SERVER if address == CALLER else CALLER
        _ip("-n", name, "addr", "add", address, "peer", peer, "dev", name)
        _ip("-n", name, "link", "set", "lo", "up")
        _ip("-n", name, "link", "set", name, "up")
        return end

    def _close(self) -> None:
        for end in (*self._ends, self._stop, self._woken):
            os.close(end)
        for name in self._names:
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)

    # The way of a packet

    def _forward(self) -> None:
        number = 0
        while True:
            due = self._waiting[0][0] - time.monotonic() if self._waiting else 1.0
            ready, _, _ = select.select([*self._ends, self._stop], [], [], max(0.0, due))
            if self._stop in ready:
                return
            now = time.monotonic()
            for side, end in enumerate(self._ends):
                if end in ready:
                    packet = os.read(end, 2048)
                    for at in self._deliveries(packet, side, now):
                        number += 1
                        heapq.heappush(self._waiting, (at, number, 1 - side, packet))
            while self._waiting and self._waiting[0][0] <= now:
                _, _, side, packet = heapq.heappop(self._waiting)
                os.write(self._ends[side], packet)

    def _deliveries(self, packet: bytes, side: int, now: float) -> list[float]:
        """When ``packet`` is to come out: never, once or twice."""
        port = _rtp_port(packet)
        if port is None:
            return [now]
        if side == 1:
            sequence, timestamp = struct.unpack("!HI", packet[30:36])
            self.sent.append(Sent(now, port, sequence, timestamp))
        spoiling, chance = self._spoiling, self._chance
        in_gap = (now - self._began) % spoiling.gap_every_s * 1000 < spoiling.gap_ms
        if in_gap or chance.random() < spoiling.lost:
            return []
        late = 0.0 if chance.random() < spoiling.reordered else self._delay()
        copies = 2 if chance.random() < spoiling.doubled else 1
        return [now + late] + [now + self._delay()] * (copies - 1)

    def _delay(self) -> float:
        spoiling = self._spoiling
        least = 0.02 if spoiling.reordered else 0.0
        return least + self._chance.uniform(0, 2 * spoiling.jitter_ms / 1000)


def _rtp_port(packet: bytes) -> int | None:
    """The port that an RTP packet (IPv4, no options, not RTCP) is for."""
    if len(packet) < 40 or packet[0] != 0x45 or packet[9] != _UDP:
        return None
    from_port, to_port = struct.unpack("!HH", packet[20:24])
    audio = packet[28] >> 6 == 2 and not 192 <= packet[29] <= 223
    return to_port if audio and max(from_port, to_port) >= RTP_FROM_PORT else None


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)
