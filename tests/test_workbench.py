"""What was not understood is told by the files that designers edit; callers are followed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from voicebot.analytics.misunderstood import Clusters, Misheard, Trouble
from voicebot.document import Place
from voicebot.events import TurnResult
from voicebot.flows.reader import load_flows
from voicebot.nlu.embeddings import SENTENCE, Vectors
from voicebot.nlu.meanings import Meanings
from voicebot.sessions.records import CallRecord, TurnRecord
from voicebot.types import CallId, Heard, Language, Mode, Outcome
from voicebot.workbench import Workbench

FLOW = """\
language: en-US
start: start
steps:
  start:
    ask: What can I do for you?
    grammar: menu
    intents: true
    next: {order: order, else: bye}
  order:
    ask: Which order?
    grammar: order_number
    next: bye
  bye:
    say: Goodbye.
    hangup: auto
    reason: the call came to its end
"""


def _encode(language: Language, texts: Sequence[str]) -> Vectors:
    """Texts that begin with the same word mean the same."""
    vectors = np.zeros((len(texts), SENTENCE), np.float32)
    words = sorted({text.split()[0].casefold() for text in texts})
    for row, text in enumerate(texts):
        vectors[row, words.index(text.split()[0].casefold())] = 1.0
    return vectors


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    for name, text in {
        "flows/main.yaml": FLOW,
        "grammars/menu.gram": "#ABNF 1.0;\nlanguage en-US;\nroot $all;\n$all = a;\n",
        "grammars/order_number.gram": "#ABNF 1.0;\n",
        "intents/en-US.yaml": "synonyms: {}\nintents: {}\n",
    }.items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    return Workbench(tmp_path, load_flows(tmp_path / "flows"), Meanings(_encode))


def _turn(call: str, text: str, step: str = "start", matched: bool = False) -> Misheard:
    return Misheard(CallId(call), 1.0, "main", step, Language("en-US"), text, 0.4, matched)


def test_like_words_are_one_cluster_with_the_places_to_edit(
    bench: Workbench, tmp_path: Path
) -> None:
    turns = [
        _turn("a", "refund please"),
        _turn("b", "voucher"),
        _turn("c", "refund now", "order"),
        _turn("d", "refund please", matched=True),
        _turn("e", "refund me"),
    ]
    first, second = bench.clusters(turns).clusters
    assert [turn.call_id for turn in first.turns] == ["a", "c", "d", "e"]
    assert first.text == "refund please"
    assert dict(first.kinds) == {
        Trouble.OUT_OF_SCOPE: 2,
        Trouble.NOMATCH: 1,
        Trouble.LOW_CONFIDENCE: 1,
    }
    start, order = first.spots
    assert (start.step, start.count) == ("start", 3)
    assert start.place is not None
    assert start.place.file.endswith("main.yaml")
    assert (start.place.line, start.place.column) == (4, 3)
    assert start.grammars == (Place(str(tmp_path / "grammars" / "menu.gram"), 4, 1),)
    assert start.intents == Place(str(tmp_path / "intents" / "en-US.yaml"), 2, 1)
    assert (order.step, order.count, order.intents) == ("order", 1, None)
    assert [turn.call_id for turn in second.turns] == ["b"]


def _apart(language: Language, texts: Sequence[str]) -> Vectors:
    """Every first letter means something else."""
    vectors = np.zeros((len(texts), SENTENCE), np.float32)
    vectors[range(len(texts)), [ord(text[0]) for text in texts]] = 1.0
    return vectors


def test_new_words_are_put_together_a_few_at_a_time(bench: Workbench, tmp_path: Path) -> None:
    slow = Workbench(tmp_path, load_flows(tmp_path / "flows"), Meanings(_apart, fresh=2))
    turns = [_turn(str(place), text) for place, text in enumerate(["a b", "c", "c", "d", "e"])]
    looks = [slow.clusters(turns) for _ in range(3)]
    assert [look.pending for look in looks] == [2, 0, 0]
    # The most frequent first.
    assert [cluster.text for cluster in looks[0].clusters] == ["c", "a b"]
    assert [cluster.text for cluster in looks[1].clusters] == ["c", "a b", "d", "e"]
    assert looks[1] == looks[2]


def test_a_step_that_is_no_more_has_no_place(bench: Workbench) -> None:
    (cluster,) = bench.clusters([_turn("a", "refund", "gone")]).clusters
    assert dict(cluster.kinds) == {Trouble.NOMATCH: 1}
    (spot,) = cluster.spots
    assert (spot.step, spot.place, spot.grammars) == ("gone", None, ())


def test_languages_are_kept_apart(bench: Workbench) -> None:
    other = Misheard(CallId("z"), 1.0, "main", "start", Language("zh-CN"), "refund", 0.4, False)
    assert len(bench.clusters([_turn("a", "refund"), other]).clusters) == 2
    assert bench.clusters([]) == Clusters((), 0)


def _call(call: str, *steps: tuple[str, str, object], outcome: Outcome) -> CallRecord:
    turns = tuple(
        TurnRecord(
            number,
            float(number),
            step,
            prompt,
            TurnResult.MATCH if meaning else TurnResult.HANGUP,
            Heard("words", str(meaning), 0.9, Mode.SPEECH, "menu") if meaning else None,
            100.0 * number,
            number == 1,
        )
        for number, (step, prompt, meaning) in enumerate(steps, 1)
    )
    return CallRecord(
        id=CallId(call),
        transport="sip",
        caller="alice",
        callee="shop",
        flow="main",
        language=Language("en-US"),
        started_at=0.0,
        answered_at=0.0,
        ended_at=9.0,
        outcome=outcome,
        reason="",
        turns=turns,
    )


def test_callers_are_followed_to_where_they_leave(bench: Workbench) -> None:
    ask, which = "What can I do for you?", "Which order?"
    calls = [
        _call("a", ("start", ask, "order"), ("order", which, "4271"), outcome=Outcome.SELF_SERVED),
        _call(
            "b", ("start", ask, "order"), ("order", which, None), outcome=Outcome.ABANDONED_IN_FLOW
        ),
        _call("c", ("start", ask, None), outcome=Outcome.ABANDONED_IN_FLOW),
    ]
    start, order = bench.funnel(calls)[:2]
    assert (start.step, start.arrived, start.left, start.line) == ("start", 3, 1, 4)
    assert [(way.target, way.label, way.count) for way in start.ways] == [("order", "order", 2)]
    assert (order.step, order.arrived, order.left, order.drop_off) == ("order", 2, 1, 0.5)
    assert bench.funnel([]) == []


def test_what_came_of_the_questions_is_told_by_step(bench: Workbench) -> None:
    ask, which = "What can I do for you?", "Which order?"
    call = _call("a", ("start", ask, "order"), ("order", which, "4271"), outcome=Outcome.FAILED)
    start, order = bench.funnel([call, call])[:2]
    assert (start.answers.turns, start.answers.barged_in, start.answers.slow_ms) == (2, 2, 100.0)
    assert (order.answers.turns, order.answers.barged_in, order.answers.slow_ms) == (2, 0, 200.0)


def test_the_picture_shows_where_callers_left(bench: Workbench) -> None:
    call = _call("c", ("start", "What can I do for you?", None), outcome=Outcome.ABANDONED_IN_FLOW)
    assert "1 left here, 100%" in bench.picture([call])
