"""``voicebot test`` on the demo application and on faulty ones."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest
import typer
from typer.testing import CliRunner, Result

from voicebot.cli.conversations import play_conversations
from voicebot.errors import UsageError

PROJECT = Path(__file__).parents[2]

app = typer.Typer()
app.command()(play_conversations)


def play(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(each) for each in arguments])


@pytest.fixture(autouse=True)
def _own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The demo with one conversation, which has two failing turns."""
    folder = tmp_path / "demo"
    for name in ("flows", "grammars", "intents", "knowledge", "actions"):
        shutil.copytree(PROJECT / name, folder / name)
    (folder / "conversations").mkdir()
    (folder / "conversations" / "a.yaml").write_text(
        "tests:\n  good:\n    talk: [{says: order status, step: ask_number}]\n"
        "  bad <one>:\n    talk: [{says: order status, step: hours}]\n"
    )
    return folder


def test_demo_passes_and_is_covered_wholly() -> None:
    result = play(PROJECT, "--json")

    report = json.loads(result.output)
    assert [test["failures"] for test in report["tests"] if not test["passed"]] == []
    assert report["problems"] == []
    coverage = report["coverage"]
    assert coverage["steps_reached"] == coverage["steps"]
    assert coverage["percent"] >= 98
    assert result.exit_code == 0


def test_failure_is_shown_with_its_place_and_the_conversation(copy: Path) -> None:
    result = play(copy)

    assert result.exit_code == 1
    assert "FAILED bad <one>\n" in result.output
    assert "conversations/a.yaml:5:39: expected step 'hours', but the bot waits at 'ask_num" in (
        result.output
    )
    assert "caller  'order status'\n" in result.output
    assert "1 of 2 tests passed" in result.output
    assert "good" not in result.output


def test_transcripts_of_all_are_shown_on_wish(copy: Path) -> None:
    assert "passed good\n" in play(copy, "--transcripts").output


def test_only_some_are_played(copy: Path) -> None:
    result = play(copy, "--only", "goo")

    assert result.exit_code == 0
    assert "1 of 1 test passed" in result.output


def test_file_is_played_alone(copy: Path) -> None:
    (copy / "conversations" / "b.yaml").write_text("tests: {c: {talk: [{says: hi}]}}")

    assert "1 of 1 test passed" in play(copy / "conversations" / "b.yaml").output


def test_coverage_below_the_minimum_fails_and_is_explained(copy: Path) -> None:
    result = play(copy, "--only", "good", "--coverage-minimum", "60")

    assert result.exit_code == 1
    lines = (copy / "flows" / "main.yaml").read_text().splitlines()
    place = f"flows/main.yaml:{lines.index('  hours:') + 1}:3"
    assert f"{place}: never reached: step 'hours'" in result.output
    assert "That is below the minimum of 60%." in result.output


def test_coverage_is_listed_on_wish_alone(copy: Path) -> None:
    assert "never reached" not in play(copy, "--only", "good").output
    assert "never reached" in play(copy, "--only", "good", "--coverage").output


def test_junit_report_names_failures_and_faulty_tests(copy: Path, tmp_path: Path) -> None:
    (copy / "conversations" / "b.yaml").write_text("tests: {c: {talk: [{step: nowhere}]}}")

    result = play(copy, "--junit", tmp_path / "report.xml")

    assert result.exit_code == 1
    root = ElementTree.parse(tmp_path / "report.xml").getroot()
    suites = root.findall("testsuite")
    assert [suite.attrib["tests"] for suite in suites] == ["2", "1"]
    assert [suite.attrib["failures"] for suite in suites] == ["1", "0"]
    assert [suite.attrib["errors"] for suite in suites] == ["0", "1"]
    failure = root.find(".//failure")
    assert failure is not None
    assert "expected step 'hours'" in failure.attrib["message"]
    bad = root.find(".//testcase[@name='bad <one>']")
    assert bad is not None
    assert bad.attrib["line"] == "4"
    assert "order status" in (bad.findtext("system-out") or "")


def test_control_characters_do_not_break_the_junit_report(copy: Path, tmp_path: Path) -> None:
    (copy / "conversations" / "a.yaml").write_text(
        'tests: {"a\\u0001": {talk: [{says: "x\\u0007", step: hours}]}}'
    )

    play(copy, "--junit", tmp_path / "report.xml")

    root = ElementTree.parse(tmp_path / "report.xml").getroot()
    assert root.find(".//testcase[@name='a?']") is not None


def test_faulty_application_is_told_by_its_own_fault(copy: Path) -> None:
    flow = copy / "flows" / "main.yaml"
    flow.write_text(flow.read_text().replace("else: main_menu", "else: main_men", 1))

    result = play(copy)

    assert result.exit_code == 1
    assert "main_men" in str(result.exception)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["nowhere"], "no such file or folder"),
        (["."], "is no application, and lies in none"),
        (["demo", "--only", "zebra"], "no test has that in its name"),
        (["demo", "--noise", "10"], "belong to --audio"),
        (["demo", "--junit", "no/such/folder.xml"], "cannot be written"),
    ],
)
def test_wrong_use_is_told(arguments: list[str], problem: str, copy: Path) -> None:
    result = play(*arguments)

    assert isinstance(result.exception, UsageError)
    assert problem in str(result.exception)


def test_application_without_conversations_is_told(copy: Path) -> None:
    shutil.rmtree(copy / "conversations")

    result = play(copy)

    assert isinstance(result.exception, UsageError)
    assert "no conversation tests" in str(result.exception)
