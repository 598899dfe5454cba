"""Vectors that outlive a run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.nlu.conftest import WordEncoder
from voicebot.nlu import kept_vectors
from voicebot.nlu.kept_vectors import KeptVectors

TEXTS = ["where is my order", "a b", "where is my order"]


def test_what_was_encoded_in_an_earlier_run_comes_from_disk(tmp_path: Path) -> None:
    encoder = WordEncoder()
    first = KeptVectors(encoder, tmp_path)
    fresh = first.encode(TEXTS)
    first.save()

    later = KeptVectors(encoder, tmp_path)

    assert np.array_equal(later.encode(TEXTS), fresh)
    assert np.array_equal(fresh, WordEncoder().encode(TEXTS))
    assert fresh.dtype == np.float32
    assert encoder.encoded == 2
    assert later.encode(["new"]).shape == (1, encoder.width)
    assert encoder.encoded == 3
    assert later.encode([]).shape == (0, encoder.width)


def test_another_encoder_has_vectors_of_its_own(tmp_path: Path) -> None:
    first = KeptVectors(WordEncoder(), tmp_path)
    first.encode(TEXTS)
    first.save()
    other = WordEncoder()
    other.name = "another"

    KeptVectors(other, tmp_path).encode(TEXTS)

    assert other.encoded == 2


def test_a_file_that_cannot_be_read_costs_time_alone(tmp_path: Path) -> None:
    first = KeptVectors(WordEncoder(), tmp_path)
    fresh = first.encode(TEXTS)
    first.save()
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:100])

    assert np.array_equal(KeptVectors(WordEncoder(), tmp_path).encode(TEXTS), fresh)


def test_what_this_run_used_stays_when_there_is_no_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_vectors, "MOST", 2)
    for texts in (["a", "b"], ["a", "c"]):
        run = KeptVectors(WordEncoder(), tmp_path)
        run.encode(texts)
        run.save()
    encoder = WordEncoder()
    last = KeptVectors(encoder, tmp_path)

    last.encode(["a", "c"])
    assert encoder.encoded == 0
    last.encode(["b"])
    assert encoder.encoded == 1
