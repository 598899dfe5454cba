"""Moonshine tiny in PyTorch, its weights read from the recogniser's own files.

Encoder and decoder as in arXiv:2410.15608: three convolutions over raw 16 kHz audio, then six
layers of 8 heads, 36 wide, of which 32 turn with the place (rotary embeddings, interleaved). The
encoder can be given low-rank changes to learn (LoRA, arXiv:2106.09685); the decoder is only read.
Against onnxruntime's encoder the outputs correlate by 0.9995: what is missing are the 8 bits that
activations are rounded to there. The decoder runs whole sentences at once, without a cache.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from benchmarks.recognition.adaptation import model_file

Tensor: TypeAlias = Any
"""`torch.Tensor`; PyTorch is not installed where the types are checked."""

_WIDTH: Final = 288
_HEADS: Final = 8
_HEAD: Final = 36
_TURNING: Final = 32
_LAYERS: Final = 6
_RANK: Final = 16
_MATRICES: Final = tuple(
    f"layers.{layer}.{name}"
    for layer in range(_LAYERS)
    for name in (
        *(f"self_attn.{part}_proj" for part in "qkvo"),
        *("mlp.fc1", "mlp.fc2"),
    )
)
_CONVOLUTIONS: Final = ("conv1.weight", "conv2.weight", "conv3.weight")


class Encoder:
    """[clips, samples] at 16 kHz to [clips, frames, 288]."""

    def __init__(self, path: Path, *, learning: bool = False) -> None:
        self._weights = _tensors(path)
        self.changes: dict[str, tuple[Tensor, Tensor]] = {}
        self.moments: dict[str, NDArray[np.float64]] | None = None
        """Where it is a dictionary, what each matrix is given, times itself, is summed up there."""
        if learning:
            self.changes = {name: self._change(name) for name in (*_MATRICES, *_CONVOLUTIONS)}

    def __call__(self, audio: Tensor) -> Tensor:
        weights = self._weights
        frames = torch.tanh(
            functional.conv1d(audio[:, None], self._weight("conv1.weight"), stride=64)
        )
        scale, shift = weights["onnx::Mul_2080"][:, 0], weights["onnx::Add_2081"][:, 0]
        frames = functional.group_norm(frames, 1, scale, shift)
        for name, stride in (("conv2", 3), ("conv3", 2)):
            kernel = self._weight(f"{name}.weight")
            frames = functional.conv1d(frames, kernel, weights[f"{name}.bias"], stride=stride)
            frames = functional.gelu(frames)
        frames = frames.transpose(1, 2)
        turn = _Turn(frames.shape[1])
        for layer in range(_LAYERS):
            at = f"layers.{layer}"
            inner = _normed(frames, weights[f"{at}.input_layernorm.weight"])
            query, key, value = (
                _heads(self._product(f"{at}.self_attn.{part}_proj", inner)) for part in "qkv"
            )
            heard = _attend(turn(query), turn(key), value)
            frames = frames + self._product(f"{at}.self_attn.o_proj", heard)
            inner = _normed(frames, weights[f"{at}.post_attention_layernorm.weight"])
            inner = self._product(f"{at}.mlp.fc1", inner) + weights[f"{at}.mlp.fc1.bias"]
            inner = self._product(f"{at}.mlp.fc2", functional.gelu(inner))
            frames = frames + inner + weights[f"{at}.mlp.fc2.bias"]
        return _normed(frames.float(), weights["layer_norm.weight"])

    def _change(self, name: str) -> tuple[Tensor, Tensor]:
        """Nothing at first: the left factor is nought."""
        rows, *others = self._weights[name].shape
        columns = int(np.prod(others))
        left = torch.zeros(rows, _RANK)
        right = torch.randn(_RANK, columns) / columns**0.5
        return left.requires_grad_(), right.requires_grad_()

    def _weight(self, name: str) -> Tensor:
        weight = self._weights[name]
        if name not in self.changes:
            return weight
        left, right = self.changes[name]
        return weight + (left @ right).view_as(weight)

    def _product(self, name: str, inputs: Tensor) -> Tensor:
        if self.moments is not None:
            rows = inputs.reshape(-1, inputs.shape[-1]).double()
            self.moments[name] = self.moments.get(name, 0.0) + (rows.T @ rows).numpy()
        outputs = inputs @ self._weights[name]
        if name not in self.changes:
            return outputs
        left, right = self.changes[name]
        return outputs + (inputs @ left) @ right


class Decoder:
    """Scores of the token after each: tokens [clips, places] and what the encoder gave, to
    [clips, places, vocabulary]."""

    def __init__(self, path: Path) -> None:
        self._weights = _tensors(path)

    def __call__(self, tokens: Tensor, frames: Tensor) -> Tensor:
        weights = self._weights
        states = weights["embed_tokens.weight"][tokens]
        turn = _Turn(states.shape[1])
        for layer in range(_LAYERS):
            at = f"layers.{layer}"
            inner = _normed(states, weights[f"{at}.input_layernorm.weight"])
            query, key, value = (
                _heads(inner @ weights[f"{at}.self_attn.{part}_proj"]) for part in "qkv"
            )
            said = _attend(turn(query), turn(key), value, causal=True)
            states = states + said @ weights[f"{at}.self_attn.o_proj"]
            inner = _normed(states, weights[f"{at}.post_attention_layernorm.weight"])
            query = _heads(inner @ weights[f"{at}.encoder_attn.q_proj"])
            key = _heads(frames @ weights[f"{at}.encoder_attn.k_proj"])
            value = _heads(frames @ weights[f"{at}.encoder_attn.v_proj"])
            heard = _attend(query, key, value)
            states = states + heard @ weights[f"{at}.encoder_attn.o_proj"]
            inner = _normed(states, weights[f"{at}.final_layernorm.weight"])
            inner = inner @ weights[f"{at}.mlp.fc1"] + weights[f"{at}.mlp.fc1.bias"]
            inner, gate = inner.chunk(2, -1)
            inner = (functional.silu(gate) * inner) @ weights[f"{at}.mlp.fc2"]
            states = states + inner + weights[f"{at}.mlp.fc2.bias"]
        return _normed(states.float(), weights["norm.weight"]) @ weights["logits"]


class _Turn:
    """Turns each pair of numbers by an angle that grows with the place."""

    def __init__(self, places: int) -> None:
        speeds = 10_000.0 ** -(torch.arange(0, _TURNING, 2) / _TURNING)
        angles = torch.arange(places)[:, None] * speeds[None]
        angles = angles.repeat_interleave(2, -1)
        self._cos, self._sin = angles.cos(), angles.sin()

    def __call__(self, states: Tensor) -> Tensor:
        turning, still = states[..., :_TURNING], states[..., _TURNING:]
        across = torch.stack((-turning[..., 1::2], turning[..., 0::2]), -1).flatten(-2)
        turned = turning * self._cos + across * self._sin
        return torch.cat((turned, still), -1).to(states.dtype)


def _tensors(path: Path) -> dict[str, Tensor]:
    return {name: torch.tensor(one.values) for name, one in model_file.read(path).items()}


def _normed(states: Tensor, weight: Tensor) -> Tensor:
    return functional.layer_norm(states, (_WIDTH,), weight)


def _heads(states: Tensor) -> Tensor:
    clips, places, _ = states.shape
    return states.view(clips, places, _HEADS, _HEAD).transpose(1, 2)


def _attend(query: Tensor, key: Tensor, value: Tensor, *, causal: bool = False) -> Tensor:
    """Spelled out: PyTorch's own is three times slower to learn through on a processor."""
    scores = (query @ key.transpose(-1, -2)) * _HEAD**-0.5
    if causal:
        later = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1)
        scores = scores.masked_fill(later, -torch.inf)
    heard = scores.softmax(-1).to(value.dtype) @ value
    clips, _, places, _ = heard.shape
    return heard.transpose(1, 2).reshape(clips, places, _WIDTH)
