"""Numbers that one contact has given away piece by piece, and the records that hold the pieces.

Pure. A number said over several turns is known with its last piece, when the others are written
already; this says how those records read from then on. The numbers are kept for as long as the
contact is in memory, so that what is said of them later is known too.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from voicebot.events import QuestionMasked, QuestionUnanswered, TurnFinished, TurnResult
from voicebot.flows.events import FREE
from voicebot.ibans_in_pieces import completed_iban
from voicebot.numbers_in_pieces import Said, completed, values_without, without
from voicebot.sessions.chat_records import ChatLine, Who
from voicebot.types import Heard, Json

MOST_NUMBERS: Final = 8
MOST_GAPS: Final = 40
FEWEST_AGAIN: Final = 4
"""Digits in the caller's own words that are a piece of a known number: fewer may be a quantity."""


@dataclass(slots=True)
class Pieces:
    """The numbers of one contact that were found so far."""

    _numbers: deque[str] = field(default_factory=lambda: deque(maxlen=MOST_NUMBERS))
    _reworded: dict[str, str] = field(default_factory=dict)
    """What was said with the last number, and how it reads now."""
    _gaps: deque[QuestionUnanswered] = field(default_factory=lambda: deque(maxlen=MOST_GAPS))

    def complete(self, said: Sequence[Said]) -> Mapping[int, str]:
        """The texts of the caller, by their place in ``said``, that read otherwise now that the
        last one has come; empty where it completes no number."""
        found = completed(said) or completed_iban(said)
        if found is None:
            return {}
        self._numbers.append(found.digits)
        self._reworded = {said[place].text: text for place, text in found.texts.items()}
        return found.texts

    def reworded(self, turns: Sequence[TurnFinished]) -> Mapping[int, TurnFinished]:
        """The same for whole turns, with what the bot said of the number meanwhile."""
        texts = self.complete([_said(turn) for turn in turns])
        if not texts:
            return {}
        changed = {}
        for place in range(min(texts), len(turns)):
            turn, heard = turns[place], turns[place].heard
            if place in texts and heard is not None:
                heard = self._hidden(heard, texts[place])
            turn = replace(turn, heard=heard, prompt=self.without(turn.prompt))
            if turn != turns[place]:
                changed[place] = turn
        return changed

    def without(self, words: str) -> str:
        """``words`` with dots in place of pieces that are known."""
        return without(words, self._numbers)

    def of_heard(self, heard: Heard) -> Heard:
        """What the caller says of them afterwards; the same object where that is nothing."""
        text = without(heard.text, self._numbers, FEWEST_AGAIN)
        meaning = values_without(heard.semantics, self._numbers, FEWEST_AGAIN)
        if (text, meaning) == (heard.text, heard.semantics):
            return heard
        return replace(heard, text=text, semantics=meaning)

    def values_without(self, value: Json) -> Json:
        """The same for all texts and numbers in ``value``."""
        return values_without(value, self._numbers)

    def asked(self, gap: QuestionUnanswered) -> QuestionUnanswered:
        """The gap as it is to be written down."""
        gap = replace(gap, text=self._of_question(gap.text))
        self._gaps.append(gap)
        return gap

    def masked_gaps(self) -> list[QuestionMasked]:
        """The gaps written down before that read otherwise by now, each once."""
        changed = []
        for place, gap in enumerate(self._gaps):
            text = self._of_question(gap.text)
            if text != gap.text:
                self._gaps[place] = replace(gap, text=text)
                changed.append(QuestionMasked(gap.call_id, gap.at, text))
        return changed

    def _of_question(self, text: str) -> str:
        return self._reworded.get(text) or self.without(text)

    def _hidden(self, heard: Heard, text: str) -> Heard:
        """A turn that is a piece: every digit of its meaning may be one."""
        meaning = values_without(heard.semantics, self._numbers, fewest=1)
        return replace(heard, text=text, semantics=meaning)

    def of_ours(self, line: ChatLine) -> ChatLine:
        """The same for a line that the caller did not write."""
        card = None if line.card is None else line.card.hiding(self.without)
        text = self.without(line.text) if card is None else card.as_text()
        return replace(line, text=text, card=card)

    def of_line_again(self, line: ChatLine) -> ChatLine:
        """The same for a line in which the caller comes back to a number."""
        read = line.reading
        if read is not None:
            read = replace(read, heard=self.of_heard(read.heard))
        text = without(line.text, self._numbers, FEWEST_AGAIN)
        return replace(line, text=text, reading=read)

    def of_line(self, line: ChatLine, text: str) -> ChatLine:
        """The same for a line that is a piece."""
        read = line.reading
        if read is not None:
            read = replace(read, heard=self._hidden(read.heard, ""))
        return replace(line, text=text, reading=read)


def _said(turn: TurnFinished) -> Said:
    heard = turn.heard
    if heard is None:
        return Said("", turn.step, turn.prompt)
    is_answer = turn.result is TurnResult.MATCH and heard.grammar != FREE
    return Said(heard.text, "" if is_answer else turn.step, turn.prompt)


def reworded_lines(
    pieces: Pieces, lines: Sequence[ChatLine], fresh: Sequence[ChatLine]
) -> tuple[list[ChatLine], list[ChatLine]]:
    """``fresh`` lines of a conversation, and those of the ``lines`` before them that read otherwise
    now. A conversation does not know which question a line answers."""
    known = [*lines, *fresh]
    for place in range(len(lines), len(known)):
        if known[place].who is not Who.CALLER:
            known[place] = pieces.of_ours(known[place])
            continue
        known[place] = pieces.of_line_again(known[place])
        places = [at for at in range(place + 1) if known[at].who is Who.CALLER]
        changed = pieces.complete([Said(known[at].text) for at in places])
        for index, text in changed.items():
            known[places[index]] = pieces.of_line(known[places[index]], text)
        if changed:
            since = places[min(changed)]
            for at, line in enumerate(known[since:place], since):
                if line.who is not Who.CALLER:
                    known[at] = pieces.of_ours(line)
    old = [now for now, line in zip(known, lines, strict=False) if now != line]
    return known[len(lines) :], old
