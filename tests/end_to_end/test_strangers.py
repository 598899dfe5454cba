"""Strangers at every door of a whole server, with a call running: sipp floods, raw sockets hold
connections open and send noise; the call is recognised, new ones get through, nothing grows."""

from __future__ import annotations

import asyncio
import os
import random
import resource
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import httpx
import pytest

from tests.peers.audiosocket import AsteriskLine
from tests.peers.phone import Phone, dialled
from tests.peers.server import ServerProcess
from tests.peers.sipp import MISSING, PROGRAM, Sipp
from voicebot.telephony.audiosocket.server import WAITING
from voicebot.telephony.guard import GuardPolicy

pytestmark = [
    pytest.mark.asyncio(loop_scope="function"),
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
    """How late an uninvolved program is on this machine: it wakes every 20 ms, as lines do."""

    def __init__(self) -> None:
        self._ticks = self._late = 0

    @property
    def late_share(self) -> float:
        """The share of its ticks that came more than 40 ms late."""
        return self._late / max(1, self._ticks)

    async def observe(self) -> None:
        clock = asyncio.get_running_loop().time
        due = clock()
        while True:
            due += 0.02
            await asyncio.sleep(due - clock())
            self._ticks += 1
            self._late += clock() - due > 0.04


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
@pytest.mark.parametrize("name", ["options", "register", "invite"])
async def test_a_call_is_served_while_sipp_floods_from_another_address(
    name: str, tmp_path: Path
) -> None:
    async with ServerProcess(tmp_path / "data", NOBODY_IS_TRUSTED) as server:
        open_before = files(server)
        weather = Weather()
        observing = asyncio.create_task(weather.observe())
        async with dialled(server, "calm") as phone:
            before = await memory_of_a_call(server)
            async with sip_flood(name, server, tmp_path, "127.0.0.2") as sipp:
                await opening_hours(phone)
                async with dialled(server, "newcomer") as newcomer:
                    await newcomer.call.speech(newcomer.since)
                await sipp.wait()
            await phone.call.hang_up()
        observing.cancel()
        assert understood(await server.finished_call("calm"))
        dropped = 'voicebot_strangers_total{done="dropped",door="sip"}'
        shut_out = 'voicebot_strangers_total{done="shut_out",door="sip"}'
        assert await server.metric(shut_out if name == "register" else dropped) > FLOOD / 4
        late = await server.metric("voicebot_frames_late_40ms_total")
        sent = await server.metric("voicebot_frames_sent_total")
        assert late < (0.1 + weather.late_share) * sent
        assert memory_mb(server) < before + GROWTH_MB
        await files_back_to(server, open_before + 2 * 20)  # the flood's own calls may still ring
    assert not [line for line in server.log if line.get("level") in {"error", "critical"}]
    assert len(server.log) < 1000


@pytest.mark.parametrize("door", TCP_DOORS)
async def test_idle_connections_harm_nobody(door: str, tmp_path: Path) -> None:
    settings = NOBODY_IS_TRUSTED | {
        "GUARD__CONNECTIONS": "2500",
        "GUARD__ALL_REQUESTS_PER_S": "5000",
    }
    async with ServerProcess(tmp_path, settings) as server:
        port = port_of(door, server)
        open_before = files(server)
        async with dialled(server, "calm") as phone:
            before = await memory_of_a_call(server)
            with many_files():
                async with idle_connections(port, CONNECTIONS):
                    if door == "sip":
                        await all_seen(server)
                    assert (await server.get("/healthz"))["status"] == "ok"
                    await opening_hours(phone)
                    async with dialled(server, "newcomer") as newcomer:
                        await newcomer.call.speech(newcomer.since)
                    assert memory_mb(server) < before + GROWTH_MB
            await phone.call.hang_up()
        assert understood(await server.finished_call("calm"))
        await files_back_to(server, open_before)
    assert not [line for line in server.log if line.get("level") in {"error", "critical"}]


async def test_idle_connections_leave_asterisk_its_door(tmp_path: Path) -> None:
    async with ServerProcess(tmp_path, NOBODY_IS_TRUSTED) as server:
        (listening,) = [line for line in server.log if line["event"] == "audiosocket_listening"]
        open_before = files(server)
        async with AsteriskLine(listening["port"]) as first:
            await first.wait_for_audio(1)
            before = await memory_of_a_call(server)
        with many_files():
            async with idle_connections(listening["port"], CONNECTIONS):
                await files_back_to(server, open_before + WAITING)
                async with AsteriskLine(listening["port"]) as line:
                    await line.wait_for_audio(50)
                    assert line.messages >= 50
                assert memory_mb(server) < before + GROWTH_MB
        crowd = 'voicebot_stream_turned_away_total{door="audiosocket",reason="crowd"}'
        assert await server.metric(crowd) > CONNECTIONS / 2
        await files_back_to(server, open_before)


@pytest.mark.parametrize("door", TCP_DOORS)
async def test_with_the_usual_limits_idle_connections_make_room(door: str, tmp_path: Path) -> None:
    async with ServerProcess(tmp_path, NOBODY_IS_TRUSTED) as server:
        port = port_of(door, server)
        open_before = files(server)
        with many_files():
            async with idle_connections(port, CONNECTIONS):
                await files_back_to(server, open_before + GuardPolicy().connections)
                assert (await server.get("/healthz"))["status"] == "ok"
                async with dialled(server, "newcomer") as phone:
                    await phone.call.speech(phone.since)
        closed = f'voicebot_strangers_total{{done="connection_closed",door="{door}"}}'
        assert await server.metric(closed) > 500
        await files_back_to(server, open_before)


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
    tmp_path: Path,
) -> None:
    async with ServerProcess(tmp_path, NOBODY_IS_TRUSTED) as server:
        chance = random.Random(4475)
        async with dialled(server, "calm") as phone:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as noisy:
                noisy.bind(("127.0.0.2", 0))
                for _ in range(500):
                    noise = chance.randbytes(chance.randrange(1, 1400))
                    noisy.sendto(noise, ("127.0.0.1", server.sip_port))
                    await asyncio.sleep(0)
            await opening_hours(phone)
            await phone.call.hang_up()
        assert understood(await server.finished_call("calm"))
        malformed = 'voicebot_failures_total{door="sip",kind="malformed"}'
        assert 20 <= await server.metric(malformed) <= 30
        assert await server.metric("voicebot_addresses_shut_out") == 1
        told = [line for line in server.log if line["event"] == "address_shut_out"]
        assert [line["address"] for line in told] == ["127.0.0.2"]
        local = httpx.AsyncHTTPTransport(local_address="127.0.0.2")
        async with httpx.AsyncClient(transport=local) as client:
            with pytest.raises(httpx.TransportError):
                await client.get(f"{server.http}/healthz")
