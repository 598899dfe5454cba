"""Links by SMS: the `LinkSender` of the sessions room."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping

from voicebot.errors import TextUnavailable
from voicebot.texting.dispatch import TextDispatch
from voicebot.texting.message import SMS, TextMessage
from voicebot.texting.numbers import as_e164
from voicebot.types import CallId, Language

DEFAULT_WORDS: Mapping[str, str] = {
    "en": "Go on in text: {link} Reply STOP for no more messages.",
    "de": "Schriftlich weiter: {link} STOP beendet weitere Nachrichten.",
    "zh": "用文字继续:{link} 回复“退订”不再接收。",
}
"""By language without its region; English for all others."""


class SmsLinks:
    """Queues messages with links. ``words`` are the operator's texts by language, with
    ``{link}``."""

    def __init__(
        self,
        dispatch: TextDispatch,
        *,
        country_code: str = "",
        words: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._dispatch = dispatch
        self._country_code = country_code
        self._words = {**DEFAULT_WORDS, **(words or {})}
        self._clock = clock

    def reach(self, number: str) -> str | None:
        """``number`` in E.164; None where none may or can go there."""
        address = as_e164(number, self._country_code)
        return None if address is None or self._dispatch.wants_none(address) else address

    async def send_link(
        self, contact: CallId, number: str, link: str, language: Language, expires_at: float
    ) -> None:
        """Queue the link. Raises TextUnavailable, StorageError."""
        now = self._clock()
        words = self._words.get(language) or self._words.get(language.split("-")[0])
        message = TextMessage(
            id=uuid.uuid4().hex,
            channel=SMS,
            recipient=number,
            body=(words or self._words["en"]).replace("{link}", link),
            created_at=now,
            expires_at=expires_at,
            contact=contact,
            due_at=now,
            changed_at=now,
        )
        if not await self._dispatch.submit(message):
            raise TextUnavailable("the message was given before")
