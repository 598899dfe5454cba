"""``voicebot knowledge``: asking it, and what callers asked in vain."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from voicebot.cli.check import check_application
from voicebot.cli.knowledge import app
from voicebot.config import load_settings
from voicebot.errors import UsageError
from voicebot.events import CallStarted, QuestionUnanswered
from voicebot.storage.database import open_database
from voicebot.storage.journal import SqlJournal
from voicebot.storage.migrations import upgrade
from voicebot.types import CallId, Language

PROJECT = Path(__file__).parents[2]
FLOW = "start: a\nsteps:\n  a: {ask: Hm?, free: true, next: b}\n  b: {say: Well., next: c}\n"
ANSWERS = FLOW.replace("{say: Well., next: c}", '{answer: "{answer.text}", next: c}')
END = "  c: {hangup: auto}\n"


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICEBOT_SERVER__DATA", str(tmp_path / "data"))
    monkeypatch.setenv("VOICEBOT_STORAGE__URL", f"sqlite:///{tmp_path / 'calls.db'}")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments), catch_exceptions=True)


def application(folder: Path, flow: str, **articles: str) -> Path:
    (folder / "flows").mkdir(parents=True)
    (folder / "flows" / "main.yaml").write_text(flow + END)
    (folder / "knowledge").mkdir()
    for name, text in articles.items():
        (folder / "knowledge" / f"{name}.md").write_text(text)
    return folder


def test_a_question_is_answered_with_its_article() -> None:
    result = run("ask", "can I pay with PayPal", "--folder", str(PROJECT), "--json")

    report = json.loads(result.output)
    assert report["answer"] == report["articles"][0]["name"] == "payment"
    assert report["articles"][0]["confidence"] > report["threshold"]
    assert report["articles"][0]["file"].endswith("knowledge/en-US/payment.md")
    assert report["parts"][0].startswith("We take Visa")


def test_what_nothing_answers_says_so() -> None:
    result = run("ask", "给我讲个笑话", "--language", "zh-CN", "--folder", str(PROJECT))

    assert result.exit_code == 0
    assert "Not known: none reaches 0.25." in result.output


def test_a_language_without_knowledge_is_told() -> None:
    result = run("ask", "hm", "--language", "de-DE", "--folder", str(PROJECT))

    assert isinstance(result.exception, UsageError)
    assert "no knowledge in de-DE; there is: en-US, zh-CN" in str(result.exception)


def test_gaps_are_listed_by_likeness_with_counts() -> None:
    asked = ["are you hiring", "do you sell dog food", "Are you hiring?"]

    async def write() -> None:
        url = load_settings().database_url
        await upgrade(url)
        engine = open_database(url)
        journal = SqlJournal(engine)
        await journal.start()
        language = Language("en-US")
        journal.append(CallStarted(CallId("one"), 1.0, "sip", "1", "2", "main", language))
        for at, words in enumerate(asked):
            journal.append(
                QuestionUnanswered(CallId("one"), 86_400.0 + at, language, words, "location", 0.1)
            )
        await journal.stop()
        await engine.dispose()

    asyncio.run(write())

    report = json.loads(run("gaps", "--json").output)
    assert report["questions"] == 3
    assert [(each["count"], each["nearest"]) for each in report["gaps"]] == [
        (2, "location"),
        (1, "location"),
    ]
    assert set(report["gaps"][0]["wordings"]) == {"are you hiring", "Are you hiring?"}
    assert report["gaps"][0]["calls"] == ["one"]
    shown = run("gaps").output
    assert "last on 1970-01-02; nearest: location" in shown
    assert "3 questions without an answer, 2 different." in shown
    assert json.loads(run("gaps", "--json", "--since", "1970-01-03").output)["gaps"] == []


def test_gaps_since_no_day_is_used_wrongly() -> None:
    assert isinstance(run("gaps", "--since", "soon").exception, UsageError)


def test_check_reports_articles_with_their_places(tmp_path: Path) -> None:
    folder = application(
        tmp_path / "shop",
        ANSWERS,
        hours="# When?\n",
        links="# Where?\n\nSee [this](https://example.org).\n",
    )

    report = check_application(folder, load_settings())

    assert [str(each).removeprefix(f"{folder}/") for each in report.problems] == [
        "knowledge/hours.md:1:1: has no answer. Write it below the question, after an empty line."
    ]
    assert any("links.md:3:1: a link cannot be heard" in str(each) for each in report.warnings)
    assert report.counts["articles"] == 1


def test_check_reports_answers_without_articles_and_articles_without_answers(
    tmp_path: Path,
) -> None:
    unread = application(tmp_path / "unread", FLOW, hours="# When?\n\nAt nine.\n")
    empty = application(tmp_path / "empty", ANSWERS)

    problems = check_application(empty, load_settings()).problems
    advice = check_application(unread, load_settings()).advice

    assert any("there is no knowledge in en-US" in str(each) for each in problems)
    assert any("no flow has an 'answer' step" in str(each) for each in advice)
