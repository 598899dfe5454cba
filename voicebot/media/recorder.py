"""Records calls: both sides of each, written by one thread beside the event loop.

The loop only puts frames together (`media.stereo`); blocks of half a second go to the thread
through a bounded queue. When the disk is too slow blocks are dropped and counted, and the file has
silence in their place; when it is full or gone, that recording ends and the call goes on. What
turns out to be a secret afterwards falls silent when the call is over (`muting`), or at the next
start where the process was killed before (`muting_notes`). Files lie in a folder for each day,
``2026-11-21/<call id>.wav``, readable by their owner alone.
"""

from __future__ import annotations

import queue
import re
import shutil
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

import numpy as np
import structlog

from voicebot.errors import AudioError
from voicebot.media import muting_notes
from voicebot.media.muting import PART, Stretch, mute_stretches
from voicebot.media.sound_writer import SUFFIXES, SoundFormat, SoundWriter, open_sound
from voicebot.media.stereo import StereoLine, StereoSamples
from voicebot.types import CallId, Samples

log = structlog.get_logger(__name__)

QUEUE_BLOCKS: Final = 1000
"""Blocks of all calls that may wait for the disk: 16 kB each at 8 kHz."""
STOP_WITHIN_S: Final = 10.0

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(slots=True)
class RecorderCounters:
    """``dropped_ms`` is sound for which there was no room, ``failed`` recordings that broke off,
    ``unmuted`` those in which a secret could not be made silent: they are held back."""

    running: int = 0
    begun: int = 0
    failed: int = 0
    dropped_ms: int = 0
    unmuted: int = 0


@dataclass(frozen=True, slots=True)
class _Secret:
    """Job of the thread: write down that ``stretch`` of the recording ``name`` is a secret."""

    name: str
    stretch: Stretch


class CallRecorder:
    """The recording of one call, made by `Recorder.begin`.

    ``name`` is its file, relative to the folder.
    """

    def __init__(self, recorder: Recorder, name: str, rate: int) -> None:
        self.name = name
        self._recorder = recorder
        self._rate = rate
        self._line = StereoLine(rate)
        self._owed = 0
        self._open = True
        self._secret: list[Stretch] = []

    def heard(self, samples: Samples, at: float) -> None:
        """20 ms of the caller's."""
        self._line.left(samples, at)
        self._hand_over(self._line.take())

    def sent(self, samples: Samples | None, at: float) -> None:
        """20 ms that left for the caller, None for silence."""
        self._line.right(samples, at)

    @property
    def length_s(self) -> float:
        """How long it is by now."""
        return self._line.length_s

    def mute(self, since_s: float, until_s: float) -> None:
        """Have silence on both sides from ``since_s`` to ``until_s`` (perhaps still to come), in
        seconds of the recording, once the call is over."""
        if until_s > max(0.0, since_s):
            stretch = (max(0.0, since_s), until_s)
            self._secret.append(stretch)
            self._recorder.note(self.name, stretch)

    def close(self) -> None:
        """The call is over; what is waiting is written. Does nothing the second time."""
        if self._open:
            self._hand_over(self._line.take(rest=True))
            self._open = False
            self._recorder.end(self.name, self._secret)

    def _hand_over(self, block: StereoSamples | None) -> None:
        if block is None or not self._open:
            return
        if self._owed:
            # What was dropped before is silence now, so that the sides keep their time.
            block = np.concatenate((np.zeros((self._owed, 2), np.int16), block))
        if self._recorder.write(self.name, self._rate, block):
            self._owed = 0
        else:
            self._owed = min(len(block), self._rate * 60)


class Recorder:
    """Writes the recordings of all calls into ``folder``.

    ``start`` begins the thread, ``stop`` writes what waits and ends it. ``today`` gives the local
    date, which names the folders.
    """

    def __init__(
        self,
        folder: Path,
        sound_format: SoundFormat = "wav",
        *,
        queue_blocks: int = QUEUE_BLOCKS,
        today: Callable[[], date] = date.today,
    ) -> None:
        self.folder = folder
        self.counters = RecorderCounters()
        self._format: SoundFormat = sound_format
        self._today = today
        self._jobs: queue.Queue[tuple[str, int, StereoSamples] | _Secret | str | None]
        self._jobs = queue.Queue(queue_blocks)
        self._late: queue.SimpleQueue[_Secret | str] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._files: dict[str, SoundWriter] = {}
        self._broken: set[str] = set()
        self._secret: dict[str, Sequence[Stretch]] = {}
        # Apart from the thread that writes: an hour of Opus takes a minute.
        self._muting = ThreadPoolExecutor(1, thread_name_prefix="recordings are muted")

    def start(self) -> None:
        """Raises AudioError when the folder cannot be made."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise AudioError(str(self.folder), f"cannot be made: {error.strerror}") from None
        for part in self.folder.glob(f"*/.*{PART}"):
            part.unlink(missing_ok=True)  # the process was killed while it wrote it
        for path in muting_notes.left_behind(self.folder):
            self._muting.submit(self._mute_left, path.relative_to(self.folder).as_posix())
        self._thread = threading.Thread(target=self._write_on, name="recorder", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Write what is waiting and close every file; blocks for as long as that takes."""
        if self._thread is not None:
            self._jobs.put(None)
            self._thread.join(STOP_WITHIN_S)
            self._thread = None
            self._muting.shutdown()

    def begin(self, call_id: CallId, rate: int) -> CallRecorder:
        """Begin to record a call whose frames have ``rate`` Hz. The file is made with the first
        sound."""
        self.counters.begun += 1
        self.counters.running += 1
        return CallRecorder(self, self._name(call_id), rate)

    def path(self, name: str) -> Path | None:
        """Where the recording ``name`` is, None where it is not (any more), or is none of ours."""
        day, _, file = name.partition("/")
        if not _DAY.fullmatch(day) or _safe(file) != file:
            return None
        path = self.folder / day / file
        return path if path.is_file() else None

    def playable(self, name: str) -> Path | None:
        """The same for who wants to hear it: None too while something in it is still to fall
        silent."""
        path = self.path(name)
        return None if path is None or muting_notes.note_of(path).exists() else path

    def delete_before(self, day: date) -> int:
        """Delete the recordings of the days before ``day``; give how many days went. Blocks."""
        gone = 0
        for folder in sorted(self.folder.iterdir()) if self.folder.is_dir() else ():
            if _is_before(folder.name, day) and folder.is_dir() and not folder.is_symlink():
                shutil.rmtree(folder, ignore_errors=True)
                gone += 1
        return gone

    # For the recordings of single calls

    def write(self, name: str, rate: int, block: StereoSamples) -> bool:
        """Queue a block; false when there is no room for it."""
        try:
            self._jobs.put_nowait((name, rate, block))
        except queue.Full:
            self.counters.dropped_ms += 1000 * len(block) // rate
            return False
        return True

    def end(self, name: str, secret: Sequence[Stretch] = ()) -> None:
        """Close a recording behind its last block; what is ``secret`` in it falls silent."""
        self.counters.running -= 1
        if secret:
            self._secret[name] = secret
        self._put(name)

    def note(self, name: str, stretch: Stretch) -> None:
        """Have it written down that ``stretch`` of a recording under way is a secret."""
        self._put(_Secret(name, stretch))

    def _put(self, job: _Secret | str) -> None:
        try:
            self._jobs.put_nowait(job)
        except queue.Full:
            self._late.put(job)  # a few octets; the thread looks here when it has caught up

    def _name(self, call_id: CallId) -> str:
        return f"{self._today().isoformat()}/{_safe(call_id)}{SUFFIXES[self._format]}"

    # In the thread

    def _write_on(self) -> None:
        while True:
            job = self._jobs.get()
            if isinstance(job, tuple):
                self._write_block(*job)
            elif job is not None:
                self._do(job)
            if self._jobs.empty() or job is None:
                while not self._late.empty():
                    self._do(self._late.get())
            if job is None:
                break
        for name in tuple(self._files):
            self._close(name)

    def _do(self, job: _Secret | str) -> None:
        if isinstance(job, _Secret):
            self._write_note(job)
        else:
            self._close(job)

    def _write_note(self, secret: _Secret) -> None:
        if secret.name not in self._files:
            return  # nothing was recorded, or it is over: then it is made silent at once
        try:
            muting_notes.note(self.folder / secret.name, secret.stretch)
        except AudioError as error:
            log.error("muting_not_noted", problem=error.problem)

    def _write_block(self, name: str, rate: int, block: StereoSamples) -> None:
        if name in self._broken:
            return
        try:
            file = self._files.get(name)
            if file is None:
                file = self._files[name] = open_sound(self.folder / name, self._format, rate)
            file.write(block)
        except AudioError as error:
            self._break_off(name, error.problem)
        except Exception:
            # One recording may not end the thread, which writes those of all other calls.
            log.exception("recording_failed")
            self._break_off(name, "something of ours broke")

    def _break_off(self, name: str, problem: str) -> None:
        log.error("recording_broke_off", problem=problem)
        self.counters.failed += 1
        self._broken.add(name)

    def _close(self, name: str) -> None:
        self._broken.discard(name)
        secret = self._secret.pop(name, ())
        file = self._files.pop(name, None)
        if file is None:
            return
        try:
            file.close()
        except (OSError, RuntimeError) as error:
            log.error("recording_not_closed", problem=str(error))
        if secret:
            self._muting.submit(self._mute, name, secret)

    def _mute(self, name: str, secret: Sequence[Stretch]) -> None:
        path = self.folder / name
        try:
            mute_stretches(path, secret)
            muting_notes.note_of(path).unlink(missing_ok=True)
        except (AudioError, OSError) as error:
            log.error("recording_not_muted", problem=str(error))
            self.counters.unmuted += 1

    def _mute_left(self, name: str) -> None:
        """A process was killed, or could not, before a recording fell silent in part."""
        path = self.folder / name
        if not path.exists():
            muting_notes.note_of(path).unlink(missing_ok=True)
            return
        self._mute(name, muting_notes.noted(path))
        log.info("recording_muted_late", recording=name)


def days_ago(days: int, now: datetime) -> date:
    """The first day that is kept when recordings are kept for ``days`` days."""
    return date.fromordinal(now.date().toordinal() - days)


def _is_before(name: str, day: date) -> bool:
    return bool(_DAY.fullmatch(name)) and name < day.isoformat()


def _safe(name: str) -> str:
    """``name`` as a file name: letters, digits, dots, dashes; never one that hides or climbs."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", name).lstrip(".") or "call"
