"""``voicebot check``."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
import typer
from typer.testing import CliRunner

from voicebot.cli.check import check
from voicebot.flows.schema import flow_schema_text

PROJECT = Path(__file__).parents[2]

app = typer.Typer()
app.command()(check)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the demo that may be damaged."""
    for folder in ("flows", "grammars", "audio"):
        shutil.copytree(PROJECT / folder, tmp_path / folder)
    return tmp_path


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings file of whoever runs the tests."""
    monkeypatch.chdir(tmp_path)


def damage(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_demo_has_no_problem() -> None:
    result = CliRunner().invoke(app, [str(PROJECT)])

    assert result.exit_code == 0, result.output
    assert result.output.rstrip().endswith("no problems.")


def test_problems_of_all_rooms_are_shown_with_place_and_remedy(copy: Path) -> None:
    damage(copy / "flows" / "main.yaml", "next: main_menu", "next: mainmenu")
    damage(copy / "flows" / "main.yaml", "grammar: builtin:boolean", "grammar: builtin:bolean")
    damage(copy / "flows" / "actions.yaml", "result: one", "reslt: one")
    damage(copy / "grammars" / "request.gram", "public $request", "public $rquest")
    (copy / "audio" / "en-US" / "hello.wav").write_bytes(b"no sound")

    result = CliRunner().invoke(app, [str(copy)])
    lines = [line.removeprefix(f"{copy}/") for line in result.output.splitlines()]

    assert result.exit_code == 1
    assert lines[0].startswith("audio/en-US/hello.wav: cannot be read as audio")
    assert lines[1].startswith("flows/actions.yaml:")
    assert lines[1].endswith("Did you mean 'result'?")
    assert lines[2] == (
        "flows/main.yaml:39:11: step 'mainmenu' does not exist. Did you mean 'main_menu'?"
    )
    assert any(line.startswith("flows/main.yaml:") and "bolean" in line for line in lines)
    assert any(line.startswith("grammars/request.gram:") for line in lines)
    assert lines[-1].endswith("problems.")


def test_json_lists_problems_and_advice(copy: Path) -> None:
    damage(copy / "flows" / "main.yaml", "next: main_menu", "next: mainmenu")
    shutil.copy(copy / "grammars" / "request.gram", copy / "grammars" / "old.gram")

    result = CliRunner().invoke(app, [str(copy), "--json"])
    report = json.loads(result.output)

    assert result.exit_code == 1
    assert report["problems"][0]["file"] == str(copy / "flows" / "main.yaml")
    assert report["problems"][0]["line"] == 39
    assert report["problems"][0]["remedy"] == "Did you mean 'main_menu'?"
    assert "no flow uses this grammar" in [advice["problem"] for advice in report["advice"]]
    assert report["counts"]["flows"] == 2


def test_grammars_of_every_notation_are_checked(copy: Path) -> None:
    (copy / "grammars" / "bad.grxml").write_text("<grammar/>")
    (copy / "grammars" / "lamps.jsgf").write_text("#JSGF V1.0;\ngrammar lamps;\n<a> = <b>;\n")

    output = CliRunner().invoke(app, [str(copy)]).output

    assert f"{copy}/grammars/bad.grxml:1:1: the root element" in output
    assert f"{copy}/grammars/lamps.jsgf:3:7: there is no rule <b>" in output


def test_transfer_target_that_is_not_set_is_advice_only(copy: Path) -> None:
    result = CliRunner().invoke(app, [str(copy), "--json"])

    assert result.exit_code == 0
    advice = json.loads(result.output)["advice"]
    assert [each["problem"] for each in advice if "/flows/" in each["file"]] == [
        "the settings have no transfer target 'agents'"
    ] * 2


def test_grammars_are_looked_at_closely(copy: Path) -> None:
    damage(copy / "grammars" / "anything_else.gram", "| bye [bye];", "| bye [bye] | yes please;")
    damage(copy / "grammars" / "request.gram", "$order = order", "$lost = x;$order = order")

    result = CliRunner().invoke(app, [str(copy)])

    assert result.exit_code == 1
    assert "'yes please' has two meanings" in result.output
    assert "nothing leads to the rule $lost" in result.output
    assert "'fifteen' and 'fifty'" in result.output


def test_folder_without_an_application_is_a_problem(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, [str(tmp_path)])

    assert result.exit_code == 1
    assert "holds no flow" in result.output


def test_schema_is_printed() -> None:
    result = CliRunner().invoke(app, ["--schema"])

    assert result.exit_code == 0
    assert result.output == flow_schema_text()


def test_warnings_tell_what_callers_suffer_from_and_fail_a_strict_check(copy: Path) -> None:
    long = "Welcome to Harbour Lane. " + "This is a very long welcome. " * 8
    damage(copy / "flows" / "main.yaml", "Welcome to Harbour Lane.", long)

    lenient = CliRunner().invoke(app, [str(copy)])
    strict = CliRunner().invoke(app, [str(copy), "--strict"])
    report = json.loads(CliRunner().invoke(app, [str(copy), "--json"]).output)

    assert (lenient.exit_code, strict.exit_code) == (0, 1)
    (line,) = [line for line in lenient.output.splitlines() if line.endswith("(warning)")]
    assert line.startswith(f"{copy}/flows/main.yaml:38:10: the prompt takes about 16 s to say")
    assert lenient.output.rstrip().endswith("no problems, 1 warning.")
    assert [each["severity"] for each in report["warnings"]] == ["warning"]


def test_prompts_that_were_rendered_are_measured(copy: Path) -> None:
    long = "Welcome to Harbour Lane. " + "This is a very long welcome. " * 8
    damage(copy / "flows" / "main.yaml", "Welcome to Harbour Lane.", long)
    sound = np.sin(np.arange(8000 * 11) * 0.3) * 0.3
    soundfile.write(copy / "audio" / "en-US" / "welcome.wav", sound, 8000)
    (copy / "audio" / "en-US" / "prompts.yaml").write_text(f'"{long.strip()}": welcome.wav\n')

    assert "takes" not in CliRunner().invoke(app, [str(copy)]).output


def test_demo_has_no_warning_either() -> None:
    assert CliRunner().invoke(app, [str(PROJECT), "--strict"]).exit_code == 0
