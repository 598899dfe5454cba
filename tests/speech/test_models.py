"""The catalogue of models and where they are found."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from voicebot.errors import ModelError
from voicebot.speech.models import CATALOGUE, choose, find, installed_at, locate
from voicebot.types import Language

GERMAN = "vosk-model-small-de-0.15"


def test_every_entry_is_whole_and_has_a_name_of_its_own() -> None:
    assert len({model.name for model in CATALOGUE}) == len(CATALOGUE)
    for model in CATALOGUE:
        assert re.fullmatch(r"[\w.-]+", model.name)
        assert re.fullmatch(r"([0-9a-f]{64})?", model.sha256)
        assert model.size > 1_000_000
        assert model.licence
        assert not (model.sha256 and model.package)


def test_archive_is_installed_where_it_was_unpacked(tmp_path: Path) -> None:
    assert installed_at(find(GERMAN), tmp_path) is None
    with pytest.raises(ModelError, match=f"Run `voicebot models pull {GERMAN}`"):
        locate(GERMAN, tmp_path)
    (tmp_path / GERMAN).mkdir()
    assert locate(GERMAN, tmp_path) == tmp_path / GERMAN


def test_model_of_a_package_is_found_where_pip_put_it(tmp_path: Path) -> None:
    place = installed_at(find("moonshine-tiny-en"), tmp_path)
    assert place is not None
    assert (place / "tokenizer.bin").is_file()


def test_folder_may_be_named_instead(tmp_path: Path) -> None:
    assert locate(str(tmp_path), Path()) == tmp_path
    with pytest.raises(ModelError, match="no such folder"):
        locate(str(tmp_path / "nowhere"), Path())
    with pytest.raises(ModelError, match="models list"):
        locate("nothing-known", Path())


def test_installed_model_of_the_language_is_chosen(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=f"models pull {GERMAN}"):
        choose("vosk", Language("de-AT"), tmp_path)
    (tmp_path / GERMAN).mkdir()
    assert choose("vosk", Language("de-AT"), tmp_path) == tmp_path / GERMAN
    with pytest.raises(ModelError, match="no model for tlh is known"):
        choose("vosk", Language("tlh"), tmp_path)


def test_model_of_the_very_region_is_preferred(tmp_path: Path) -> None:
    for name in ("vosk-model-small-en-us-0.15", "vosk-model-small-en-in-0.4"):
        (tmp_path / name).mkdir()
    chosen = choose("vosk", Language("en-IN"), tmp_path)
    assert chosen.name == "vosk-model-small-en-in-0.4"
    assert choose("vosk", Language("en-GB"), tmp_path).name == "vosk-model-small-en-us-0.15"
