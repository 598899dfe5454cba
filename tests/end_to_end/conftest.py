"""One server for all calls that need nothing special; the calls are made side by side."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, overload

import numpy as np
import pytest
import pytest_asyncio

from tests.peers.phone import Phone, dialled
from tests.peers.server import ServerProcess
from voicebot.cli.caller_voice import recorded_words
from voicebot.speech.wire import MOONSHINE, EngineSpec
from voicebot.speech.workers import WorkerPool
from voicebot.types import Samples

Told: TypeAlias = dict[str, Any]
"""What a call left in the caller's ear: audio is replaced by its words."""

Script: TypeAlias = Callable[[Phone], Awaitable[Told | None]]
Made: TypeAlias = Callable[[object], Awaitable[tuple[dict[str, Any], Told]]]
"""Gives the record of a call and what its caller was told, once the call is over."""

Calls: TypeAlias = Callable[[object, bool], Awaitable[tuple[dict[str, Any], Told]]]


@dataclass(frozen=True)
class Caller:
    """A call to be made; ``transfer_status`` is what the caller's phone makes of a transfer."""

    name: str
    script: Script
    transfer_status: int = 200


CALLERS: list[Caller] = []

AT_ONCE = 4
"""Calls side by side: recognition of more would fall behind on two cores."""


@overload
def caller(script: Script) -> Caller: ...
@overload
def caller(*, transfer_status: int) -> Callable[[Script], Caller]: ...
def caller(
    script: Script | None = None, *, transfer_status: int = 200
) -> Caller | Callable[[Script], Caller]:
    """Register a call that is made together with all others."""

    def register(script: Script) -> Caller:
        name = getattr(script, "__name__", "caller")
        CALLERS.append(Caller(name, script, transfer_status))
        return CALLERS[-1]

    return register if script is None else register(script)


@pytest.fixture(scope="session", autouse=True)
def _callers_have_voices() -> None:
    if recorded_words("1 2 3") is None:
        pytest.skip("no recorded callers (Debian: asterisk-core-sounds-en-wav)")
    if not shutil.which("flite"):
        pytest.skip("no synthetic callers (Debian: flite)")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServerProcess]:
    """The demo application; people are reached at an address that a phone can take."""
    settings = {"TRANSFERS__AGENTS": "sip:agents@127.0.0.1:5999"}
    async with ServerProcess(Path(tmp_path_factory.mktemp("server")), settings) as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def calls(server: ServerProcess) -> AsyncIterator[Calls]:
    """The calls of all callers, begun now; one can be made once more."""
    listener = WorkerPool(EngineSpec(MOONSHINE), 1, queue=100, job_timeout_s=60)
    await listener.start()
    lines = asyncio.Semaphore(AT_ONCE)

    async def make(each: Caller) -> tuple[dict[str, Any], Told]:
        async with lines:
            return await _make(each, server, listener)

    under_way = {each.name: asyncio.create_task(make(each)) for each in CALLERS}

    async def call(who: object, again: bool) -> tuple[dict[str, Any], Told]:
        assert isinstance(who, Caller)
        if again:
            under_way[who.name] = asyncio.create_task(make(who))
        return await under_way[who.name]

    yield call
    for task in under_way.values():
        task.cancel()
    await asyncio.gather(*under_way.values(), return_exceptions=True)
    await listener.stop()


@pytest.fixture
def made(calls: Calls, request: pytest.FixtureRequest) -> Made:
    """A test's calls. Its second try makes them anew: the old ones would end as they did."""
    second_try = getattr(request.node, "execution_count", 1) > 1
    return lambda who: calls(who, second_try)


async def _make(
    who: Caller, server: ServerProcess, listener: WorkerPool
) -> tuple[dict[str, Any], Told]:
    async with dialled(server, who.name, transfer_status=who.transfer_status) as phone:
        told = await who.script(phone)
    record = await server.finished_call(who.name)
    return record, {
        what: await _understood(heard, listener) for what, heard in (told or {}).items()
    }


async def _understood(heard: object, listener: WorkerPool) -> object:
    if not isinstance(heard, np.ndarray):
        return heard
    samples: Samples = heard
    transcript = await listener.submit("transcribe", samples, 8000)
    return " ".join(transcript.words)
