"""What was typed, as the flow would hear it: silence, keys, or words (`sessions.comprehension`).

Chats, the terminal and the tests of flows share it.
"""

from __future__ import annotations

from datetime import date

from voicebot.flows.commands import Listen, SlotGrammar
from voicebot.flows.events import FlowEvent, InputMatched, NoInput, NoMatch
from voicebot.grammar.active import Match
from voicebot.nlu.evaluation import explained
from voicebot.sessions.comprehension import Comprehension
from voicebot.sessions.grammars import ListenGrammars, Wanted
from voicebot.types import KEYS, Heard, Mode


class TypedInput:
    """Makes a typed line what the flow would hear. At once and on the thread that asks."""

    def __init__(
        self, grammars: ListenGrammars, comprehension: Comprehension | None = None
    ) -> None:
        """``comprehension`` understands words; without it the grammars alone do."""
        self._grammars = grammars
        self._comprehension = comprehension or Comprehension(grammars)

    def event(self, line: str, listen: Listen) -> FlowEvent:
        """A line as a whole: nothing is silence, keys alone are keys, the rest is words."""
        line = line.strip()
        if not line:
            return NoInput()
        if all(character in KEYS for character in line):
            return self.pressed(line, listen)
        return self.said(line, listen)

    def pressed(self, line: str, listen: Listen, *, today: date | None = None) -> FlowEvent:
        """What comes of pressing these keys; ``today`` as in `said`."""
        heard = self.keys(line, listen, today)
        return InputMatched(heard) if heard is not None else NoMatch()

    def said(
        self, line: str, listen: Listen, mode: Mode = Mode.TEXT, *, today: date | None = None
    ) -> FlowEvent:
        """What comes of these words.

        ``today`` is the day for words such as 'tomorrow', None for the local date.
        """
        return self._comprehension.line_now(line, listen, mode, today)

    def explain(self, line: str, listen: Listen) -> str:
        """What the intents of the question make of words, and why; empty without intents."""
        found = self._comprehension.explain(line, listen)
        return "" if found is None else explained(found)

    def keys(self, line: str, listen: Listen, today: date | None = None) -> Heard | None:
        """What pressing these keys means; None for a nomatch."""
        keys = line if line in listen.keys else line.removesuffix(listen.termchar or " ")
        if keys in listen.keys:
            return Heard(keys, listen.keys[keys], 1.0, Mode.DTMF)
        return _heard(self._grammars.now(listen.grammars).match_keys(keys, today), Mode.DTMF)

    def slot(self, line: str, slot: SlotGrammar, today: date | None = None) -> Heard | None:
        """What a line means for one slot of a form, in its own grammars; None for nothing."""
        heard = self._match(line, slot.grammars, today)
        if heard is None:
            event = self._grammars.nearest_now(slot.grammars, NoMatch(line), Mode.TEXT)
            heard = event.heard if isinstance(event, InputMatched) else None
        return heard

    def _match(self, line: str, wanted: Wanted, today: date | None) -> Heard | None:
        if not wanted:
            return None
        return _heard(self._grammars.now(wanted).match_words([line], today), Mode.TEXT)


def _heard(match: Match | None, mode: Mode) -> Heard | None:
    return Heard(match.text, match.semantics, 1.0, mode, match.grammar) if match else None
