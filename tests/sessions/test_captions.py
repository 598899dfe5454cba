"""What a caller's page shows: both sides in words, and nothing that is not the caller's."""

from __future__ import annotations

import pytest

from voicebot.events import CallEnded, TurnResult
from voicebot.sessions.captions import caption_of
from voicebot.sessions.feed import InputHeard, LiveEvent, PartHeard, PromptSpoken
from voicebot.types import CallId, Heard, Json, Mode, Outcome

CALL = CallId("c1")
SPOKEN = Heard("four two", {"number": "42"}, 0.9, Mode.SPEECH)
KEYED = Heard("42", {"number": "42"}, 1.0, Mode.DTMF)
MISHEARD = Heard("for who", None, 0.2, Mode.SPEECH)


@pytest.mark.parametrize(
    "event, shown",
    [
        (PromptSpoken(CALL, 1.0, "ask", "Which one?"), {"type": "prompt", "text": "Which one?"}),
        (PartHeard(CALL, 1.0, "ask", "four"), {"type": "partial", "text": "four"}),
        (
            InputHeard(CALL, 1.0, "ask", TurnResult.MATCH, SPOKEN),
            {"type": "heard", "text": "four two", "mode": "speech"},
        ),
        (
            InputHeard(CALL, 1.0, "ask", TurnResult.MATCH, KEYED),
            {"type": "heard", "text": "42", "mode": "dtmf"},
        ),
        (
            InputHeard(CALL, 1.0, "ask", TurnResult.NOMATCH, KEYED),
            {"type": "heard", "text": "42", "mode": "dtmf"},
        ),
        (InputHeard(CALL, 1.0, "ask", TurnResult.NOMATCH, MISHEARD), {"type": "unheard"}),
        (InputHeard(CALL, 1.0, "ask", TurnResult.NOINPUT, None), {"type": "unheard"}),
        (CallEnded(CALL, 1.0, Outcome.SELF_SERVED, "caller hung up"), None),
    ],
)
def test_an_event_is_shown_as_the_caller_may_see_it(
    event: LiveEvent, shown: dict[str, Json] | None
) -> None:
    assert caption_of(event) == shown
