"""Letters for tests, and a book of them in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from voicebot.alerts.herald import Notice
from voicebot.alerts.model import Alert
from voicebot.letters.letter import Channel, Letter, body_of

NOW = 1_795_255_200.0
LONG = Alert("long line", "support", "support", "support: callers waiting 12, limit 10", 0.0, 60.0)
FEW = Alert("few contained", "", "few", "containment 40 %, limit 60 %", 0.0, 60.0)


def a_letter(
    letter_id: str = "n1",
    channel: Channel = "webhook",
    raised: tuple[Alert, ...] = (LONG,),
    cleared: tuple[Alert, ...] = (),
) -> Letter:
    notice = Notice(NOW, raised, cleared, len(raised))
    return Letter(letter_id, channel, body_of(notice, letter_id, "https://wall"), NOW, NOW)


@dataclass
class Book:
    """`LetterBook` in memory."""

    waiting: list[Letter] = field(default_factory=list)

    async def letters(self, channel: Channel) -> Sequence[Letter]:
        return [each for each in self.waiting if each.channel == channel]

    async def postpone(self, letter: Letter, due_at: float) -> None:
        later = replace(letter, due_at=due_at, tries=letter.tries + 1)
        self.waiting = [later if each == letter else each for each in self.waiting]

    async def drop(self, letter: Letter) -> None:
        self.waiting.remove(letter)
