"""The waveforms of recordings, made when somebody looks and kept for those who look again.

One is made at a time, in a thread; the newest `MOST` are kept, some fifty kilobytes each at most.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Final

from voicebot.media.waveform import Waveform, read_waveform

MOST: Final = 100


class Waveforms:
    """``read`` makes one of a file, and may block."""

    def __init__(self, read: Callable[[Path], Waveform] = read_waveform) -> None:
        self._read = read
        self._kept: OrderedDict[tuple[Path, int, int], Waveform] = OrderedDict()
        self._alone = asyncio.Lock()

    async def of(self, path: Path) -> Waveform:
        """The waveform of the file as it is now. Raises AudioError where it cannot be read,
        OSError where there is none."""
        async with self._alone:
            state = await asyncio.to_thread(path.stat)
            key = (path, state.st_mtime_ns, state.st_size)
            if key not in self._kept:
                self._kept[key] = await asyncio.to_thread(self._read, path)
            self._kept.move_to_end(key)
            while len(self._kept) > MOST:
                self._kept.popitem(last=False)
            return self._kept[key]
