"""The folder of rendered prompts and the memory before it."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from voicebot.speech.cache import MemoryCache, PromptCache, cache_key
from voicebot.types import Samples

KEY = cache_key("Hello.", "voice/1", 8000)


def tone(samples: int = 800) -> Samples:
    return np.arange(samples, dtype=np.int16)


def test_text_voice_and_rate_all_make_another_key() -> None:
    keys = {
        cache_key("Hello.", "voice/1", 8000),
        cache_key("Hello!", "voice/1", 8000),
        cache_key("Hello.", "voice/2", 8000),
        cache_key("Hello.", "voice/1", 16000),
    }
    assert len(keys) == 4


def test_what_was_stored_comes_back(tmp_path: Path) -> None:
    PromptCache(tmp_path / "new" / "folder").put(KEY, tone(), 8000)
    found = PromptCache(tmp_path / "new" / "folder").get(KEY, 8000)
    assert found is not None
    assert found.dtype == np.int16
    assert np.array_equal(found, tone())


def test_a_stored_file_plays_in_any_player(tmp_path: Path) -> None:
    cache = PromptCache(tmp_path)
    cache.put(KEY, tone(), 8000)
    samples, rate = soundfile.read(cache.path(KEY), dtype="int16")
    assert rate == 8000
    assert np.array_equal(samples, tone())


def test_an_unknown_key_is_a_miss(tmp_path: Path) -> None:
    assert PromptCache(tmp_path).get(KEY, 8000) is None


@pytest.mark.parametrize("damage", ["cut", "altered", "empty", "another rate"])
def test_a_damaged_file_is_a_miss_and_can_be_replaced(tmp_path: Path, damage: str) -> None:
    cache = PromptCache(tmp_path)
    cache.put(KEY, tone(), 16000 if damage == "another rate" else 8000)
    content = bytearray(cache.path(KEY).read_bytes())
    if damage == "cut":
        content = content[:-100]
    elif damage == "altered":
        content[200] ^= 1
    elif damage == "empty":
        content = bytearray()
    cache.path(KEY).write_bytes(content)
    assert cache.get(KEY, 8000) is None
    cache.put(KEY, tone(), 8000)
    assert cache.get(KEY, 8000) is not None


def test_the_least_recently_used_files_go_when_the_folder_is_full(tmp_path: Path) -> None:
    size = PromptCache(tmp_path)
    size.put(KEY, tone(), 8000)
    file_bytes = size.path(KEY).stat().st_size
    os.utime(size.path(KEY), (0, 0))
    cache = PromptCache(tmp_path, limit_bytes=3 * file_bytes)
    for age, name in ((30, "a"), (20, "b"), (10, "c")):
        cache.put(name, tone(), 8000)
        os.utime(cache.path(name), (1e9 - age, 1e9 - age))
    cache.get("a", 8000)
    cache.put("d", tone(), 8000)
    assert sorted(path.stem for path in tmp_path.iterdir()) == ["a", "c", "d"]


def test_files_left_unfinished_by_a_killed_process_count_and_go(tmp_path: Path) -> None:
    leftover = tmp_path / "tmpabc.part"
    leftover.write_bytes(b"x" * 10_000)
    os.utime(leftover, (0, 0))
    PromptCache(tmp_path, limit_bytes=5_000).put(KEY, tone(), 8000)
    assert [path.stem for path in tmp_path.iterdir()] == [KEY]


def test_no_unfinished_file_is_left_behind(tmp_path: Path) -> None:
    PromptCache(tmp_path).put(KEY, tone(), 8000)
    assert [path.name for path in tmp_path.iterdir()] == [f"{KEY}.wav"]


def test_a_folder_that_cannot_be_written_costs_no_call(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = PromptCache(tmp_path / "file")
    cache.put(KEY, tone(), 8000)
    assert cache.get(KEY, 8000) is None


def test_memory_drops_the_least_recently_used_first() -> None:
    memory = MemoryCache(limit_bytes=2 * tone().nbytes)
    memory.put("a", tone())
    memory.put("b", tone())
    memory.get("a")
    memory.put("c", tone())
    assert memory.get("a") is not None
    assert memory.get("b") is None
    assert memory.get("c") is not None


def test_memory_counts_a_replaced_entry_once() -> None:
    memory = MemoryCache(limit_bytes=2 * tone().nbytes)
    for _ in range(3):
        memory.put("a", tone())
    memory.put("b", tone())
    assert len(memory) == 2


def test_memory_does_not_keep_what_is_larger_than_all_of_it() -> None:
    memory = MemoryCache(limit_bytes=100)
    memory.put("a", tone())
    assert memory.get("a") is None


def test_shared_samples_cannot_be_written_to() -> None:
    memory = MemoryCache()
    memory.put("a", tone())
    samples = memory.get("a")
    assert samples is not None
    with pytest.raises(ValueError, match="read-only"):
        samples[0] = 1
