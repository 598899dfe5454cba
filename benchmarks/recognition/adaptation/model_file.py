"""Reads tensors out of the recogniser's ``.ort`` files, and writes what was learned.

An ``.ort`` file is a flatbuffer (onnxruntime, `onnxruntime/core/flatbuffers/schema/ort.fbs`) whose
weights lie in it as they are: 32-bit numbers, or 8 bits with one scale and zero point a matrix.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from onnxruntime.tools.ort_format_model.ort_flatbuffers_py.fbs.InferenceSession import (
    InferenceSession,
)

from benchmarks.recognition.adaptation import rounding

Learned: TypeAlias = Mapping[str, tuple[NDArray[Any], NDArray[Any]]]
Moments: TypeAlias = Mapping[str, NDArray[np.float64]]

_KINDS: Final[Mapping[int, type]] = {1: np.float32, 2: np.uint8, 3: np.int8, 7: np.int64}
_PRODUCTS: Final = (b"MatMulIntegerToFloat", b"DynamicQuantizeMatMul")
_QUANTISED: Final = "_quantized"


@dataclass(frozen=True, slots=True)
class Weights:
    """One tensor as numbers, and where it lies: the byte in the file; ``scale`` 0 where it is kept
    as 32-bit numbers."""

    values: NDArray[np.float32]
    offset: int
    scale: float = 0.0
    zero_point: int = 0


def read(path: Path) -> dict[str, Weights]:
    """All weights of the file, those of matrix products by the name of the layer they belong to:
    ``layers.0.self_attn.q_proj``, [in, out]."""
    data = path.read_bytes()
    graph = InferenceSession.GetRootAs(data, 0).Model().Graph()
    base = np.frombuffer(data, np.uint8).__array_interface__["data"][0]
    raw: dict[str, tuple[NDArray[Any], int]] = {}
    for index in range(graph.InitializersLength()):
        tensor = graph.Initializers(index)
        content = tensor.RawDataAsNumpy()
        if isinstance(content, int):
            continue
        offset = content.__array_interface__["data"][0] - base
        shape = [tensor.Dims(axis) for axis in range(tensor.DimsLength())]
        values = np.frombuffer(content.tobytes(), _KINDS[tensor.DataType()]).reshape(shape)
        raw[tensor.Name().decode()] = values, offset
    found = {_plain(name): _weights(raw, name) for name in raw if not name.startswith("onnx::")}
    found |= {
        name: _weights(raw, name) for name in ("onnx::Mul_2080", "onnx::Add_2081") & raw.keys()
    }
    for node in _nodes(graph):
        inputs = [node.Inputs(index).decode() for index in range(node.InputsLength())]
        matrix = next((name for name in inputs if name in raw and name.endswith(_QUANTISED)), None)
        if matrix and node.OpType() in _PRODUCTS:
            found[_layer(node.Outputs(0).decode())] = _weights(raw, matrix)
    return found


def _nodes(graph: Any) -> list[Any]:
    """Those of the graph, and of the branches of its last one: the decoder with and without a
    cache."""
    nodes = [graph.Nodes(index) for index in range(graph.NodesLength())]
    last = nodes[-1]
    for index in range(last.AttributesLength()):
        branch = last.Attributes(index).G()
        if branch is not None:
            nodes += [branch.Nodes(place) for place in range(branch.NodesLength())]
    return nodes


def _weights(raw: Mapping[str, tuple[NDArray[Any], int]], name: str) -> Weights:
    values, offset = raw[name]
    stem = name.removesuffix(_QUANTISED)
    if stem == name or f"{stem}_scale" not in raw:
        return Weights(values.astype(np.float32), offset)
    scale = float(raw[f"{stem}_scale"][0].reshape(-1)[0])
    zero_point = int(raw[f"{stem}_zero_point"][0].reshape(-1)[0])
    return Weights((values.astype(np.float32) - zero_point) * scale, offset, scale, zero_point)


def _plain(name: str) -> str:
    for end in ("_add_tensor", _QUANTISED, "_merged_0"):
        name = name.removesuffix(end)
    return name.removeprefix("model.decoder.")


def _layer(output: str) -> str:
    """``/model/decoder/layers.0/mlp/fc1/Add_output_0`` is what ``layers.0.mlp.fc1`` gave."""
    parts = [part for part in output.split("/") if part not in {"", "model", "decoder"}]
    return ".".join(parts[:3]) if len(parts) > 1 else output


def write(path: Path, weights: Mapping[str, Weights], learned: Learned, moments: Moments) -> None:
    """Write what was ``learned``, factors (left [first dimension, rank], right [rank, the others])
    by name of the ``weights`` they change, as `voicebot.speech.moonshine.noise_adaptation` reads
    it. ``moments`` are what `rounding.levels` needs of each matrix of 8 bits."""
    arrays: dict[str, NDArray[Any]] = {
        "offsets": np.array([weights[name].offset for name in learned], np.int64)
    }
    for index, (name, (left, right)) in enumerate(learned.items()):
        old = weights[name]
        if old.scale:
            arrays[f"levels{index}"] = rounding.change(
                old.values, old.values + left @ right, old.scale, old.zero_point, moments[name]
            )
            continue
        # Halves keep 11 bits of any number, but not below 6e-5: the factors are balanced.
        ratio = np.linalg.norm(right, axis=1) / np.maximum(np.linalg.norm(left, axis=0), 1e-12)
        arrays[f"left{index}"] = (left * np.sqrt(ratio)).astype(np.float16)
        arrays[f"right{index}"] = (right / np.sqrt(ratio)[:, np.newaxis]).astype(np.float16)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:  # a sixth less than deflated
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w") as file:
                np.lib.format.write_array(file, array, allow_pickle=False)
