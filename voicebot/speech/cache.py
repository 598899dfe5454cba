"""Rendered prompts: a bounded folder of files, and a bounded memory of decoded samples.

A file is a WAV that any player plays, followed by the sha256 of that WAV: one that was cut short
or altered is no hit. Files appear whole or not at all (written aside, then renamed), so several
processes may share the folder. The least recently used go first. A folder that cannot be written
costs speed, never a call: it is logged and the cache goes on in memory.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import tempfile
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile
import structlog

from voicebot.types import Samples

log = structlog.get_logger(__name__)

FOLDER = "prompts"
"""Name of the cache's folder inside the data folder."""
FOLDER_BYTES = 256_000_000
MEMORY_BYTES = 32_000_000
"""About half an hour at 8 kHz."""
RENDERING = "1"
"""Counted up when levelling or trimming changes, so that nobody hears old sound beside new."""
_DIGEST_BYTES = hashlib.sha256().digest_size
_UNFINISHED = ".part"


def cache_key(text: str, voice: str, rate: int) -> str:
    """The name that ``text`` spoken by ``voice`` at ``rate`` Hz is stored under: 64 hex digits."""
    content = "\0".join((text, voice, str(rate), RENDERING))
    return hashlib.sha256(content.encode("utf-8")).hexdigest()


@dataclass(slots=True)
class MemoryCache:
    """The most recently used samples, up to ``limit_bytes``; an entry larger than that is not kept.

    The arrays are made read-only: the same one goes to many calls.
    """

    limit_bytes: int = MEMORY_BYTES
    _held: OrderedDict[str, Samples] = field(default_factory=OrderedDict, init=False)
    _bytes: int = field(default=0, init=False)

    def get(self, key: str) -> Samples | None:
        samples = self._held.get(key)
        if samples is not None:
            self._held.move_to_end(key)
        return samples

    def put(self, key: str, samples: Samples) -> None:
        self._bytes -= self._held.pop(key).nbytes if key in self._held else 0
        if samples.nbytes > self.limit_bytes:
            return
        samples.setflags(write=False)
        self._held[key] = samples
        self._bytes += samples.nbytes
        while self._bytes > self.limit_bytes:
            _, oldest = self._held.popitem(last=False)
            self._bytes -= oldest.nbytes

    def __len__(self) -> int:
        return len(self._held)


class PromptCache:
    """The folder. Its calls read and write small files: not for the event loop.

    ``folder`` is made when first written to; ``limit_bytes`` bounds what lies in it.
    """

    def __init__(self, folder: Path, limit_bytes: int = FOLDER_BYTES) -> None:
        self._folder = folder
        self._limit = limit_bytes
        self._estimate: int | None = None

    def path(self, key: str) -> Path:
        return self._folder / f"{key}.wav"

    def get(self, key: str, rate: int) -> Samples | None:
        """Give the samples stored under ``key``, None where there are none that are whole."""
        path = self.path(key)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            log.warning("prompt_cache_unreadable", file=str(path), error=str(error))
            return None
        samples = _decode(content, rate)
        if samples is None:
            log.warning("prompt_cache_file_corrupt", file=str(path))
            return None
        with contextlib.suppress(OSError):
            os.utime(path)  # the age that eviction goes by
        return samples

    def put(self, key: str, samples: Samples, rate: int) -> None:
        """Store ``samples`` (mono int16 at ``rate`` Hz) under ``key``."""
        content = _encode(samples, rate)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._write(self.path(key), content)
            self._make_room(len(content))
        except OSError as error:
            log.warning("prompt_cache_unwritable", folder=str(self._folder), error=str(error))

    def _write(self, path: Path, content: bytes) -> None:
        with tempfile.NamedTemporaryFile(
            dir=self._folder, suffix=_UNFINISHED, delete=False
        ) as aside:
            try:
                aside.write(content)
                aside.close()
                Path(aside.name).replace(path)
            except OSError:
                Path(aside.name).unlink(missing_ok=True)
                raise

    def _make_room(self, added: int) -> None:
        """Delete the least recently used files when the folder has grown past its bound."""
        if self._estimate is not None and self._estimate + added <= self._limit:
            self._estimate += added
            return
        files = sorted(
            (status.st_mtime_ns, status.st_size, path)
            for path in self._folder.iterdir()
            if path.suffix in (".wav", _UNFINISHED) and (status := path.stat())
        )
        size = sum(bytes_ for _, bytes_, _ in files)
        for _, bytes_, path in files:
            if size <= self._limit:
                break
            path.unlink(missing_ok=True)
            size -= bytes_
        self._estimate = size


def _encode(samples: Samples, rate: int) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format="WAV", subtype="PCM_16")
    wav = buffer.getvalue()
    return wav + hashlib.sha256(wav).digest()


def _decode(content: bytes, rate: int) -> Samples | None:
    wav, digest = content[:-_DIGEST_BYTES], content[-_DIGEST_BYTES:]
    if hashlib.sha256(wav).digest() != digest:
        return None
    samples, stored_rate = soundfile.read(io.BytesIO(wav), dtype="int16")
    if stored_rate != rate:
        return None
    decoded: Samples = np.asarray(samples, dtype=np.int16)
    return decoded
