"""Finds the Moonshine weights in the installed package and checks that they are the right ones.

The `moonshine-voice` wheel carries the English 'tiny' model. Only its files are used: the package
itself is located but never imported, because importing it loads a second native runtime.
"""

from __future__ import annotations

import hashlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from voicebot.errors import ModelError

NAME: Final = "moonshine tiny-en"
_PACKAGE: Final = "moonshine_voice"
_FOLDER: Final = Path("assets/tiny-en")
_REMEDY: Final = "Install moonshine-voice==0.0.73, the release whose wheel holds the weights."
_SHA256: Final = {
    "encoder_model.ort": "94e90a4654fc45cdfedb77c4c08e1739f48862998e58fada384b25118134f221",
    "decoder_model_merged.ort": "cf524c4862d36e9e5ab032eddc73637efd822d70e868ac575cf1a46e1e4708a0",
    "tokenizer.bin": "6884b35fd6377d4c4d32336a0bc152f36b64d1e45b6503683cdc238250a8472d",
}


@dataclass(frozen=True, slots=True)
class Assets:
    """The three files of the model, verified."""

    encoder: Path
    decoder: Path
    tokenizer: Path


def locate() -> Assets:
    """Find the files inside the installed wheel and verify them.

    Raises ModelError when the package is absent, lacks the files, or holds others than expected.
    """
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelError(NAME, f"the package {_PACKAGE} is not installed", _REMEDY)
    return verify(Path(spec.origin).parent / _FOLDER)


def verify(folder: Path) -> Assets:
    """Check the sha256 of every file in ``folder``; raises ModelError at the first that differs."""
    for name, expected in _SHA256.items():
        path = folder / name
        try:
            with path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise ModelError(NAME, f"{path} cannot be read: {error.strerror}", _REMEDY) from None
        if found != expected:
            raise ModelError(NAME, f"{path} is not the file that was tested", _REMEDY)
    return Assets(
        encoder=folder / "encoder_model.ort",
        decoder=folder / "decoder_model_merged.ort",
        tokenizer=folder / "tokenizer.bin",
    )
