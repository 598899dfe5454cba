"""``voicebot new``: what it writes passes every check at once."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from voicebot.cli.check import check
from voicebot.cli.new import new
from voicebot.cli.serve import first_call
from voicebot.cli.try_ import try_flow
from voicebot.errors import UsageError

PROJECT = Path(__file__).parents[2]

made = typer.Typer()
made.command()(new)
checked = typer.Typer()
checked.command()(check)
tried = typer.Typer()
tried.command()(try_flow)


@pytest.mark.parametrize("language", ["en-US", "en-GB"])
def test_what_is_written_has_no_problem_no_warning_and_no_advice(
    language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "line"
    result = CliRunner().invoke(made, [str(folder), "--language", language])
    assert result.exit_code == 0, result.output

    monkeypatch.chdir(folder)
    report = CliRunner().invoke(checked, ["--strict"])

    assert report.exit_code == 0
    assert len(report.output.splitlines()) == 1, report.output
    assert f"language: {language}" in (folder / "flows" / "main.yaml").read_text()
    assert (folder / "audio" / language).is_dir()
    assert (folder / ".gitignore").is_file()


def test_what_is_written_can_be_played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    CliRunner().invoke(made, [str(tmp_path / "line")])
    monkeypatch.chdir(tmp_path / "line")
    monkeypatch.setattr("sys.stdin", io.StringIO("is my bike ready\none oh two four\nno\n"))

    played = CliRunner().invoke(tried, input="is my bike ready\none oh two four\nno\n")

    assert "your bicycle is ready" in played.output
    assert "hangs up: self_served" in played.output


def test_a_server_names_the_call_that_can_be_placed_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    CliRunner().invoke(made, [str(tmp_path / "line")])
    monkeypatch.chdir(tmp_path / "line")
    assert first_call() == "voicebot call"
    monkeypatch.chdir(PROJECT)
    assert first_call() == "make call"


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")

    result = CliRunner().invoke(made, [str(tmp_path)])

    assert isinstance(result.exception, UsageError)
    assert "is not empty" in str(result.exception)
    assert [each.name for each in tmp_path.iterdir()] == ["notes.txt"]


def test_a_fresh_repository_counts_as_empty(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()

    assert CliRunner().invoke(made, [str(tmp_path)]).exit_code == 0


@pytest.mark.parametrize("language", ["tlh", "../en", "en/..", ""])
def test_a_language_without_an_application_is_told(language: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(made, [str(tmp_path / "line"), "--language", language])

    assert isinstance(result.exception, UsageError)
    assert "Take one of en" in str(result.exception)
    assert not (tmp_path / "line").exists()


def test_a_file_in_the_way_is_told(tmp_path: Path) -> None:
    (tmp_path / "line").write_text("")

    result = CliRunner().invoke(made, [str(tmp_path / "line")])

    assert isinstance(result.exception, UsageError)
    assert "cannot be made" in str(result.exception)
