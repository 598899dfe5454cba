"""What receivers are told of facts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from voicebot.events import (
    CallAnswered,
    CallEnded,
    CallEvent,
    CallStarted,
    DeflectionReached,
    DeflectionStage,
    MatterNoted,
    QueueNoted,
    TurnFinished,
    TurnResult,
)
from voicebot.notices.model import Hook, Kind
from voicebot.notices.payload import MOST_CALLS, Teller, masked
from voicebot.types import CallId, Language, Matter, Outcome

CRM = Hook("crm", "http://crm.example/", "s" * 32)
ALL = Hook("all", "http://all.example/", "s" * 32, personal=True)
A = CallId("a")
STARTED = CallStarted(
    A, 1_000.0, "sip", "+15550117", "shop", "main", Language("en-US"), version="v1"
)
FACTS: list[CallEvent] = [
    STARTED,
    CallAnswered(A, 1_001.5),
    MatterNoted(A, 1_002.0, Matter("order", {"number": "4271"}, open=False), "17"),
    TurnFinished(A, 1_003.0, 1, "ask", "Which?", TurnResult.NOINPUT, None, None),
    DeflectionReached(A, 1_004.0, DeflectionStage.OFFERED, "tracking"),
    QueueNoted(A, 1_005.0, "support", 12.5, "anna", 60.0, 15.0),
    CallEnded(A, 1_010.0, Outcome.TRANSFERRED, "the call came to its end"),
]


def told(hook: Hook, facts: list[CallEvent]) -> list[dict[str, Any]]:
    teller = Teller([hook])
    return [json.loads(notice.body) for fact in facts for notice in teller.of(fact)]


def test_every_kind_is_told_with_what_is_known_of_the_call() -> None:
    notices = told(CRM, FACTS)
    assert [each["kind"] for each in notices] == [
        "call.started",
        "call.answered",
        "deflection.reached",
        "queue.noted",
        "call.ended",
    ]
    assert all(
        (each["call"], each["door"], each["flow"]) == ("a", "sip", "main") for each in notices
    )
    ended = notices[-1]
    assert ended["at"] == "1970-01-01T00:16:50.000+00:00"
    assert (ended["outcome"], ended["seconds"], ended["matter"]) == ("transferred", 8.5, "order")
    assert notices[2]["stage"] == "offered"
    assert (notices[3]["agent"], notices[3]["waited_s"]) == ("anna", 12.5)


def test_numbers_and_customers_stay_here_unless_they_are_wanted() -> None:
    plain = json.dumps(told(CRM, FACTS))
    assert "+15550117" not in plain
    assert '"customer"' not in plain
    assert '"***17"' in plain
    personal = told(ALL, FACTS)
    assert personal[0]["caller"] == "+15550117"
    assert personal[-1]["customer"] == "17"


def test_of_a_call_of_ours_the_number_called_is_the_personal_one() -> None:
    dialled = CallStarted(
        A, 1.0, "sip", "+15559999", "+15550117", "main", Language("en-US"), "outbound"
    )
    (notice,) = told(CRM, [dialled])
    assert (notice["caller"], notice["callee"]) == ("+15559999", "***17")


def test_words_of_callers_are_never_told() -> None:
    kinds = {each["kind"] for each in told(ALL, FACTS)}
    assert kinds <= {kind.value for kind in Kind}
    assert "Which?" not in json.dumps(told(ALL, FACTS))


def test_the_same_fact_has_the_same_id_and_another_has_another() -> None:
    first, again = told(CRM, FACTS), told(CRM, FACTS)
    assert first == again
    assert len({each["id"] for each in first}) == len(first)
    assert {each["id"] for each in told(ALL, FACTS)}.isdisjoint(each["id"] for each in first)


def test_a_hook_is_told_only_what_it_wants() -> None:
    hook = Hook("bi", "http://bi.example/", "s" * 32, kinds={Kind.CALL_ENDED})
    assert [each["kind"] for each in told(hook, FACTS)] == ["call.ended"]


def test_of_a_call_older_than_we_are_less_is_told() -> None:
    (ended,) = told(CRM, [FACTS[-1]])
    assert (ended["outcome"], ended["seconds"]) == ("transferred", None)
    assert "caller" not in ended


def test_calls_are_forgotten_in_the_end() -> None:
    teller = Teller([CRM])
    teller.of(STARTED)
    for number in range(MOST_CALLS):
        teller.of(CallAnswered(CallId(str(number)), 1.0))
    (ended,) = teller.of(FACTS[-1])
    assert "door" not in json.loads(ended.body)


@pytest.mark.parametrize(
    ("party", "shown"),
    [("+15550117", "***17"), ("sip:anna@shop", "***"), ("110", "***"), ("", "***")],
)
def test_masked(party: str, shown: str) -> None:
    assert masked(party) == shown
