"""Sound files that are written while a call goes on, and can be read after a crash.

WAV (RIFF, 16-bit PCM) is written by hand: its header holds the length, so it is brought up to date
with every block; a killed process leaves a file that ends with its last block. Ogg Opus and Ogg
Vorbis are libsndfile's: pages are complete in themselves, and what a crash cuts off is at most the
last one.
"""

from __future__ import annotations

import errno
import os
import struct
from io import FileIO
from pathlib import Path
from typing import Any, Final, Literal, Protocol, TypeAlias

import soundfile

from voicebot.errors import AudioError
from voicebot.media.stereo import StereoSamples

SoundFormat: TypeAlias = Literal["wav", "opus", "vorbis"]

SUFFIXES: Final[dict[SoundFormat, str]] = {"wav": ".wav", "opus": ".opus", "vorbis": ".ogg"}

_SUBTYPES: Final = {"opus": "OPUS", "vorbis": "VORBIS"}
_CHANNELS: Final = 2
_SAMPLE_BYTES: Final = 2
_HEADER: Final = struct.Struct("<4sI4s4sIHHIIHH4sI")
_LARGEST: Final = 2**32 - 1 - _HEADER.size
_PRIVATE: Final = 0o600


class SoundWriter(Protocol):
    """A file under way. Its methods block and belong to a thread of their own."""

    def write(self, block: StereoSamples) -> None:
        """Append. Raises AudioError when that cannot be."""
        ...

    def close(self) -> None: ...


def open_sound(path: Path, sound_format: SoundFormat, rate: int) -> SoundWriter:
    """Make ``path``, stereo at ``rate`` Hz, readable by its owner alone; its folder is made too.

    Raises AudioError where that cannot be.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, _PRIVATE)
    except OSError as error:
        raise AudioError(str(path), f"cannot be made: {error.strerror}") from None
    try:
        if sound_format == "wav":
            return _WavWriter(descriptor, path, rate)
        return _OggWriter(descriptor, path, rate, _SUBTYPES[sound_format])
    except AudioError:
        path.unlink(missing_ok=True)  # nothing of the call is in it
        raise


class _WavWriter:
    def __init__(self, descriptor: int, path: Path, rate: int) -> None:
        self._file = FileIO(descriptor, "wb")
        self._path = path
        self._rate = rate
        self._written = 0
        try:
            self._write_header()
        except OSError as error:
            self._file.close()
            raise AudioError(str(path), f"cannot be made: {error.strerror}") from None

    def write(self, block: StereoSamples) -> None:
        octets = block.astype("<i2", copy=False).tobytes()
        if self._written + len(octets) > _LARGEST:
            raise AudioError(str(self._path), "is as long as a WAV file can be")
        try:
            self._write_all(octets)
            self._written += len(octets)
            self._write_header()
        except OSError as error:
            raise AudioError(str(self._path), f"cannot be written: {error.strerror}") from None

    def close(self) -> None:
        self._file.close()

    def _write_header(self) -> None:
        frame = _CHANNELS * _SAMPLE_BYTES
        header = _HEADER.pack(
            *(b"RIFF", _HEADER.size - 8 + self._written, b"WAVE", b"fmt ", 16, 1, _CHANNELS),
            *(self._rate, self._rate * frame, frame, 8 * _SAMPLE_BYTES, b"data", self._written),
        )
        self._file.seek(0)
        self._write_all(header)
        self._file.seek(0, os.SEEK_END)

    def _write_all(self, octets: bytes) -> None:
        if self._file.write(octets) != len(octets):  # what there was room for
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class _OggWriter:
    def __init__(self, descriptor: int, path: Path, rate: int, subtype: str) -> None:
        self._path = path
        try:
            self._file: Any = soundfile.SoundFile(
                descriptor, "w", rate, _CHANNELS, subtype, format="OGG", closefd=True
            )
        except (soundfile.SoundFileError, OSError) as error:
            raise AudioError(str(path), f"cannot be written: {error}") from None

    def write(self, block: StereoSamples) -> None:
        try:
            self._file.write(block)
            self._file.flush()
        except (soundfile.SoundFileError, OSError, RuntimeError) as error:
            raise AudioError(str(self._path), f"cannot be written: {error}") from None

    def close(self) -> None:
        self._file.close()
