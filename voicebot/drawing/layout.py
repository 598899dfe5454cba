"""Where the boxes of a graph go: layers from the top down, few crossings, short lines.

After Sugiyama, Tagawa and Toda (1981), made simple by one decision: a box stands one layer below
the nearest box that leads to it. So every line that is drawn goes down by exactly one layer; what
leads back, sideways or far is not drawn, but named in its box. Pure geometry, no text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

SWEEPS: Final = 12


@dataclass(frozen=True, slots=True)
class Size:
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Layout:
    """``places`` are the upper left corners; ``lines`` the arrows (by number) that go down one
    layer and are drawn."""

    places: Mapping[str, tuple[float, float]]
    lines: tuple[int, ...]
    size: Size


@dataclass(frozen=True, slots=True)
class Gaps:
    """Between boxes of a layer, and between layers."""

    across: float = 28
    down: float = 56


def place(
    boxes: Mapping[str, Size],
    arrows: Sequence[tuple[str, str]],
    start: str,
    gaps: Gaps = Gaps(),
) -> Layout:
    """Lay ``boxes`` out, ``start`` on top. Arrows to boxes that are not there are passed over."""
    layer_of = _layers(boxes, arrows, start)
    lines = tuple(
        number
        for number, (source, target) in enumerate(arrows)
        if target in layer_of and layer_of[target] == layer_of[source] + 1
    )
    pairs = list(dict.fromkeys(arrows[number] for number in lines))
    layers = _ordered(layer_of, pairs)
    left = _across(layers, pairs, boxes, gaps.across)
    places: dict[str, tuple[float, float]] = {}
    y = 0.0
    for layer in layers:
        places |= {name: (left[name], y) for name in layer}
        y += max(boxes[name].height for name in layer) + gaps.down
    width = max((left[name] + boxes[name].width for name in boxes), default=0)
    return Layout(places, lines, Size(width, max(0.0, y - gaps.down)))


def _layers(
    boxes: Mapping[str, Size], arrows: Sequence[tuple[str, str]], start: str
) -> dict[str, int]:
    """How many arrows each box is away from the start; what the start does not lead to begins anew
    on the second layer."""
    following: dict[str, list[str]] = {name: [] for name in boxes}
    for source, target in arrows:
        if target in boxes:
            following[source].append(target)
    found: dict[str, int] = {}
    roots = [start, *_roots(boxes, following), *boxes]
    for depth, root in enumerate(roots):
        if root in found or root not in boxes:
            continue
        found[root] = min(depth, 1)
        todo = [root]
        for name in todo:
            for target in following[name]:
                if target not in found:
                    found[target] = found[name] + 1
                    todo.append(target)
    return found


def _roots(boxes: Mapping[str, Size], following: Mapping[str, list[str]]) -> list[str]:
    led_to = {target for targets in following.values() for target in targets}
    return [name for name in boxes if name not in led_to]


def _ordered(layer_of: Mapping[str, int], pairs: Sequence[tuple[str, str]]) -> list[list[str]]:
    """The boxes of each layer from left to right, so that few lines cross."""
    layers: list[list[str]] = [[] for _ in range(max(layer_of.values(), default=-1) + 1)]
    for name, layer in layer_of.items():
        layers[layer].append(name)
    above, below = _neighbours(pairs)
    best, fewest = [list(layer) for layer in layers], _crossings(layers, below)
    for sweep in range(SWEEPS):
        downwards = sweep % 2 == 0
        order = range(1, len(layers)) if downwards else range(len(layers) - 2, -1, -1)
        for number in order:
            beside = layers[number - 1 if downwards else number + 1]
            _sort(layers[number], beside, above if downwards else below)
        crossings = _crossings(layers, below)
        if crossings < fewest:
            best, fewest = [list(layer) for layer in layers], crossings
    return best


_Neighbours = Mapping[str, Sequence[str]]


def _neighbours(pairs: Sequence[tuple[str, str]]) -> tuple[_Neighbours, _Neighbours]:
    above: dict[str, list[str]] = {}
    below: dict[str, list[str]] = {}
    for source, target in pairs:
        above.setdefault(target, []).append(source)
        below.setdefault(source, []).append(target)
    return above, below


def _sort(layer: list[str], beside: Sequence[str], neighbours: _Neighbours) -> None:
    """By the mean place of the neighbours; a box without any stays where it is."""
    position = {name: index for index, name in enumerate(beside)}
    means = {
        name: sum(position[each] for each in found) / len(found)
        for name in layer
        if (found := [each for each in neighbours.get(name, ()) if each in position])
    }
    movable = iter(sorted((name for name in layer if name in means), key=means.__getitem__))
    layer[:] = [next(movable) if name in means else name for name in layer]


def _crossings(layers: Sequence[Sequence[str]], below: _Neighbours) -> int:
    crossings = 0
    for upper, lower in pairwise(layers):
        position = {name: index for index, name in enumerate(lower)}
        ends = [
            end
            for name in upper
            for end in sorted(position[each] for each in below.get(name, ()) if each in position)
        ]
        crossings += sum(
            1 for later in range(len(ends)) for before in ends[:later] if before > ends[later]
        )
    return crossings


def _across(
    layers: Sequence[Sequence[str]],
    pairs: Sequence[tuple[str, str]],
    boxes: Mapping[str, Size],
    gap: float,
) -> dict[str, float]:
    """The left edges: each box near the middle of those that it is joined with."""
    above, below = _neighbours(pairs)
    middle: dict[str, float] = {}
    for layer in layers:
        x = 0.0
        for name in layer:
            middle[name] = x + boxes[name].width / 2
            x += boxes[name].width + gap
    for sweep in range(SWEEPS):
        neighbours = above if sweep % 2 == 0 else below
        for layer in layers if sweep % 2 == 0 else list(reversed(layers)):
            wanted = [_mean(neighbours.get(name, ()), middle, middle[name]) for name in layer]
            middle |= zip(layer, _apart(layer, wanted, boxes, gap), strict=True)
    least = min((middle[name] - boxes[name].width / 2 for name in middle), default=0.0)
    return {name: x - boxes[name].width / 2 - least for name, x in middle.items()}


def _mean(names: Sequence[str], middle: Mapping[str, float], default: float) -> float:
    return sum(middle[name] for name in names) / len(names) if names else default


def _apart(
    layer: Sequence[str], wanted: Sequence[float], boxes: Mapping[str, Size], gap: float
) -> list[float]:
    """The places nearest to those wanted (least squares) at which boxes do not overlap: pooling of
    adjacent violators, after the widths are taken off."""
    offsets, offset = [], 0.0
    for before, name in zip((None, *layer), layer, strict=False):
        if before is not None:
            offset += (boxes[before].width + boxes[name].width) / 2 + gap
        offsets.append(offset)
    pools: list[tuple[float, int]] = []
    for want, off in zip(wanted, offsets, strict=True):
        mean, count = want - off, 1
        while pools and pools[-1][0] > mean:
            other, many = pools.pop()
            mean, count = (mean * count + other * many) / (count + many), count + many
        pools.append((mean, count))
    flat = [mean for mean, count in pools for _ in range(count)]
    return [mean + off for mean, off in zip(flat, offsets, strict=True)]
