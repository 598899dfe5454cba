from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.nlu.conftest import LABELLED, WordEncoder
from voicebot.nlu.store import ModelStore
from voicebot.types import Language

ENGLISH = Language("en-US")


def test_a_model_trained_once_is_read_back(tmp_path: Path) -> None:
    encoder = WordEncoder()
    first = ModelStore(tmp_path).model(LABELLED, ENGLISH, encoder)
    encoder.encoded = 0
    told: list[str] = []
    again = ModelStore(tmp_path).model(
        LABELLED, ENGLISH, encoder, lambda work, done, of: told.append(work)
    )
    assert (told, encoder.encoded) == ([], 0)
    for text in ("i want to cancel my order", "blue sky over rome"):
        assert again.understand(text) == first.understand(text)


def test_only_new_texts_are_encoded_when_something_changed(tmp_path: Path) -> None:
    encoder = WordEncoder()
    ModelStore(tmp_path).model(LABELLED, ENGLISH, encoder)
    encoder.encoded = 0
    changed = [*LABELLED, ("scrap the order", "cancel")]
    model = ModelStore(tmp_path).model(changed, ENGLISH, encoder)
    assert encoder.encoded == 1
    assert "scrap the order" in model.scorer.examples.texts


def test_damaged_files_are_made_anew(tmp_path: Path) -> None:
    store = ModelStore(tmp_path)
    first = store.model(LABELLED, ENGLISH, WordEncoder())
    for file in tmp_path.iterdir():
        file.write_bytes(file.read_bytes()[:200])
    again = store.model(LABELLED, ENGLISH, WordEncoder())
    assert again.understand("cancel my order") == first.understand("cancel my order")


def test_a_folder_that_cannot_be_written_costs_only_time(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    vectors = ModelStore(blocked / "folder").vectors(["one", "two"], WordEncoder())
    assert vectors.shape == (2, WordEncoder.width)


def test_vectors_come_in_the_order_asked_for(tmp_path: Path) -> None:
    store, encoder = ModelStore(tmp_path), WordEncoder()
    first = store.vectors(["one", "two"], encoder)
    again = store.vectors(["two", "three", "one"], encoder)
    assert np.array_equal(again[[2, 0]], first)


def test_old_models_make_room(tmp_path: Path) -> None:
    for number in range(20):
        (tmp_path / f"{number}.model").write_bytes(b"")
    ModelStore(tmp_path).model(LABELLED, ENGLISH, WordEncoder())
    assert len(list(tmp_path.glob("*.model"))) == 12
