"""Fetches the archive of a model, checks it and unpacks it; all or nothing.

The download goes on where it was broken off (HTTP Range, RFC 9110 section 14). What was fetched
must have the known sha256; where none is known, the first archive that came is trusted and its
checksum written to ``checksums.json``, which later ones must equal. Unpacking trusts nothing in the
archive: no member outside its own folder, no links, a bound on the size; the finished folder is
moved into place in one step.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import stat
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final, TypeAlias

import httpx

from voicebot.errors import ModelError
from voicebot.speech.models import Model

LARGEST: Final = 4 * 1024**3
_TRIES: Final = 4
_TIMEOUT_S: Final = 30.0
_BLOCK: Final = 1 << 18
_SPREAD: Final = 6
"""A model unpacks to at most so many times its archive."""
_LEAST_SPREAD: Final = 1 << 20
_PINS: Final = "checksums.json"

Report: TypeAlias = Callable[[int, int], None]
"""Told the bytes that are there and those there will be (0: not known)."""


@dataclass(frozen=True, slots=True)
class Pulled:
    """A model that was fetched; ``pinned`` where its checksum was trusted on first use."""

    place: Path
    sha256: str
    pinned: bool


def pull(model: Model, folder: Path, base_url: str, report: Report) -> Pulled:
    """Fetch ``model`` from below ``base_url`` and unpack it to ``folder / model.name``.

    What was there under that name is replaced. Raises ModelError, naming the way out, for
    everything that goes wrong: no network, no such file, no room, another file than expected.
    """
    url = f"{base_url.rstrip('/')}/{model.name}.zip"
    part = folder / f".{model.name}.zip.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _require_room(model, folder)
        _download(model, url, part, report)
        sha256, pinned = _verify(model, part, folder)
        place = _unpack(model, part, folder)
        part.unlink()
    except OSError as error:
        problem = f"cannot be written to {folder} ({error.strerror or error})"
        raise ModelError(
            model.name, problem, "Make room or choose another `server.data`."
        ) from None
    return Pulled(place, sha256, pinned)


def _require_room(model: Model, folder: Path) -> None:
    needed = model.size * (1 + _SPREAD // 2)
    free = shutil.disk_usage(folder).free
    if free < needed:
        problem = f"needs {needed // 1_000_000} MB in {folder}, {free // 1_000_000} MB are free"
        raise ModelError(model.name, problem, "Make room or choose another `server.data`.")


def _download(model: Model, url: str, part: Path, report: Report) -> None:
    """Complete ``part``, trying again where the connection breaks and something came of it."""
    problem = ""
    with httpx.Client(follow_redirects=True, timeout=_TIMEOUT_S) as client:
        for _ in range(_TRIES):
            try:
                if _fetch(client, model, url, part, report):
                    return
                problem = "the file ended early"
            except httpx.HTTPError as error:
                problem = str(error) or type(error).__name__
                if not part.exists():
                    break
    if part.exists() and part.stat().st_size:
        raise ModelError(
            model.name,
            f"the connection to {httpx.URL(url).host} broke ({problem})",
            "Run the command again: it goes on where it stopped.",
        )
    raise ModelError(
        model.name,
        f"{httpx.URL(url).host} cannot be reached ({problem})",
        f"Check the network, or fetch {url} elsewhere and unpack it to {part.parent / model.name}.",
    )


def _fetch(client: httpx.Client, model: Model, url: str, part: Path, report: Report) -> bool:
    """Fetch what is missing; whether the file is whole now, by what the server says."""
    have = part.stat().st_size if part.exists() else 0
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with client.stream("GET", url, headers=headers) as response:
        if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            # Whole already, or another file than this one's beginning: the checksum will tell.
            if response.headers.get("Content-Range") == f"bytes */{have}":
                return True
            part.unlink()
            return False
        if response.status_code not in (httpx.codes.OK, httpx.codes.PARTIAL_CONTENT):
            raise ModelError(
                model.name,
                f"{url} answers {response.status_code}",
                "Check the setting `speech.models_url`, or get it elsewhere.",
            )
        goes_on = response.status_code == httpx.codes.PARTIAL_CONTENT and response.headers.get(
            "Content-Range", ""
        ).startswith(f"bytes {have}-")
        have = have if goes_on else 0
        length = response.headers.get("Content-Length", "")
        total = have + int(length) if length.isdecimal() else 0
        most = min(LARGEST, model.size if model.sha256 else LARGEST)
        with part.open("ab" if goes_on else "wb") as file:
            for block in response.iter_raw():
                file.write(block)
                have += len(block)
                report(have, total)
                if have > most:
                    file.close()
                    part.unlink()
                    raise _other_file(model, f"it is longer than {most} bytes")
    return not total or have >= total


def _verify(model: Model, part: Path, folder: Path) -> tuple[str, bool]:
    with part.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    pins = _pins(folder)
    expected = model.sha256 or pins.get(model.name, "")
    if expected and found != expected:
        part.unlink()
        raise _other_file(model, f"its sha256 is {found}, not {expected}")
    if not model.sha256:
        _write_whole(folder / _PINS, json.dumps(pins | {model.name: found}, indent=1))
    return found, not expected


def _other_file(model: Model, problem: str) -> ModelError:
    return ModelError(
        model.name,
        f"what came is not the file that is known: {problem}",
        "Nothing was installed. Try again, or check the setting `speech.models_url`.",
    )


def _pins(folder: Path) -> dict[str, str]:
    try:
        pins = json.loads((folder / _PINS).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):
        remedy = "Mend or delete it; models without a known checksum are then trusted anew."
        raise ModelError(str(folder / _PINS), "cannot be read", remedy) from None
    return pins if isinstance(pins, dict) else {}


def _write_whole(path: Path, text: str) -> None:
    beside = path.with_suffix(".new")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)


def _unpack(model: Model, archive: Path, folder: Path) -> Path:
    staging = folder / f".{model.name}.unpacking"
    shutil.rmtree(staging, ignore_errors=True)
    place = folder / model.name
    try:
        with zipfile.ZipFile(archive) as opened:
            most = max(archive.stat().st_size * _SPREAD, _LEAST_SPREAD)
            for member in opened.infolist():
                target = staging / _inside(model, member)
                if member.is_dir():
                    target.mkdir(parents=True, exist_ok=True)
                    continue
                target.parent.mkdir(parents=True, exist_ok=True)
                most -= _copy(model, opened, member, target, most)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as error:
        shutil.rmtree(staging, ignore_errors=True)
        archive.unlink()
        raise _other_file(model, f"it cannot be unpacked ({error})") from None
    except ModelError:
        shutil.rmtree(staging, ignore_errors=True)
        archive.unlink()
        raise
    shutil.rmtree(place, ignore_errors=True)
    (staging / model.name).replace(place)
    shutil.rmtree(staging, ignore_errors=True)
    return place


def _inside(model: Model, member: zipfile.ZipInfo) -> PurePosixPath:
    """The member's path; every one must lie in the folder of the model's name."""
    path = PurePosixPath(member.filename.replace("\\", "/"))
    is_link = stat.S_ISLNK(member.external_attr >> 16)
    if is_link or path.is_absolute() or ".." in path.parts or path.parts[:1] != (model.name,):
        raise _other_file(model, f"it holds '{member.filename}'")
    return path


def _copy(
    model: Model, opened: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, most: int
) -> int:
    """Unpack one file of at most ``most`` bytes, whatever its header says; gives its size."""
    size = 0
    with opened.open(member) as source, target.open("wb") as file:
        while block := source.read(_BLOCK):
            size += len(block)
            if size > most:
                raise _other_file(model, "it unpacks to far more than a model")
            file.write(block)
    return size
