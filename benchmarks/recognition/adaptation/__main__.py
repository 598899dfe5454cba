"""Teaches the recogniser's encoder to hear in noise, without any transcript.

    python -m benchmarks.recognition.adaptation --speech DIR... --sounds DIR... --minutes 40

The encoder as it is hears a sentence without noise; a copy of it, to which low-rank changes are
learned, hears the same sentence in noise over a telephone line, and is to say the same: what the
decoder would write next at each place of the sentence (Kullback-Leibler divergence), and what the
encoder itself gave (squared difference). Needs `torch` and `scipy`, which the product does not.

What is shipped was learned from Debian's Asterisk prompts in Spanish, French, Italian and Russian
(asterisk-core-sounds-*-g722, asterisk-prompt-*; all voices but Allison's, who is measured with),
the syllables of klettres-data, and sentences of CLINC150 and of numbers, spoken by flite
(awb, slt, kal16) and Piper (joe); sounds: sonic-pi-samples, hydrogen-drumkits.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch.nn import functional

from benchmarks.recognition.adaptation import model_file
from benchmarks.recognition.adaptation.network import Decoder, Encoder, Tensor
from benchmarks.recognition.adaptation.noises import RATE, noise
from benchmarks.recognition.adaptation.speech import Sentence, batch, recordings, sentences
from voicebot.speech.moonshine import assets, noise_adaptation
from voicebot.speech.moonshine.model import Model

_SEED: Final = 1
_BATCH: Final = 8
_SENTENCES: Final = 1300
_NOISES: Final = 700
_NOISE_S: Final = 8
_RATE: Final = 1e-3
_WARM_UP: Final = 20
_KEPT: Final = 0.97
"""The weights that are written are a running mean of the last 30 steps or so."""
_ENCODER_SHARE: Final = 10.0
_REPORT_EVERY: Final = 50
_ROUNDED_BY: Final = 5
"""Batches of audio that the 8-bit weights are rounded by."""
_HELD_OUT: Final = ("Allison", "silence", "tone", "beep")


class Lesson:
    """Teacher, pupil, and what the pupil has learned so far."""

    def __init__(self, files: assets.Assets) -> None:
        self._teacher = Encoder(files.encoder)
        self.pupil = Encoder(files.encoder, learning=True)
        self._decoder = Decoder(files.decoder)
        self._learned = [factor for pair in self.pupil.changes.values() for factor in pair]
        self._mean = [factor.detach().clone() for factor in self._learned]
        self._optimiser = torch.optim.AdamW(
            self._learned, lr=_RATE, weight_decay=0, betas=(0.9, 0.98)
        )
        self.steps = 0

    def step(self, clear: Tensor, noisy: Tensor, tokens: Tensor, counts: Tensor) -> float:
        """Learn from one batch; gives how far the pupil was off in writing, in nats a token."""
        with torch.autocast("cpu", torch.bfloat16):
            with torch.no_grad():
                wanted = self._teacher(clear)
                meant = self._decoder(tokens, wanted)[counts].float().log_softmax(-1)
            heard = self.pupil(noisy)
            written = self._decoder(tokens, heard)[counts].float().log_softmax(-1)
        off = functional.kl_div(written, meant, log_target=True, reduction="batchmean")
        loss = off + _ENCODER_SHARE * functional.mse_loss(heard, wanted)
        self.steps += 1
        for group in self._optimiser.param_groups:
            group["lr"] = _RATE * min(1.0, self.steps / _WARM_UP)
        self._optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._learned, 1.0)
        self._optimiser.step()
        kept = min(_KEPT, self.steps / (self.steps + 9))
        with torch.no_grad():
            for mean, factor in zip(self._mean, self._learned, strict=True):
                mean.lerp_(factor, 1 - kept)
        return float(off.detach())

    def write(self, path: Path, files: assets.Assets, noisy: Sequence[Tensor]) -> None:
        """Write the mean of what was learned lately; ``noisy`` is audio to round by."""
        finished = Encoder(files.encoder, learning=True)
        means = iter(self._mean)
        finished.changes = {name: (next(means), next(means)) for name in finished.changes}
        moments = finished.moments = {}
        with torch.no_grad():
            for audio in noisy:
                finished(audio)
        learned = {
            name: (left.numpy(), right.numpy()) for name, (left, right) in finished.changes.items()
        }
        model_file.write(path, model_file.read(files.encoder), learned, moments)


def main() -> None:
    parser = argparse.ArgumentParser(description="Teach the encoder to hear in noise.")
    parser.add_argument("--speech", type=Path, nargs="+", required=True, metavar="DIR")
    parser.add_argument("--sounds", type=Path, nargs="+", required=True, metavar="DIR")
    parser.add_argument("--minutes", type=float, default=40.0, help="of processor time")
    parser.add_argument("--out", type=Path, default=noise_adaptation.path())
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(_SEED)
    chance = np.random.default_rng(_SEED)
    files = assets.locate()
    voices = recordings(options.speech, _HELD_OUT)
    sounds = recordings(options.sounds, ())
    noises = [noise(_NOISE_S * RATE, chance, voices, sounds) for _ in range(_NOISES)]
    known = sentences(voices, _SENTENCES, chance, Model(files))
    print(f"{len(voices)} recordings, {len(sounds)} sounds, {len(known)} sentences", flush=True)
    lesson = Lesson(files)
    ends = time.process_time() + 60 * options.minutes
    while time.process_time() < ends:
        pairs = batch(_alike(known, chance), noises, chance)
        off = lesson.step(*(torch.from_numpy(part) for part in pairs))
        if lesson.steps % _REPORT_EVERY == 0:
            print(f"step {lesson.steps}: {off:.3f} nats a token", flush=True)
    heard = [batch(_alike(known, chance), noises, chance)[1] for _ in range(_ROUNDED_BY)]
    lesson.write(options.out, files, [torch.from_numpy(audio) for audio in heard])


def _alike(known: list[Sentence], chance: np.random.Generator) -> list[Sentence]:
    """A batch of like length: the shorter would be mostly silence otherwise."""
    some = [known[index] for index in chance.integers(0, len(known), 2 * _BATCH)]
    some.sort(key=lambda one: len(one.samples))
    first = int(chance.integers(0, _BATCH + 1))
    return some[first : first + _BATCH]


if __name__ == "__main__":
    main()
