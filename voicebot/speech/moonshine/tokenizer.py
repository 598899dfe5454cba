"""The model's vocabulary: what text each token stands for.

File format (`tokenizer.bin`): for each token a length and that many bytes of UTF-8. The length is
one byte, or two (little-endian base 128) where the first is 128 or more. U+2581 marks a space.
Only decoding is needed; nothing here turns text into tokens.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from voicebot.errors import ModelError

BEGIN: Final = 1
END: Final = 2
VOCABULARY: Final = 32_768

_FIRST_BYTE_TOKEN: Final = 3
_FIRST_TEXT_TOKEN: Final = _FIRST_BYTE_TOKEN + 256
_SPACE: Final = "▁"


class Tokenizer:
    """The vocabulary, read only.

    Token ids 0 to 2 are controls, 3 to 258 single bytes, the rest pieces of text, the last 768
    unused markers such as ``<<ST_0>>``.
    """

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = pieces

    @classmethod
    def read(cls, path: Path) -> Tokenizer:
        """Read ``tokenizer.bin``; raises ModelError for a damaged file."""
        data = path.read_bytes()
        pieces: list[bytes] = []
        position = 0
        while position < len(data):
            length = data[position]
            position += 1
            if length >= 0x80 and position < len(data):
                length += data[position] * 0x80 - 0x80
                position += 1
            pieces.append(data[position : position + length])
            position += length
        if len(pieces) != VOCABULARY or position != len(data):
            raise ModelError(str(path), "not the vocabulary of this model", "Reinstall the model.")
        return cls(pieces)

    def __len__(self) -> int:
        return len(self._pieces)

    def piece(self, token: int) -> str:
        """What ``token`` writes, with plain spaces.

        Empty for controls, unused markers and bytes that are no text by themselves.
        """
        piece = self._pieces[token]
        if token < _FIRST_TEXT_TOKEN or piece.startswith(b"<<ST_"):
            return ""
        return piece.decode("utf-8", errors="ignore").replace(_SPACE, " ")

    def decode(self, tokens: Iterable[int]) -> str:
        """The text that ``tokens`` spell, without the space in front."""
        pieces = (self._pieces[token] for token in tokens if token >= _FIRST_BYTE_TOKEN)
        text = b"".join(pieces).decode("utf-8", errors="replace")
        return text.replace(_SPACE, " ").strip()
