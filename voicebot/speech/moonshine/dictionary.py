"""Words that Moonshine is unlikely to write.

The model has no dictionary: it writes any word from pieces. A word that its vocabulary can only
spell letter by letter was rare or absent in what it learnt from, and will be written as something
better known; signs that English does not have it hardly writes at all.
"""

from __future__ import annotations

from typing import Final

from voicebot.grammar.lint.findings import Severity
from voicebot.speech.moonshine import assets
from voicebot.speech.moonshine.normalise import spelling
from voicebot.speech.moonshine.tokenizer import Tokenizer

_SHORTEST_SUSPECT: Final = 4
_LEAST_PIECE: Final = 2.0
"""Letters a piece, on average, below which a word is spelled rather than written."""


class MoonshineDictionary:
    """The `Vocabulary` of the grammar checks for Moonshine."""

    severity: Final = Severity.ADVICE

    def __init__(self, tokenizer: Tokenizer) -> None:
        pieces = (spelling(tokenizer.piece(token)) for token in range(len(tokenizer)))
        self._pieces = frozenset(piece for piece in pieces if piece)
        self._longest = max(map(len, self._pieces), default=0)

    @classmethod
    def load(cls) -> MoonshineDictionary:
        """Read the vocabulary of the packaged model. Raises ModelError where it is missing."""
        return cls(Tokenizer.read(assets.locate().tokenizer))

    def problem(self, word: str) -> str | None:
        plain = spelling(word).strip()
        if any(not (letter.isascii() or letter == "'") for letter in plain):
            return "has letters that the English model does not write"
        if len(plain) < _SHORTEST_SUSPECT or not plain.isalpha():
            return None
        count = self._fewest_pieces(plain)
        if count is None or len(plain) / count < _LEAST_PIECE:
            return "is so rare that the model can only spell it out; it will hear another"
        return None

    def _fewest_pieces(self, word: str) -> int | None:
        """Give the least number of pieces that spell ``word``; its first follows a space."""
        counts: list[int | None] = [0, *([None] * len(word))]
        for end in range(1, len(word) + 1):
            for start in range(max(0, end - self._longest), end):
                before = counts[start]
                text = word[start:end] if start else f" {word[:end]}"
                if before is not None and (text in self._pieces or word[start:end] in self._pieces):
                    known = counts[end]
                    counts[end] = before + 1 if known is None else min(known, before + 1)
        return counts[-1]
