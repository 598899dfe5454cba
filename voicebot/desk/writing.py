"""One conversation in text on one desk: what pages are told of it, and when.

Lines are told as they come, numbered, so that a page knows what it has, and again when they read
otherwise. That the caller is typing or gone stands in the state of the desk, which is told with
every change. Left out on purpose: keeping any of it, which the conversation does.
"""

from __future__ import annotations

from collections.abc import Callable

from voicebot.desk.contacts import AtDesk
from voicebot.desk.desk import Desk, show_lines
from voicebot.sessions.chat_records import Who
from voicebot.sessions.text_talk import TextTalk


class Writing:
    """``talk`` of ``contact``, which stands on ``desk``. ``clock`` gives UTC epoch seconds;
    ``asked`` is called with what the caller wrote last."""

    def __init__(
        self,
        desk: Desk,
        contact: AtDesk,
        talk: TextTalk,
        clock: Callable[[], float],
        asked: Callable[[str], None],
    ) -> None:
        self._desk = desk
        self._contact = contact
        self._talk = talk
        self._clock = clock
        self._asked = asked

    def changed(self) -> None:
        """Tell what is new (`TextTalk.changed`)."""
        desk, contact, talk = self._desk, self._contact, self._talk
        self._reword()
        fresh = talk.lines(contact.cursor)
        if fresh:
            contact.written.extend(fresh)
            answered = [line.cursor for line in fresh if line.who is Who.AGENT]
            contact.seen = max(contact.seen, *answered, 0)
            show_lines(desk.tell, contact, list(contact.written)[-len(fresh) :])
            if asked := [line.text for line in fresh if line.who is Who.CALLER]:
                self._asked(asked[-1])
        if talk.over and contact.over_at is None:
            contact.over_at = self._clock()
        desk.stir()

    def _reword(self) -> None:
        """Tell again the lines that read otherwise by now: they held a piece of a secret."""
        here = self._contact.written
        if not here:
            return
        known = {line.cursor: line for line in self._talk.lines(here[0].cursor - 1)}
        changed = []
        for place, line in enumerate(here):
            now = known.get(line.cursor, line)
            if now != line:
                here[place] = now
                changed.append(now)
        show_lines(self._desk.tell, self._contact, changed)
