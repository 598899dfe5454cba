"""Keeps the linear algebra of numpy to one core.

Products of one text's features are small. BLAS shares them among all cores nevertheless, whose
threads wait for each other by spinning: twenty times slower than one core alone on a busy machine.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache

from threadpoolctl import ThreadpoolController


def one_core() -> AbstractContextManager[object]:
    """Within it, every product of the process takes one core."""
    limit: AbstractContextManager[object] = _controller().limit(limits=1, user_api="blas")
    return limit


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()
