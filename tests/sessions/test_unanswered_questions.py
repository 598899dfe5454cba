"""Free words, the search for an answer, and what of it stands in the record."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from voicebot.errors import ActionError, ModelError
from voicebot.events import CallEvent, QuestionUnanswered, TurnFinished, TurnResult
from voicebot.flows.commands import ANSWER, Listen
from voicebot.flows.events import FREE, InputMatched, NoInput, NoMatch
from voicebot.nlu.article_reader import load_articles
from voicebot.nlu.knowledge import Library
from voicebot.nlu.store import ModelStore
from voicebot.sessions.account import CallAccount
from voicebot.sessions.answering import with_knowledge
from voicebot.sessions.free_words import MOST_CHARACTERS, taken_freely
from voicebot.telephony._api import LegInfo
from voicebot.types import CallId, Heard, Json, Language, Mode, Outcome

LISTEN = Listen(("request",), free=True)
ENGLISH = Language("en-US")
FOUND: Json = {"name": "pay", "confidence": 0.9, "parts": ["Yes."]}
NOTHING: Json = {"name": "pay", "confidence": 0.125, "parts": []}
WORDS = Heard("are you hiring", {"text": "are you hiring"}, 0.5, Mode.SPEECH, FREE)


class Notes:
    """A journal that keeps everything."""

    def __init__(self) -> None:
        self.events: list[CallEvent] = []

    def append(self, event: CallEvent) -> None:
        self.events.append(event)


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture
def account(notes: Notes) -> CallAccount:
    info = LegInfo(CallId("call-1"), "loopback", "100", "200")
    return CallAccount(info, notes, lambda event: None, clock=lambda: 5.0)


def turns(notes: Notes) -> list[TurnFinished]:
    return [event for event in notes.events if isinstance(event, TurnFinished)]


def library(folder: Path) -> Library:
    articles = folder / "knowledge" / "en-US"
    articles.mkdir(parents=True)
    (articles / "pay.md").write_text("# How can I pay?\n\nWith a card.\n\nOr in cash.\n")
    (articles / "open.md").write_text("# When do you open?\n\nAt nine.\n")
    return Library(load_articles(folder, ENGLISH), ModelStore(folder / "data"))


# Free words


def test_words_that_nothing_understood_are_the_answer_where_any_are_taken() -> None:
    event = taken_freely(LISTEN, NoMatch(" can I pay "), Mode.SPEECH)

    assert isinstance(event, InputMatched)
    assert (event.heard.text, event.heard.semantics) == ("can I pay", {"text": "can I pay"})
    assert (event.heard.grammar, event.heard.mode) == (FREE, Mode.SPEECH)
    assert 0 < event.heard.confidence < 1


def test_typed_words_are_sure_and_bounded() -> None:
    event = taken_freely(LISTEN, NoMatch("x" * 10_000), Mode.TEXT)

    assert isinstance(event, InputMatched)
    assert event.heard.confidence == 1
    assert len(event.heard.text) == MOST_CHARACTERS


@pytest.mark.parametrize("event", [NoMatch(), NoMatch("  "), NoInput(), InputMatched(WORDS)])
def test_everything_else_stays_what_it_is(event: NoMatch | NoInput | InputMatched) -> None:
    assert taken_freely(LISTEN, event, Mode.SPEECH) is event


def test_a_question_that_takes_no_free_words_does_not_get_them() -> None:
    missed = NoMatch("can I pay")

    assert taken_freely(replace(LISTEN, free=False), missed, Mode.SPEECH) is missed


# The search


async def test_the_search_is_an_action_beside_the_designers(tmp_path: Path) -> None:
    async def act(name: str, arguments: object) -> Json:
        return f"did {name}"

    run = with_knowledge(act, library(tmp_path))

    assert await run("find_order", {}) == "did find_order"
    found = await run(ANSWER, {"question": "how can I pay", "language": "en-US"})
    assert isinstance(found, dict)
    assert (found["name"], found["parts"]) == ("pay", ["With a card.", "Or in cash."])


@pytest.mark.parametrize(
    ("question", "language"), [("", "en-US"), ("how can I pay", "de-DE"), (None, "")]
)
async def test_without_a_question_or_a_language_nothing_is_known(
    question: str | None, language: str, tmp_path: Path
) -> None:
    async def act(name: str, arguments: object) -> Json:
        raise AssertionError

    run = with_knowledge(act, library(tmp_path))

    assert await run(ANSWER, {"question": question, "language": language}) == {"parts": []}


async def test_a_search_that_breaks_fails_as_an_action_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(language: Language) -> None:
        raise ModelError("encoder", "was altered")

    async def act(name: str, arguments: object) -> Json:
        raise AssertionError

    books = library(tmp_path)
    monkeypatch.setattr(books, "base", broken)

    with pytest.raises(ActionError, match="encoder: was altered"):
        await with_knowledge(act, books)(ANSWER, {"question": "hm", "language": "en-US"})


async def test_a_search_that_takes_too_long_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = threading.Event()

    def slow(language: Language) -> None:
        free.wait(30)

    async def act(name: str, arguments: object) -> Json:
        raise AssertionError

    books = library(tmp_path)
    monkeypatch.setattr(books, "base", slow)
    monkeypatch.setattr("voicebot.sessions.answering.TIMEOUT_S", 0.01)
    try:
        with pytest.raises(ActionError, match="took longer"):
            await with_knowledge(act, books)(ANSWER, {"question": "hm", "language": "en-US"})
    finally:
        free.set()


# The record


def test_what_nothing_answers_is_a_nomatch_and_a_gap(account: CallAccount, notes: Notes) -> None:
    account.heard(TurnResult.MATCH, WORDS, latency_ms=None)
    account.looked_up({"question": "are you hiring", "language": "en-US"}, NOTHING)

    (turn,) = turns(notes)
    assert turn.result is TurnResult.NOMATCH
    assert turn.heard == replace(WORDS, semantics=None)
    assert notes.events[-1] == QuestionUnanswered(
        CallId("call-1"), 5.0, ENGLISH, "are you hiring", "pay", 0.125
    )


def test_what_is_answered_stays_a_match(account: CallAccount, notes: Notes) -> None:
    account.heard(TurnResult.MATCH, WORDS, latency_ms=None)
    account.looked_up({"question": "can I pay", "language": "en-US"}, FOUND)

    (turn,) = turns(notes)
    assert (turn.result, turn.heard) == (TurnResult.MATCH, WORDS)
    assert not [event for event in notes.events if isinstance(event, QuestionUnanswered)]


@pytest.mark.parametrize("after", ["said", "heard", "ended"])
def test_free_words_that_are_not_looked_up_are_written_down_all_the_same(
    after: str, account: CallAccount, notes: Notes
) -> None:
    account.heard(TurnResult.MATCH, WORDS, latency_ms=None)
    assert turns(notes) == []

    if after == "said":
        account.said("Thank you.")
    elif after == "heard":
        account.heard(TurnResult.NOINPUT, None, latency_ms=None)
    else:
        account.ended(Outcome.SELF_SERVED, "done")

    assert turns(notes)[0].heard == WORDS
    assert [turn.index for turn in turns(notes)] == list(range(1, len(turns(notes)) + 1))
