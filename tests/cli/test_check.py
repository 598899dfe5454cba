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

from voicebot.application import intent_languages, load_application
from voicebot.cli.check import check
from voicebot.config import Settings
from voicebot.config.sections import ServerSettings
from voicebot.flows.schema import flow_schema_text

PROJECT = Path(__file__).parents[2]

app = typer.Typer()
app.command()(check)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the demo that may be damaged."""
    for folder in ("flows", "grammars", "audio", "intents", "knowledge", "actions", "images"):
        shutil.copytree(PROJECT / folder, tmp_path / folder)
    shutil.copy(PROJECT / "queues.yaml", tmp_path)
    return tmp_path


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings file of whoever runs the tests."""
    monkeypatch.chdir(tmp_path)


def line_of(text: str, file: Path) -> int:
    """Where ``text`` stands first, from 1."""
    return file.read_text().partition(text)[0].count("\n") + 1


def damage(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_demo_has_no_problem() -> None:
    result = CliRunner().invoke(app, [str(PROJECT)])

    assert result.exit_code == 0, result.output
    assert result.output.rstrip().endswith("no problems.")


def test_a_function_that_cannot_be_imported_is_a_problem_with_its_place(copy: Path) -> None:
    damage(copy / "actions" / "returns.py", "from decimal import", "from decimals import")

    result = CliRunner().invoke(app, [str(copy)])

    assert result.exit_code == 1
    assert "actions/returns.py:9:1: cannot be imported: ModuleNotFoundError" in result.output


def test_a_variable_that_is_not_set_is_advice(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEVER_SET", raising=False)
    text = "carrier:\n  http: GET ${env:NEVER_SET}/x\n\npromotions:\n"
    damage(copy / "flows" / "actions.yaml", "promotions:\n", text)

    result = CliRunner().invoke(app, [str(copy)])

    assert result.exit_code == 0
    assert "environment variable NEVER_SET is not set here" in result.output


def test_problems_of_all_rooms_are_shown_with_place_and_remedy(copy: Path) -> None:
    damage(copy / "flows" / "main.yaml", "else: main_menu", "else: mainmenu")
    damage(copy / "flows" / "main.yaml", "[builtin:boolean", "[builtin:bolean")
    damage(copy / "flows" / "actions.yaml", "result: one", "reslt: one")
    damage(copy / "grammars" / "request.gram", "public $request", "public $rquest")
    (copy / "audio" / "en-US" / "hello.wav").write_bytes(b"no sound")

    result = CliRunner().invoke(app, [str(copy)])
    lines = [line.removeprefix(f"{copy}/") for line in result.output.splitlines()]

    assert result.exit_code == 1
    assert lines[0].startswith("audio/en-US/hello.wav: cannot be read as audio")
    assert lines[1].startswith("flows/actions.yaml:")
    assert lines[1].endswith("Did you mean 'result'?")
    line = line_of("else: mainmenu", copy / "flows" / "main.yaml")
    assert lines[2] == (
        f"flows/main.yaml:{line}:15: step 'mainmenu' does not exist. Did you mean 'main_menu'?"
    )
    assert any(line.startswith("flows/main.yaml:") and "bolean" in line for line in lines)
    assert any(line.startswith("grammars/request.gram:") for line in lines)
    assert lines[-1].endswith("problems.")


def test_queues_are_checked_where_there_are_some(copy: Path) -> None:
    (copy / "queues.yaml").write_text("queues: {billing: {skils: {a: 1}}}")
    result = CliRunner().invoke(app, [str(copy)])
    assert result.exit_code == 1
    assert "queues.yaml:1:20: unknown key 'skils'. Did you mean 'skills'?" in result.output


def test_alerts_are_checked_with_their_queues_and_targets(copy: Path) -> None:
    (copy / "alerts.yaml").write_text(
        "alerts:\n  a: {when: waiting, queue: suport, above: 5}\n"
        "  b: {when: containment, below: target}\n"
    )
    result = CliRunner().invoke(app, [str(copy)])
    assert result.exit_code == 1
    assert "alerts.yaml:2:29: there is no queue 'suport'" in result.output
    assert "alerts.yaml:3:33: the settings have no such target. Set wall." in result.output


def test_json_lists_problems_and_advice(copy: Path) -> None:
    damage(copy / "flows" / "main.yaml", "else: main_menu", "else: mainmenu")
    shutil.copy(copy / "grammars" / "request.gram", copy / "grammars" / "old.gram")

    result = CliRunner().invoke(app, [str(copy), "--json"])
    report = json.loads(result.output)

    assert result.exit_code == 1
    assert report["problems"][0]["file"] == str(copy / "flows" / "main.yaml")
    line = line_of("else: mainmenu", copy / "flows" / "main.yaml")
    assert report["problems"][0]["line"] == line
    assert report["problems"][0]["remedy"] == "Did you mean 'main_menu'?"
    assert "no flow uses this grammar" in [advice["problem"] for advice in report["advice"]]
    assert report["counts"]["flows"] == 3


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
    place = f"{copy}/flows/main.yaml:{line_of(long, copy / 'flows' / 'main.yaml')}:10"
    assert line.startswith(f"{place}: the prompt takes about 16 s to say")
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


async def test_what_passes_is_loaded_by_a_server(tmp_path: Path) -> None:
    server = ServerSettings(application=PROJECT, data=tmp_path)

    application = load_application(Settings(server=server))

    assert intent_languages(application.flows) == {"en-US", "zh-CN"}
    await application.aclose()


def test_intents_and_the_ways_they_take_are_compared(copy: Path) -> None:
    intents = copy / "intents" / "en-US.yaml"
    damage(intents, "  hours:\n", "  hourz:\n")
    damage(intents, "number: order_number, reason: return_reason", "number: order_nummer")
    damage(copy / "flows" / "main.yaml", "intents:\n", "intents:\n      only: retrun\n")

    output = CliRunner().invoke(app, [str(copy)]).output.replace(f"{copy}/", "")

    assert (
        "intents/en-US.yaml:92:3: no flow serves the intent 'hourz'. Lead it to a step, in 'next', "
        "'aside' or a condition on '….intent'. (warning)" in output
    )
    assert (
        "intents/en-US.yaml:30:3: slot 'number' of intent 'return': grammar 'order_nummer' does "
        "not exist. Did you mean 'order_number'?" in output
    )
    assert "intent 'retrun' does not exist. Did you mean 'return'?" in output


def test_condition_on_an_intent_that_nothing_means_is_a_warning(copy: Path) -> None:
    damage(
        copy / "flows" / "main.yaml", "request.intent == 'location'", "request.intent == 'plaze'"
    )

    output = CliRunner().invoke(app, [str(copy)]).output

    assert "nothing that callers say means the intent 'plaze'" in output
    assert "no flow serves the intent 'location'" not in output  # the return's aside does


def test_faults_of_intents_files_are_problems(copy: Path) -> None:
    intents = copy / "intents" / "en-US.yaml"
    damage(
        intents,
        "      - when do you open\n",
        "      - when do you open\n      - where is my refund\n",
    )
    intents.write_text(intents.read_text() + "nothing: 1\n")
    (copy / "intents" / "fr-FR.yaml").write_text("intents:\n  rien:\n")

    result = CliRunner().invoke(app, [str(copy)])

    assert result.exit_code == 1
    assert "'where is my refund' is an example of 'hours' and of 'refund' (line " in result.output
    assert "fr-FR.yaml:2:3: intent 'rien' is empty. Add 'examples:'" in result.output
    assert "has none" not in result.output


def test_language_out_of_step_is_a_warning_with_its_place(copy: Path) -> None:
    damage(copy / "flows" / "zh-CN" / "main.yaml", "  welcome:\n    say: 欢迎致电海港巷。\n\n", "")
    (copy / "grammars" / "zh-CN" / "return_remedy.gram").unlink()

    result = CliRunner().invoke(app, [str(copy)])

    assert result.exit_code == 0, result.output
    line = line_of("  welcome:", copy / "flows" / "main.yaml")
    assert f"main.yaml:{line}:3: step 'welcome' is not there in zh-CN. Add" in result.output
    assert "its grammar 'zh-CN/return_remedy' en-US. Write grammars/zh-CN/return_remedy.gram." in (
        result.output
    )


def test_grammars_of_a_language_are_checked_and_its_missing_model_is_advice(copy: Path) -> None:
    damage(copy / "grammars" / "zh-CN" / "request.gram", "root $request;", "root $reqest;")
    (copy / "grammars" / "zh-CN" / "idle.gram").write_text(
        "#ABNF 1.0 UTF-8;\nlanguage zh-CN; root $a;\n$a = 好;\n", encoding="utf-8"
    )

    result = CliRunner().invoke(app, [str(copy)])

    assert result.exit_code == 1
    assert "zh-CN/request.gram" in result.output
    assert "idle.gram: no flow uses this grammar. Delete it? (advice)" in result.output
    assert "no model for zh-CN is installed; until then its callers" in result.output
