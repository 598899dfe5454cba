"""The encoder as it was taught to hear in noise: the packaged weights, slightly changed.

`benchmarks/recognition/adaptation` learned low-rank changes (Hu et al., 2021, arXiv:2106.09685) of
the encoder's matrices and convolutions: given speech in noise the changed encoder is to say what
the original one says of the same speech without noise. They are added to the weights inside the
model's file, so the result is a model of the same shape, size and speed; matrices stay in 8 bits on
the scale they had. The decoder is the same for both.

The places in the file are known because the file is: `assets` checks its sum before it is used.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

_FILE: Final = "noise_adaptation.npz"
_SIDES: Final = ("left", "right")


def path() -> Path:
    """Where the package keeps what was learned."""
    return Path(__file__).with_name(_FILE)


def adapted(model: bytes) -> bytes:
    """Give the encoder's file ``model`` with the learned changes.

    For each tensor the package's data hold its offset in the file, and either ``levels``, what its
    8-bit numbers change by, or two factors ``left`` and ``right``, whose product is added to its
    32-bit numbers.
    """
    changed = bytearray(model)
    with np.load(path(), allow_pickle=False) as data:
        for index, offset in enumerate(data["offsets"].tolist()):
            if f"levels{index}" in data:
                _add(changed, offset, data[f"levels{index}"].view(np.uint8))
            else:
                left, right = (data[f"{side}{index}"].astype(np.float32) for side in _SIDES)
                _add(changed, offset, left @ right)
    return bytes(changed)


def _add(file: bytearray, offset: int, change: NDArray[np.uint8] | NDArray[np.float32]) -> None:
    """Add ``change`` to the numbers of its kind that lie in ``file`` from ``offset`` on. Those of
    8 bits wrap round: less one is more 255."""
    numbers = np.frombuffer(file, change.dtype, change.size, offset)
    np.add(numbers, change.ravel(), out=numbers)
