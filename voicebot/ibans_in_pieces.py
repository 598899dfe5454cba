"""Finds IBANs that are said or typed over several turns ('g b two nine', 'NWBK', '6016 …'). Pure.

As with card numbers (`numbers_in_pieces`) what is asked is whether the newest turn completes one.
A piece is the longest chain of letters and digits of a turn (`ibans`); a bank code that is written
like a word ('nwbk') is one where the number needs it, and 'okay' where it does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from voicebot.ibans import LONGEST, Spelled, is_iban, may_spell, spelled
from voicebot.numbers_in_pieces import MOST_BETWEEN, MOST_TURNS, InPieces, Said
from voicebot.types import HIDDEN


def completed_iban(turns: Sequence[Said]) -> InPieces | None:
    """The IBAN whose last piece is in the last of ``turns`` (the oldest first); None where it
    completes none. One that stands in one turn alone is not looked for."""
    if not any(may_spell(said.text) for said in turns[-MOST_TURNS:]):
        return None  # most calls
    chains = [spelled(said.text) for said in turns[-MOST_TURNS:]]
    has_words = any(each.is_word for found in chains for each in found)
    for with_words in (False, True)[: 1 + has_words]:
        chosen: list[tuple[int, Spelled]] = []
        for piece in _backwards(chains, with_words):
            chosen.insert(0, piece)
            found = _joined(turns, chosen)
            if found is not None:
                return found
            if sum(len(each.text) for _, each in chosen[1:]) > LONGEST:
                break
    return None


def _backwards(
    chains: Sequence[Sequence[Spelled]], with_words: bool
) -> Iterator[tuple[int, Spelled]]:
    """The pieces, the newest first, each with its turn counted from the end (-1)."""
    between = 0
    for turn in range(-1, -1 - len(chains), -1):
        found = [each for each in chains[turn] if with_words or not each.is_word]
        piece = max(found[::-1], key=lambda each: len(each.text), default=None)
        if piece is not None:
            between = 0
            yield turn, piece
            continue
        between += 1
        if turn == -1 or between > MOST_BETWEEN:
            return


def _joined(turns: Sequence[Said], pieces: Sequence[tuple[int, Spelled]]) -> InPieces | None:
    """What ``pieces`` are together. The first may begin with letters of something else: 'I B A N,
    g b two nine'."""
    if len(pieces) < 2:
        return None
    rest = "".join(piece.text for _, piece in pieces[1:])
    turn, first = pieces[0]
    for begin in range(len(first.groups)):
        whole = "".join(group.digits for group in first.groups[begin:]) + rest
        if is_iban(whole):
            kept = [(turn, Spelled(first.groups[begin:])), *pieces[1:]]
            texts = {len(turns) + at: _hidden_in(turns[at].text, each) for at, each in kept}
            return InPieces(whole, texts)
    return None


def _hidden_in(text: str, piece: Spelled) -> str:
    return text[: piece.groups[0].start] + HIDDEN + text[piece.groups[-1].end :]
