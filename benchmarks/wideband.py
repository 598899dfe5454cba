"""Recognition of the same orders over narrow and wide lines: G.711, G.722, Opus.

    python -m benchmarks.wideband [--data DIR] [--lost SHARE]

Each order goes through the codec in 20 ms packets, some of them lost where ``--lost`` says so, and
through the playout of the SIP door; the recogniser gets what comes out, at the codec's own rate.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from benchmarks.recognition.utterances import order_labels
from voicebot.grammar.store import GrammarStore
from voicebot.media.frames import frames_of
from voicebot.media.resample import resample
from voicebot.speech.audio_file import read_speech
from voicebot.speech.moonshine.engine import MoonshineRecognizer
from voicebot.telephony.codecs import CODECS, CodecName, decoder, encoder, usable
from voicebot.telephony.playout import Playout
from voicebot.types import Samples

SHARED = Path(__file__).parents[2] / "shared" / "data"


def over(name: CodecName, samples: Samples, lost: float, chance: np.random.Generator) -> Samples:
    """What a line with this codec leaves of ``samples``, which are at the codec's rate."""
    facts, out = CODECS[name], encoder(name)
    playout = Playout(decoder(name), facts.rate, facts.clock_rate)
    heard: list[Samples] = []
    silence = np.zeros(facts.rate // 50, np.int16)
    frames = [*frames_of(samples, facts.rate), *[silence] * 10]
    for number, frame in enumerate(frames):
        packet = out.encode(frame)
        if chance.random() >= lost:
            playout.put(number * facts.clock_rate // 50, packet, number / 50)
        played = playout.tick(number / 50 + 0.016)
        heard.append(silence if played is None else played)
    return np.concatenate(heard)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=SHARED)
    parser.add_argument("--lost", type=float, default=0.0)
    options = parser.parse_args()
    folder = options.data / "commands"
    grammar = GrammarStore(Path(__file__).parent / "grammars").active(["coffee"])
    recognizer = MoonshineRecognizer()
    labels = list(order_labels(folder))
    print(f"{len(labels)} orders, {options.lost:.0%} of packets lost")
    for name in usable(tuple(CODECS)):
        rate, chance = CODECS[name].rate, np.random.default_rng(5)
        right = accepted = 0
        confidences = []
        for file, meaning in labels:
            samples, own = read_speech(folder / file)
            line = over(name, resample(samples, own, rate), options.lost, chance)
            heard = recognizer.recognize(line, rate, grammar)
            good = heard.best is not None and heard.best.semantics == meaning
            right += good
            accepted += good and heard.match
            confidences.append(heard.confidence)
        print(
            f"  {name:5} {rate // 1000:2} kHz: right {100 * right / len(labels):5.1f}%, right and "
            f"accepted {100 * accepted / len(labels):5.1f}%, confidence median "
            f"{np.median(confidences):.2f}, lowest tenth {np.percentile(confidences, 10):.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
