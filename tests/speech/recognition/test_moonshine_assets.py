"""The model's files: found, verified, read."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from voicebot.errors import ModelError
from voicebot.speech.moonshine import assets
from voicebot.speech.moonshine.tokenizer import VOCABULARY, Tokenizer


def _packed(pieces: list[bytes]) -> bytes:
    packed = b""
    for piece in pieces:
        length = len(piece)
        head = bytes([length]) if length < 128 else bytes([length % 128 + 128, length // 128])
        packed += head + piece
    return packed


def test_weights_are_found_without_importing_their_package() -> None:
    found = assets.locate()
    assert found.encoder.name == "encoder_model.ort"
    assert found.decoder.is_file()


def test_altered_file_is_refused_by_name(tmp_path: Path) -> None:
    shutil.copytree(assets.locate().encoder.parent, tmp_path, dirs_exist_ok=True)
    altered = tmp_path / "tokenizer.bin"
    altered.write_bytes(altered.read_bytes()[:-1] + b"!")
    with pytest.raises(ModelError, match=r"tokenizer\.bin is not the file that was tested"):
        assets.verify(tmp_path)


def test_missing_files_say_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"Install moonshine-voice==0\.0\.73"):
        assets.verify(tmp_path)


def test_absent_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ModelError, match=r"not installed\. Install moonshine-voice"):
        assets.locate()


def test_lengths_of_128_and_more_take_two_bytes(tmp_path: Path) -> None:
    pieces = [b"x"] * VOCABULARY
    pieces[300] = b"a" * 127
    pieces[301] = b"b" * 128
    pieces[302] = b"c" * 1000
    file = tmp_path / "tokenizer.bin"
    file.write_bytes(_packed(pieces))
    tokenizer = Tokenizer.read(file)
    assert [len(tokenizer.piece(token)) for token in (300, 301, 302, 303)] == [127, 128, 1000, 1]


@pytest.mark.parametrize("damage", [b"", b"\x05ab", b"\x01a\x01b"])
def test_damaged_vocabulary_is_refused(tmp_path: Path, damage: bytes) -> None:
    file = tmp_path / "tokenizer.bin"
    file.write_bytes(damage)
    with pytest.raises(ModelError, match="not the vocabulary"):
        Tokenizer.read(file)


def test_controls_bytes_and_markers_spell_nothing(tokenizer: Tokenizer) -> None:
    assert [tokenizer.piece(token) for token in (0, 1, 2, 3, 258, VOCABULARY - 1)] == [""] * 6


def test_bytes_are_joined_to_text_when_decoding() -> None:
    pieces = [b"<unk>", b"<s>", b"</s>", *(bytes([i]) for i in range(256)), "▁caf".encode()]
    tokenizer = Tokenizer(pieces)
    assert tokenizer.decode([1, 259, 3 + 0xC3, 3 + 0xA9, 2]) == "café"
