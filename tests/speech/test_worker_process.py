"""What a worker does between jobs, in a thread of the test instead of a process."""

from __future__ import annotations

import os
import threading
from queue import Queue

import pytest

from voicebot.speech import worker_process
from voicebot.speech.wire import Job, pack


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
