"""Strangers at every door of a whole server, with a call running: sipp floods, raw sockets hold
connections open and send noise; the call is recognised, new ones get through, nothing grows."""

from __future__ import annotations

import asyncio
import os
import random
import resource
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Self

import httpx
import pytest
import pytest_asyncio

from tests.peers.audiosocket import AsteriskLine
from tests.peers.phone import Phone, dialled
from tests.peers.server import ServerProcess
from tests.peers.sipp import MISSING, PROGRAM, Sipp
from voicebot.telephony.audiosocket.server import WAITING
from voicebot.telephony.guard import GuardPolicy

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.peer,
    pytest.mark.model,
]

SCENARIOS = Path(__file__).parents[1] / "peers" / "scenarios"
CONNECTIONS = 2000
FLOOD = 2000
NOBODY_IS_TRUSTED = {"GUARD__TRUSTED": "192.0.2.1"}
"""So that 127.0.0.1, where the callers are, is one stranger among others."""
GROWTH_MB = 80


TCP_DOORS = ("sip", "http")
MANY_MAY_COME = NOBODY_IS_TRUSTED | {
    "GUARD__CONNECTIONS": "2500",
    "GUARD__ALL_REQUESTS_PER_S": "5000",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def usual(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServerProcess]:
    """One server with the usual limits, that all strangers come to one after the other: what one
    test did to it must not be felt by the next. Figures are counted from the test's beginning."""
    data = tmp_path_factory.mktemp("server") / "data"
    async with ServerProcess(data, NOBODY_IS_TRUSTED) as running:
        yield running


class Since:
    """What has come to some figures of a server since now."""

    def __init__(self, server: ServerProcess, before: dict[str, float]) -> None:
        self._server = server
        self._before = before

    @classmethod
    async def now(cls, server: ServerProcess, *names: str) -> Self:
        return cls(server, {name: await _figure(server, name) for name in names})

    async def count(self, name: str) -> float:
        return await _figure(self._server, name) - self._before[name]


async def _figure(server: ServerProcess, name: str) -> float:
    try:
        return await server.metric(name)
    except AssertionError:
        return 0.0  # nothing of the kind has happened yet


def port_of(door: str, server: ServerProcess) -> int:
    """The TCP port of one of `TCP_DOORS`."""
    return {"sip": server.sip_port, "http": int(server.http.rsplit(":", 1)[1])}[door]


def memory_mb(server: ServerProcess) -> float:
    status = Path(f"/proc/{server.pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


async def memory_of_a_call(server: ServerProcess) -> float:
    """Megabytes, now that somebody has called: what understands sentences is loaded then."""
    await server.logged("encoder_loaded")
    return memory_mb(server)


def files(server: ServerProcess) -> int:
    return len(list(Path(f"/proc/{server.pid}/fd").iterdir()))


class Weather:
    """How much of the time since then a server's main thread could have worked and had to wait for
    a processor: what it did late in that time was not its own fault."""

    def __init__(self, server: ServerProcess) -> None:
        self._server = server
        self._begun, self._waited = self._now()

    @property
    def late_share(self) -> float:
        now, waited = self._now()
        return (waited - self._waited) / (now - self._begun)

    def _now(self) -> tuple[float, float]:
        try:
            fields = Path(f"/proc/{self._server.pid}/schedstat").read_text().split()
        except OSError:  # a kernel without these figures
            fields = ["0", "0", "0"]
        return time.monotonic(), int(fields[1]) / 1e9


def cpu_s(server: ServerProcess) -> float:
    fields = Path(f"/proc/{server.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def files_back_to(server: ServerProcess, before: int) -> None:
    """Wait for it: the kernel has taken connections in that the server has yet to look at, and it
    takes a hundred at a time before it closes the first."""
    async with asyncio.timeout(30):
        while files(server) > before + 8:
            await asyncio.sleep(0.05)


async def all_seen(server: ServerProcess) -> None:
    """Wait until the SIP door knows of every connection that the kernel has taken in for it."""
    async with asyncio.timeout(30):
        while await server.metric("voicebot_sip_connections") != CONNECTIONS:
            await asyncio.sleep(0.05)


@contextmanager
def many_files() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * CONNECTIONS
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.skip(f"this system allows {hard} open files, the test needs {wanted}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@asynccontextmanager
async def idle_connections(port: int, count: int) -> AsyncIterator[list[socket.socket]]:
    """``count`` connections from addresses that have fifty each; nothing is ever sent."""
    held: list[socket.socket] = []
    loop = asyncio.get_running_loop()
    try:
        for n in range(count):
            each = socket.socket()
            held.append(each)
            each.setblocking(False)
            each.bind((f"127.0.1.{n // 50 + 1}", 0))
            async with asyncio.timeout(30):
                await loop.sock_connect(each, ("127.0.0.1", port))
        yield held
    finally:
        for each in held:
            each.close()


async def opening_hours(phone: Phone) -> None:
    """The caller asks for something, by voice."""
    await phone.call.speech(phone.since)
    await phone.say("hours")
    await phone.listen()


def understood(record: object) -> bool:
    assert isinstance(record, dict)
    return any(
        turn["heard"] and turn["heard"]["semantics"] == {"intent": "hours"}
        for turn in record["turns"]
    )


def sip_flood(name: str, server: ServerProcess, folder: Path, address: str) -> Sipp:
    return Sipp(
        SCENARIOS / f"flood_{name}.xml",
        server.sip_port,
        folder,
        address=address,
        calls=FLOOD,
        at_once=FLOOD,
        rate=500,
    )


@pytest.mark.skipif(PROGRAM is None, reason=MISSING)
@pytest.mark.parametrize(
    ("name", "address"),
    [("options", "127.0.0.2"), ("register", "127.0.0.3"), ("invite", "127.0.0.4")],
)
async def test_a_call_is_served_while_sipp_floods_from_another_address(
    usual: ServerProcess, name: str, address: str, tmp_path: Path
) -> None:
    done = "shut_out" if name == "register" else "dropped"
    strangers = f'voicebot_strangers_total{{done="{done}",door="sip"}}'
    late, sent = "voicebot_frames_late_40ms_total", "voicebot_frames_sent_total"
    since = await Since.now(usual, strangers, late, sent)
    open_before, lines_before = files(usual), len(usual.log)
    weather = Weather(usual)
    async with dialled(usual, name) as phone:
        before = await memory_of_a_call(usual)
        async with sip_flood(name, usual, tmp_path, address) as sipp:
            await opening_hours(phone)
            async with dialled(usual, "newcomer") as newcomer:
                await newcomer.call.speech(newcomer.since)
            await sipp.wait()
        await phone.call.hang_up()
    assert understood(await usual.finished_call(name))
    assert await since.count(strangers) > FLOOD / 4
    assert await since.count(late) < (0.1 + weather.late_share) * await since.count(sent)
    assert memory_mb(usual) < before + GROWTH_MB
    await files_back_to(usual, open_before + 2 * 20)  # the flood's own calls may still ring
    told = usual.log[lines_before:]
    assert not [line for line in told if line.get("level") in {"error", "critical"}]
    assert len(told) < 1000


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def roomy(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServerProcess]:
    """One server that lets more connections stand than come to it."""
    data = tmp_path_factory.mktemp("roomy") / "data"
    async with ServerProcess(data, MANY_MAY_COME) as running:
        yield running
    assert not [line for line in running.log if line.get("level") in {"error", "critical"}]


@pytest.mark.parametrize("door", TCP_DOORS)
async def test_idle_connections_harm_nobody(roomy: ServerProcess, door: str) -> None:
    port = port_of(door, roomy)
    open_before = files(roomy)
    async with dialled(roomy, door) as phone:
        before = await memory_of_a_call(roomy)
        with many_files():
            async with idle_connections(port, CONNECTIONS):
                if door == "sip":
                    await all_seen(roomy)
                assert (await roomy.get("/healthz"))["status"] == "ok"
                await opening_hours(phone)
                async with dialled(roomy, "newcomer") as newcomer:
                    await newcomer.call.speech(newcomer.since)
                assert memory_mb(roomy) < before + GROWTH_MB
        await phone.call.hang_up()
    assert understood(await roomy.finished_call(door))
    await files_back_to(roomy, open_before)


async def test_idle_connections_leave_asterisk_its_door(usual: ServerProcess) -> None:
    (listening,) = [line for line in usual.log if line["event"] == "audiosocket_listening"]
    crowd = 'voicebot_stream_turned_away_total{door="audiosocket",reason="crowd"}'
    since = await Since.now(usual, crowd)
    open_before = files(usual)
    async with AsteriskLine(listening["port"]) as first:
        await first.wait_for_audio(1)
        before = await memory_of_a_call(usual)
    with many_files():
        async with idle_connections(listening["port"], CONNECTIONS):
            await files_back_to(usual, open_before + WAITING)
            async with AsteriskLine(listening["port"]) as line:
                await line.wait_for_audio(50)
                assert line.messages >= 50
            assert memory_mb(usual) < before + GROWTH_MB
    assert await since.count(crowd) > CONNECTIONS / 2
    await files_back_to(usual, open_before)


@pytest.mark.parametrize("door", TCP_DOORS)
async def test_with_the_usual_limits_idle_connections_make_room(
    usual: ServerProcess, door: str
) -> None:
    closed = f'voicebot_strangers_total{{done="connection_closed",door="{door}"}}'
    since = await Since.now(usual, closed)
    open_before = files(usual)
    with many_files():
        async with idle_connections(port_of(door, usual), CONNECTIONS):
            await files_back_to(usual, open_before + GuardPolicy().connections)
            assert (await usual.get("/healthz"))["status"] == "ok"
            async with dialled(usual, "newcomer") as phone:
                await phone.call.speech(phone.since)
    assert await since.count(closed) > 500
    await files_back_to(usual, open_before)


async def test_too_few_files_neither_spin_nor_stop_the_server(tmp_path: Path) -> None:
    async with ServerProcess(tmp_path, NOBODY_IS_TRUSTED) as server:
        port = port_of("http", server)
        limits = resource.prlimit(server.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (files(server) + 10, limits[1]))
        async with idle_connections(port, 60), idle_connections(server.sip_port, 60):
            lines, used = len(server.log), cpu_s(server)
            await asyncio.sleep(3)
            assert cpu_s(server) - used < 2
            assert len(server.log) - lines < 20
        resource.prlimit(server.pid, resource.RLIMIT_NOFILE, limits)
        async with asyncio.timeout(30):
            while True:
                try:
                    assert (await server.get("/healthz"))["status"] == "ok"
                except httpx.TransportError:
                    await asyncio.sleep(0.2)
                else:
                    break
        async with dialled(server, "afterwards") as phone:
            await phone.call.speech(phone.since)


async def test_noise_at_every_door_shuts_its_address_out_and_is_logged_once(
    usual: ServerProcess,
) -> None:
    chance, noisy_one = random.Random(4475), "127.0.0.5"
    malformed = 'voicebot_failures_total{door="sip",kind="malformed"}'
    since = await Since.now(usual, malformed)
    async with dialled(usual, "calm") as phone:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as noisy:
            noisy.bind((noisy_one, 0))
            for _ in range(500):
                noise = chance.randbytes(chance.randrange(1, 1400))
                noisy.sendto(noise, ("127.0.0.1", usual.sip_port))
                await asyncio.sleep(0)
        await opening_hours(phone)
        await phone.call.hang_up()
    assert understood(await usual.finished_call("calm"))
    assert 20 <= await since.count(malformed) <= 30
    assert await usual.metric("voicebot_addresses_shut_out") >= 1
    told = [line for line in usual.log if line["event"] == "address_shut_out"]
    assert [line["address"] for line in told].count(noisy_one) == 1
    local = httpx.AsyncHTTPTransport(local_address=noisy_one)
    async with httpx.AsyncClient(transport=local) as client:
        with pytest.raises(httpx.TransportError):
            await client.get(f"{usual.http}/healthz")
