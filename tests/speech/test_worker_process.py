"""What a worker does between jobs, in a thread of the test instead of a process."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from queue import Queue

import pytest

from voicebot.speech import worker_process
from voicebot.speech.wire import EngineSpec, Job, pack


def test_memory_goes_back_in_a_pause_and_the_next_job_is_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given: Queue[bool] = Queue()
    monkeypatch.setattr(worker_process, "PAUSE_S", 0.01)
    monkeypatch.setattr(worker_process, "give_memory_back", lambda: given.put(True))
    inward, outward = os.pipe()
    found: Queue[Job] = Queue()

    def work() -> None:
        with os.fdopen(inward, "rb") as stream:
            for job in worker_process._jobs(stream):
                found.put(job)

    worker = threading.Thread(target=work)
    worker.start()
    with os.fdopen(outward, "wb") as stream:
        for number in range(2):
            assert given.get(timeout=20)
            stream.write(pack(Job("echo", (number,))))
            stream.flush()
            assert found.get(timeout=20).args == (number,)
    worker.join(20)
    assert not worker.is_alive()


def test_a_worker_whose_server_is_gone_ends_without_a_word() -> None:
    inward, outward = os.pipe()
    os.close(inward)
    worker = subprocess.Popen(
        [sys.executable, "-m", "voicebot.speech.worker_process"],
        stdin=subprocess.PIPE,
        stdout=outward,
        stderr=subprocess.PIPE,
    )
    os.close(outward)
    _, said = worker.communicate(pack(EngineSpec("builtins:dict")), timeout=60)
    assert (worker.returncode, said) == (0, b"")
