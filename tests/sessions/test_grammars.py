"""The grammar of a listen: files and lists together."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from voicebot.errors import GrammarError
from voicebot.flows.commands import FormGrammar, ListGrammar, SlotGrammar
from voicebot.flows.events import Ambiguous, FlowEvent, InputMatched, NoMatch
from voicebot.grammar.active import ActiveGrammar
from voicebot.grammar.store import GrammarStore
from voicebot.sessions.grammars import ListenGrammars, Wanted
from voicebot.types import Heard, Json, Language, Mode

FRUIT = "#ABNF 1.0;\nlanguage en-US; root $a;\n$a = apple | pear;\n"


@pytest.fixture
def store(tmp_path: Path) -> GrammarStore:
    (tmp_path / "fruit.gram").write_text(FRUIT)
    return GrammarStore(tmp_path)


def listed(*items: tuple[str, Json]) -> ListGrammar:
    return ListGrammar(items, Language("en-US"))


def heard(grammar: ActiveGrammar, text: str) -> tuple[str, Json] | None:
    match = grammar.match_words(text.split())
    return (match.grammar, match.semantics) if match else None


async def test_list_is_heard_beside_named_grammars(store: GrammarStore) -> None:
    grammar = await ListenGrammars(store).active([listed(("Apple pie", 3), ("apple", 4)), "fruit"])

    assert [heard(grammar, text) for text in ("apple pie", "apple", "pear", "plum")] == [
        ("list", 3),
        ("list", 4),
        ("fruit", "pear"),
        None,
    ]
    other = await ListenGrammars(store).active(["fruit", listed(("apple", 4))])
    assert heard(other, "apple") == ("fruit", "apple")


async def test_list_that_is_not_ready_in_time_is_left_out(store: GrammarStore) -> None:
    with capture_logs() as logs:
        grammar = await ListenGrammars(store, timeout_s=0).active([listed(("plum", 1)), "fruit"])

    assert (heard(grammar, "plum"), heard(grammar, "pear")) == (None, ("fruit", "pear"))
    assert [entry["event"] for entry in logs] == ["list_left_out"]


async def test_question_with_keys_alone_listens_for_no_words(store: GrammarStore) -> None:
    grammars = ListenGrammars(store)

    assert heard(await grammars.active([]), "apple") is None
    assert heard(await grammars.active([listed()]), "apple") is None
    assert (await grammars.active([])).match_keys("1") is None


async def test_items_that_cannot_be_spoken_are_counted_in_the_log_but_not_shown(
    store: GrammarStore,
) -> None:
    with capture_logs() as logs:
        grammar = await ListenGrammars(store).active([listed(("plum", 1), ("?!", "secret"))])

    assert heard(grammar, "plum") == ("list", 1)
    assert logs == [
        {"event": "items_unspeakable", "log_level": "warning", "count": 1, "first": [2]}
    ]


async def test_named_grammars_are_compiled_once(store: GrammarStore) -> None:
    grammars = ListenGrammars(store)
    first = await grammars.active(["fruit"])
    (store.folder / "fruit.gram").unlink()

    assert await grammars.active(["fruit"]) is first
    with pytest.raises(GrammarError, match="no such file"):
        await grammars.active(["vegetables", listed(("plum", 1))])


async def test_closing_ends_the_work(store: GrammarStore) -> None:
    grammars = ListenGrammars(store)
    grammars.close()

    with pytest.raises(RuntimeError):
        await grammars.active([listed(("plum", 1))])


NAMES = (("Peter Smith", 1), ("Petra Smith", 2), ("Anna Miller", 3), ("Miller, A.", 3))


@pytest.mark.parametrize(
    ("text", "event"),
    [
        ("Ana Miller", InputMatched(Heard("Anna Miller", 3, 0.73, Mode.SPEECH, "list"))),
        ("Petr Smith", Ambiguous(("Peter Smith", "Petra Smith"), "Petr Smith")),
        ("banana", NoMatch("banana")),
        ("", NoMatch("")),
    ],
)
async def test_name_said_a_little_wrong_is_found(
    text: str, event: FlowEvent, store: GrammarStore
) -> None:
    wanted: Wanted = ["fruit", ListGrammar(NAMES, Language("en-US"), near=True)]

    found = await ListenGrammars(store).nearest(wanted, NoMatch(text))

    if isinstance(found, InputMatched):
        heard = found.heard
        found = InputMatched(replace(heard, confidence=round(heard.confidence, 2)))
    assert found == event


async def test_list_without_near_takes_no_near_miss(store: GrammarStore) -> None:
    event = NoMatch("Ana Miller")

    assert await ListenGrammars(store).nearest([listed(*NAMES)], event) is event


async def test_form_is_compiled_once_and_answers_by_slot(store: GrammarStore) -> None:
    grammars = ListenGrammars(store)
    form = FormGrammar((SlotGrammar("fruit", ("fruit",)),), Language("en-US"))

    grammar = await grammars.active([form])

    assert await grammars.active([form]) is grammar
    assert heard(grammar, "no apple") == (
        "form",
        {"filled": {"fruit": "apple"}, "denied": {}, "corrected": True},
    )
