"""What a caller's page shows: both sides in words, and nothing that is not the caller's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from voicebot.events import CallEnded, TurnResult
from voicebot.sessions.captions import caption_of
from voicebot.sessions.feed import InputHeard, LiveEvent, PartHeard, PromptSpoken, TurnHidden
from voicebot.types import HIDDEN, CallId, Heard, Json, Mode, Outcome

CALL = CallId("c1")
SPOKEN = Heard("four two", {"number": "42"}, 0.9, Mode.SPEECH)
KEYED = Heard("42", {"number": "42"}, 1.0, Mode.DTMF)
MISHEARD = Heard("for who", None, 0.2, Mode.SPEECH)


@pytest.mark.parametrize(
    "event, shown",
    [
        (
            PromptSpoken(CALL, 1.0, "ask", "Which one?", turn=1),
            {"type": "prompt", "turn": 1, "text": "Which one?"},
        ),
        (PartHeard(CALL, 1.0, "ask", "four"), {"type": "partial", "text": "four"}),
        (
            InputHeard(CALL, 1.0, "ask", TurnResult.MATCH, SPOKEN, 1),
            {"type": "heard", "turn": 1, "text": "four two", "mode": "speech"},
        ),
        (
            InputHeard(CALL, 1.0, "ask", TurnResult.MATCH, KEYED, 1),
            {"type": "heard", "turn": 1, "text": "42", "mode": "dtmf"},
        ),
        (
            InputHeard(CALL, 1.0, "ask", TurnResult.NOMATCH, KEYED, 1),
            {"type": "heard", "turn": 1, "text": "42", "mode": "dtmf"},
        ),
        (InputHeard(CALL, 1.0, "ask", TurnResult.NOMATCH, MISHEARD), {"type": "unheard"}),
        (InputHeard(CALL, 1.0, "ask", TurnResult.NOINPUT, None), {"type": "unheard"}),
        (
            TurnHidden(CALL, 1.0, 1, f"{HIDDEN}?", replace(KEYED, text=HIDDEN)),
            {"type": "hidden", "turn": 1, "prompt": f"{HIDDEN}?", "heard": HIDDEN},
        ),
        (
            TurnHidden(CALL, 1.0, 2, HIDDEN, None),
            {"type": "hidden", "turn": 2, "prompt": HIDDEN, "heard": ""},
        ),
        (CallEnded(CALL, 1.0, Outcome.SELF_SERVED, "caller hung up"), None),
    ],
)
def test_an_event_is_shown_as_the_caller_may_see_it(
    event: LiveEvent, shown: dict[str, Json] | None
) -> None:
    assert caption_of(event) == shown
