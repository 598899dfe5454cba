"""Worker pools: real processes with an engine that misbehaves on demand."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from voicebot.errors import AudioError, ModelError, SpeechError, WorkerLost, WorkersBusy
from voicebot.speech.wire import EngineSpec, KnownGrammars
from voicebot.speech.workers import WorkerPool

TOY = "toy_engine:ToyEngine"


@dataclass(frozen=True)
class NamedGrammar:
    key: str
    payload: str = ""


@pytest.fixture(autouse=True)
def _toy_engine_can_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))


@asynccontextmanager
async def running(
    size: int = 1, queue: int = 16, job_timeout_s: float = 15.0
) -> AsyncIterator[WorkerPool]:
    pool = WorkerPool(EngineSpec(TOY), size, queue, job_timeout_s)
    await pool.start()
    try:
        yield pool
    finally:
        await pool.stop()


async def test_job_runs_in_another_process() -> None:
    async with running() as pool:
        assert await pool.submit("pid") in pool.pids
        assert os.getpid() not in pool.pids


async def test_large_values_cross_whole() -> None:
    value = os.urandom(2_000_000)
    async with running() as pool:
        assert await pool.submit("echo", value) == value


async def test_what_a_library_prints_does_not_spoil_the_answers() -> None:
    async with running() as pool:
        assert await pool.submit("chatter") == "heard"


async def test_errors_of_the_engine_arrive_with_their_attributes() -> None:
    async with running() as pool:
        with pytest.raises(AudioError, match=r"toy\.wav: too quiet") as caught:
            await pool.submit("refuse")
        assert caught.value.source == "toy.wav"
        with pytest.raises(SpeechError, match="ZeroDivisionError"):
            await pool.submit("crash")
        assert await pool.submit("echo", 1) == 1


async def test_dead_worker_costs_one_job_and_is_replaced() -> None:
    async with running() as pool:
        with pytest.raises(WorkerLost):
            await pool.submit("die")
        assert await pool.submit("echo", "again") == "again"
        assert pool.counters().restarts == 1


async def test_worker_that_dies_idle_costs_no_job() -> None:
    async with running() as pool:
        (pid,) = pool.pids
        os.kill(pid, signal.SIGKILL)
        await _until(lambda: pid not in pool.pids)
        assert await pool.submit("echo", "unharmed") == "unharmed"
        assert pool.pids != (pid,)


async def test_job_that_takes_too_long_loses_its_worker() -> None:
    async with running(job_timeout_s=0.2) as pool:
        with pytest.raises(WorkerLost):
            await pool.submit("hang")
        assert await pool.submit("echo", "next") == "next"


async def test_full_queue_refuses_and_counts() -> None:
    async with running(queue=1, job_timeout_s=5) as pool:
        busy = asyncio.create_task(pool.submit("hang"))
        await _until(lambda: pool.counters().jobs_running == 1)
        waiting = asyncio.create_task(pool.submit("echo", 1))
        await _until(lambda: pool.counters().jobs_waiting == 1)
        with pytest.raises(WorkersBusy):
            await pool.submit("echo", 2)
        assert pool.counters().jobs_refused == 1
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert pool.counters().jobs_waiting == 0
        os.kill(pool.pids[0], signal.SIGKILL)
        with pytest.raises(WorkerLost):
            await busy


async def test_one_call_with_many_jobs_does_not_hold_up_another() -> None:
    async with running() as pool:
        order: list[str] = []

        async def ask(key: str, name: str) -> None:
            order.append(await pool.submit("echo", name, key=key))

        async with asyncio.TaskGroup() as calls:
            for number in range(4):
                calls.create_task(ask("greedy", f"greedy {number}"))
            calls.create_task(ask("modest", "modest"))
        assert order.index("modest") <= 2


async def test_newer_job_of_a_call_takes_the_place_of_its_waiting_one() -> None:
    async with running(queue=1, job_timeout_s=5) as pool:
        busy = asyncio.create_task(pool.submit("hang"))
        await _until(lambda: pool.counters().jobs_running == 1)
        older = asyncio.create_task(pool.submit("echo", "older", key="call", replace=True))
        await _until(lambda: pool.counters().jobs_waiting == 1)
        newer = asyncio.create_task(pool.submit("echo", "newer", key="call", replace=True))
        with pytest.raises(WorkersBusy, match="newer"):
            await older
        assert pool.counters().jobs_waiting == 1
        assert pool.counters().jobs_replaced == 1
        os.kill(pool.pids[0], signal.SIGKILL)
        with pytest.raises(WorkerLost):
            await busy
        assert await newer == "newer"


async def test_result_of_a_cancelled_running_job_is_dropped_and_the_next_one_served() -> None:
    async with running() as pool:
        unwanted = asyncio.create_task(pool.submit("nap", 0.2))
        await _until(lambda: pool.counters().jobs_running == 1)
        unwanted.cancel()
        assert await pool.submit("echo", "next") == "next"
        assert unwanted.cancelled()
        assert pool.counters().restarts == 0


async def test_pool_that_is_behind_has_no_room_for_another_call() -> None:
    async with running(queue=3, job_timeout_s=5) as pool:
        await pool.submit("nap", 0.1)
        assert pool.has_room(0.5)
        busy = asyncio.create_task(pool.submit("hang"))
        await _until(lambda: pool.counters().jobs_running == 1)
        assert pool.has_room(0.15), "a job that runs is no queue"
        waiting = [asyncio.create_task(pool.submit("echo", n)) for n in range(2)]
        await _until(lambda: pool.counters().jobs_waiting == 2)
        assert pool.counters().wait_s >= 0.2
        assert not pool.has_room(0.15)
        assert pool.has_room(60)
        waiting.append(asyncio.create_task(pool.submit("echo", 3)))
        await _until(lambda: pool.counters().jobs_waiting == 3)
        assert not pool.has_room(60), "the queue is full"
        for job in (busy, *waiting):
            job.cancel()
        await asyncio.gather(busy, *waiting, return_exceptions=True)
        os.kill(pool.pids[0], signal.SIGKILL)


async def test_pool_grows_to_its_size_when_it_is_told_to() -> None:
    pool = WorkerPool(EngineSpec(TOY), 3, at_first=1)
    pool.grow()
    assert pool.pids == ()
    await pool.start()
    try:
        assert pool.counters().workers_ready == 1
        pool.grow()
        pool.grow()
        await _until(lambda: pool.counters().workers_ready == 3)
        assert len(pool.pids) == 3
    finally:
        await pool.stop()
    pool.grow()
    assert pool.pids == ()


async def test_engine_that_cannot_load_is_told_at_start() -> None:
    pool = WorkerPool(EngineSpec(TOY, (("fail_to_load", True),)), 1)
    with pytest.raises(ModelError, match="Build one"):
        await pool.start()
    assert pool.pids == ()


async def test_grammar_crosses_once_and_is_remembered() -> None:
    grammar = NamedGrammar("abc", "x" * 100_000)
    async with running() as pool:
        for _ in range(3):
            assert await pool.submit("key_of", grammar) == "abc"


async def test_stop_ends_every_process() -> None:
    async with running(size=2) as pool:
        pids = pool.pids
        assert len(pids) == 2
    for pid in pids:
        assert not Path(f"/proc/{pid}").exists()


def test_both_ends_forget_the_same_grammar() -> None:
    sender: KnownGrammars[bool] = KnownGrammars(2)
    receiver: KnownGrammars[str] = KnownGrammars(2)
    for key in ("a", "b", "a", "c"):
        if sender.get(key) is None:
            sender.add(key, True)
            receiver.add(key, key)
        else:
            receiver.get(key)
    for key in ("a", "b", "c"):
        assert (sender.get(key) is None) == (receiver.get(key) is None)
    assert sender.get("b") is None


async def _until(condition: object) -> None:
    assert callable(condition)
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0)
