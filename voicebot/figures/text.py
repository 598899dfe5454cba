"""Figures of conversations in text."""

from __future__ import annotations

from collections.abc import Iterator

from voicebot.sessions.chats import Chats
from voicebot.web.metrics import Figure

_HELP = {
    "begun": "Conversations that began in text",
    "invited": "Links made for calls",
    "messages": "Messages of callers",
    "repeated": "Messages that came again and changed nothing",
    "lines": "Lines written, of callers and of ours",
    "opened": "Conversations opened",
    "ended": "Conversations that came to their end",
    "came_back": "Conversations that went on by voice",
    "expired": "Links that nobody opened in time",
}


def text_figures(chats: Chats) -> Iterator[Figure]:
    for name, help_ in _HELP.items():
        yield Figure(f"voicebot_text_{name}_total", help_, "counter", chats.counts[name])
    for name, count in sorted(chats.counts.items()):
        if name.startswith("refused_"):
            yield Figure(
                "voicebot_text_refused_total", "What was asked in text and refused", "counter",
                count, {"code": name.removeprefix("refused_")},
            )  # fmt: skip
    yield Figure(
        "voicebot_text_conversations", "Conversations in text that go on", "gauge", chats.going_on
    )
    yield Figure(
        "voicebot_text_pages", "Pages that follow a conversation now", "gauge", chats.followed
    )
