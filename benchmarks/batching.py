"""Whether decoding several calls' utterances in one batch would pay: the encoder's share of it.

    python -m benchmarks.batching

Four utterances of one length, one after the other and as a batch, on one thread as in a worker. The
encoder is the part that batches best: no key-value cache, no beams of different widths.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np
import onnxruntime

from voicebot.speech.moonshine import assets

RATE = 16_000
BATCH = 4
ROUNDS = 7


def main() -> None:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(assets.locate().encoder), options)
    noise = np.random.default_rng(0)
    for seconds in (1, 2, 4):
        audio = noise.normal(0, 0.1, (BATCH, RATE * seconds)).astype(np.float32)

        def one_by_one(audio: np.ndarray = audio) -> None:
            for row in audio:
                _encode(session, row[np.newaxis])

        def together(audio: np.ndarray = audio) -> None:
            _encode(session, audio)

        single, batch = _median_ms(one_by_one), _median_ms(together)
        print(
            f"{BATCH} utterances of {seconds} s: one by one {single:.0f} ms (the first is done "
            f"after {single / BATCH:.0f}), together {batch:.0f} ms"
        )


def _encode(session: onnxruntime.InferenceSession, audio: np.ndarray) -> None:
    mask = np.ones(audio.shape, np.int64)
    session.run(None, {"input_values": audio, "attention_mask": mask})


def _median_ms(work: Callable[[], None]) -> float:
    work()
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


if __name__ == "__main__":
    main()
