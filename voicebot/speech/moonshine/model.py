"""The neural network: audio to encoder frames, and the decoder's next-token scores.

Moonshine (Jeffries et al., 2024, arXiv:2410.15608) is an encoder-decoder transformer on raw 16 kHz
audio. onnxruntime runs both halves on one thread each; parallel calls come from parallel worker
processes. This file knows tensors and the key-value cache, and nothing of words or grammars.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from voicebot.errors import AudioError, ModelError, SpeechError
from voicebot.speech.moonshine.assets import NAME, Assets
from voicebot.speech.moonshine.noise_adaptation import adapted
from voicebot.speech.moonshine.tokenizer import BEGIN

Floats: TypeAlias = NDArray[np.float32]
Ints: TypeAlias = NDArray[np.int64]

RATE: Final = 16_000
MAX_SAMPLES: Final = 147_000
"""About 9.2 s: the decoder fails beyond 384 encoder frames."""
MIN_SAMPLES: Final = 1_600

_LAYERS: Final = 6
_HEADS: Final = 8
_HEAD_SIZE: Final = 36
_STATES: Final = tuple(
    f"{layer}.{side}.{part}"
    for layer in range(_LAYERS)
    for side in ("decoder", "encoder")
    for part in ("key", "value")
)
_OWN_STATES: Final = tuple(state for state in _STATES if ".decoder." in state)


class Model:
    """Both halves of the network, loaded, and the first half once more, adapted to noise."""

    def __init__(self, assets: Assets) -> None:
        """Load the weights (about 0.3 s, 95 MB). Raises ModelError where onnxruntime cannot."""
        self._encoder = _session(str(assets.encoder))
        self._noise_encoder = _session(adapted(assets.encoder.read_bytes()))
        self._decoder = _session(str(assets.decoder))

    def encode(self, audio: Floats, *, noisy: bool = False) -> Floats:
        """Encode ``audio``, shape [samples] at 16 kHz, range -1..1; gives [1, frames, 288].

        There are about 41 frames a second. ``noisy`` takes the encoder that was adapted to noise.
        Raises AudioError where the audio is shorter than 0.1 s or longer than 9.2 s.
        """
        if not MIN_SAMPLES <= len(audio) <= MAX_SAMPLES:
            seconds = len(audio) / RATE
            raise AudioError("utterance", f"{seconds:.1f} s long; it must be 0.1 to 9.2 s")
        mask = np.ones((1, len(audio)), np.int64)
        encoder = self._noise_encoder if noisy else self._encoder
        feed = {"input_values": audio[np.newaxis], "attention_mask": mask}
        return _run(encoder, None, feed)[0]

    def begin(self, frames: Floats) -> Decoding:
        """Begin decoding: one hypothesis, empty so far."""
        return Decoding(self._decoder, frames)


class Decoding:
    """The decoder's state for a set of hypotheses over the same audio.

    The encoder's share of the state is kept once, however many hypotheses there are: the network
    broadcasts it over the batch.
    """

    def __init__(self, session: Any, frames: Floats) -> None:
        self._session = session
        self._frames = frames
        self._mask = np.ones(frames.shape[:2], np.int64)
        empty = np.zeros((1, _HEADS, 0, _HEAD_SIZE), np.float32)
        self._past: dict[str, Floats] = dict.fromkeys(_STATES, empty)
        self._logits = self._decode(np.array([[BEGIN]]), _STATES, cached=False)

    @property
    def logits(self) -> Floats:
        """Scores of the next token, shape [hypotheses, vocabulary], not normalised."""
        return self._logits

    def advance(self, parents: Ints, tokens: Ints) -> None:
        """Replace the hypotheses: row i becomes old row ``parents[i]`` followed by ``tokens[i]``.

        Both have shape [new hypotheses], at least one.
        """
        for state in _OWN_STATES:
            self._past[state] = self._past[state][parents]
        self._logits = self._decode(tokens[:, np.newaxis], _OWN_STATES, cached=True)

    def _decode(self, tokens: Ints, states: tuple[str, ...], *, cached: bool) -> Floats:
        feed: dict[str, Any] = {f"past_key_values.{name}": v for name, v in self._past.items()}
        feed["input_ids"] = tokens
        feed["encoder_hidden_states"] = self._frames
        feed["encoder_attention_mask"] = self._mask
        feed["use_cache_branch"] = np.array([cached])
        wanted = ["logits", *(f"present.{state}" for state in states)]
        logits, *present = _run(self._session, wanted, feed)
        self._past.update(zip(states, present, strict=True))
        return logits[:, -1]


def log_softmax(logits: Floats) -> Floats:
    """Log-probabilities along the last axis."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    normalised: Floats = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return normalised


def _session(model: str | bytes) -> Any:
    """Load ``model``, a path or a file's content."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    # The arena keeps the largest utterance's memory for ever; without it nothing gets slower.
    options.enable_cpu_mem_arena = False
    options.enable_mem_pattern = False
    # To plan which results may share memory is half of the time of loading, and saves none.
    options.enable_mem_reuse = False
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # noqa: BLE001  onnxruntime's exceptions share no public base
        which = model if isinstance(model, str) else "the encoder adapted to noise"
        raise ModelError(NAME, f"onnxruntime cannot load {which}: {error}") from None


def _run(session: Any, outputs: list[str] | None, feed: dict[str, Any]) -> list[Floats]:
    try:
        result: list[Floats] = session.run(outputs, feed)
    except Exception as error:  # noqa: BLE001  onnxruntime's exceptions share no public base
        raise SpeechError(f"the speech model failed: {error}") from None
    return result
