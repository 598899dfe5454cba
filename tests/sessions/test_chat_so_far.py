"""Who looks at a call's contact reads what it writes in text before that is over."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.sessions.chat_house import house
from voicebot.events import TurnResult
from voicebot.flows.events import InputMatched
from voicebot.sessions.chat_reading import Reading
from voicebot.sessions.chat_records import ChatChange, ChatLine, ChatRecord, Who
from voicebot.sessions.chat_so_far import WrittenSoFar
from voicebot.sessions.chat_turns import VOICE
from voicebot.sessions.invitation import ConversationId
from voicebot.storage.conversations import SqlChatStore
from voicebot.storage.database import open_database
from voicebot.types import CallId, Heard, Language, Mode

CALL = CallId("c1")
BEGUN = ChatRecord(
    ConversationId("t1"), "main", Language("en-US"), "one", {}, 1.0, 9.0, contact=CALL, cursor=3
)


def line(cursor: int, who: Who, text: str, channel: str = "web") -> ChatLine:
    wish = InputMatched(Heard(text, text, 0.8, Mode.TEXT, "wish"))
    reading = Reading.of(wish, "menu", secret=False) if who is Who.CALLER else None
    return ChatLine(cursor, float(cursor), channel, who, text, f"m{cursor}", reading=reading)


async def test_text_that_goes_on_is_read_as_turns_of_its_call(tmp_path: Path) -> None:
    engine = open_database(house(tmp_path).url)
    store = SqlChatStore(engine)
    written = WrittenSoFar(store)
    assert await written.of(CALL) is None
    lines = [
        line(1, Who.BOT, "Said in the call.", VOICE),
        line(2, Who.BOT, "What is it about?"),
        line(3, Who.CALLER, "delivery"),
    ]
    await store.create(BEGUN, lines)
    (turn,) = await written.of(CALL) or ()
    assert (turn.prompt, turn.step, turn.channel) == ("What is it about?", "menu", "web")
    assert turn.result is TurnResult.MATCH
    assert turn.heard is not None
    assert turn.heard.text == "delivery"
    assert turn.index > 100_000, "after all that was said in the call"
    over = replace(BEGUN, ended_at=20.0)
    assert await store.commit(ChatChange(over, after=3))
    assert await written.of(CALL) is None, "the records have it now"
    await engine.dispose()
