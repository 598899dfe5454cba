"""Recorded prompts: ``audio/<language>/<slug of the text>.wav``, or as ``prompts.yaml`` says.

``prompts.yaml`` beside the recordings maps a text, as it stands in the flow, to a file. Texts are
compared without regard to case, spacing and punctuation. Any rate and format that libsndfile
reads will do; the sound is made mono, resampled, trimmed and brought to the level of synthesis.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from voicebot.errors import AudioError, SourceError
from voicebot.speech import level
from voicebot.types import Language, Samples

INDEX = "prompts.yaml"
SUFFIXES = (".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aiff", ".aif", ".au", ".caf")
LONGEST_SLUG = 60
LONGEST_S = 120.0


def slug(text: str) -> str:
    """The file name, without suffix, of a recording of ``text``.

    'Welcome to Harbour Lane.' -> 'welcome-to-harbour-lane'. A long text is cut, and told from
    others that begin the same by six digits of its sha256.
    """
    whole = re.sub(r"[\W_]+", "-", _plain(text).replace("'", "")).strip("-")
    if len(whole) <= LONGEST_SLUG:
        return whole
    cut = whole[:LONGEST_SLUG].rsplit("-", 1)[0]
    return f"{cut}-{hashlib.sha256(whole.encode()).hexdigest()[:6]}"


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().replace("’", "'")


@dataclass(frozen=True, slots=True)
class Recordings:
    """What recordings an application has, by language and slug. Built with `find_recordings`.

    ``digests`` say what each file held when it was found: another sound under the same name is
    another recording.
    """

    files: Mapping[Language, Mapping[str, Path]]
    digests: Mapping[Path, str] = field(default_factory=dict)

    def find(self, text: str, language: Language) -> Path | None:
        """The recording of ``text``, None where there is none."""
        return self.files.get(language, {}).get(slug(text))

    def digest(self, path: Path) -> str:
        """What ``path`` held when it was found; empty where that is not known."""
        return self.digests.get(path, "")

    def is_unchanged(self, path: Path) -> bool:
        """Whether ``path`` still holds what it held when it was found; reads it."""
        return not self.digest(path) or _digest(path) == self.digest(path)

    def __iter__(self) -> Iterator[Path]:
        return (path for named in self.files.values() for path in dict.fromkeys(named.values()))


NO_RECORDINGS = Recordings({})


def find_recordings(folder: Path) -> Recordings:
    """Look through ``folder`` (an application's ``audio/``), which may be absent.

    Raises SourceError for a ``prompts.yaml`` that is wrong or names a file that is not there. The
    sound itself is not read yet (see `read_recording`).
    """
    languages = sorted(path for path in folder.glob("*") if path.is_dir())
    files = {Language(path.name): _named(path) for path in languages}
    found = Recordings(files)
    return Recordings(files, {path: _digest(path) for path in found})


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return "unreadable"


def _named(folder: Path) -> dict[str, Path]:
    files = {
        slug(path.stem): path
        for path in sorted(folder.iterdir())
        if path.suffix.lower() in SUFFIXES
    }
    if (folder / INDEX).is_file():
        files |= _read_index(folder / INDEX)
    return files


def _read_index(index: Path) -> dict[str, Path]:
    try:
        entries = YAML(typ="rt").load(index.read_text(encoding="utf-8"))
    except MarkedYAMLError as error:
        mark = error.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        problem = f"not valid YAML: {error.problem or error.context}"
        raise SourceError(str(index), line, column, problem) from None
    except (YAMLError, OSError, UnicodeDecodeError) as error:
        raise SourceError(str(index), 0, 0, f"cannot be read: {error}") from None
    if entries is None:
        return {}
    if not isinstance(entries, CommentedMap):
        remedy = 'Write lines such as "Welcome.: welcome.wav".'
        raise SourceError(str(index), 1, 1, "this is no mapping of texts to files", remedy)
    return {slug(str(text)): _indexed(index, entries, text) for text in entries}


def _indexed(index: Path, entries: CommentedMap, text: object) -> Path:
    line, column = entries.lc.value(text)
    name = entries[text]
    if not isinstance(name, str) or not (index.parent / name).is_file():
        remedy = f"Put it into {index.parent}, or correct the name."
        problem = f"there is no file '{name}'"
        raise SourceError(str(index), line + 1, column + 1, problem, remedy)
    return index.parent / name


def read_recording(path: Path, rate: int) -> Samples:
    """Give a recording at ``rate`` Hz, ready to play.

    Raises AudioError that names the file when it cannot be read, is silent or longer than
    `LONGEST_S` seconds.
    """
    try:
        about = soundfile.info(path)
        if about.duration > LONGEST_S:
            raise AudioError(str(path), f"{about.duration:.0f} s long; {LONGEST_S:.0f} is the most")
        signal, source_rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, OSError, ValueError, TypeError) as error:
        raise AudioError(str(path), f"cannot be read as audio ({error})") from error
    if not np.isfinite(signal).all():
        raise AudioError(str(path), "holds samples that are no numbers")
    samples = level.finish(signal.mean(axis=1), source_rate, rate)
    if not len(samples):
        raise AudioError(str(path), "holds nothing but silence")
    return samples
