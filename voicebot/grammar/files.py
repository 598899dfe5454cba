"""Grammar files of a folder: which there are, and which one a name or a reference means.

References stay within the folder; nothing is fetched from a network. A JSGF grammar that is known
by its name, ``com.acme.places``, is looked for as ``com.acme.places``, ``com/acme/places`` and
``places``, in the notations of `readers.SUFFIXES`, JSGF first.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote

from voicebot.errors import GrammarError
from voicebot.grammar.ast import PACKAGE
from voicebot.grammar.encoding import MAX_BYTES
from voicebot.grammar.linker import SourceFile
from voicebot.grammar.readers import SUFFIXES


def grammar_files(folder: Path) -> tuple[Path, ...]:
    """Give the grammar files directly in ``folder``, sorted; none where there is no folder."""
    if not folder.is_dir():
        return ()
    return tuple(sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES))


def file_of(folder: Path, name: str) -> Path:
    """Give the file of the grammar ``name`` (without suffix) in ``folder`` or below.

    Raises GrammarError for a name that leads elsewhere and for one that two files have.
    """
    path = folder / f"{name}{SUFFIXES[0]}"
    if not name or "\0" in name or not path.resolve().is_relative_to(folder.resolve()):
        raise GrammarError(
            name[:100] or "''",
            0,
            0,
            "is no name of a grammar",
            f"Name a file without its '{SUFFIXES[0]}'.",
        )
    found = [other for suffix in SUFFIXES if (other := folder / f"{name}{suffix}").is_file()]
    if len(found) > 1:
        raise GrammarError(
            str(found[0]), 0, 0, f"{found[1].name} has the same name", "Rename one of them."
        )
    return found[0] if found else path


def localised_file(folder: Path, name: str) -> Path:
    """The same, where ``zh-CN/request`` is ``request`` if the language has no grammar of its own.

    Raises GrammarError as `file_of` does.
    """
    path = file_of(folder, name)
    _, slash, common = name.partition("/")
    return file_of(folder, common) if slash and not path.is_file() else path


def read_source(path: Path) -> SourceFile:
    """Read a file. Raises GrammarError where that is not possible."""
    try:
        with path.open("rb") as file:
            return SourceFile(str(path), file.read(MAX_BYTES + 1))
    except FileNotFoundError:
        raise GrammarError(str(path), 0, 0, "no such file", _nearest(path)) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise GrammarError(str(path), 0, 0, f"cannot be read: {reason}") from None


def referred(folder: Path, externals: Mapping[str, Path], uri: str, referrer: str) -> SourceFile:
    """Read the grammar that ``uri`` means in the file ``referrer``; it must lie in ``folder``.

    ``externals`` says for some URIs, as written or as seen from ``folder``, which file stands for
    them. Raises LookupError with a sentence that says why there is none.
    """
    try:
        if uri in externals:
            return read_source(externals[uri])
        if uri.startswith(PACKAGE):
            return _package(folder, uri.removeprefix(PACKAGE), Path(referrer).parent)
        if ":" in uri or uri.startswith("//"):
            raise LookupError("grammars are not fetched from a network; put a copy in the folder")
        # Not resolved, only tidied: errors are to name files the way their designer does.
        path = Path(os.path.normpath(Path(referrer).parent / unquote(uri)))
        _check_inside(folder, path)
        return read_source(path)
    except GrammarError as error:
        raise LookupError(_in_one(error)) from None


def _check_inside(folder: Path, path: Path) -> None:
    try:
        inside = path.resolve().is_relative_to(folder)
        # Opening a pipe would wait for someone to write into it.
        odd = path.exists() and not path.is_file()
    except (OSError, ValueError, RuntimeError):
        raise LookupError("that is no file name") from None
    if not inside:
        raise LookupError("it lies outside the folder of the grammars")
    if odd:
        raise LookupError("that is no file")


def _package(folder: Path, name: str, beside: Path) -> SourceFile:
    for path in _package_files(name):
        if (beside / path).is_file():
            _check_inside(folder, beside / path)
            return read_source(Path(os.path.normpath(beside / path)))
    simple = name.rpartition(".")[2]
    raise LookupError(f"there is no file {simple}.jsgf")


def _package_files(name: str) -> Iterator[str]:
    for stem in dict.fromkeys((name, name.replace(".", "/"), name.rpartition(".")[2])):
        for suffix in (".jsgf", *SUFFIXES):
            yield f"{stem}{suffix}"


def _in_one(error: GrammarError) -> str:
    return f"{error.problem}. {error.remedy}" if error.remedy else error.problem


def _nearest(path: Path) -> str:
    known = [other.name for other in grammar_files(path.parent)]
    near = difflib.get_close_matches(path.name, known, n=1, cutoff=0.5)
    return f"Did you mean '{near[0]}'?" if near else ""
